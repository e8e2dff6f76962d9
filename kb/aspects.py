"""From the scores of views to the scores of entries: an entry is as good as its aspects on average.

Each aspect (what is asked of an entry, what it says as a whole, its details) is as good as its best view. Agreement of
question and answer tells twins apart, where the best view alone would not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.index import ViewRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.floating[Any]]
    Rows = NDArray[np.int64]

_ASPECT = {"question": 0, "alias": 0, "whole": 1, "window": 2, "counter": 3}
WINDOW, COUNTER = _ASPECT["window"], _ASPECT["counter"]


class Aspects:
    """The views of an index by entry and aspect. Expects them grouped by entry, as :func:`kb.views.views_of` gives."""

    def __init__(self, views: Sequence[ViewRow], entries: int) -> None:
        import numpy as np

        self.entry = np.fromiter((view.row for view in views), dtype=np.int64, count=len(views))
        self.aspect = np.fromiter((_ASPECT[view.kind] for view in views), dtype=np.int64, count=len(views))
        self._first = np.searchsorted(self.entry, np.arange(entries + 1))

    def entries_of(self, views: Rows) -> Rows:
        """Rows of the entries that these views speak for, ascending; a counter-example speaks for none."""
        import numpy as np

        return np.unique(self.entry[views[self.aspect[views] != COUNTER]])

    def of(self, rows: Rows, absent: Rows) -> Group:
        """The views of the entries in ``rows`` (ascending, each with a view left), without the ``absent`` ones."""
        import numpy as np

        # 5 6 7, 12 13: counted through, each run moved to where its entry begins.
        counts = self._first[rows + 1] - self._first[rows]
        views = np.arange(counts.sum()) + np.repeat(self._first[rows] - (np.cumsum(counts) - counts), counts)
        if absent.size:
            views = views[~np.isin(views, absent)]
        counter = self.aspect[views] == COUNTER
        against, views = views[counter], views[~counter]
        starts = np.flatnonzero(np.diff(self.entry[views] * len(_ASPECT) + self.aspect[views], prepend=-1))
        first = np.searchsorted(self.entry[views], rows)
        aspect = self.aspect[views[starts]]
        owners = np.searchsorted(rows, self.entry[against])
        return Group(views, against, owners, first, starts, np.searchsorted(starts, first), aspect)


@dataclass(frozen=True, slots=True)
class Group:
    """The views of some entries, one entry after the other.

    ``views``: rows of all views but the counter-examples; ``against``: those, of the entries numbered ``owners``.
    ``first``: where each entry begins in ``views``, ``starts``: where each aspect does; ``firsts``: where each entry
    begins among the aspects; ``aspect``: which one each is.
    """

    views: Rows
    against: Rows
    owners: Rows
    first: Rows
    starts: Rows
    firsts: Rows
    aspect: Rows

    def best(self, values: Reals) -> Reals:
        """The best value of each entry's views."""
        import numpy as np

        best: Reals = np.maximum.reduceat(values, self.first)
        return best

    def mean(self, values: Reals, *, windows: bool = True) -> Reals:
        """The mean over each entry's aspects of their best values; without those of windows if told so."""
        import numpy as np

        weights = np.ones(len(self.aspect), np.float32) if windows else (self.aspect != WINDOW).astype(np.float32)
        best = np.maximum.reduceat(values, self.starts) * weights
        counts = np.maximum(np.add.reduceat(weights, self.firsts), 1e-6)
        mean: Reals = np.add.reduceat(best, self.firsts) / counts
        return mean

    def opposed(self, values: Reals, worth: Reals) -> Reals:
        """How much nearer the nearest counter-example of each entry is than its ``worth``; 0 if it is not."""
        import numpy as np

        nearest = np.zeros(len(self.first), dtype=np.float32)
        np.maximum.at(nearest, self.owners, values)
        opposed: Reals = np.where(nearest > 0, np.maximum(nearest - worth, 0), 0)
        return opposed

    def span(self, number: int) -> slice:
        """Where in ``views`` those of the entry of that number stand."""
        end = self.first[number + 1] if number + 1 < len(self.first) else len(self.views)
        return slice(int(self.first[number]), int(end))
