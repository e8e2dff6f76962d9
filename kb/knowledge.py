"""The live knowledge of one audience: follows ``CURRENT`` while running, and never serves what does not verify."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from kb.config import Home, SearchSettings, load
from kb.encoder import Encoder, load_encoders
from kb.errors import StoreDamaged, StoreEmpty, StoreError
from kb.records import Audience, Entry, SearchResult
from kb.reranker import Reranker, SecondLook, load_reranker
from kb.search import HybridRetriever, Retriever
from kb.store import Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BaseStatus:
    """``generation`` that answers, if any; ``problem`` says in Chinese why a newer one does not, or why none does."""

    generation: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Live:
    generation: str
    entries: tuple[Entry, ...]
    by_id: dict[str, Entry]
    retriever: Retriever


class KnowledgeBase:
    """A :class:`kb.search.Retriever` over whatever generation is live.

    A newly published generation is loaded and verified aside, then one reference is swapped: a search that is under
    way keeps the generation it began with. A generation that does not verify is refused, and the last good one serves.
    """

    def __init__(
        self,
        store: Store,
        encoders: Sequence[Encoder],
        audience: Audience,
        *,
        today: Callable[[], date] = date.today,
        reranker: Reranker | None = None,
        reranker_seconds: float = 0.5,
    ) -> None:
        self._reranker, self._reranker_seconds = reranker, reranker_seconds
        self._store = store
        self._encoders = tuple(encoders)
        self._audience: Audience = audience
        self._today = today
        self._live: _Live | None = None
        self._refused: tuple[str, StoreError] | None = None
        self._loading = threading.Lock()

    def search(self, question: str, k: int = 5) -> SearchResult:
        """See :class:`kb.search.Retriever`.

        Raises:
            StoreEmpty: nothing has been published. StoreError: the live generation is damaged and no earlier one is loaded.
        """
        return self._current().retriever.search(question, k)

    def entry(self, identity: str) -> Entry | None:
        """The entry of this audience with that id in the live generation."""
        return self._current().by_id.get(identity)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries of this audience in the live generation, in order of their sources."""
        return self._current().entries

    @property
    def generation(self) -> str:
        """Id of the generation that answers."""
        return self._current().generation

    def status(self) -> BaseStatus:
        """How the base is, without raising."""
        try:
            live = self._current()
        except StoreError as error:
            return BaseStatus(None, str(error))
        return BaseStatus(live.generation, str(self._refused[1]) if self._refused else None)

    def warm_up(self) -> None:
        """Load the generation and the encoders' weights, so that the first question does not wait for them."""
        self.search("您好，请问怎么付款？", k=1)

    def _current(self) -> _Live:
        live = self._live
        try:
            wanted = self._store.current()
        except StoreError as error:
            return self._fall_back("CURRENT", error)
        if live is not None and wanted == live.generation:
            return live
        if wanted is None:
            return self._fall_back("", StoreEmpty("知识库还是空的；请先运行 python -m ingest build 资料文件夹。"))
        if self._refused and self._refused[0] == wanted:
            return self._fall_back(wanted, self._refused[1])
        # One thread loads; the others go on with the old generation, or wait if there is none yet.
        if not self._loading.acquire(blocking=live is None):
            assert live is not None
            return live
        try:
            if self._live is not None and self._live.generation == wanted:
                return self._live
            try:
                loaded = self._load(wanted)
            except StoreError as error:
                return self._fall_back(wanted, error)
            self._live, self._refused = loaded, None
            logger.info("generation %s is live for %s", wanted, self._audience)
            return loaded
        finally:
            self._loading.release()

    def _load(self, identity: str) -> _Live:
        index = self._store.load(identity, self._audience)
        fused = HybridRetriever(index, self._encoders, generation=identity, today=self._today)
        retriever: Retriever = fused
        if self._reranker is not None:
            retriever = SecondLook(fused, self._reranker, seconds=self._reranker_seconds, judge=fused.judge)
        return _Live(identity, index.entries, {entry.id: entry for entry in index.entries}, retriever)

    def _fall_back(self, wanted: str, error: StoreError) -> _Live:
        if self._refused is None or self._refused[0] != wanted:
            logger.error("generation %s refused: %s", wanted or "(none)", error)
        self._refused = (wanted, error)
        if self._live is None:
            self._live = self._last_good(wanted)
        if self._live is None:
            raise error
        return self._live

    def _last_good(self, wanted: str) -> _Live | None:
        """The nearest ancestor of a refused generation that still verifies; None if there is none."""
        seen = {wanted}
        identity = wanted
        while True:
            try:
                parent = self._store.manifest(identity).parent
            except StoreError:
                return None  # its ancestors are not known
            if parent is None or parent in seen:
                return None
            seen.add(parent)
            try:
                return self._load(parent)
            except StoreDamaged as error:
                logger.error("generation %s refused too: %s", parent, error)
            except StoreError:
                return None
            identity = parent


def open_base(home: Home, audience: Audience, report: Callable[[str], None] = lambda line: None) -> KnowledgeBase:
    """The base of ``home`` with the encoders its settings name; ``report`` gets lines about encoders being prepared.

    Raises:
        SettingsError, ModelError: the settings or an encoder are not usable.
    """
    settings = load(SearchSettings, home)
    encoders = load_encoders(settings, report)
    reranker, seconds = load_reranker(settings), settings.reranker_seconds
    return KnowledgeBase(Store(home.store), encoders, audience, reranker=reranker, reranker_seconds=seconds)
