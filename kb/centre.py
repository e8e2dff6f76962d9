"""Take away from vectors what all texts have in common, so that what is left tells them apart.

Encoders put all texts into a narrow cone: with e5, unrelated texts have a cosine of .75. Subtracting the middle of the
cone and scaling back to unit length spreads them around zero (Mu & Viswanath 2018, "All-but-the-Top", first step).
Questions and statements have middles of their own; both are estimated on :mod:`kb.cohort`, so that the result depends
on the encoder alone and a vector stays valid when the base changes.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.cohort import PASSAGES, QUESTIONS
from kb.text import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.encoder import Encoder

    Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Centre:
    """The middles of one encoder: ``question`` and ``passage`` of shape (d,); ``cohort`` (c, d) centred unit rows."""

    question: Vectors
    passage: Vectors
    cohort: Vectors

    @classmethod
    def of(cls, encoder: Encoder) -> Centre:
        """The middles of ``encoder``; encodes the cohort, about a hundred short texts."""
        questions = encoder.questions([normalise(text) for text in QUESTIONS])
        passages = encoder.passages([normalise(text) for text in PASSAGES])
        passage = passages.mean(axis=0)
        return cls(questions.mean(axis=0), passage, _spread(passages, passage))

    def questions(self, vectors: Vectors) -> Vectors:
        """Question vectors (n, d) without their middle, unit rows."""
        return _spread(vectors, self.question)

    def passages(self, vectors: Vectors) -> Vectors:
        """Vectors of knowledge texts (n, d) without their middle, unit rows."""
        return _spread(vectors, self.passage)

    def to_bytes(self) -> bytes:
        """The middles as an npz archive of plain arrays."""
        import numpy as np

        buffer = io.BytesIO()
        np.savez(buffer, question=self.question, passage=self.passage, cohort=self.cohort)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Centre:
        """The middles that :meth:`to_bytes` wrote.

        Raises:
            ValueError: the bytes are nothing of the kind.
        """
        import numpy as np

        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                return cls(arrays["question"], arrays["passage"], arrays["cohort"])
        except (KeyError, OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"not the middles of an encoder: {error}") from error


def _spread(vectors: Vectors, middle: Vectors) -> Vectors:
    import numpy as np

    moved = vectors - middle
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    # A text in the very middle has no direction left; it keeps the one it had.
    spread: Vectors = np.where(lengths > 1e-6, moved / np.maximum(lengths, 1e-6), vectors).astype(np.float32)
    return spread
