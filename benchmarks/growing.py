"""As many vectors as wanted, grown from real ones so that their neighbourhoods stay as real ones are.

A grown vector lies between a real one and one of its ten nearest neighbours (SMOTE: Chawla et al. 2002), moved by half the
difference between another real vector and one of its neighbours: noise that has the directions and lengths in which real
neighbours differ. Every real vector thus gets a neighbourhood of its own, denser the more are grown. Questions are real
ones, encoded as questions, and are not grown.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kb.centre import Centre
from kb.encoder import Encoder
from kb.evaluate import read_dataset
from kb.text import normalise
from kb.views import views_of

NEIGHBOURS = 10
NOISE = np.float32(0.5)
BLOCK = 16_384
LONGEST = 200
"""Characters of a text that are encoded: the cost of the benchmark, not of what is measured."""


@dataclass(frozen=True)
class Seedlings:
    """Real vectors, centred unit rows: ``passages`` (n, d) and ``questions`` (m, d), float32."""

    passages: np.ndarray
    questions: np.ndarray

    def grown(self, count: int, seed: int = 1) -> Iterator[np.ndarray]:
        """``count`` vectors as blocks of float32 unit rows; the same seed gives the same rows."""
        import faiss

        real, chance = self.passages, np.random.default_rng(seed)
        near = faiss.knn(real, real, NEIGHBOURS + 1, metric=faiss.METRIC_INNER_PRODUCT)[1][:, 1:]

        def pairs(rows: int) -> tuple[np.ndarray, np.ndarray]:
            one = chance.integers(len(real), size=rows)
            return real[one], real[near[one, chance.integers(NEIGHBOURS, size=rows)]]

        for start in range(0, count, BLOCK):
            rows = min(BLOCK, count - start)
            (one, other), (here, there) = pairs(rows), pairs(rows)
            grown = one + chance.random((rows, 1), dtype=np.float32) * (other - one) + NOISE * (there - here)
            yield grown / np.linalg.norm(grown, axis=1, keepdims=True)


def seedlings(encoder: Encoder, folders: Sequence[Path], most: int, keep: Path) -> Seedlings:
    """Vectors of at most ``most`` texts and 2,000 questions of data sets as ``kb evaluate`` takes them; kept in ``keep``."""
    texts: dict[str, None] = {}
    questions: dict[str, None] = {}
    for folder in folders:
        data = read_dataset(folder)
        texts.update(dict.fromkeys(view.text[:LONGEST] for view in views_of(data.entries)))
        questions.update(dict.fromkeys(normalise(query.text) for query in data.queries))
    chosen = random.Random(1).sample(sorted(texts), min(most, len(texts)))
    asked = random.Random(1).sample(sorted(questions), min(2_000, len(questions)))
    if not asked or len(chosen) <= NEIGHBOURS:
        raise SystemExit("the data sets hold too few texts or questions")
    digest = hashlib.sha256("\n".join([encoder.fingerprint, *chosen, *asked]).encode()).hexdigest()[:16]
    path = keep / f"seedlings-{digest}.npz"
    if not path.exists():
        print(f"encoding {len(chosen)} texts and {len(asked)} questions, once …", file=sys.stderr)
        centre = Centre.of(encoder)
        keep.mkdir(parents=True, exist_ok=True)
        vectors = {"passages": centre.passages(encoder.passages(chosen)), "questions": centre.questions(encoder.questions(asked))}
        np.savez(path, **vectors)
    with np.load(path, allow_pickle=False) as arrays:
        return Seedlings(arrays["passages"], arrays["questions"])
