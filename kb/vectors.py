"""Where the vectors of a base lie and how the nearest are found: the seam, and what all implementations share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Rows = NDArray[np.int64]

BLOCK = 16_384
"""Rows that are held in single precision at a time."""


class VectorIndex(Protocol):
    """The vectors of one audience by one encoder, immutable. Rows are numbered from 0, of unit length, and kept in half
    precision: half the memory, and cosines that are off by less than 0.0001."""

    rows: int
    dimension: int

    def nearest(self, question: Vectors, count: int) -> tuple[Rows, Vectors]:
        """Rows nearest to one question of shape (d,), best first, with their cosines; fewer when there are fewer."""
        ...

    def cosines(self, question: Vectors, rows: Sequence[int] | Rows) -> Vectors:
        """Cosines of one question of shape (d,) to the given rows, in their order."""
        ...

    def sample(self, most: int) -> Vectors:
        """A copy of at most ``most`` rows, evenly spread."""
        ...

    def take(self, rows: Sequence[int] | Rows) -> Vectors:
        """A copy of the given rows in their order, (n, d). Stored again, they are the same bytes."""
        ...

    def files(self, number: int) -> Iterator[tuple[str, bytes]]:
        """Names and contents of what a generation keeps of it; ``number`` is that of the encoder, part of the names."""
        ...


class VectorHome(Protocol):
    """Makes vector indexes, and opens those it made. ``kind`` tells homes apart, empty for this process."""

    kind: str

    def build(self, dimension: int, blocks: Iterable[Vectors]) -> VectorIndex:
        """Index unit rows that come as blocks of shape (n, dimension).

        Raises:
            ValueError: wrong shape or type, a row that is not finite or not of unit length.
            StoreError: the vectors lie elsewhere, and that place cannot take them.
        """
        ...

    def open(self, files: Mapping[str, bytes], number: int) -> VectorIndex:
        """The index of encoder ``number`` out of the files that :meth:`VectorIndex.files` gave.

        Raises:
            KeyError: a file is missing. ValueError: they are no such index.
            StoreError: the vectors lie elsewhere, and cannot be reached.
        """
        ...

    def published(self, live: Mapping[str, bytes]) -> None:
        """Take note that the generation with these files (as :func:`pointers` gives them) is the live one."""
        ...

    def keep_only(self, kept: Iterable[Mapping[str, bytes]]) -> None:
        """Forget vectors that none of the generations with these files refers to."""
        ...


def checked(dimension: int, blocks: Iterable[Vectors]) -> Iterator[Vectors]:
    """``blocks``, each looked at before it is passed on.

    Raises:
        ValueError: wrong shape or type, a row that is not finite or not of unit length (it would be stored and never
            found again); the number of the row counts over all blocks.
    """
    import numpy as np

    before = 0
    for vectors in blocks:
        if vectors.ndim != 2 or vectors.shape[1] != dimension or vectors.dtype != np.float32:
            raise ValueError(f"want (n, {dimension}) float32, got {vectors.shape} {vectors.dtype}")
        norms = np.linalg.norm(vectors, axis=1)
        bad = np.flatnonzero(~(np.abs(norms - 1) < 1e-3))
        if bad.size:
            raise ValueError(f"row {before + bad[0]} has length {norms[bad[0]]}, want 1")
        before += len(vectors)
        yield np.ascontiguousarray(vectors)
