"""Find the entries that answer a question: two kinds of match, measured against the question's own noise, and added."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from kb.calibration import DEFAULT, Calibration
from kb.cohort import COHORT
from kb.encoder import Encoder
from kb.errors import EncoderMismatch
from kb.index import Index
from kb.records import Entry, Hit, SearchResult
from kb.text import MAX_QUESTION_CHARS, has_words, normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BACKGROUND = 1_024
"""Most views that stand for the whole base, beside the cohort, when the noise of a question is estimated."""
GLANCE_CHARS = 400
"""Most characters of a hit's text (contract of ``kb search``)."""


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

    dense: float = 0.65
    lexical: float = 0.35
    near: int = 200
    """How many views each encoder and BM25 propose; every proposed entry is then scored by all of them."""


class HybridRetriever:
    """Searches one :class:`Index`. Safe to use from several threads at once.

    Signals of a hit: ``dense`` and ``lexical`` are the best view's cosine and BM25 in standard deviations above the
    question's noise, ``cosine`` and ``bm25`` the same raw, ``overlap`` BM25 over the highest possible for the question
    (0 to 1), ``margin`` the lead of the first hit's score over the second's (0 for the others).
    """

    def __init__(
        self,
        index: Index,
        encoders: Sequence[Encoder],
        *,
        generation: str,
        today: Callable[[], date] = date.today,
        fusion: Fusion = Fusion(),
        calibration: Calibration = DEFAULT,
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
        self._fusion = fusion
        self._calibration = calibration
        self._entry_of_view = np.fromiter((view.row for view in index.views), dtype=np.int64, count=len(index.views))
        # Views are grouped by entry: entry r owns rows first[r] up to first[r + 1].
        self._first = np.searchsorted(self._entry_of_view, np.arange(len(index.entries) + 1))
        self._background = [
            np.concatenate([vectors.sample(BACKGROUND), cohort.matrix()])
            for vectors, cohort in zip(index.vectors, index.cohorts, strict=True)
        ]
        self._row_of_id = {entry.id: row for row, entry in enumerate(index.entries)}

    def search(self, question: str, k: int = 5, among: Collection[str] | None = None) -> SearchResult:
        """See :class:`Retriever`; ``among`` restricts the answer to entries of these ids."""
        words = normalise(question[:MAX_QUESTION_CHARS])
        if not has_words(words) or not self._index.views:
            return SearchResult(question, "none", 0.0, (), self._generation)
        hits = self._rank(words, k, among)
        confidence = self._calibration.confidence(hits[0].signals) if hits else 0.0
        return SearchResult(question, self._calibration.band(confidence), confidence, hits, self._generation)

    def _rank(self, words: str, k: int, among: Collection[str] | None) -> tuple[Hit, ...]:
        import numpy as np

        index, fusion = self._index, self._fusion
        questions = [encoder.questions([words])[0] for encoder in self._encoders]
        lexical = index.lexical.scores(words)
        if among is None:
            pairs = zip(index.vectors, questions, strict=True)
            proposed = [vectors.nearest(question, fusion.near)[0] for vectors, question in pairs]
            proposed.append(_top(lexical, fusion.near))
            rows = np.unique(self._entry_of_view[np.concatenate(proposed)])
        else:
            rows = np.unique(np.array([self._row_of_id[i] for i in among if i in self._row_of_id], dtype=np.int64))
        today = self._today()
        rows = np.array([row for row in rows if index.entries[row].is_valid_on(today)], dtype=np.int64)
        if not rows.size:
            return ()

        lengths = self._first[rows + 1] - self._first[rows]
        starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        views = np.repeat(self._first[rows] - starts, lengths) + np.arange(lengths.sum())

        dense = np.zeros(len(views), dtype=np.float32)
        cosine = np.full(len(views), -1.0, dtype=np.float32)
        for vectors, background, question in zip(index.vectors, self._background, questions, strict=True):
            cosines = vectors.cosines(question, views)
            # What counts as near differs from encoder to encoder and question to question (e5 gives .75 to unrelated
            # texts): the distance from what the question has with texts picked blindly is comparable.
            noise = background @ question
            dense += (cosines - noise.mean()) / max(float(noise.std()), 1e-6) / len(questions)
            cosine = np.maximum(cosine, cosines)
        # The cohort holds none of the question's rare words: it adds rows of zero, which matters in a small base.
        padded = lexical.size + len(COHORT)
        term_mean = float(lexical.sum()) / padded
        term_deviation = max((float((lexical**2).sum()) / padded - term_mean**2) ** 0.5, 1e-6)
        terms = (lexical[views] - term_mean) / term_deviation
        best_dense = np.maximum.reduceat(dense, starts)
        best_terms = np.maximum.reduceat(terms, starts)
        scores = fusion.dense * best_dense + fusion.lexical * best_terms

        order = np.argsort(-scores, kind="stable")[: max(k, 2)]
        ceiling = max(index.lexical.ceiling(words), 1e-6)
        margin = float(scores[order[0]] - scores[order[1]]) if len(order) > 1 else 0.0
        hits = []
        for rank, place in enumerate(order[:k]):
            span = slice(starts[place], starts[place] + lengths[place])
            entry = index.entries[rows[place]]
            view = index.views[views[span][int(np.argmax(dense[span]))]]
            bm25 = float(lexical[views[span]].max())
            signals = {
                "dense": float(best_dense[place]),
                "lexical": float(best_terms[place]),
                "cosine": float(cosine[span].max()),
                "bm25": bm25,
                "overlap": bm25 / ceiling,
                "margin": margin if rank == 0 else 0.0,
            }
            rounded = {name: round(value, 4) for name, value in signals.items()}
            hits.append(Hit(entry, float(scores[place]), glance(entry, view.start, view.end), rounded))
        return tuple(hits)


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
