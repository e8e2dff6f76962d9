"""A second look at the best hits, by a model that reads question and text together, for those who have one.

Optional (setting ``reranker``). It may only reorder: when it is late, busy or broken, the fused order stands.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late  # the built-in one only since Python 3.11
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from kb.errors import ModelError, ModelMissing
from kb.records import Band, Hit, SearchResult
from kb.text import normalise

if TYPE_CHECKING:
    from kb.config import SearchSettings
    from kb.search import Retriever

logger = logging.getLogger(__name__)

_NO_RERANKER = (
    "“{}”不能用作重排模型；请在 [search] 的 reranker 里填写一个已存在的 CrossEncoder 模型文件夹，"
    "或形如 BAAI/bge-reranker-base 的模型编号，不用时留空。"
)
DEPTH = 10
"""So many hits are looked at again."""


class Reranker(Protocol):
    """Whatever can compare a question with texts directly."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """One number a text, higher is better; comparable within one call only."""
        ...


class CrossEncoderReranker:
    """A sentence-transformers CrossEncoder, loaded when first used; one question at a time."""

    def __init__(self, path_or_id: str, *, local: bool) -> None:
        self._path = path_or_id
        self._local = local
        self._model: Any = None
        self._turn = threading.Lock()

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """See :class:`Reranker`.

        Raises:
            ModelMissing: the model cannot be loaded.
        """
        with self._turn:
            if self._model is None:
                self._model = self._load()
            return [float(score) for score in self._model.predict([(question, text) for text in texts], show_progress_bar=False)]

    def _load(self) -> Any:
        from sentence_transformers import CrossEncoder

        try:
            return CrossEncoder(self._path, device="cpu", local_files_only=self._local)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ModelMissing(f"重排模型“{self._path}”加载失败：{error}；请检查 [search] 里的 reranker 设置。") from error


class SecondLook:
    """A :class:`kb.search.Retriever` whose best hits are put into the order of a :class:`Reranker`.

    ``confidence`` tells how sure a hit may be said (the base's calibration); where the first hit changes, the
    confidence and the band are those of the new first hit, which has no lead. ``seconds`` is the longest wait.
    """

    def __init__(
        self,
        retriever: Retriever,
        reranker: Reranker,
        *,
        seconds: float,
        judge: Callable[[Hit], tuple[float, Band]],
    ) -> None:
        self._retriever = retriever
        self._reranker = reranker
        self._seconds = seconds
        self._judge = judge
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="second-look")
        self._running: Future[Sequence[float]] | None = None
        self._turn = threading.Lock()

    def search(self, question: str, k: int = 5) -> SearchResult:
        """See :class:`kb.search.Retriever`."""
        result = self._retriever.search(question, max(k, DEPTH))
        fused = replace(result, hits=result.hits[:k])
        looked_at = result.hits[:DEPTH]
        if len(looked_at) < 2 or looked_at[0].signals.get("exact"):
            return fused
        scores = self._scores(normalise(question), [f"{hit.entry.question}\n{hit.text}".strip() for hit in looked_at])
        if scores is None:
            return fused
        order = sorted(range(len(looked_at)), key=lambda place: -scores[place])
        hits = [_seen(looked_at[place], scores[place]) for place in order]
        hits.extend(result.hits[DEPTH:])
        if order[0] == 0:
            return replace(result, hits=tuple(hits[:k]))
        confidence, band = self._judge(hits[0])
        return replace(result, hits=tuple(hits[:k]), confidence=confidence, band=band)

    def _scores(self, question: str, texts: Sequence[str]) -> Sequence[float] | None:
        """Scores in time, else None; a look that is still under way is not queued behind."""
        with self._turn:
            if self._running is not None and not self._running.done():
                logger.warning("the reranker is still busy; the fused order stands")
                return None
            running = self._running = self._pool.submit(self._reranker.scores, question, texts)
        try:
            scores = running.result(timeout=self._seconds)
        except Late:
            logger.warning("the reranker took longer than %.2f s; the fused order stands", self._seconds)
            return None
        except Exception:  # whatever breaks in somebody's model must not cost the answer
            logger.exception("the reranker failed; the fused order stands")
            return None
        if len(scores) != len(texts) or not all(score == score for score in scores):
            logger.error("the reranker gave %d scores for %d texts; the fused order stands", len(scores), len(texts))
            return None
        return scores


def load_reranker(settings: SearchSettings) -> Reranker | None:
    """The reranker of the settings, None if there is none; its weights are read at the first question.

    Raises:
        ModelError: it is neither a folder nor shaped like a hub id.
    """
    if not settings.reranker:
        return None
    from kb.models import resolve

    try:
        resolved = resolve(settings.reranker, settings.models_folder())
    except ModelError as error:
        raise ModelError(_NO_RERANKER.format(settings.reranker)) from error
    if resolved.kind == "packaged":
        raise ModelError(_NO_RERANKER.format(settings.reranker))
    return CrossEncoderReranker(resolved.path_or_id, local=resolved.kind == "folder")


def _seen(hit: Hit, score: float) -> Hit:
    return replace(hit, signals={**hit.signals, "reranker": round(score, 4)})
