"""Calibrate one base, at build time, on questions whose outcome is known without asking anybody.

* What *unrelated* questions reach: the everyday questions of kb/cohort.py, most of which no base answers; those that
  do not stand out are unanswerable.
* *Answerable* questions: an alias of an entry, with that alias taken out (leave one out). Right if the entry is found.
* *Near* questions that the base does not answer: the same alias with its whole entry taken out.

The model fitted to them leans on the general one (a Gaussian prior around its coefficients, MAP estimate): a base with
few aliases keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kb.calibration import DEFAULT, Calibration
from kb.cohort import QUESTIONS
from kb.encoder import Encoder
from kb.index import Index, digest
from kb.question import Question, understand
from kb.records import Hit
from kb.search import HybridRetriever, middle
from kb.sounds import Sounds
from kb.text import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.floating[Any]]

Alias = tuple[int, int, str]
"""Row of the entry, row of the view, text."""
Asked = tuple[Question, list["NDArray[np.float32]"]]
"""A question with its vectors, one an encoder."""

MOST_ALIASES = 200
"""So many aliases are asked at most, evenly spread; each costs a look at the encoder."""
LEAST_ALIASES = 30
"""Fewer say too little of a base."""
NEAR_EVERY = 3
"""One of so many aliases is asked of a base without its entry as well: of four questions, one has no answer."""
CLEARLY_RELATED = 3.0
"""An everyday question that lifts itself so far above the others is one that this base does answer."""
PRIOR = 30.0
"""Weight of the general model, in questions."""
SHARES = (0.05, 0.1, 0.15, 0.2, DEFAULT.lexical, 0.3)
CLEARLY = 0.02
"""A share of BM25 other than the general one must put so much more of the aliases right."""
FITTED = ("lift", "peak")
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
    unrelated = ask.encode(QUESTIONS)
    aliases = _aliases(index)
    if len(aliases) < LEAST_ALIASES:
        return Fit(_placed(ask, unrelated, DEFAULT))
    own = ask.encode([text for _, _, text in aliases])
    base = replace(DEFAULT, lexical=_share_of_words(ask, own, aliases))
    base = _placed(ask, unrelated, base)
    return _fitted(ask, own, aliases, unrelated, base)


def calibrated(index: Index, encoders: Sequence[Encoder]) -> Index:
    """``index`` with its own calibration."""
    return replace(index, calibration=calibrate(index, encoders).calibration)


def _placed(ask: _Asking, unrelated: Sequence[Asked], base: Calibration) -> Calibration:
    """``base``, measured from what unrelated questions reach."""
    import numpy as np

    values = np.array([hits[0].signals["cosine"] for hits in ask.hits(unrelated, base) if hits])
    usual = float(np.median(values))
    spread = max(_MAD * float(np.median(np.abs(values - usual))), 0.02)
    return replace(base, usual=round(usual, 4), spread=round(spread, 4))


def _share_of_words(ask: _Asking, own: Sequence[Asked], aliases: Sequence[Alias]) -> float:
    """The share of BM25 with which most aliases find their entry; the general one unless another is clearly better."""
    lone = [[view] for _, view, _ in aliases]

    def right(share: float) -> int:
        found = ask.hits(own, replace(DEFAULT, lexical=share), lone)
        return sum(bool(hits) and ask.is_of(hits[0], row) for hits, (row, _, _) in zip(found, aliases, strict=True))

    counts = {share: right(share) for share in SHARES}
    best = max(SHARES, key=lambda share: (counts[share], share))
    return best if counts[best] >= counts[DEFAULT.lexical] + CLEARLY * len(aliases) else DEFAULT.lexical


def _fitted(
    ask: _Asking, own: Sequence[Asked], aliases: Sequence[Alias], unrelated: Sequence[Asked], base: Calibration
) -> Fit:
    import numpy as np

    rows, labels, strays = [], [], []
    lone = [[view] for _, view, _ in aliases]
    for (row, _, text), hits in zip(aliases, ask.hits(own, base, lone), strict=True):
        if not hits:
            continue
        right = ask.is_of(hits[0], row)
        rows.append([hits[0].signals[name] for name in FITTED])
        labels.append(right)
        if not right:
            strays.append(Stray(text, ask.index.entries[row].id, hits[0].entry.id))
    lacking = [ask.views_of(row) for row, _, _ in aliases[::NEAR_EVERY]]
    far = [hits for hits in ask.hits(unrelated, base) if hits and hits[0].signals["lift"] <= CLEARLY_RELATED]
    for hits in (*ask.hits(own[::NEAR_EVERY], base, lacking), *far):
        if hits:
            rows.append([hits[0].signals[name] for name in FITTED])
            labels.append(False)
    prior = np.array([base.intercept, *(base.weights.get(name, 0.0) for name in FITTED)])
    beta = fit(np.array(rows), np.array(labels, dtype=float), prior)
    weights = {**base.weights, **{name: round(float(b), 4) for name, b in zip(FITTED, beta[1:], strict=True)}}
    calibration = replace(base, intercept=round(float(beta[0]), 4), weights=weights, questions=len(rows))
    return Fit(calibration, tuple(strays))


def fit(features: Reals, labels: Reals, prior: Reals, strength: float = PRIOR) -> Reals:
    """Intercept and coefficients (n + 1,) of a logistic model of ``features`` (m, n), drawn towards ``prior``.

    Newton's method, with halved steps where needed; a coefficient is held back in proportion to the mean square
    of its feature, so that ``strength`` means so many observations.
    """
    import numpy as np

    if not len(features):
        return prior.astype(float)
    design = np.column_stack([np.ones(len(features)), features])
    scale = np.concatenate([[1.0], (features**2).mean(axis=0) + 1e-3])
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
    """Puts many questions to an index; they are encoded together, once."""

    def __init__(self, index: Index, encoders: Sequence[Encoder]) -> None:
        # What a base can answer is measured over all of it: the figures must not depend on the day of the build.
        entries = tuple(replace(entry, valid_from=None, valid_to=None) for entry in index.entries)
        self.index = replace(index, entries=entries)
        self._encoders = encoders
        self._sounds = Sounds(index.lexical.pairs())

    def encode(self, texts: Sequence[str]) -> list[Asked]:
        """Each text as a question with its vectors."""
        import numpy as np

        questions = [understand(normalise(text), self.index.synonyms, self._sounds) for text in texts]
        readings = [reading for question in questions for reading in question.readings]
        ends = np.cumsum([len(question.readings) for question in questions])
        encoded = [
            centre.questions(encoder.questions(readings))
            for encoder, centre in zip(self._encoders, self.index.centres, strict=True)
        ]
        spans = [slice(end - len(question.readings), end) for end, question in zip(ends, questions, strict=True)]
        return [
            (question, [middle(rows[span]) for rows in encoded])
            for question, span in zip(questions, spans, strict=True)
        ]

    def hits(
        self, asked: Sequence[Asked], calibration: Calibration, without: Sequence[Sequence[int]] = ()
    ) -> list[tuple[Hit, ...]]:
        """The two best hits of each, with the rows of views named for it taken as absent."""
        index = replace(self.index, calibration=calibration)
        retriever = HybridRetriever(index, self._encoders, generation="calibration")
        absent: Sequence[Sequence[int]] = without or [()] * len(asked)
        return [
            retriever.rank(question, vectors, 2, without=views)
            for (question, vectors), views in zip(asked, absent, strict=True)
        ]

    def is_of(self, hit: Hit, row: int) -> bool:
        """Whether ``hit`` is the entry in that row."""
        return hit.entry.id == self.index.entries[row].id

    def views_of(self, row: int) -> list[int]:
        """Rows of all views of the entry in that row."""
        return [number for number, view in enumerate(self.index.views) if view.row == row]


def _aliases(index: Index) -> list[Alias]:
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
