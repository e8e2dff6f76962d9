"""Vectors in this process, in FAISS: every row is looked at up to ``EXACT_ROWS``, beyond that the likely ones.

Looking at every row keeps every neighbour, needs no training, and costs less than the encoder as long as a base is small.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kb.errors import StoreError
from kb.lists import InvertedLists
from kb.vectors import checked

if TYPE_CHECKING:
    import faiss
    import numpy as np
    from numpy.typing import NDArray

    from kb.vectors import Rows, Vectors

EXACT_ROWS = 100_000
"""Up to so many rows all are looked at for every question."""


class FlatIndex:
    """A ``kb.vectors.VectorIndex`` of rows side by side, with inverted lists over them where there are many."""

    def __init__(self, index: faiss.IndexScalarQuantizer, lists: InvertedLists | None = None, owner: object = None) -> None:
        import faiss
        import numpy as np

        self._index, self._lists = index, lists
        self._owner = owner  # of the memory that FAISS looks at, if it is not its own
        self.rows: int = index.ntotal
        self.dimension: int = index.d
        # A window onto the rows, not a copy; valid as long as the index, which is never added to.
        codes = faiss.rev_swig_ptr(index.codes.data(), self.rows * index.code_size) if self.rows else np.zeros(0, np.uint8)
        self._matrix: NDArray[np.float16] = codes.view(np.float16).reshape(self.rows, self.dimension)
        self._refined = lists.refined_by(index) if lists is not None else None

    @classmethod
    def build(cls, dimension: int, blocks: Iterable[Vectors], exact_rows: int = EXACT_ROWS) -> FlatIndex:
        """See :meth:`kb.vectors.VectorHome.build`; beyond ``exact_rows`` it gets inverted lists."""
        index = _empty(dimension)
        for vectors in checked(dimension, blocks):
            index.add(vectors)
        flat = cls(index)
        if flat.rows <= exact_rows:
            return flat
        return cls(index, InvertedLists.build(flat._matrix))

    def nearest(self, question: Vectors, count: int) -> tuple[Rows, Vectors]:
        """See :class:`kb.vectors.VectorIndex`; with inverted lists, of a thousand neighbours some are missed."""
        import numpy as np

        count = min(count, self.rows)
        if not count:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        if self._lists is not None and self._refined is not None:
            cosines, rows = self._refined.search(question.reshape(1, -1), count, params=self._lists.effort(count))
            found = rows[0] >= 0
            return rows[0][found], cosines[0][found]
        cosines, rows = self._index.search(question.reshape(1, -1), count)
        return rows[0], cosines[0]

    def cosines(self, question: Vectors, rows: Sequence[int] | Rows) -> Vectors:
        """See :class:`kb.vectors.VectorIndex`."""
        cosines: Vectors = _widened(self._matrix[rows]).astype(question.dtype, copy=False) @ question
        return cosines

    def sample(self, most: int) -> Vectors:
        """See :class:`kb.vectors.VectorIndex`."""
        step = max(1, -(-self.rows // most))
        rows: Vectors = self._matrix[::step].astype("float32")
        return rows

    def take(self, rows: Sequence[int] | Rows) -> Vectors:
        """See :class:`kb.vectors.VectorIndex`."""
        import numpy as np

        taken: Vectors = self._matrix[np.asarray(rows, dtype=np.int64)].astype("float32")
        return taken

    def files(self, number: int) -> Iterator[tuple[str, bytes]]:
        """See :class:`kb.vectors.VectorIndex`; as FAISS serialises them, but written by our own code: ``write_index``
        says yes on a full disk."""
        import faiss

        yield f"vectors-{number}.faiss", bytes(faiss.serialize_index(self._index).tobytes())
        if self._lists is not None:
            yield f"lists-{number}.faiss", self._lists.to_bytes()


def _widened(halves: NDArray[np.float16]) -> Vectors:
    """The same numbers in single precision: NumPy's own conversion goes one by one and takes twice as long.

    Sign, exponent and fraction keep their order (IEEE 754), so the bits are moved to where they lie in 32, and the power
    of two makes up for the difference in bias; it is exact, also below the smallest normal number. For finite numbers.
    """
    import numpy as np

    bits = halves.view(np.uint16).astype(np.uint32)
    moved = ((bits & 0x7FFF) << 13) | ((bits & 0x8000) << 16)
    wide: Vectors = moved.view(np.float32) * np.float32(2.0**112)
    return wide


class LocalVectors:
    """The ``kb.vectors.VectorHome`` of this process: vectors are files of the generation."""

    kind = ""

    def build(self, dimension: int, blocks: Iterable[Vectors]) -> FlatIndex:
        """See :class:`kb.vectors.VectorHome`."""
        return FlatIndex.build(dimension, blocks)

    def open(self, files: Mapping[str, bytes], number: int) -> FlatIndex:
        """See :class:`kb.vectors.VectorHome`. FAISS loads many damaged files without a word: check a digest first.

        The rows of a mapped file stay there. Those of bytes are copied to where numbers of two bytes may lie, which is a
        quarter faster to read.
        """
        import faiss
        import numpy as np

        if f"vectors-{number}.milvus.json" in files:
            raise StoreError('这个版本的向量存放在 Milvus 里；请在 [search] 里设 vector_index = "milvus"，或重新运行 python -m ingest build。')
        data = files[f"vectors-{number}.faiss"]
        memory = np.frombuffer(data, dtype=np.uint8)
        if not memory.size:
            raise ValueError("not a FAISS index: no bytes")
        try:
            if isinstance(data, bytes):
                index = faiss.deserialize_index(memory)
            else:
                index = faiss.read_index(faiss.ZeroCopyIOReader(faiss.swig_ptr(memory), memory.size))
        except (RuntimeError, MemoryError) as error:
            raise ValueError(f"not a FAISS index: {error}") from error
        if not isinstance(index, faiss.IndexScalarQuantizer) or index.sq.qtype != faiss.ScalarQuantizer.QT_fp16:
            raise ValueError(f"want a FAISS index of half-precision rows, got {type(index).__name__}")
        if index.metric_type != faiss.METRIC_INNER_PRODUCT or index.codes.size() != index.ntotal * index.code_size:
            raise ValueError("want a FAISS index of inner products with all its rows")
        name = f"lists-{number}.faiss"
        lists = InvertedLists.from_bytes(files[name], index.ntotal, index.d) if name in files else None
        return FlatIndex(index, lists, owner=None if isinstance(data, bytes) else memory)

    def published(self, live: Mapping[str, bytes]) -> None:
        """Nothing to do: the files are all there is."""

    def keep_only(self, kept: Iterable[Mapping[str, bytes]]) -> None:
        """Nothing to do: the files went with their generation."""


def _empty(dimension: int) -> faiss.IndexScalarQuantizer:
    import faiss

    return faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
