"""Calibrate one base, at build time, on questions whose outcome is known without asking anybody.

* What *unrelated* questions reach: the everyday questions of kb/cohort.py, most of which no base answers.
* *Answerable* questions: an alias of an entry, with that alias taken out (leave one out). Right if the entry is found.
* *Near* questions that the base does not answer: the same alias with its whole entry taken out.

The model fitted to them leans on the general one (a Gaussian prior around its coefficients, MAP estimate): a base with
few aliases keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kb.calibration import DEFAULT, Calibration
from kb.cohort import QUESTIONS
from kb.encoder import Encoder
from kb.index import Index, digest
from kb.question import understand
from kb.search import HybridRetriever, middle
from kb.sounds import Sounds
from kb.text import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.floating[Any]]

MOST_ALIASES = 200
"""So many aliases are asked at most, evenly spread; each costs a look at the encoder."""
LEAST_ALIASES = 30
"""Fewer say too little of a base."""
PRIOR = 30.0
"""Weight of the general model, in questions."""
FITTED = ("lift", "margin")
_MAD = 1.4826
"""Scales a median absolute deviation to a standard deviation (normal distribution)."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A question of the base that finds another entry than its own: ``alias`` of ``entry`` finds ``found`` (ids)."""

    alias: str
    entry: str
    found: str


@dataclass(frozen=True, slots=True)
class Fit:
    """What came of calibrating: the model, and the questions that hit the wrong twin."""

    calibration: Calibration
    strays: tuple[Stray, ...] = ()


def calibrate(index: Index, encoders: Sequence[Encoder]) -> Fit:
    """The calibration of ``index``; the general one for a base without text."""
    if not index.views:
        return Fit(DEFAULT)
    ask = _Asking(index, encoders)
    reached = [hits[0].signals["cosine"] for hits in ask.all(list(QUESTIONS)) if hits]
    index = replace(index, calibration=_placed(reached))
    aliases = _aliases(index)
    if len(aliases) < LEAST_ALIASES:
        return Fit(index.calibration)
    return _fitted(index, encoders, aliases)


def calibrated(index: Index, encoders: Sequence[Encoder]) -> Index:
    """``index`` with its own calibration."""
    return replace(index, calibration=calibrate(index, encoders).calibration)


def _placed(cosines: list[float]) -> Calibration:
    """The general model, measured from what unrelated questions reach."""
    import numpy as np

    values = np.array(cosines)
    usual = float(np.median(values))
    spread = max(_MAD * float(np.median(np.abs(values - usual))), 0.02)
    return replace(DEFAULT, usual=round(usual, 4), spread=round(spread, 4))


def _fitted(index: Index, encoders: Sequence[Encoder], aliases: list[tuple[int, int, str]]) -> Fit:
    import numpy as np

    ask = _Asking(index, encoders)
    entries = index.entries
    rows, labels, strays = [], [], []
    views_of_row: dict[int, list[int]] = {}
    for number, view in enumerate(index.views):
        views_of_row.setdefault(view.row, []).append(number)
    texts = [text for _, _, text in aliases]
    lone = [[view] for _, view, _ in aliases]
    for (row, _, text), hits in zip(aliases, ask.all(texts, lone), strict=True):
        if not hits:
            continue
        found = hits[0].entry.id
        rows.append([hits[0].signals[name] for name in FITTED])
        labels.append(found == entries[row].id)
        if found != entries[row].id:
            strays.append(Stray(text, entries[row].id, found))
    for hits in ask.all(texts, [views_of_row[row] for row, _, _ in aliases]):
        if hits:
            rows.append([hits[0].signals[name] for name in FITTED])
            labels.append(False)
    base = index.calibration
    prior = np.array([base.intercept, *(base.weights.get(name, 0.0) for name in FITTED)])
    beta = fit(np.array(rows), np.array(labels, dtype=float), prior)
    weights = {**base.weights, **{name: round(float(b), 4) for name, b in zip(FITTED, beta[1:], strict=True)}}
    calibration = replace(base, intercept=round(float(beta[0]), 4), weights=weights, questions=len(rows))
    return Fit(calibration, tuple(strays))


def fit(features: Reals, labels: Reals, prior: Reals, strength: float = PRIOR) -> Reals:
    """Intercept and coefficients (n + 1,) of a logistic model of ``features`` (m, n), drawn towards ``prior``.

    Newton's method, with halved steps where needed; a coefficient is held back in proportion to the variance of its
    feature, so that ``strength`` means so many observations.
    """
    import numpy as np

    if not len(features):
        return prior.astype(float)
    design = np.column_stack([np.ones(len(features)), features])
    scale = np.concatenate([[1.0], features.var(axis=0) + 1e-3])
    hold = strength * 0.25 * scale

    def loss(beta: Reals) -> float:
        logits = design @ beta
        return float((np.logaddexp(0, logits) - labels * logits).sum() + (hold * (beta - prior) ** 2).sum() / 2)

    beta = prior.astype(float).copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (labels - p) - hold * (beta - prior)
        hessian = (design.T * (p * (1 - p))) @ design + np.diag(hold)
        step = np.linalg.solve(hessian, gradient)
        # A full step can overshoot where the curve is flat, and then every further one does.
        while loss(beta + step) > loss(beta) and np.abs(step).max() > 1e-8:
            step = step / 2
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    fitted: Reals = beta
    return fitted


class _Asking:
    """Puts many questions to an index; they are encoded together."""

    def __init__(self, index: Index, encoders: Sequence[Encoder]) -> None:
        # What a base can answer is measured over all of it: the figures must not depend on the day of the build.
        entries = tuple(replace(entry, valid_from=None, valid_to=None) for entry in index.entries)
        index = replace(index, entries=entries)
        self._index = index
        self._encoders = encoders
        self._retriever = HybridRetriever(index, encoders, generation="calibration")
        self._sounds = Sounds(index.lexical.pairs())

    def all(self, texts: list[str], without: Sequence[Sequence[int]] = ()) -> Iterator[tuple[Any, ...]]:
        """Hits of each text, with the rows of views named for it taken as absent."""
        import numpy as np

        questions = [understand(normalise(text), self._index.synonyms, self._sounds) for text in texts]
        readings = [reading for question in questions for reading in question.readings]
        ends = np.cumsum([len(question.readings) for question in questions])
        encoded = [
            centre.questions(encoder.questions(readings))
            for encoder, centre in zip(self._encoders, self._index.centres, strict=True)
        ]
        for number, question in enumerate(questions):
            span = slice(ends[number] - len(question.readings), ends[number])
            vectors = [middle(rows[span]) for rows in encoded]
            yield self._retriever.rank(question, vectors, 2, without=without[number] if without else ())


def _aliases(index: Index) -> list[tuple[int, int, str]]:
    """Row of the entry, row of the view and text of aliases, at most ``MOST_ALIASES``, evenly spread."""
    texts = {
        (row, digest(normalise(text))): text for row, entry in enumerate(index.entries) for text in entry.aliases
    }
    known = [
        (view.row, number, texts[view.row, view.digest])
        for number, view in enumerate(index.views)
        if view.kind == "alias" and index.entries[view.row].question
    ]
    return known[:: max(1, -(-len(known) // MOST_ALIASES))]
