"""Find the entries that answer a question: two kinds of match, measured against the question's own noise, and added."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from kb.aspects import Aspects, Group
from kb.cohort import PASSAGES
from kb.encoder import Encoder, comparable
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


FIELD = slice(5, 20)
"""Places of the also-rans that a hit is measured against; before them stand those that may say the same as the best."""
BESIDE = 0.5
"""Weight of words that the question does not say but means: a synonym is seldom quite the same."""
REFUTED = 100.0
"""Taken from the score of an entry whose counter-example is asked word by word."""
_EXACT = 100.0
"""Added to the score of an entry that is asked word by word: an editor's own wording outranks every likeness."""


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
    possible for the question (0 to 1), ``lift`` the cosine above what unrelated questions reach in this base, ``peak``
    how far the score stands above those of the also-rans (see FIELD), ``exact`` 1 if the question
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

        fingerprints = [encoder.fingerprint for encoder in encoders]
        if len(fingerprints) != len(index.fingerprints) or not all(map(comparable, index.fingerprints, fingerprints)):
            built, used = "、".join(index.fingerprints), "、".join(fingerprints)
            raise EncoderMismatch(
                f"知识库版本 {generation} 是用编码模型 {built} 建的，现在设置的是 {used}；请改回设置，或重新运行 python -m ingest build。"
            )
        self._index = index
        self._encoders = tuple(encoders)
        self._generation = generation
        self._today = today
        share = index.calibration.lexical
        self._fusion = fusion or Fusion(dense=1 - share, lexical=share)
        self._aspects = Aspects(index.views, len(index.entries))
        self._lexical_views = np.flatnonzero([is_lexical(view) for view in index.views])
        self._background = [
            np.concatenate([vectors.sample(BACKGROUND), centre.cohort])
            for vectors, centre in zip(index.vectors, index.centres, strict=True)
        ]
        self._row_of_id = {entry.id: row for row, entry in enumerate(index.entries)}
        self._asked = _rows_by_words(index.entries, lambda entry: (entry.question, *entry.aliases))
        self._refuted = _rows_by_words(index.entries, lambda entry: entry.counter_examples)
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

        absent = np.fromiter(without, dtype=np.int64, count=len(without))
        bm25 = self._bm25(question)
        bm25[absent] = 0
        rows = self._candidates(vectors, bm25, among, absent)
        if not rows.size:
            return ()
        group = self._aspects.of(rows, absent)
        cosine, dense, against = self._dense(vectors, group)
        mean, deviation = self._noise(bm25)
        worded = group.mean(bm25[group.views], windows=False)
        asked = letters(question.words)
        # With views absent, the question is an alias that is asked as if the editor had not written it down.
        exact = np.isin(rows, self._asked.get(asked, ())) & (not absent.size)
        refuted = np.isin(rows, self._refuted.get(asked, ()))
        counter = np.where(refuted, REFUTED, group.opposed(against, group.best(dense)))
        of_entries = {
            "dense": group.mean(dense),
            "lexical": (worded - mean) / deviation,
            "cosine": group.mean(cosine),
            "bm25": worded,
            "overlap": worded / max(self._index.lexical.ceiling(question.meant), 1e-6),
            "exact": exact.astype(float),
            "counter": counter,
        }
        plain = self._fusion.dense * of_entries["dense"] + self._fusion.lexical * of_entries["lexical"]
        of_entries["lift"] = self._index.calibration.lift(of_entries["cosine"])
        of_entries["peak"] = plain - _field(plain)
        scores = plain + _EXACT * exact - np.where(counter > 0, 1 + counter, 0)

        hits = []
        for number in np.argsort(-scores, kind="stable")[:k]:
            entry, span = self._index.entries[rows[number]], group.span(number)
            signals = {name: round(float(values[number]), 4) for name, values in of_entries.items()}
            shown = self._shown(group.views[span], dense[span])
            hits.append(Hit(entry, float(scores[number]), glance(entry, *shown), signals))
        return tuple(hits)

    def _bm25(self, question: Question) -> NDArray[np.float32]:
        """BM25 of every view, the mean over the question's readings, and for what it means beside its words."""
        import numpy as np

        lexical = self._index.lexical
        scores = np.zeros(lexical.rows, dtype=np.float32)
        for reading in question.readings:
            scores += lexical.scores(reading) / len(question.readings)
        if question.beside:
            scores += BESIDE * lexical.scores(question.beside)
        bm25 = np.zeros(len(self._index.views), dtype=np.float32)
        bm25[self._lexical_views] = scores
        return bm25

    def _noise(self, bm25: NDArray[np.float32]) -> tuple[float, float]:
        """Mean and deviation of the question's BM25 over the base."""
        # The cohort holds none of the question's rare words: it adds rows of zero, which matters in a small base.
        padded = self._index.lexical.rows + len(PASSAGES)
        mean = float(bm25.sum()) / padded
        return mean, max((float((bm25**2).sum()) / padded - mean**2) ** 0.5, 1e-6)

    def _dense(self, vectors: Sequence[NDArray[np.float32]], group: Group) -> tuple[Reals, Reals, Reals]:
        """Cosines of the views of ``group``, the mean over the encoders; the same, and those of its counter-examples, in
        deviations above the question's noise."""
        import numpy as np

        cosine: Reals = np.zeros(len(group.views), dtype=np.float32)
        dense: Reals = np.zeros(len(group.views), dtype=np.float32)
        against: Reals = np.zeros(len(group.against), dtype=np.float32)
        for matrix, background, vector in zip(self._index.vectors, self._background, vectors, strict=True):
            cosines = matrix.cosines(vector, group.views)
            # What counts as near differs from encoder to encoder and from question to question: the distance from
            # what the question has with texts picked blindly is comparable.
            noise = background @ vector
            deviation = max(float(noise.std()), 1e-6) * len(vectors)
            dense = dense + (cosines - noise.mean()) / deviation
            against = against + (matrix.cosines(vector, group.against) - noise.mean()) / deviation
            cosine = cosine + cosines / len(vectors)
        return cosine, dense, against

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
            rows = self._aspects.entries_of(found)
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


def _field(scores: Reals) -> float:
    """The mean score of the also-rans, see FIELD; a small base has none there, and nothing is as near as noise: 0."""
    import numpy as np

    return float(np.sort(scores)[::-1][FIELD].sum()) / (FIELD.stop - FIELD.start)


def middle(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The direction between unit vectors (n, dimension): what the readings of a question have in common."""
    import numpy as np

    mean = vectors.mean(axis=0)
    middle: NDArray[np.float32] = mean / max(float(np.linalg.norm(mean)), 1e-6)
    return middle


@functools.lru_cache(maxsize=16_384)
def _key(text: str) -> str:
    """What an editor's wording is compared by; most are the same in the next version."""
    return letters(normalise(text))


def _rows_by_words(entries: Sequence[Entry], texts: Callable[[Entry], Sequence[str]]) -> Mapping[str, tuple[int, ...]]:
    """Rows of the entries by exactly these letters of one of their ``texts``."""
    rows: dict[str, tuple[int, ...]] = {}
    for row, entry in enumerate(entries):
        for key in {_key(text) for text in texts(entry)} - {""}:
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
