"""From the signals of a search to a probability, and from the probability to a band.

The probability that the best hit answers the question is a logistic model of a few signals. What unrelated questions
reach differs from base to base (a bigger one has something near to anything), so nearness is measured from there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kb.records import Band

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model over named signals, and the two thresholds that cut its probability into bands.

    ``usual`` and ``spread`` are the median and the deviation (scaled median absolute) of the cosine that the best hit
    of a question has when the question is about anything at all. ``lexical`` is the share of BM25 in a score.
    ``questions`` counts the base's own questions that the model was fitted to; 0 if the general one holds.
    """

    intercept: float
    weights: Mapping[str, float] = field(default_factory=dict)
    answer_at: float = 0.55
    clarify_at: float = 0.15
    usual: float = 0.3
    spread: float = 0.08
    lexical: float = 0.25
    questions: int = 0

    def lift(self, cosines: Reals) -> Reals:
        """How far each cosine lies above the usual, in deviations."""
        lift: Reals = (cosines - self.usual) / self.spread
        return lift

    def confidence(self, signals: Mapping[str, float]) -> float:
        """Probability in [0, 1] that the hit with these signals answers the question."""
        logit = self.intercept + sum(weight * signals.get(name, 0.0) for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def band(self, confidence: float) -> Band:
        """What may be done at this confidence."""
        if confidence >= self.answer_at:
            return "answer"
        return "clarify" if confidence >= self.clarify_at else "none"

    def to_bytes(self) -> bytes:
        """The calibration as JSON, the same bytes for the same values."""
        return (json.dumps(asdict(self), sort_keys=True, indent=1) + "\n").encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> Calibration:
        """The calibration that :meth:`to_bytes` wrote.

        Raises:
            ValueError: it is none.
        """
        try:
            return replace(DEFAULT, **json.loads(data))
        except TypeError as error:
            raise ValueError(f"not a calibration: {error}") from error


DEFAULT = Calibration(
    intercept=-3.1,
    weights={"lift": 0.58, "peak": 0.5, "exact": 4.0, "counter": -1.0},
)
"""The general model. All but ``exact`` and ``counter`` were fitted by benchmarks/retrieval/calibrate.py; a question in
an editor's own words is answered unless two entries claim it."""
