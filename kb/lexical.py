"""Lexical match: BM25 over characters and character pairs, for words that an encoder blurs (names, numbers, abbreviations)."""

from __future__ import annotations

import io
import json
import math
from array import array
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from kb.text import is_han, terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1 = 1.5
B = 0.75


class LexicalIndex:
    """BM25 scores of normalised texts (Lucene's variant: Kamphuis et al. 2020, "Which BM25 do you mean?").

    Scores are worked out at build time (Lù 2024, "BM25S") and only added up at search time: ``data[indptr[t]:
    indptr[t + 1]]`` are the scores that term ``t`` gives to the rows ``indices[indptr[t]:indptr[t + 1]]``.
    """

    def __init__(
        self,
        vocabulary: Sequence[str],
        data: NDArray[np.float32],
        indices: NDArray[np.int32],
        indptr: NDArray[np.int64],
        rows: int,
    ) -> None:
        if len(indptr) != len(vocabulary) + 1 or len(data) != len(indices) or (len(data) and indices.max() >= rows):
            raise ValueError("arrays of a lexical index do not belong together")
        self._terms = {term: number for number, term in enumerate(vocabulary)}
        self._data, self._indices, self._indptr = data, indices, indptr
        self.rows = rows

    @classmethod
    def build(cls, texts: Sequence[str]) -> LexicalIndex:
        """Index normalised ``texts``, numbered in the order given; the same texts give the same bytes."""
        import logging

        import numpy as np
        from bm25s import BM25
        from bm25s.tokenization import Tokenized

        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG when imported

        # Numbers instead of words from the start: the words of all texts would take ten times the memory.
        met: defaultdict[str, int] = defaultdict()
        met.default_factory = met.__len__
        documents = [array("i", map(met.__getitem__, terms(text))) for text in texts]
        # Sorted, so that the order in which words are met does not matter.
        vocabulary = sorted(met)
        if not vocabulary:
            empty = np.zeros(0, dtype=np.int32)
            return cls([], empty.astype(np.float32), empty, np.zeros(1, dtype=np.int64), len(texts))
        number = {term: row for row, term in enumerate(vocabulary)}
        place = [number[term] for term in met]
        for row, document in enumerate(documents):
            documents[row] = array("i", map(place.__getitem__, document))
        bm25 = BM25(method="lucene", k1=K1, b=B, csc_backend="scipy")  # the other one needs twice the memory
        tokenized = Tokenized(ids=documents, vocab=number)
        bm25.index(tokenized, create_empty_token=False, show_progress=False)
        scores = bm25.scores
        return cls(
            vocabulary,
            scores["data"].astype(np.float32),
            scores["indices"].astype(np.int32),
            scores["indptr"].astype(np.int64),
            len(texts),
        )

    def scores(self, question: str) -> NDArray[np.float32]:
        """BM25 score of every row for a normalised question: (rows,) float32, 0 where no term is shared."""
        import numpy as np

        scores = np.zeros(self.rows, dtype=np.float32)
        for term in terms(question):
            number = self._terms.get(term)
            if number is not None:
                span = slice(self._indptr[number], self._indptr[number + 1])
                scores[self._indices[span]] += self._data[span]
        return scores

    def pairs(self) -> dict[str, int]:
        """Every pair of neighbouring Han characters, and in how many rows it stands; worked out once."""
        return self._pairs

    @cached_property
    def _pairs(self) -> dict[str, int]:
        return {
            term: int(self._indptr[number + 1] - self._indptr[number])
            for term, number in self._terms.items()
            if len(term) == 2 and is_han(term[0]) and is_han(term[1])
        }

    def ceiling(self, question: str) -> float:
        """What no score for this question can exceed: the sum of its terms' inverse document frequencies.

        Terms that the index does not hold count too, as the rarest of all: a text that misses them misses something.
        """
        total = 0.0
        for term in terms(question):
            number = self._terms.get(term)
            holders = 0 if number is None else int(self._indptr[number + 1] - self._indptr[number])
            total += math.log(1 + (self.rows - holders + 0.5) / (holders + 0.5))
        return total

    def to_bytes(self) -> bytes:
        """The index as bytes: an npz archive of plain arrays, the vocabulary as JSON text. No pickle."""
        import numpy as np

        buffer = io.BytesIO()
        vocabulary = json.dumps(list(self._terms), ensure_ascii=False).encode("utf-8")
        np.savez(
            buffer,
            data=self._data,
            indices=self._indices,
            indptr=self._indptr,
            rows=np.asarray(self.rows, dtype=np.int64),
            vocabulary=np.frombuffer(vocabulary, dtype=np.uint8),
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> LexicalIndex:
        """The index that :meth:`to_bytes` wrote.

        Raises:
            ValueError: the bytes are no such index.
        """
        import zipfile

        import numpy as np

        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                vocabulary = json.loads(arrays["vocabulary"].tobytes().decode("utf-8"))
                return cls(vocabulary, arrays["data"], arrays["indices"], arrays["indptr"], int(arrays["rows"]))
        except (KeyError, OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"not a lexical index: {error}") from error
