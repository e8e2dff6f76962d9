"""LlamaIndex: ``VectorStoreIndex`` and ``BM25Retriever`` joined by ``QueryFusionRetriever``.

- Fusion by ``reciprocal_rerank`` with ``num_queries=1``, which asks no language model for further questions:
  https://developers.llamaindex.ai/python/framework/integrations/retrievers/reciprocal_rerank_fusion/
  (a stand-in model is passed all the same: the default one is OpenAI's and is loaded even when not used).
- Splitting by default: 1024 tokens, 200 in common, sentences first (``SentenceSplitter``; its pattern knows 。？！):
  https://developers.llamaindex.ai/python/framework-api-reference/node_parsers/sentence_splitter/
- BM25 by default takes a Chinese clause as one word and stems English. Nothing is documented for Chinese, and the
  ``tokenizer`` of old answers (issues 13866, 17461) is ignored now; the documented ``token_pattern`` and
  ``skip_stemming`` are used to make every Chinese character a token, which is kinder than the defaults:
  https://developers.llamaindex.ai/python/framework-api-reference/retrievers/bm25
- Prefixes are ``query_instruction`` and ``text_instruction``:
  https://developers.llamaindex.ai/python/framework-api-reference/embeddings/huggingface/
"""

from __future__ import annotations

from collections.abc import Sequence

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.retrievers.bm25 import BM25Retriever

from contenders import Model, Search, text_of
from kb.records import Entry

TOKENS = r"(?u)[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+"


def build(corpus: Sequence[Entry], model: Model) -> Search:
    embedding = HuggingFaceEmbedding(
        str(model.folder),
        query_instruction=model.query_prefix,
        text_instruction=model.passage_prefix,
        device="cpu",
    )
    # No metadata: it would become part of the text that is embedded.
    documents = [Document(text=text_of(entry), id_=entry.id) for entry in corpus]
    nodes = SentenceSplitter().get_nodes_from_documents(documents)
    index = VectorStoreIndex(nodes, embed_model=embedding)
    retrievers: dict[int, QueryFusionRetriever] = {}

    def fused(depth: int) -> QueryFusionRetriever:
        if depth not in retrievers:
            words = BM25Retriever(
                nodes, similarity_top_k=min(depth, len(nodes)), token_pattern=TOKENS, skip_stemming=True
            )
            retrievers[depth] = QueryFusionRetriever(
                [index.as_retriever(similarity_top_k=depth), words],
                llm=MockLLM(),
                mode="reciprocal_rerank",
                similarity_top_k=depth,
                num_queries=1,
                use_async=False,  # one question at a time gains nothing from an event loop
            )
        return retrievers[depth]

    return lambda question, depth: [found.node.ref_doc_id for found in fused(depth).retrieve(question)]
