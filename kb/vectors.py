"""Exact nearest neighbours in FAISS.

A shop's base is small: looking at every row keeps every neighbour, needs no training and costs less than the encoder.
Rows are kept in half precision: half the memory, and cosines that are off by less than 0.0001.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import faiss
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

BLOCK = 16_384
"""Rows that are held in single precision at a time."""


class VectorIndex:
    """Cosine of a question to every stored row; higher is nearer. Rows are numbered from 0."""

    def __init__(self, index: faiss.IndexScalarQuantizer) -> None:
        import faiss
        import numpy as np

        self._index = index
        self.rows: int = index.ntotal
        self.dimension: int = index.d
        # A window onto FAISS's own memory, not a copy; valid as long as the index, which is never added to.
        codes = faiss.rev_swig_ptr(index.codes.data(), self.rows * index.code_size) if self.rows else np.zeros(0, np.uint8)
        self._matrix: NDArray[np.float16] = codes.view(np.float16).reshape(self.rows, self.dimension)

    @classmethod
    def build(cls, vectors: Vectors) -> VectorIndex:
        """Index unit rows of shape (n, d).

        Raises:
            ValueError: wrong shape or type, a row that is not finite or not of unit length (FAISS would store it and
                never find it again).
        """
        if vectors.ndim != 2:
            raise ValueError(f"want (n, d) float32, got {vectors.shape} {vectors.dtype}")
        return cls.of_blocks(vectors.shape[1], (vectors[at : at + BLOCK] for at in range(0, len(vectors), BLOCK)))

    @classmethod
    def of_blocks(cls, dimension: int, blocks: Iterable[Vectors]) -> VectorIndex:
        """Index unit rows that come as blocks of shape (n, dimension), so that they need not all be held in full.

        Raises:
            ValueError: as :meth:`build`; the number of the row counts over all blocks.
        """
        import numpy as np

        index = _empty(dimension)
        for vectors in blocks:
            if vectors.ndim != 2 or vectors.shape[1] != dimension or vectors.dtype != np.float32:
                raise ValueError(f"want (n, {dimension}) float32, got {vectors.shape} {vectors.dtype}")
            norms = np.linalg.norm(vectors, axis=1)
            bad = np.flatnonzero(~(np.abs(norms - 1) < 1e-3))
            if bad.size:
                raise ValueError(f"row {index.ntotal + bad[0]} has length {norms[bad[0]]}, want 1")
            index.add(np.ascontiguousarray(vectors))
        return cls(index)

    def nearest(self, question: Vectors, count: int) -> tuple[NDArray[np.int64], Vectors]:
        """Rows nearest to one question of shape (d,), best first, with their cosines; fewer when there are fewer."""
        import numpy as np

        count = min(count, self.rows)
        if not count:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        cosines, rows = self._index.search(question.reshape(1, -1), count)
        return rows[0], cosines[0]

    def cosines(self, question: Vectors, rows: Sequence[int] | NDArray[np.int64]) -> Vectors:
        """Cosines of one question of shape (d,) to the given rows, in their order."""
        cosines: Vectors = self._matrix[rows].astype(question.dtype) @ question
        return cosines

    def sample(self, most: int) -> Vectors:
        """A copy of at most ``most`` rows, evenly spread."""
        step = max(1, -(-self.rows // most))
        rows: Vectors = self._matrix[::step].astype("float32")
        return rows

    def row(self, number: int) -> Vectors:
        """A copy of one stored row, shape (d,). Stored again, it is the same bytes."""
        row: Vectors = self._matrix[number].astype("float32")
        return row

    def to_bytes(self) -> bytes:
        """The index as FAISS serialises it; to be written by our own code, as ``write_index`` says yes on a full disk."""
        import faiss

        return bytes(faiss.serialize_index(self._index).tobytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> VectorIndex:
        """The index that :meth:`to_bytes` wrote.

        Raises:
            ValueError: the bytes are no such index. (FAISS loads many damaged ones without a word: check a digest
                first.)
        """
        import faiss
        import numpy as np

        try:
            index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        except (RuntimeError, MemoryError) as error:
            raise ValueError(f"not a FAISS index: {error}") from error
        if not isinstance(index, faiss.IndexScalarQuantizer) or index.sq.qtype != faiss.ScalarQuantizer.QT_fp16:
            raise ValueError(f"want a FAISS index of half-precision rows, got {type(index).__name__}")
        if index.metric_type != faiss.METRIC_INNER_PRODUCT or index.codes.size() != index.ntotal * index.code_size:
            raise ValueError("want a FAISS index of inner products with all its rows")
        return cls(index)


def _empty(dimension: int) -> faiss.IndexScalarQuantizer:
    import faiss

    return faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
