"""Generations of knowledge on disk: written aside, verified, switched in one step, kept for going back.

    store/gen-000012/manifest.json
                     public/    what customers may see; holds no internal text at all
                     internal/  everything, for staff
    store/CURRENT    one line: the id of the live generation
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath

from kb.durable import replace_file, sync_folder, write_file
from kb.encoder import Encoder
from kb.errors import KBError, StoreDamaged, StoreEmpty, StoreError, StoreLocked
from kb.index import INDEX_VERSION, Index, Progress, build_index
from kb.manifest import EncoderInfo, FileInfo, Manifest, SourceFile, sha256
from kb.records import Audience, Entry

_ID = re.compile(r"gen-\d{6,}")
AUDIENCES: tuple[Audience, ...] = ("public", "internal")


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed between two generations; ``changed`` pairs the old entry with the new one of the same id."""

    added: tuple[Entry, ...]
    changed: tuple[tuple[Entry, Entry], ...]
    removed: tuple[Entry, ...]


class Store:
    """All generations of one home. Readers need no lock; writing methods take it themselves, or join one held here."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock_depth = 0

    # reading

    def current(self) -> str | None:
        """Id of the live generation, None before the first publish."""
        try:
            line = (self.root / "CURRENT").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StoreDamaged(f"{self.root / 'CURRENT'} 读不出来（{error}）；请运行 python -m ingest publish 版本号 重新指定。") from error
        if not _ID.fullmatch(line):
            raise StoreDamaged(f"{self.root / 'CURRENT'} 的内容“{line[:40]}”不是版本号；请运行 python -m ingest publish 版本号 重新指定。")
        return line

    def ids(self) -> list[str]:
        """Ids of all generations on disk, newest first; damaged ones too."""
        try:
            names = [path.name for path in self.root.iterdir() if _ID.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        return sorted(names, key=lambda name: int(name[4:]), reverse=True)

    def versions(self) -> list[Manifest]:
        """Manifests of all generations that have a readable one, newest first."""
        manifests = []
        for identity in self.ids():
            with contextlib.suppress(StoreDamaged):  # shown by verify, which names it
                manifests.append(self.manifest(identity))
        return manifests

    def manifest(self, identity: str) -> Manifest:
        """The manifest of one generation.

        Raises:
            StoreError: there is no such generation.
            StoreDamaged: its manifest cannot be trusted.
        """
        folder = self._folder(identity)
        try:
            manifest = Manifest.from_bytes((folder / "manifest.json").read_bytes())
        except (OSError, ValueError) as error:
            raise StoreDamaged(f"版本 {identity} 的清单损坏（{error}）；{_REMEDY}") from error
        if manifest.id != identity:
            raise StoreDamaged(f"版本 {identity} 的文件夹里放着 {manifest.id} 的清单；{_REMEDY}")
        return manifest

    def load(self, identity: str, audience: Audience) -> Index:
        """One audience's index, every byte checked against the manifest.

        Raises:
            StoreError: there is no such generation.
            StoreDamaged: a file is missing, changed, or cannot be parsed.
        """
        manifest = self.manifest(identity)
        folder = self._folder(identity)
        names = [name for name in manifest.files if name.startswith(f"{audience}/")]
        files = {name.split("/", 1)[1]: _read_checked(folder, name, manifest) for name in names}
        try:
            return Index.from_files(files, [encoder.fingerprint for encoder in manifest.encoders])
        except ValueError as error:
            raise StoreDamaged(f"版本 {identity} 的 {audience} 索引解析失败（{error}）；{_REMEDY}") from error

    def verify(self, identity: str) -> Manifest:
        """Check every file of a generation by length, digest and parsing, and that no internal entry is public.

        Raises:
            StoreError: there is no such generation.
            StoreDamaged: the first fault found.
        """
        manifest = self.manifest(identity)
        known = {*manifest.files, "manifest.json"}
        folder = self._folder(identity)
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name not in known:
                raise StoreDamaged(f"版本 {identity} 里多出文件 {name}；{_REMEDY}")
        for audience in AUDIENCES:
            index = self.load(identity, audience)
            if audience == "public" and any(entry.audience != "public" for entry in index.entries):
                raise StoreDamaged(f"版本 {identity} 的公开索引里混入了内部内容；{_REMEDY}")
        return manifest

    def diff(self, old: str, new: str) -> Diff:
        """What ``new`` holds that ``old`` did not, and the other way round; entries are matched by id."""
        before = {entry.id: entry for entry in self.load(old, "internal").entries}
        after = {entry.id: entry for entry in self.load(new, "internal").entries}
        return Diff(
            added=tuple(entry for key, entry in after.items() if key not in before),
            changed=tuple((before[key], entry) for key, entry in after.items() if key in before and before[key] != entry),
            removed=tuple(entry for key, entry in before.items() if key not in after),
        )

    # writing

    @contextlib.contextmanager
    def lock(self, what: str) -> Iterator[None]:
        """Hold the store for writing; ``what`` tells others what is going on. Freed by the system if we die.

        Raises:
            StoreLocked: another process holds it; the text says which and since when.
        """
        from filelock import FileLock, Timeout

        if self._lock_depth:
            self._lock_depth += 1
            try:
                yield
            finally:
                self._lock_depth -= 1
            return
        with _disk_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
        guard = FileLock(self.root / ".lock")
        holder = self.root / ".lock-holder"
        with _disk_errors(self.root):
            try:
                guard.acquire(timeout=0)
            except Timeout as error:
                raise StoreLocked(f"知识库正被占用：{_read_holder(holder)}；请等它结束后再试。") from error
        self._lock_depth = 1
        try:
            with _disk_errors(self.root):
                since = datetime.now().astimezone().isoformat(timespec="seconds")
                holder.write_text(json.dumps({"what": what, "pid": os.getpid(), "since": since}), encoding="utf-8")
            self._sweep()
            yield
        finally:
            self._lock_depth = 0
            with contextlib.suppress(OSError):  # only a note; the lock itself is what counts
                holder.unlink()
            guard.release()

    def write(
        self,
        entries: Sequence[Entry],
        encoders: Sequence[Encoder],
        *,
        sources: Sequence[SourceFile] = (),
        note: str = "",
        full: bool = False,
        progress: Progress | None = None,
    ) -> Manifest:
        """Build a new generation beside the live one; it is complete, synced and verified, but not published.

        Vectors of unchanged texts come from the live generation unless ``full``. ``progress`` gets (done, total) texts.

        Raises:
            StoreLocked: another process is writing.
            StoreError: the disk is full, failing or read-only; nothing is left behind.
        """
        with self.lock("生成新版本"):
            parent = self.current()
            known: list[Index] = []
            if parent and not full:
                with contextlib.suppress(StoreError):  # a damaged parent only costs its vectors
                    known.append(self.load(parent, "internal"))
            public = [entry for entry in entries if entry.audience == "public"]
            internal_index, counts = build_index(entries, encoders, known=known, progress=progress)
            public_index, _ = build_index(public, encoders, known=[internal_index])
            indexes: dict[Audience, Index] = {"public": public_index, "internal": internal_index}
            contents = {
                f"{audience}/{name}": data
                for audience, index in indexes.items()
                for name, data in index.to_files().items()
            }
            newest = max((int(identity[4:]) for identity in self.ids()), default=0)
            manifest = Manifest(
                id=f"gen-{newest + 1:06d}",
                created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                parent=parent,
                content=content_digest(internal_index.to_files()["entries.jsonl"], encoders),
                encoders=tuple(EncoderInfo(e.name, e.fingerprint, e.dimension) for e in encoders),
                counts={
                    "entries": len(entries),
                    "public": len(public),
                    "internal": len(entries) - len(public),
                    "views": len(internal_index.views),
                    "embedded": counts.embedded,
                    "reused": counts.reused,
                },
                sources=tuple(sources),
                files={name: FileInfo(sha256(data), len(data)) for name, data in sorted(contents.items())},
                note=note,
            )
            self._write_folder(manifest, contents)
            return self.verify(manifest.id)

    def publish(self, identity: str, *, figures: Mapping[str, float] | None = None) -> None:
        """Make a generation live in one step, after verifying it whole; ``figures`` are kept in its manifest.

        Raises:
            StoreError: there is no such generation, or the disk is full or read-only (the live one stays).
            StoreDamaged: it does not verify.
        """
        with self.lock(f"发布 {identity}"):
            manifest = self.verify(identity)
            with _disk_errors(self.root):
                if figures is not None:
                    replace_file(self._folder(identity) / "manifest.json", manifest.with_figures(figures).to_bytes())
                replace_file(self.root / "CURRENT", f"{identity}\n".encode("ascii"))

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
            with _disk_errors(self.root):
                for identity in doomed:
                    # Renamed first: a reader finds a generation whole or not at all.
                    aside = self.root / f".{identity}.deleted"
                    os.replace(self.root / identity, aside)
                    shutil.rmtree(aside)
            return doomed

    def backup(self, file: Path) -> None:
        """Write the live generation and ``CURRENT`` into one new archive (tar), complete or not at all.

        Raises:
            StoreEmpty: nothing has been published. StoreError: the file exists or cannot be written.
        """
        current = self.current()
        if current is None:
            raise StoreEmpty("还没有发布过任何版本，没有可以备份的内容；请先运行 python -m ingest build 资料文件夹。")
        if file.exists():
            raise StoreError(f"备份文件 {file} 已经存在；请换一个文件名，以免覆盖。")
        self.verify(current)
        aside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
        with _disk_errors(file.parent):
            try:
                with tarfile.open(aside, "w") as archive:
                    archive.add(self.root / current, current)
                    archive.add(self.root / "CURRENT", "CURRENT")
                with aside.open("rb+") as stream:
                    os.fsync(stream.fileno())
                os.replace(aside, file)
                sync_folder(file.parent)
            finally:
                aside.unlink(missing_ok=True)

    def restore(self, file: Path) -> str:
        """Bring back the generation of a backup as a new, published one; returns its new id. Nothing else is touched.

        Raises:
            StoreDamaged: the archive is damaged or is no backup. StoreError: it cannot be read, or the disk is full.
        """
        with self.lock("恢复备份"):
            try:
                with tarfile.open(file, "r:") as archive:
                    contents = {
                        member.name: stream.read()
                        for member in archive.getmembers()
                        if member.isfile() and (stream := archive.extractfile(member)) is not None
                    }
                old = contents.pop("CURRENT").decode("ascii").strip()
                manifest = Manifest.from_bytes(contents.pop(f"{old}/manifest.json"))
            except (OSError, EOFError, tarfile.TarError, KeyError, ValueError) as error:
                raise StoreDamaged(f"{file} 不是完整的备份（{error}）；请换一份备份文件。") from error
            data = {name: contents.get(f"{old}/{name}", b"") for name in manifest.files}
            for name, info in manifest.files.items():
                if PurePosixPath(name).parts[0] not in AUDIENCES or sha256(data[name]) != info.sha256:
                    raise StoreDamaged(f"备份 {file} 里的 {name} 与清单不符；请换一份备份文件。")
            newest = max((int(identity[4:]) for identity in self.ids()), default=0)
            from dataclasses import replace

            restored = replace(manifest, id=f"gen-{newest + 1:06d}", parent=self.current(), note=f"恢复自 {file.name}")
            self._write_folder(restored, data)
            self.publish(restored.id)
            return restored.id

    # inside

    def _folder(self, identity: str) -> Path:
        folder = self.root / identity
        if not _ID.fullmatch(identity) or not folder.is_dir():
            raise StoreError(f"没有版本“{identity}”；可用 python -m ingest versions 查看全部版本。")
        return folder

    def _write_folder(self, manifest: Manifest, contents: Mapping[str, bytes]) -> None:
        aside = self.root / f".{manifest.id}.partial"
        with _disk_errors(self.root, needed=sum(map(len, contents.values()))):
            try:
                for name, data in contents.items():
                    path = aside / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_file(path, data)
                write_file(aside / "manifest.json", manifest.to_bytes())
                for folder in (*(aside / audience for audience in AUDIENCES), aside):
                    sync_folder(folder)
                os.rename(aside, self.root / manifest.id)
                sync_folder(self.root)
            finally:
                shutil.rmtree(aside, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what a killed writer left; called with the lock held."""
        for path in self.root.glob(".gen-*"):
            shutil.rmtree(path, ignore_errors=True)
        for path in self.root.glob(".*.tmp"):
            path.unlink(missing_ok=True)


_REMEDY = "请运行 python -m ingest rollback 回到上一个版本，或 python -m ingest build --full 重新生成。"


def content_digest(entries: bytes, encoders: Sequence[Encoder]) -> str:
    """Digest that is equal for two bases when their entries, their encoders and the way they are indexed are."""
    parts = [f"index {INDEX_VERSION}", *(encoder.fingerprint for encoder in encoders)]
    return sha256(entries + "\n".join(parts).encode("utf-8"))


def _read_checked(folder: Path, name: str, manifest: Manifest) -> bytes:
    info = manifest.files[name]
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise StoreDamaged(f"版本 {manifest.id} 的文件 {name} 读不出来（{error.strerror}）；{_REMEDY}") from error
    if len(data) != info.size or sha256(data) != info.sha256:
        raise StoreDamaged(f"版本 {manifest.id} 的文件 {name} 已损坏（校验和不符）；{_REMEDY}")
    return data


def _read_holder(path: Path) -> str:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return f"进程 {values['pid']} 从 {values['since']} 起在“{values['what']}”"
    except (OSError, ValueError, KeyError):
        return "另一个进程刚刚开始写入"


@contextlib.contextmanager
def _disk_errors(root: Path, needed: int = 0) -> Iterator[None]:
    """Turn what a disk says into one line for people."""
    try:
        yield
    except KBError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            free = shutil.disk_usage(root).free if root.exists() else 0
            size = f"需要约 {needed // 1024} KB，" if needed else ""
            raise StoreError(f"磁盘空间不足，{root} 写不下（{size}剩余 {free // 1024} KB）；请清理磁盘后重试，当前版本不受影响。") from error
        raise StoreError(f"{root} 写入失败（{error.strerror or error}）；请检查文件夹权限和磁盘，当前版本不受影响。") from error
