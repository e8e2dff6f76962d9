"""Asking a version that is not live: what it would say to one question, for who decides whether it goes live."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date

from kb.encoder import Encoder
from kb.generations import Generations
from kb.records import Audience, SearchResult
from kb.search import HybridRetriever, Retriever

MOST_LOADED = 2
"""So many indexes are kept: the draft's and the live one's, for who compares them."""


class Trials:
    """Searches any generation of a store; the last ones asked stay loaded."""

    def __init__(self, store: Generations, encoders: Sequence[Encoder], today: Callable[[], date] = date.today) -> None:
        self._store = store
        self._encoders = encoders
        self._today = today
        self._lock = threading.Lock()
        self._loaded: OrderedDict[tuple[str, Audience], Retriever] = OrderedDict()

    def search(self, identity: str, audience: Audience, question: str, k: int = 3) -> SearchResult:
        """What the generation says to ``question``, at most ``k`` hits.

        Raises:
            StoreError: there is no such generation, or it is damaged.
        """
        key = (identity, audience)
        with self._lock:
            if key not in self._loaded:
                while len(self._loaded) >= MOST_LOADED:
                    self._loaded.popitem(last=False)
                index = self._store.load(identity, audience)
                self._loaded[key] = HybridRetriever(index, self._encoders, generation=identity, today=self._today)
            self._loaded.move_to_end(key)
            retriever = self._loaded[key]
        return retriever.search(question, k)

    def compare(self, identity: str, audience: Audience, question: str) -> tuple[SearchResult | None, SearchResult]:
        """What the live generation (None where nothing is live) and another one say.

        Raises:
            StoreError: one of them cannot be asked.
        """
        live = self._store.current()
        before = None if live is None else self.search(live, audience, question)
        return before, self.search(identity, audience, question)
