"""The base as a part of other people's chains: LangChain's retriever interface over a :class:`kb.search.Retriever`."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from kb.search import Retriever


class KnowledgeRetriever(BaseRetriever):
    """Gives entries as LangChain documents, best first; refuses to guess unless told to.

    ``page_content`` is the entry's whole text; ``metadata`` holds ``id``, ``kind``, ``question``, ``source``,
    ``heading``, ``score``, ``confidence`` and ``band``. Entries are left out below the ``answer`` band if
    ``only_confident``, so that a chain sees no evidence where there is none.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    base: Any
    """A :class:`kb.search.Retriever`."""
    k: int = 5
    only_confident: bool = False

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        base: Retriever = self.base
        result = base.search(query, self.k)
        if self.only_confident and result.band != "answer":
            return []
        return [
            Document(
                page_content=hit.entry.text,
                id=hit.entry.id,
                metadata={
                    "id": hit.entry.id,
                    "kind": hit.entry.kind,
                    "question": hit.entry.question,
                    "source": hit.entry.place.source,
                    "heading": " › ".join(hit.entry.place.heading),
                    "score": hit.score,
                    "confidence": result.confidence,
                    "band": result.band,
                },
            )
            for hit in result.hits
        ]
