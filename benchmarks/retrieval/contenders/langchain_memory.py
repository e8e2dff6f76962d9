"""LangChain: its splitter, its in-memory vector store, a retriever over it (vectors only).

- Separators for Chinese: https://docs.langchain.com/oss/python/integrations/splitters/recursive_text_splitter,
  "Splitting text from languages without word boundaries". The page gives no size for Chinese; 1000 characters with
  200 in common are those of the RAG tutorial (https://docs.langchain.com/oss/python/langchain/rag).
- Prompts go to ``encode`` through ``encode_kwargs`` and ``query_encode_kwargs``:
  https://reference.langchain.com/python/langchain-huggingface/embeddings/huggingface/HuggingFaceEmbeddings
- ``InMemoryVectorStore`` (langchain-core) compares by cosine, exactly, as the FAISS wrapper's flat index would by
  distance: on vectors of unit length the order is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from contenders import Model, Search, text_of
from kb.records import Entry

SEPARATORS = ["\n\n", "\n", " ", ".", ",", "\u200b", "\uff0c", "\u3001", "\uff0e", "\u3002", ""]


def embeddings_of(model: Model) -> HuggingFaceEmbeddings:
    return HuggingFaceEmbeddings(
        model_name=str(model.folder),
        model_kwargs={"device": "cpu"},
        encode_kwargs={"prompt": model.passage_prefix, "normalize_embeddings": True},
        query_encode_kwargs={"prompt": model.query_prefix, "normalize_embeddings": True},
    )


def pieces_of(corpus: Sequence[Entry]) -> list[Document]:
    splitter = RecursiveCharacterTextSplitter(separators=SEPARATORS, chunk_size=1000, chunk_overlap=200)
    documents = [Document(text_of(entry), metadata={"corpus_id": entry.id}) for entry in corpus]
    return splitter.split_documents(documents)


def build(corpus: Sequence[Entry], model: Model) -> Search:
    store = InMemoryVectorStore.from_documents(pieces_of(corpus), embeddings_of(model))

    def search(question: str, depth: int) -> list[str]:
        found = store.as_retriever(search_kwargs={"k": depth}).invoke(question)
        return [document.metadata["corpus_id"] for document in found]

    return search
