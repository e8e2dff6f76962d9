"""LangChain with the FAISS vector store of ``langchain-community``, as its documentation shows it; otherwise as
:mod:`contenders.langchain_memory`."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_community.vectorstores import FAISS

from contenders import Model, Search
from contenders.langchain_memory import embeddings_of, pieces_of
from kb.records import Entry


def build(corpus: Sequence[Entry], model: Model) -> Search:
    store = FAISS.from_documents(pieces_of(corpus), embeddings_of(model))

    def search(question: str, depth: int) -> list[str]:
        found = store.as_retriever(search_kwargs={"k": depth}).invoke(question)
        return [document.metadata["corpus_id"] for document in found]

    return search
