"""Entries that are taken for one another: as close to each other as one entry is to itself.

Only an editor can tell whether two such entries are to be merged, worded apart, or kept apart by a counter-example.

Like is held against like: questions with their aliases against each other, texts without (passages, and the situations
of scripts) against those of other files, for what one file says about one thing after another is meant to be close.

How close an entry is to itself, the base says: the mean cosine between its own wordings. Two entries are *twins* if the
mean cosine between the wordings of one and those of the other comes near that (:attr:`_Group.slack`), or if they share a
wording. For texts without wordings, :data:`RARE` stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kb.index import Index, digest
from kb.records import Entry, Kind
from kb.text import letters, normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.floating[Any]]

BLOCK = 1_000
"""So many entries are held against so many others at a time: 4 MB, however large the base."""
TYPICAL = 10
"""So many entries with several wordings show how close those usually lie; fewer do not."""
SPLIT = 0.2
"""The wordings of an entry, split in two, are further apart than the slack in this share of entries."""
HALVES = 4
"""An entry with so many wordings can be split."""
HELD = 3
"""The usual closeness counts as much as so many pairs of an entry's own wordings: two wordings say little."""
RARE = 0.001
"""Without wordings to go by, the closest of all pairs of entries are told, this share of them ..."""
ALIKE = 0.5
"""... if their centred cosine is at least this (a small base has no rare pairs; unrelated texts lie near 0)."""
SAME, FAR = 2.0, -9.0
"""Beyond any closeness."""
SAMPLE = 2_000
"""Most entries, evenly spread, among which the share is estimated."""


@dataclass(frozen=True, slots=True)
class Twin:
    """Two entries and the wordings, one of each, that are closest; ``a`` comes first in the base.

    ``cosine`` is that of the two wordings, centred, mean over encoders, in [-1, 1].
    """

    a: Entry
    b: Entry
    wording_a: str
    wording_b: str
    cosine: float


def twins(index: Index, most: int = 50) -> tuple[Twin, ...]:
    """At most ``most`` pairs of entries that are taken for one another: questions first, then the closest wording first.

    If there are more, those are kept that are closest as a whole. Not told: pairs that are never valid on the same day,
    and pairs of which one has a wording of the other among its counter-examples.
    """
    found: list[Twin] = []
    kinds: tuple[Kind, ...] = ("faq", "script", "passage")
    for kind in kinds:
        group = _Group(index, kind)
        told = sorted((group.twin(*pair) for pair in group.closest(most - len(found))), key=lambda twin: -twin.cosine)
        found.extend(told)
    return tuple(found)


class _Group:
    """Entries of one kind, which are held against each other; members are numbered from 0."""

    def __init__(self, index: Index, kind: Kind) -> None:
        import numpy as np

        self._index = index
        self._asked = kind == "faq"
        views: dict[int, list[int]] = {}
        for number, view in enumerate(index.views):
            entry = index.entries[view.row]
            if entry.kind == kind and view.kind in (("question", "alias") if entry.question else ("whole",)):
                views.setdefault(view.row, []).append(number)
        self._entries = [index.entries[row] for row in views]
        self._views = list(views.values())
        members = range(len(views))
        # The mean cosine between two sets of vectors is the product of their means.
        self._means = np.array([self._vectors(number).mean(axis=0) for number in members], dtype=np.float32)
        sources = {entry.place.source: number for number, entry in enumerate(self._entries)}
        self._source = np.array([sources[entry.place.source] for entry in self._entries])
        self._from = np.array([(entry.valid_from or date.min).toordinal() for entry in self._entries])
        self._to = np.array([(entry.valid_to or date.max).toordinal() for entry in self._entries])
        self._itself = np.array([self._own(self._vectors(number)) for number in members], dtype=np.float32)

    def closest(self, most: int) -> list[tuple[int, int]]:
        """Pairs of members that are twins, at most ``most``, closest as a whole first."""
        import numpy as np

        best: list[tuple[float, int, int]] = []
        for top in range(0, len(self._entries), BLOCK):
            for left in range(top, len(self._entries), BLOCK):
                values = self._closeness(slice(top, top + BLOCK), slice(left, left + BLOCK))
                upper, lower = np.nonzero(values > -self.slack)
                found = values[upper, lower]
                order = np.lexsort((lower, upper, -found))[: max(most, 0)]
                pairs = zip(
                    (-found[order]).tolist(), (upper[order] + top).tolist(), (lower[order] + left).tolist(), strict=True
                )
                best = sorted([*best, *pairs])[: max(most, 0)]
        return [(a, b) for _, a, b in best]

    def twin(self, a: int, b: int) -> Twin:
        """The closest wordings of two members."""
        import numpy as np

        cosines = self._vectors(a) @ self._vectors(b).T
        x, y = np.unravel_index(int(cosines.argmax()), cosines.shape)
        first, second = self._wording(a, int(x)), self._wording(b, int(y))
        return Twin(self._entries[a], self._entries[b], first, second, round(float(cosines[x, y]), 4))

    @cached_property
    def slack(self) -> float:
        """How far two halves of one entry may lie apart, compared with each half itself."""
        import numpy as np

        apart = []
        for number, views in enumerate(self._views):
            if len(views) >= HALVES:
                vectors = self._vectors(number)
                one, two = vectors[::2], vectors[1::2]
                itself = (self._own(one) + self._own(two)) / 2
                apart.append(float(one.mean(axis=0) @ two.mean(axis=0)) - itself)
        return max(0.0, -float(np.quantile(apart, SPLIT))) if len(apart) >= TYPICAL else 0.0

    def _own(self, vectors: Reals) -> float:
        """How close wordings (n, d) of one entry are to each other, held to the usual."""
        pairs = len(vectors) * (len(vectors) - 1) / 2
        return (_between(vectors) * pairs + self._usual * HELD) / (pairs + HELD)

    @cached_property
    def _usual(self) -> float:
        """How close an entry is to itself, if nothing is known of it."""
        import numpy as np

        several = [_between(self._vectors(number)) for number, views in enumerate(self._views) if len(views) > 1]
        if len(several) >= TYPICAL:
            return float(np.median(several))
        step = max(1, -(-len(self._entries) // SAMPLE))
        means = self._means[::step]
        allowed = np.triu(np.ones((len(means), len(means)), dtype=bool), 1)
        if not self._asked:
            allowed &= self._source[::step, None] != self._source[None, ::step]
        cosines = (means @ means.T)[allowed]
        return max(ALIKE, float(np.quantile(cosines, 1 - RARE))) if cosines.size else ALIKE

    def _closeness(self, one: slice, two: slice) -> Reals:
        """How close members are to each other, compared with each itself; FAR if that is not to be told."""
        import numpy as np

        values: Reals = self._means[one] @ self._means[two].T
        values -= (self._itself[one, None] + self._itself[None, two]) / 2
        told = (self._from[one, None] <= self._to[None, two]) & (self._from[None, two] <= self._to[one, None])
        if not self._asked:
            told &= self._source[one, None] != self._source[None, two]
        if one == two:
            told = np.triu(told, 1)
        for pairs, value in ((self._shared, SAME), (self._settled, FAR)):
            for a, b in pairs:
                if one.start <= a < one.stop and two.start <= b < two.stop:
                    values[a - one.start, b - two.start] = value
        return np.where(told, values, FAR)

    @cached_property
    def _owners(self) -> dict[str, list[int]]:
        """Members by what is asked of them, letter by letter."""
        owners: dict[str, list[int]] = {}
        for number, entry in enumerate(self._entries):
            for asked in dict.fromkeys(letters(normalise(text)) for text in (entry.question, *entry.aliases)):
                if asked:
                    owners.setdefault(asked, []).append(number)
        return owners

    @cached_property
    def _shared(self) -> set[tuple[int, int]]:
        """Pairs of which both are asked in the same letters, however unlike their other wordings are."""
        return {(members[0], other) for members in self._owners.values() for other in members[1:]}

    @cached_property
    def _settled(self) -> set[tuple[int, int]]:
        """Pairs that an editor has told apart."""
        return {
            (min(number, other), max(number, other))
            for number, entry in enumerate(self._entries)
            for text in entry.counter_examples
            for other in self._owners.get(letters(normalise(text)), ())
        }

    def _vectors(self, number: int) -> Reals:
        """Vectors (n, d) of a member's wordings; of several encoders side by side, so that cosines are their mean."""
        import numpy as np

        parts = [vectors.take(self._views[number]) for vectors in self._index.vectors]
        together: Reals = np.concatenate(parts, axis=1) / np.sqrt(np.float32(len(parts)))
        return together

    def _wording(self, number: int, place: int) -> str:
        """The wording as the editor wrote it; of a text, how it begins."""
        entry, view = self._entries[number], self._index.views[self._views[number][place]]
        for text in (entry.question, *entry.aliases):
            if view.kind != "whole" and digest(normalise(text)) == view.digest:
                return text
        return entry.text.strip().splitlines()[0][:40] if entry.text.strip() else ""


def _between(vectors: Reals) -> float:
    """Mean cosine between different unit vectors (n, d); 0 for one alone."""
    count = len(vectors)
    total = vectors.sum(axis=0)
    return (float(total @ total) - count) / (count * (count - 1)) if count > 1 else 0.0
