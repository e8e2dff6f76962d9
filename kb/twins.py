"""Entries that are taken for one another: closer to each other than what is asked of one entry usually is to itself.

Only an editor can tell whether two such entries are to be merged, worded apart, or kept apart by a counter-example.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from kb.index import Index, digest
from kb.records import Entry
from kb.text import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Numbers = NDArray[np.int64]

BLOCK = 1_000
"""So many wordings are held against so many others at a time: 4 MB, however large the base."""
LEAST_ALIASED = 10
"""So many entries with aliases show how far apart the wordings of one question usually lie; fewer do not."""
RARE = 0.001
"""Without aliases, the closest pairs count: this share of all pairs of wordings of two entries."""
SAMPLE = 2_000
"""Most wordings, evenly spread, from which the share is estimated."""


@dataclass(frozen=True, slots=True)
class Twin:
    """Two entries and the wordings, one of each, that are closest; ``a`` comes first in the base.

    ``cosine`` is that of the centred vectors, the mean over encoders, in [-1, 1].
    """

    a: Entry
    b: Entry
    wording_a: str
    wording_b: str
    cosine: float


def twins(index: Index, most: int = 50) -> tuple[Twin, ...]:
    """The ``most`` closest pairs of entries that are closer than :func:`noise`, closest first.

    What is asked of an entry is compared (question and aliases; all of a passage, which has none). Not told: pairs that
    are never valid on the same day, and pairs of which one has a wording of the other among its counter-examples.
    """
    askings = _Askings(index)
    if most < 1 or len(askings.owners) < 2:
        return ()
    found = _closest(askings, most)
    order = sorted(found, key=lambda pair: (-round(found[pair], 4), pair))
    return tuple(askings.twin(*pair) for pair in order[:most])
