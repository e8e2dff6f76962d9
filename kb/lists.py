"""Which of very many rows are worth looking at: inverted lists of short codes (Jégou et al. 2011, "Product quantization").

Rows are sorted into lists by the nearest of some centres; a question looks at some of the lists, compares codes of four
bits for every two dimensions (André et al. 2017, "Quicker ADC"), and what scores best by them is compared exactly. The
codes take an eighth of the rows. Chosen over HNSW, whose links take as much and which several threads build differently
every time: the same rows have to give the same bytes. docs/scale.md has the figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import faiss
    import numpy as np
    from numpy.typing import NDArray

from kb.vectors import BLOCK

WIDTH = 32
"""A question looks at the root of so many times the number of lists: a quarter of 512, an eighth of 2,048."""
LOOKED_AT = 800
"""So many rows at least are compared exactly, and at least ``TIMES`` as many as are wanted."""
TIMES = 4
PER_LIST = 40
"""Rows a list that the centres are found on; FAISS warns below 39."""
ROUNDS = 8
SEED = 1


class InvertedLists:
    """Codes of rows in lists; which rows are near, but not exactly how near."""

    def __init__(self, index: faiss.IndexIVFPQFastScan, centres: faiss.IndexFlatIP | None = None) -> None:
        self._index = index
        self._centres = centres  # looked at by the index, which does not own those it was made with

    @classmethod
    def build(cls, matrix: NDArray[np.float16]) -> InvertedLists:
        """Lists of unit rows (n, d), d even; the same rows give the same lists, on any number of threads."""
        import faiss
        import numpy as np

        rows, dimension = matrix.shape
        count = 2 ** round(np.log2(2 * rows**0.5))
        centres = faiss.IndexFlatIP(dimension)
        index = faiss.IndexIVFPQFastScan(centres, dimension, count, dimension // 2, 4, faiss.METRIC_INNER_PRODUCT)
        index.cp.spherical, index.cp.niter, index.cp.seed, index.pq.cp.seed = True, ROUNDS, SEED, SEED
        index.train(matrix[:: max(1, rows // (count * PER_LIST))].astype(np.float32))
        for start in range(0, rows, BLOCK):
            index.add(matrix[start : start + BLOCK].astype(np.float32))
        return cls(index, centres)

    def refined_by(self, rows: faiss.IndexScalarQuantizer) -> faiss.IndexRefine:
        """A search in which ``rows`` say exactly how near is what the lists propose."""
        import faiss

        return faiss.IndexRefine(self._index, rows)

    def effort(self, count: int) -> faiss.SearchParameters:
        """How hard to look for ``count`` rows."""
        import faiss

        lists = faiss.IVFSearchParameters(nprobe=min(self._index.nlist, round((WIDTH * self._index.nlist) ** 0.5)))  # type: ignore[call-arg]
        more = max(TIMES, LOOKED_AT / count)
        # Set by keyword, FAISS's wrapper keeps the inner parameters alive as long as the outer ones.
        return faiss.IndexRefineSearchParameters(k_factor=more, base_index_params=lists)  # type: ignore[call-arg]

    def to_bytes(self) -> bytes:
        """The lists as FAISS serialises them."""
        import faiss

        return bytes(faiss.serialize_index(self._index).tobytes())

    @classmethod
    def from_bytes(cls, data: bytes, rows: int, dimension: int) -> InvertedLists:
        """The lists that :meth:`to_bytes` wrote, over so many rows.

        Raises:
            ValueError: the bytes are no such lists.
        """
        import faiss
        import numpy as np

        try:
            index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        except (RuntimeError, MemoryError) as error:
            raise ValueError(f"not inverted lists of FAISS: {error}") from error
        if not isinstance(index, faiss.IndexIVFPQFastScan) or (index.ntotal, index.d) != (rows, dimension):
            raise ValueError(f"want inverted lists over {rows} rows of {dimension}, got {type(index).__name__}")
        return cls(index)
