"""From the signals of a search to a probability, and from the probability to a band.

The probability that the best hit answers the question is a logistic model of a few signals that mean the same for
every base and encoder: distances from the question's own noise rather than raw cosines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from kb.records import Band


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model over named signals, and the two thresholds that cut its probability into bands."""

    intercept: float
    weights: Mapping[str, float] = field(default_factory=dict)
    answer_at: float = 0.6
    clarify_at: float = 0.3

    def confidence(self, signals: Mapping[str, float]) -> float:
        """Probability in [0, 1] that the hit with these signals answers the question."""
        logit = self.intercept + sum(weight * signals.get(name, 0.0) for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def band(self, confidence: float) -> Band:
        """What may be done at this confidence."""
        if confidence >= self.answer_at:
            return "answer"
        return "clarify" if confidence >= self.clarify_at else "none"


DEFAULT = Calibration(intercept=-6.0, weights={"dense": 1.2, "lexical": 0.1, "coverage": 1.5})
"""Used until a generation brings its own. Fitted by benchmarks/retrieval/calibrate.py; see docs/retrieval.md."""
