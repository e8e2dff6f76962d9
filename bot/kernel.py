"""Labels for short texts by likeness to examples: kernel ridge regression over letters, meaning and marks.

The likeness of two texts is the sum of the cosine of their weighted character n-grams, of a Gaussian of the angle
between their vectors, and of the marks they share. Labels are regressed on it in closed form (regularised least
squares, one against the rest: Rifkin and Klautau, "In Defense of One-Vs-All Classification", JMLR 2004); a softmax
makes probabilities. Measured against a logistic regression on the same features in docs/situations.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float32]

MEANING, MARKS, BIAS = 1.5, 0.05, 0.1
"""Weights of the likeness by vectors, of a mark in common, and of being a text at all; letters weigh 1."""
WIDTH = 3.0
"""How fast likeness by vectors falls: exp(-WIDTH * (1 - cosine)) of the centred vectors."""
RIDGE = 0.3
"""Regularisation: how far an example may be overruled by its neighbours."""
FOREIGN = 0.5
"""How much n-grams that no example has count against the likeness of those that some have."""
SLOPE = 5.0
"""From scores to log-odds; examples left out one by one are most probable at 6, foreign texts are less like them."""


class Letters:
    """Single characters and pairs of a set of texts, weighted by rarity."""

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        counts = [Counter(_grams(text)) for text in texts]
        self.column: dict[str, int] = {}
        for found in counts:
            for gram in found:
                self.column.setdefault(gram, len(self.column))
        frequency = Counter(gram for found in counts for gram in found)
        self._unseen = math.log(1 + len(texts))
        self._rarity = [math.log(1 + len(texts) / frequency[gram]) for gram in self.column]
        weighed = [self._weighed(found) for found in counts]
        self.rows = np.repeat(np.arange(len(texts)), [len(columns) for columns, _ in weighed])
        self.columns = np.array([column for columns, _ in weighed for column in columns], dtype=np.int64)
        self.values = np.array([value for _, values in weighed for value in values], dtype=np.float32)

    def of(self, text: str) -> tuple[list[int], list[float]]:
        """The known n-grams of ``text``: columns and values of a row that with the unknown ones has unit length."""
        found = Counter(_grams(text))
        known = {gram: count for gram, count in found.items() if gram in self.column}
        foreign = sum((1 + math.log(count)) ** 2 for gram, count in found.items() if gram not in known)
        return self._weighed(known, FOREIGN * foreign * self._unseen**2)

    def _weighed(self, found: Mapping[str, int], foreign: float = 0.0) -> tuple[list[int], list[float]]:
        columns = [self.column[gram] for gram in found]
        values = [self._rarity[column] * (1 + math.log(count)) for column, count in zip(columns, found.values(), strict=True)]
        norm = math.sqrt(sum(value * value for value in values) + foreign) or 1.0
        return columns, [value / norm for value in values]


@dataclass(frozen=True, slots=True)
class Fit:
    """What is learnt from n examples of m labels with marks of k kinds, and can be stored.

    ``dual`` (n, m): the weight of each example for each label; ``marks`` (k, m); ``mean`` (d,) is what the vectors have
    in common, empty where there are none.
    """

    dual: Reals
    marks: Reals
    mean: Reals


def fit(letters: Letters, vectors: Reals | None, marks: Reals, labels: Sequence[int], count: int) -> Fit:
    """Learn ``count`` labels from examples: their letters, unit ``vectors`` (n, d) if any, and ``marks`` (n, k)."""
    import numpy as np
    from scipy.linalg import cho_factor, cho_solve
    from scipy.sparse import csr_array

    n = len(labels)
    by_letters = csr_array((letters.values, (letters.rows, letters.columns)), shape=(n, len(letters.column)))
    likeness = np.asarray((by_letters @ by_letters.T).todense(), dtype=np.float32)
    likeness += MARKS * marks @ marks.T + np.float32(BIAS)
    mean = np.zeros(0, dtype=np.float32)
    if vectors is not None:
        mean = vectors.mean(axis=0)
        centred = centre(vectors, mean)
        likeness += MEANING * np.exp(WIDTH * (centred @ centred.T - 1))
    likeness[np.diag_indices(n)] += RIDGE
    wanted = np.full((n, count), -1, dtype=np.float32)
    wanted[np.arange(n), list(labels)] = 1
    dual = cho_solve(cho_factor(likeness, overwrite_a=True, check_finite=False), wanted, check_finite=False)
    dual = dual.astype(np.float16).astype(np.float32)  # as it will be kept
    return Fit(dual, marks.T @ dual, mean)


class Model:
    """Probabilities of labels for a text, from a :class:`Fit` and the examples it was made of."""

    def __init__(self, letters: Letters, vectors: Reals | None, fitted: Fit) -> None:
        import numpy as np

        self._letters = letters
        self._fit = fitted
        self._vectors = centre(vectors, fitted.mean) if vectors is not None else None
        self._bias = BIAS * fitted.dual.sum(axis=0)
        shares = letters.values[:, None] * fitted.dual[letters.rows]
        self._by_letters = np.stack(
            [np.bincount(letters.columns, share, len(letters.column)) for share in shares.T], axis=1
        ).astype(np.float32)

    def probabilities(self, text: str, vector: Reals | None, marks: Reals) -> Reals:
        """The probability of each label: (m,), adding up to 1."""
        import numpy as np

        columns, values = self._letters.of(text)
        scores = self._bias + MARKS * marks @ self._fit.marks
        scores = scores + np.asarray(values, dtype=np.float32) @ self._by_letters[columns]
        if vector is not None and self._vectors is not None:
            cosines = self._vectors @ centre(vector[None], self._fit.mean)[0]
            scores = scores + MEANING * np.exp(WIDTH * (cosines - 1)) @ self._fit.dual
        odds = np.exp(SLOPE * (scores - scores.max()))
        found: Reals = odds / odds.sum()
        return found


def centre(vectors: Reals, mean: Reals) -> Reals:
    """``vectors`` (n, d) without what they have in common, at unit length."""
    import numpy as np

    moved = vectors - mean
    centred: Reals = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-6)
    return centred


def _grams(text: str) -> list[str]:
    framed = f"^{text}$"
    return [framed[i : i + 2] for i in range(len(framed) - 1)] + list(text)
