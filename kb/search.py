"""Find the entries that answer a question: two kinds of match, measured against the question's own noise, and added."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from kb.cohort import PASSAGES
from kb.encoder import Encoder
from kb.errors import EncoderMismatch
from kb.index import Index, is_lexical
from kb.question import Question, understand
from kb.records import Band, Entry, Hit, SearchResult
from kb.sounds import Sounds
from kb.text import MAX_QUESTION_CHARS, has_words, letters, normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.floating[Any]]

BACKGROUND = 1_024
"""Most views that stand for the whole base, beside the cohort, when the noise of a question is estimated."""
GLANCE_CHARS = 400
"""Most characters of a hit's text (contract of ``kb search``)."""


CLEAR_LEAD = 1.5
"""A lead beyond this says no more about being right: one rare word in common can give any lead."""
BESIDE = 0.5
"""Weight of words that the question does not say but means: a synonym is seldom quite the same."""
REFUTED = 100.0
"""Taken from the score of an entry whose counter-example is asked word by word."""
_EXACT = 100.0
"""Added to the score of an entry that is asked word by word: an editor's own wording outranks every likeness."""
COUNTER = 3
_ASPECT = {"question": 0, "alias": 0, "whole": 1, "window": 2, "counter": COUNTER}
"""An entry is what is asked of it, what it says as a whole, and its details. Each aspect is as good as its best view;
an entry is as good as its aspects on average: agreement of question and answer tells twins apart."""


class Retriever(Protocol):
    """Whatever can look a question up."""

    def search(self, question: str, k: int = 5) -> SearchResult:
        """The ``k`` best hits at most, best first, with the band that their confidence allows."""
        ...


@dataclass(frozen=True, slots=True)
class Fusion:
    """How matches are added up: ``dense`` is shared among the encoders, ``lexical`` is the weight of BM25.

    Chosen on ecom_help_qa, taipei_faq_qa and bq_rerank together; docs/retrieval.md has the table.
    """

    dense: float = 0.75
    lexical: float = 0.25
    near: int = 200
    """How many views each encoder and BM25 propose; every proposed entry is then scored by all of them."""


class HybridRetriever:
    """Searches one :class:`Index`. Safe to use from several threads at once.

    Signals of a hit: ``dense`` and ``lexical`` are its cosine and BM25 (means of its aspects' best) in standard
    deviations above the question's noise, ``cosine`` and ``bm25`` the same raw, ``overlap`` BM25 over the highest
    possible for the question (0 to 1), ``lift`` the cosine above what unrelated questions reach in this base, ``margin``
    the lead of the first hit's score over the second's (at most CLEAR_LEAD; 0 for others), ``exact`` 1 if the question
    is, letter by letter, its standard question or an alias, ``counter`` how much nearer a counter-example of the entry
    is than the entry itself (0 if none is).
    """

    def __init__(
        self,
        index: Index,
        encoders: Sequence[Encoder],
        *,
        generation: str,
        today: Callable[[], date] = date.today,
        fusion: Fusion | None = None,
    ) -> None:
        import numpy as np

        if tuple(encoder.fingerprint for encoder in encoders) != index.fingerprints:
            built, used = "、".join(index.fingerprints), "、".join(encoder.fingerprint for encoder in encoders)
            raise EncoderMismatch(
                f"知识库版本 {generation} 是用编码模型 {built} 建的，现在设置的是 {used}；请改回设置，或重新运行 python -m ingest build。"
            )
        self._index = index
        self._encoders = tuple(encoders)
        self._generation = generation
        self._today = today
        share = index.calibration.lexical
        self._fusion = fusion or Fusion(dense=1 - share, lexical=share)
        views = index.views
        self._entry_of_view = np.fromiter((view.row for view in views), dtype=np.int64, count=len(views))
        # Views are grouped by entry: entry r owns views first[r] up to first[r + 1], its aspects in _ASPECT's order.
        self._first = np.searchsorted(self._entry_of_view, np.arange(len(index.entries) + 1))
        self._aspect = np.fromiter((_ASPECT[view.kind] for view in views), dtype=np.int64, count=len(views))
        self._lexical_views = np.flatnonzero([is_lexical(view) for view in views])
        self._background = [
            np.concatenate([vectors.sample(BACKGROUND), centre.cohort])
            for vectors, centre in zip(index.vectors, index.centres, strict=True)
        ]
        self._row_of_id = {entry.id: row for row, entry in enumerate(index.entries)}
        self._row_of_words = _asked(index.entries)
        self._refuted = {
            row: {letters(normalise(text)) for text in entry.counter_examples}
            for row, entry in enumerate(index.entries)
            if entry.counter_examples
        }
        self._sounds = Sounds(index.lexical.pairs())

    def search(self, question: str, k: int = 5, among: Collection[str] | None = None) -> SearchResult:
        """See :class:`Retriever`; ``among`` restricts the answer to entries of these ids."""
        words = normalise(question[:MAX_QUESTION_CHARS])
        if not has_words(words) or not self._index.views:
            return SearchResult(question, "none", 0.0, (), self._generation)
        understood = understand(words, self._index.synonyms, self._sounds)
        hits = self.rank(understood, self._encode(understood), k, among)
        if not hits:
            return SearchResult(question, "none", 0.0, (), self._generation)
        confidence, band = self.judge(hits[0])
        return SearchResult(question, band, confidence, hits, self._generation)

    def judge(self, hit: Hit) -> tuple[float, Band]:
        """The probability that ``hit``, as the first, answers, and what it allows."""
        confidence = self._index.calibration.confidence(hit.signals)
        return confidence, self._index.calibration.band(confidence)

    def _encode(self, question: Question) -> list[NDArray[np.float32]]:
        pairs = zip(self._encoders, self._index.centres, strict=True)
        return [middle(centre.questions(encoder.questions(list(question.readings)))) for encoder, centre in pairs]

    def rank(
        self,
        question: Question,
        vectors: Sequence[NDArray[np.float32]],
        k: int,
        among: Collection[str] | None = None,
        *,
        without: Collection[int] = (),
    ) -> tuple[Hit, ...]:
        """The ``k`` best hits for a question whose centred unit vectors, one an encoder, are given.

        ``without`` names rows of views that are to be taken as absent; an entry without any view is not found.
        """
        import numpy as np

        index, fusion = self._index, self._fusion
        bm25 = np.zeros(len(index.views), dtype=np.float32)
        for reading in question.readings:
            bm25[self._lexical_views] += index.lexical.scores(reading) / len(question.readings)
        if question.beside:
            bm25[self._lexical_views] += BESIDE * index.lexical.scores(question.beside)
        absent = np.fromiter(without, dtype=np.int64, count=len(without))
        bm25[absent] = 0
        rows = self._candidates(vectors, bm25, among, absent)
        if not rows.size:
            return ()

        # The views of all candidates, one after the other, and where each entry and each aspect of it begins.
        views = np.concatenate([np.arange(self._first[row], self._first[row + 1]) for row in rows])
        if absent.size:
            views = views[~np.isin(views, absent)]
        counter = self._aspect[views] == COUNTER
        against, views = views[counter], views[~counter]
        keys = self._entry_of_view[views] * len(_ASPECT) + self._aspect[views]
        aspect_starts = np.flatnonzero(np.diff(keys, prepend=-1))
        aspect = self._aspect[views[aspect_starts]]
        entry_starts = np.searchsorted(self._entry_of_view[views], rows)
        per_entry = np.searchsorted(aspect_starts, entry_starts)

        def best_of_entries(values: Reals) -> Reals:
            best: Reals = np.maximum.reduceat(values, entry_starts)
            return best

        def of_entries(values: Reals, weights: Reals) -> Reals:
            best = np.maximum.reduceat(values, aspect_starts) * weights
            mean: Reals = np.add.reduceat(best, per_entry) / np.maximum(np.add.reduceat(weights, per_entry), 1e-6)
            return mean

        every = np.ones(len(aspect), dtype=np.float32)
        worded = (aspect != _ASPECT["window"]).astype(np.float32)
        cosine: Reals = np.zeros(len(views), dtype=np.float32)
        dense: Reals = np.zeros(len(views), dtype=np.float32)
        opposed: Reals = np.zeros(len(against), dtype=np.float32)
        for matrix, background, vector in zip(index.vectors, self._background, vectors, strict=True):
            cosines = matrix.cosines(vector, views)
            # What counts as near differs from encoder to encoder and from question to question: the distance from
            # what the question has with texts picked blindly is comparable.
            noise = background @ vector
            deviation = max(float(noise.std()), 1e-6) * len(vectors)
            dense = dense + (cosines - noise.mean()) / deviation
            opposed = opposed + (matrix.cosines(vector, against) - noise.mean()) / deviation
            cosine = cosine + cosines / len(vectors)
        # The cohort holds none of the question's rare words: it adds rows of zero, which matters in a small base.
        padded = index.lexical.rows + len(PASSAGES)
        mean = float(bm25.sum()) / padded
        deviation = max((float((bm25**2).sum()) / padded - mean**2) ** 0.5, 1e-6)
        dense_of, terms_of = of_entries(dense, every), (of_entries(bm25[views], worded) - mean) / deviation
        cosine_of, bm25_of = of_entries(cosine, every), of_entries(bm25[views], worded)
        counter_of = np.zeros(len(rows), dtype=np.float32)
        np.maximum.at(counter_of, np.searchsorted(rows, self._entry_of_view[against]), opposed)
        counter_of = np.where(counter_of > 0, np.maximum(counter_of - best_of_entries(dense), 0), 0)
        asked = letters(question.words)
        # With views absent, the question is an alias that is asked as if the editor had not written it down.
        exact = np.array([row in self._row_of_words.get(asked, ()) for row in rows]) & (not absent.size)
        refuted = np.array([asked in self._refuted.get(int(row), ()) for row in rows])
        counter_of = np.where(refuted, REFUTED, counter_of)
        scores = fusion.dense * dense_of + fusion.lexical * terms_of + _EXACT * exact
        scores = scores - np.where(counter_of > 0, 1 + counter_of, 0)

        order = np.argsort(-scores, kind="stable")[: max(k, 2)]
        ceiling = max(index.lexical.ceiling(question.meant), 1e-6)
        margin = min(float(scores[order[0]] - scores[order[1]]), CLEAR_LEAD) if len(order) > 1 else 0.0
        hits = []
        for rank, place in enumerate(order[:k]):
            entry = index.entries[rows[place]]
            span = slice(entry_starts[place], entry_starts[place + 1] if place + 1 < len(rows) else len(views))
            shown = self._shown(views[span], dense[span])
            signals = {
                "dense": float(dense_of[place]),
                "lexical": float(terms_of[place]),
                "cosine": float(cosine_of[place]),
                "bm25": float(bm25_of[place]),
                "overlap": float(bm25_of[place]) / ceiling,
                "lift": index.calibration.lift(float(cosine_of[place])),
                "margin": margin if rank == 0 else 0.0,
                "exact": float(exact[place]),
                "counter": float(counter_of[place]),
            }
            rounded = {name: round(value, 4) for name, value in signals.items()}
            hits.append(Hit(entry, float(scores[place]), glance(entry, *shown), rounded))
        return tuple(hits)

    def _candidates(
        self,
        questions: Sequence[NDArray[np.float32]],
        bm25: NDArray[np.float32],
        among: Collection[str] | None,
        absent: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Rows of the entries to be scored, ascending: proposed by any match, or given; valid today."""
        import numpy as np

        if among is None:
            pairs = zip(self._index.vectors, questions, strict=True)
            proposed = [vectors.nearest(question, self._fusion.near)[0] for vectors, question in pairs]
            proposed.append(_top(bm25, self._fusion.near))
            found = np.concatenate(proposed)
            if absent.size:
                found = found[~np.isin(found, absent)]
            rows = np.unique(self._entry_of_view[found[self._aspect[found] != COUNTER]])
        else:
            rows = np.unique([self._row_of_id[identity] for identity in among if identity in self._row_of_id])
        today = self._today()
        return np.array([row for row in rows if self._index.entries[row].is_valid_on(today)], dtype=np.int64)

    def _shown(self, views: NDArray[np.int64], dense: Reals) -> tuple[int, int]:
        """Span of the entry's text to show: its best window, if it has any."""
        windows = [place for place, view in enumerate(views) if self._index.views[view].kind == "window"]
        if not windows:
            return 0, 0
        best = self._index.views[views[max(windows, key=lambda place: float(dense[place]))]]
        return best.start, best.end


def middle(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The direction between unit vectors (n, dimension): what the readings of a question have in common."""
    import numpy as np

    mean = vectors.mean(axis=0)
    middle: NDArray[np.float32] = mean / max(float(np.linalg.norm(mean)), 1e-6)
    return middle


def _asked(entries: Sequence[Entry]) -> Mapping[str, tuple[int, ...]]:
    """Rows of the entries that are asked in exactly these letters, by question or alias."""
    rows: dict[str, tuple[int, ...]] = {}
    for row, entry in enumerate(entries):
        for key in {letters(normalise(text)) for text in (entry.question, *entry.aliases)} - {""}:
            rows[key] = (*rows.get(key, ()), row)
    return rows


def glance(entry: Entry, start: int, end: int) -> str:
    """The piece of ``entry.text`` to read at a glance: all of it if short, else around ``start:end`` in whole lines."""
    text = entry.text
    if len(text) <= GLANCE_CHARS:
        return text
    if end <= start:
        start, end = 0, 0
    room = GLANCE_CHARS - 2
    end = max(end, start + 1)
    left = max(0, min(start, len(text) - room))
    piece = text[left : left + room]
    return ("…" if left else "") + piece.strip() + ("…" if left + room < len(text) else "")


def _top(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Rows of the ``count`` highest scores above zero, in no particular order."""
    import numpy as np

    if scores.size > count:
        rows = np.argpartition(-scores, count)[:count]
    else:
        rows = np.arange(scores.size)
    return rows[scores[rows] > 0].astype(np.int64)
