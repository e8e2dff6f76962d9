"""The store of a home: generations are written aside, verified, made live in one step, kept for going back."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from kb.config import Home, SearchSettings, load
from kb.draft import draft
from kb.durable import disk_errors, in_words, is_full, replace_file, sync_folder, write_file
from kb.encoder import Encoder
from kb.errors import StaleDraft, StoreDamaged, StoreEmpty, StoreError
from kb.generations import AUDIENCES, Generations
from kb.index import Index, Progress
from kb.lock import WriterLock
from kb.manifest import FileInfo, Manifest, SourceFile, sha256
from kb.records import Entry
from kb.synonyms import Synonyms
from kb.vector_cache import VectorCache
from kb.vectors import VectorHome


class Store(Generations):
    """All generations of one home. Readers need no lock; writing methods take it themselves, or join one held here."""

    def __init__(self, root: Path, vectors: VectorHome | None = None) -> None:
        super().__init__(root, vectors)
        self._lock = WriterLock(root)
        self._cache = VectorCache(root / ".vectors")
        self._verified: set[str] = set()

    @contextlib.contextmanager
    def lock(self, what: str) -> Iterator[None]:
        """Hold the store for writing; ``what`` tells others what is going on. Freed by the system if we die.

        Raises:
            StoreLocked: another process holds it; the text says which and since when.
        """
        with self._lock.held(what) as fresh:
            if fresh:
                self._sweep()
                self._verified.clear()
            yield

    def write(
        self,
        entries: Sequence[Entry],
        encoders: Sequence[Encoder],
        *,
        sources: Sequence[SourceFile] = (),
        synonyms: Synonyms | None = None,
        note: str = "",
        full: bool = False,
        rejected: int = 0,
        progress: Progress | None = None,
    ) -> Manifest:
        """Build a new generation beside the live one; it is complete, synced and verified, but not published.

        Vectors of unchanged texts come from the live generation, and from builds that were broken off or not published,
        unless ``full``. ``rejected`` counts files of which nothing was taken. ``progress`` gets (done, total) texts.

        Raises:
            StoreLocked: another process is writing.
            StoreError: the disk is full, failing or read-only; nothing is left behind.
        """
        with self.lock("生成新版本"):
            parent = self.current()
            known: list[Index] = []
            if parent and not full:
                with contextlib.suppress(StoreError):  # a damaged parent only costs its vectors
                    known.append(self.load(parent, "internal").vectors_only())
            manifest, files = draft(
                entries,
                encoders,
                sources=sources,
                synonyms=synonyms,
                note=note,
                rejected=rejected,
                known=known,
                cache=None if full else self._cache,
                progress=progress,
                home=self.vectors,
            )
            known.clear()
            return self.add(manifest, files)

    def publish(self, identity: str, *, figures: Mapping[str, float] | None = None, override: str = "") -> None:
        """Make a generation live in one step, after verifying it whole.

        ``figures`` of the gate, and the reason ``override`` why it was passed over, are kept in the manifest.

        Raises:
            StoreError: there is no such generation, or the disk is full or read-only (the live one stays).
            StoreDamaged: it does not verify.
            StaleDraft: it was built beside another live version than today's, and was never live.
        """
        with self.lock(f"发布 {identity}"):
            # What was written and read back while we held the lock is not read a second time.
            manifest = self.manifest(identity) if identity in self._verified else self.verify(identity)
            self.check_fresh(identity)
            now = datetime.now(timezone.utc).isoformat(timespec="seconds")
            marked = replace(
                manifest,
                published=manifest.published or now,
                figures=manifest.figures if figures is None else dict(figures),
                override=override or manifest.override,
            )
            pointer, note = f"{identity}\n".encode("ascii"), marked.to_bytes()
            with disk_errors(self.root, needed=len(note) + len(pointer)):
                if marked != manifest:
                    # Aside in the root: what a killed process leaves there is swept, and no generation is touched.
                    replace_file(self.folder(identity) / "manifest.json", note, aside=self.root)
                self._point_at(identity, pointer)
            self._tell(identity)
            self._cache.clear()

    def check_fresh(self, identity: str) -> None:
        """Make sure that publishing a generation takes nothing back that was published since it was built.

        Raises:
            StaleDraft: it was built beside another live version than today's, and was never live itself.
            StoreDamaged: its manifest cannot be trusted.
        """
        current, manifest = self._known_current(), self.manifest(identity)
        if identity == current or manifest.parent == current or manifest.published:
            return
        if identity not in self._ancestors(current):  # those of early versions carry no mark of having been live
            built_on = manifest.parent or "空的知识库"
            raise StaleDraft(
                f"草稿 {identity} 是在 {built_on} 的基础上生成的，而正式版现在是 {current}；直接发布会丢掉之后的改动。"
                "请重新运行 python -m ingest build 资料文件夹。"
            )

    def _point_at(self, identity: str, pointer: bytes) -> None:
        before = self._known_current()
        try:
            replace_file(self.root / "CURRENT", pointer)
        except OSError as error:
            if identity != before and self._known_current() == identity:
                raise StoreError(
                    f"已切换到版本 {identity}，但磁盘没有确认写入，断电后可能回到 {before or '空的知识库'}；"
                    f"请检查磁盘，然后运行 python -m ingest publish {identity}。"
                ) from error
            raise

    def _tell(self, identity: str) -> None:
        """Tell the home of the vectors what is live; readers do not depend on it."""
        try:
            self.vectors.published(self.pointers(identity))
        except StoreError as error:
            raise StoreError(f"已切换到版本 {identity}，答案以它为准；但别名没有跟上：{error}") from error

    def _known_current(self) -> str | None:
        """The live generation; None also where ``CURRENT`` is damaged, which publishing mends."""
        try:
            return self.current()
        except StoreDamaged:
            return None

    def _ancestors(self, identity: str | None) -> set[str]:
        found: set[str] = set()
        while identity is not None:
            try:
                identity = self.manifest(identity).parent
            except StoreError:
                break
            if identity is not None:
                found.add(identity)
        return found

    def rollback(self) -> str:
        """Make the generation live that was live before the current one; returns its id.

        Raises:
            StoreEmpty: nothing has been published. StoreError: there is nothing to go back to.
        """
        with self.lock("回退版本"):
            current = self.current()
            if current is None:
                raise StoreEmpty("还没有发布过任何版本，无法回退；请先运行 python -m ingest build 资料文件夹。")
            parent = self.manifest(current).parent
            if parent is None or parent not in self.ids():
                raise StoreError(f"版本 {current} 之前没有可以回退的版本；可用 python -m ingest versions 查看全部版本。")
            self.publish(parent)
            return parent

    def gc(self, keep: int = 5) -> list[str]:
        """Delete all but the ``keep`` newest generations; the live one and its parent always stay. Returns deleted ids."""
        with self.lock("清理旧版本"):
            current = self.current()
            protected = {current, *self.ids()[: max(keep, 0)]}
            if current:
                with contextlib.suppress(StoreDamaged):
                    protected.add(self.manifest(current).parent)
            doomed = [identity for identity in self.ids() if identity not in protected]
            with disk_errors(self.root):
                for identity in doomed:
                    # Renamed first: a reader finds a generation whole or not at all.
                    aside = self.root / f".{identity}.deleted"
                    os.replace(self.root / identity, aside)
                    shutil.rmtree(aside)
            if self.vectors.kind:
                self.vectors.keep_only([self.pointers(identity) for identity in self.ids()])
            return doomed

    def add(self, manifest: Manifest, contents: Iterable[tuple[str, bytes]]) -> Manifest:
        """Write a complete generation under the next free id; ``contents`` are its files, taken one after another.

        Raises:
            StoreError: the disk is full, failing or read-only; nothing is left behind.
        """
        with self.lock("写入新版本"):
            newest = max((int(identity[4:]) for identity in self.ids()), default=0)
            identity = f"gen-{newest + 1:06d}"
            self._write_folder(replace(manifest, id=identity, parent=self._known_current(), published=None), contents)
            written = self.verify(identity)
            self._verified.add(identity)
            return written

    def _write_folder(self, manifest: Manifest, contents: Iterable[tuple[str, bytes]]) -> None:
        aside = self.root / f".{manifest.id}.partial"
        files: dict[str, FileInfo] = {}
        needed, rest = 0, iter(contents)
        try:
            try:
                for name, data in rest:
                    needed += len(data)
                    path = aside / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_file(path, data)
                    files[name] = FileInfo(sha256(data), len(data))
                note = replace(manifest, files=dict(sorted(files.items()))).to_bytes()
                needed += len(note)
                write_file(aside / "manifest.json", note)
                for folder in (*(aside / audience for audience in AUDIENCES), aside):
                    sync_folder(folder)
                os.rename(aside, self.root / manifest.id)
                sync_folder(self.root)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        except OSError as error:
            needed += sum(len(data) for _, data in rest) if is_full(error) else 0
            raise in_words(error, self.root, needed) from error

    def _sweep(self) -> None:
        """Remove what a killed writer left; called with the lock held."""
        for path in self.root.glob(".gen-*"):
            shutil.rmtree(path, ignore_errors=True)
        for path in self.root.glob(".*.tmp"):
            path.unlink(missing_ok=True)


def open_store(home: Home) -> Store:
    """The store of ``home``, with its vectors where the settings say.

    Raises:
        SettingsError: the settings cannot be used.
    """
    settings = load(SearchSettings, home)
    if settings.vector_index == "faiss":
        return Store(home.store)
    from kb.milvus import MilvusServer, open_server

    token = os.environ.get("KB_MILVUS_TOKEN", "")
    return Store(home.store, open_server(MilvusServer(settings.milvus_uri, token, settings.milvus_prefix)))
