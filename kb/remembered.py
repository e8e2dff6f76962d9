"""What was found for the last questions: many visitors ask the same, and within a day the same is found."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from kb.records import SearchResult
from kb.search import Retriever
from kb.text import MAX_QUESTION_CHARS, normalise

KEPT = 1_024
"""Results, of some kilobytes each: their entries belong to the index."""
_PERSONAL = re.compile(r"\d{5}|@")
"""Numbers of orders, telephones and cards, and addresses: nobody else asks the same, and they are not kept."""

_Key = tuple[date, str, int]


class Remembered:
    """A :class:`kb.search.Retriever` that knows the last ``KEPT`` questions of today; finds what ``retriever`` finds.

    It is made for one retriever, so for one generation and one audience: another one begins with nothing. Two
    wordings are one question if they are the same once normalised, which is all that a search looks at. Safe to use
    from several threads; none waits for the search of another one.
    """

    def __init__(self, retriever: Retriever, today: Callable[[], date]) -> None:
        self._retriever = retriever
        self._today = today
        self._known: OrderedDict[_Key, SearchResult] = OrderedDict()
        self._lock = threading.Lock()

    def search(self, question: str, k: int = 5) -> SearchResult:
        """See :class:`kb.search.Retriever`."""
        words = normalise(question[:MAX_QUESTION_CHARS])
        if _PERSONAL.search(words):
            return self._retriever.search(question, k)
        day = self._today()
        key = (day, words, k)
        with self._lock:
            found = self._known.get(key)
        if found is None:
            found = self._retriever.search(question, k)
            if self._today() != day:  # midnight came between: for which of both days it was found nobody knows
                return found
        with self._lock:
            self._known[key] = found
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return replace(found, question=question)
