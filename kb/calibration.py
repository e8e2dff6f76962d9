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


DEFAULT = Calibration(intercept=-3.6, weights={"cosine": 6.4, "margin": 1.0, "exact": 4.0}, answer_at=0.55, clarify_at=0.25)
"""Used until a generation brings its own.

Intercept, ``cosine`` and ``margin`` were fitted by benchmarks/retrieval/calibrate.py on the sample base with a third of
it taken out. ``exact`` was not: a question in an editor's own words is answered unless two entries claim it.
"""
