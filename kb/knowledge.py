"""The live knowledge of one audience: follows ``CURRENT`` while running, and never serves what does not verify."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from kb.config import Home, SearchSettings, load
from kb.encoder import Encoder, RememberingEncoder, load_encoders
from kb.errors import StoreEmpty, StoreError
from kb.records import Audience, Entry, SearchResult
from kb.remembered import Remembered
from kb.reranker import Reranker, SecondLook, load_reranker
from kb.search import HybridRetriever, Retriever
from kb.store import Store, open_store

logger = logging.getLogger(__name__)

PATIENCE_S = 1.0
"""A question that meets a new generation first waits so long for it at most; the old one answers meanwhile."""
FOLLOW_S = 0.05
"""How often a server that follows looks whether another generation is live: one small file."""
SHARE, REST_S = 0.05, 2.0
"""A server that follows loads for so much of its time at most: should versions come faster than that, it leaves some
out. But it never lets one wait for longer than ``REST_S``."""
_WARM_UP = "您好，请问怎么付款？"
RETRY_S = 30.0
"""A generation that was refused is tried again after so long: the disk may have been the trouble, or was mended."""


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


@dataclass(frozen=True, slots=True)
class _Refused:
    generation: str
    error: StoreError
    at: float


class KnowledgeBase:
    """A :class:`kb.search.Retriever` over whatever generation is live.

    A newly published generation is loaded and verified aside, in a thread of its own, then one reference is swapped:
    no question waits for it longer than ``PATIENCE_S`` (not at all in a server that follows), and a search that is under way keeps the generation it began
    with. A generation that does not verify is refused, and the last good one serves.
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
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reranker, self._reranker_seconds = reranker, reranker_seconds
        self._store = store
        self._encoders = tuple(encoders)
        self._audience: Audience = audience
        self._today = today
        self._timer = timer
        self._live: _Live | None = None
        self._refused: _Refused | None = None
        self._switching = threading.Lock()
        self._followed = False
        self._rest_until = -math.inf

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
    def encoders(self) -> tuple[Encoder, ...]:
        """What questions are encoded with, for others who look at the same words."""
        return self._encoders

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
        return BaseStatus(live.generation, str(self._refused.error) if self._refused else None)

    def warm_up(self) -> None:
        """Load the generation and the encoders' weights, so that the first question does not wait for them."""
        self.search(_WARM_UP, k=1)

    def follow(self) -> None:
        """Look after ``CURRENT`` from a thread of our own, for as long as the process lives.

        A new generation is then loaded whether anybody asks or not, and no question waits for it at all.
        """
        self._followed = True
        threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def _follow(self) -> None:
        while True:
            time.sleep(FOLLOW_S)
            try:
                self._looked()
            except StoreError:
                pass  # said where somebody asks
            except Exception:  # nobody else looks: whatever it was, it must not be the end of it
                logger.exception("what is live could not be looked at; again in %d s", RETRY_S)
                time.sleep(RETRY_S)

    def _current(self) -> _Live:
        """What answers now. In a server that follows nobody who asks looks at the disk."""
        if self._followed and self._live is not None:
            return self._live
        return self._looked()

    def _looked(self) -> _Live:
        live = self._live
        try:
            wanted = self._store.current()
        except StoreError as error:
            return self._fall_back("CURRENT", error)
        if live is not None and wanted == live.generation:
            self._refused = None
            return live
        if wanted is None:
            return self._fall_back("", StoreEmpty("知识库还是空的；请先运行 python -m ingest build 资料文件夹。"))
        refused = self._refused
        if refused and refused.generation == wanted and self._timer() - refused.at < RETRY_S:
            return self._fall_back(wanted, refused.error)
        if live is None:
            with self._switching:
                return self._switch()
        if self._timer() >= self._rest_until and self._switching.acquire(blocking=False):
            thread = threading.Thread(target=self._switch_aside, name="switch", daemon=True)
            thread.start()
            if not self._followed:
                thread.join(PATIENCE_S)
        return self._live or live

    def _switch_aside(self) -> None:
        """Switch in a thread of its own, which gives the lock back that it was started with."""
        try:
            self._switch()
        except StoreError as error:
            logger.error("no generation to switch to: %s", error)
        finally:
            self._switching.release()

    def _switch(self) -> _Live:
        """Load what ``CURRENT`` names; another one, should that go and be pruned meanwhile.

        Raises:
            StoreError: it cannot be loaded, and no other one serves.
        """
        while (wanted := self._store.current()) is not None:
            if self._live is not None and self._live.generation == wanted:
                return self._live
            began = self._timer()
            try:
                loaded = self._load(wanted)
            except StoreError as error:
                if self._store.current() != wanted:
                    continue
                return self._fall_back(wanted, error)
            if self._live is not None:
                loaded.retriever.search(_WARM_UP, 1)  # what a first search sets up, no visitor waits for
            if self._followed:
                now = self._timer()
                self._rest_until = now + min((now - began) * (1 / SHARE - 1), REST_S)
            self._live, self._refused = loaded, None
            logger.info("generation %s is live for %s", wanted, self._audience)
            return loaded
        if self._live is None:
            raise StoreEmpty("知识库还是空的；请先运行 python -m ingest build 资料文件夹。")
        return self._live

    def _load(self, identity: str) -> _Live:
        index = self._store.load(identity, self._audience)
        fused = HybridRetriever(index, self._encoders, generation=identity, today=self._today)
        used = tuple(encoder.fingerprint for encoder in self._encoders)
        if used != index.fingerprints:
            built, asked = "、".join(index.fingerprints), "、".join(used)
            logger.warning("知识库版本 %s 的向量由 %s 算出，问题由 %s 计算：两者可比，结果相差极小。", identity, built, asked)
        retriever: Retriever = Remembered(fused, self._today)
        if self._reranker is not None:
            retriever = SecondLook(retriever, self._reranker, seconds=self._reranker_seconds, judge=fused.judge)
        return _Live(identity, index.entries, {entry.id: entry for entry in index.entries}, retriever)

    def _fall_back(self, wanted: str, error: StoreError) -> _Live:
        refused = self._refused
        if refused is None or refused.generation != wanted:
            logger.error("generation %s refused: %s", wanted or "(none)", error)
        if refused is None or refused.error is not error:
            self._refused = _Refused(wanted, error, self._timer())
        if self._live is None:
            self._live = self._last_good(wanted)
        if self._live is None:
            raise error
        return self._live

    def _last_good(self, wanted: str) -> _Live | None:
        """The newest generation older than a refused one that was live once and still verifies; None if there is none."""
        older = self._store.ids()
        if wanted not in older:
            return None  # what was live before is not known
        parents: set[str | None] = set()
        for identity in older[older.index(wanted) :]:
            try:
                manifest = self._store.manifest(identity)
                # Early versions carry no mark of having been live; whatever another one was built beside was.
                if identity != wanted and (manifest.published or identity in parents):
                    return self._load(identity)
            except StoreError as error:
                logger.error("generation %s refused too: %s", identity, error)
            else:
                parents.add(manifest.parent)
        return None


def open_base(home: Home, audience: Audience, report: Callable[[str], None] = lambda line: None) -> KnowledgeBase:
    """The base of ``home`` with the encoders its settings name; ``report`` gets lines about encoders being prepared.

    Raises:
        SettingsError, ModelError: the settings or an encoder are not usable.
    """
    settings = load(SearchSettings, home)
    encoders = tuple(map(RememberingEncoder, load_encoders(settings, report)))
    reranker, seconds = load_reranker(settings), settings.reranker_seconds
    return KnowledgeBase(open_store(home), encoders, audience, reranker=reranker, reranker_seconds=seconds)
