"""Which rows below the conversation each open page shows, so that only those are sent that change."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Literal

Row = Literal["rate", "said", "why", "form"]
ROWS: tuple[Row, ...] = ("rate", "said", "why", "form")
KEPT = 10_000
"""Open pages that are remembered; of another one all rows are sent."""


class Rows:
    """Safe to use from several threads; a page is named by whatever id the server knows it by."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._shown: OrderedDict[str, frozenset[Row]] = OrderedDict()
        self._lock = Lock()

    def show(self, page: str, rows: frozenset[Row], *, afresh: bool = False) -> frozenset[Row]:
        """Note that ``page`` now shows ``rows`` and no others; gives those that change, all of them where it is not
        known what it showed, or ``afresh``: an update of a reply that was stopped may never have arrived."""
        with self._lock:
            before = self._shown.pop(page, None)
            self._shown[page] = rows
            while len(self._shown) > self._kept:
                self._shown.popitem(last=False)
        return frozenset(ROWS) if before is None or afresh else before ^ rows

    def also(self, page: str, *, shown: Row | None = None, hidden: Row | None = None) -> None:
        """Note that one row of ``page`` is shown or hidden beside what :meth:`show` said."""
        with self._lock:
            if page in self._shown:
                self._shown[page] = (self._shown[page] | {shown} if shown else self._shown[page]) - {hidden}
