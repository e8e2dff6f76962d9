"""Haystack: BM25 and embedding retrieval over the in-memory store, joined by reciprocal rank fusion.

- The pipeline is that of https://haystack.deepset.ai/tutorials/33_hybrid_retrieval without its ranker, with
  ``reciprocal_rank_fusion`` of https://docs.haystack.deepset.ai/docs/documentjoiner: the tutorial's ``concatenate``
  leaves the order to its English cross-encoder, and BM25 scores beside cosines are no order.
- Since Haystack 3 the sentence-transformers embedders live in ``sentence-transformers-haystack``; ``prefix`` is meant
  for E5 by name: https://docs.haystack.deepset.ai/docs/sentencetransformerstextembedder
- ``InMemoryDocumentStore`` takes each Chinese character as a token by default and scores by BM25L:
  https://docs.haystack.deepset.ai/docs/inmemorydocumentstore
- Splitting: for Chinese the documentation has ``ChineseDocumentSplitter`` (1000 words, 200 in common), which loads
  HanLP's models from the network at run time (https://docs.haystack.deepset.ai/docs/chinesedocumentsplitter), and the
  tutorial's splitter counts words between spaces, so that Chinese stays whole. ``RecursiveDocumentSplitter`` with
  Chinese full stops stands in for both, at LangChain's size, well within the encoder's reach.
"""

from __future__ import annotations

from collections.abc import Sequence

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.preprocessors import RecursiveDocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy
from haystack.utils import ComponentDevice
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from contenders import Model, Search, text_of
from kb.records import Entry

SEPARATORS = ["\n\n", "\n", "[。！？；]", " "]


def build(corpus: Sequence[Entry], model: Model) -> Search:
    shared = {"model": str(model.folder), "device": ComponentDevice.from_str("cpu"), "progress_bar": False}
    documents = [Document(content=text_of(entry), meta={"corpus_id": entry.id}) for entry in corpus]
    splitter = RecursiveDocumentSplitter(
        split_length=1000, split_overlap=200, split_unit="char", separators=SEPARATORS
    )
    embedder = SentenceTransformersDocumentEmbedder(prefix=model.passage_prefix, **shared)
    embedder.warm_up()
    store = InMemoryDocumentStore(embedding_similarity_function="cosine", shared=False, return_embedding=False)
    chunks = embedder.run(splitter.run(documents)["documents"])["documents"]
    store.write_documents(chunks, policy=DuplicatePolicy.SKIP)

    pipeline = Pipeline()
    pipeline.add_component("text_embedder", SentenceTransformersTextEmbedder(prefix=model.query_prefix, **shared))
    pipeline.add_component("embedding_retriever", InMemoryEmbeddingRetriever(store))
    pipeline.add_component("bm25_retriever", InMemoryBM25Retriever(store))
    pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
    pipeline.connect("text_embedder.embedding", "embedding_retriever.query_embedding")
    pipeline.connect("bm25_retriever", "joiner")
    pipeline.connect("embedding_retriever", "joiner")
    pipeline.warm_up()

    def search(question: str, depth: int) -> list[str]:
        answer = pipeline.run(
            {
                "text_embedder": {"text": question},
                "embedding_retriever": {"top_k": depth},
                "bm25_retriever": {"query": question, "top_k": depth},
            }
        )
        return [document.meta["corpus_id"] for document in answer["joiner"]["documents"]]

    return search
