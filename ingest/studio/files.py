"""The files of the studio: taken in, moved, renamed, deleted and brought back, each in one step or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from ingest.entries import FileResult
from ingest.reading import Rejected
from ingest.report import counts_of
from ingest.sources import Source
from ingest.studio.drafts import OWN_TABLE, Draft, Drafts, sha256_of
from ingest.studio.names import base_name, safe_name
from kb.durable import disk_errors, replace_file, sync_folder
from kb.editing import Conflict
from kb.errors import InputError
from kb.generations import AUDIENCES
from kb.index import entry_from_json, entry_to_json
from kb.records import Audience, Entry
from kb.shelf import Deleted, Piece, ShelfFile, Verdict

_KEPT, _RENAMED = "kept", "renamed"
STALE_UPLOAD_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be uploaded: bytes of one file, files, and bytes of all together."""

    file_bytes: int = 50 << 20
    files: int = 2_000
    total_bytes: int = 2_000 << 20


class Files:
    """See :class:`bot.ui.studio.seams.Files`; ``live`` gives the entries of the live version."""

    def __init__(self, drafts: Drafts, live: Callable[[], Sequence[Entry]], limits: Limits) -> None:
        self._drafts = drafts
        self._workspace = drafts.workspace
        self._root = drafts.workspace.root
        self._live = live
        self._limits = limits

    def open(self) -> str:
        """Make sure that there are sources: what is live is taken over where there are none. Says what was done."""
        if self._workspace.exists:
            return ""
        count = self._workspace.take_over(self._live())
        return f"已从正式版接管 {count} 条内容。" if count else ""

    def files(self) -> list[ShelfFile]:
        """All files by name."""
        draft = self._drafts.now()
        earlier = {name for name, _ in self._former()}
        live = {entry.place.source for entry in self._live()}
        found = [self._described(draft, source, outcome, earlier, live) for source, outcome in draft.files]
        for name, entries in draft.kept.items():
            found.append(
                replace(
                    _counted(draft.pieces(name), name, entries[0].audience, _digest_of(entries)),
                    reason="取自正式版，没有原件",
                    kept=True,
                    earlier=name in earlier,
                )
            )
        return sorted(found, key=lambda file: (not file.own, file.name))

    def deleted(self) -> list[Deleted]:
        """Files deleted since the last publish."""
        here = {file.name for file in self.files()}
        return [Deleted(name) for name in dict.fromkeys(name for name, _ in self._former()) if name not in here]

    def missing(self) -> list[str]:
        """Files that are live but not here, and were not deleted here."""
        here = {source.name for source in self._workspace.find().sources}
        here |= {entry.place.source for entry in self._workspace.kept()}
        here |= {name for name, _ in self._workspace.earlier()}
        return sorted({entry.place.source for entry in self._live()} - here)

    def take_over(self) -> int:
        """Take what is live but not here."""
        return self._workspace.take_over(self._live())

    def pieces(self, name: str) -> list[Piece]:
        """The entries of one file, in order."""
        return self._drafts.now().pieces(name)

    def receive(self, name: str, size: int) -> Upload:
        """Begin to take a file, see :class:`bot.ui.studio.seams.Files`."""
        name = safe_name(name)
        limits, sources = self._limits, self._workspace.find().sources
        if size > limits.file_bytes:
            raise InputError(
                f"“{name}”有 {_megabytes(size)} MB，超过 {_megabytes(limits.file_bytes)} MB 的上限；请拆成几个小一些的文件。"
            )
        if len(sources) >= limits.files:
            raise InputError(f"资料已有 {len(sources)} 个文件，达到上限；请先删掉不用的文件。")
        total = sum(source.path.stat().st_size for source in sources) + size
        if total > limits.total_bytes:
            raise InputError(f"全部资料将超过 {_megabytes(limits.total_bytes)} MB 的上限；请先删掉不用的文件。")
        return self.incoming(name, limits.file_bytes)

    def incoming(self, name: str, most: int) -> Upload:
        """A place for a file on its way, at most ``most`` bytes."""
        folder = self._root / ".incoming"
        with disk_errors(self._root):
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.iterdir():  # what a killed process left
                with contextlib.suppress(OSError):
                    if left.stat().st_mtime < time.time() - STALE_UPLOAD_S:
                        left.unlink()
            return Upload(folder / secrets.token_hex(8), name, most, self._take)

    def move(self, name: str, audience: Audience, version: str) -> ShelfFile:
        """Let others see a file, or fewer."""
        with self._workspace.changing():
            draft = self._drafts.now()
            if name in draft.kept:
                self._expect(_digest_of(draft.kept[name]), version)
                self._workspace.keep(
                    replace(entry, audience=audience) if entry.place.source == name else entry
                    for entry in self._workspace.kept()
                )
            else:
                source = self._source(draft, name, version)
                self._rename(source.path, self._root / audience / name)
        return self._file(name)

    def rename(self, name: str, new: str, version: str) -> ShelfFile:
        """Call a file something else; what editors changed in it stays."""
        new = str(Path(name).with_name(safe_name(new)))
        with self._workspace.changing():
            draft = self._drafts.now()
            if name in draft.kept:
                raise InputError(f"“{name}”没有原件，不能改名；请上传原件。")
            source = self._source(draft, name, version)
            if new in dict(draft.results()) or any(other.name == new for other, _ in draft.files):
                raise InputError(f"已经有叫“{new}”的文件；请换一个名字。")
            before = self._drafts.read(source)
            mark = self._aside(_RENAMED) / name
            mark.parent.mkdir(parents=True, exist_ok=True)
            replace_file(mark, b"")
            target = source.path.with_name(base_name(new))
            self._rename(source.path, target)
            after = self._drafts.read(Source(target, new, source.folders))
            if isinstance(before, FileResult) and isinstance(after, FileResult):
                ids = {old.id: now.id for old, now in zip(before.entries, after.entries)}  # noqa: B905 - the same bytes
                edits = draft.edits.values()
                self._workspace.write_edits(
                    replace(edit, entry=ids[edit.entry], source=new) if edit.entry in ids else edit for edit in edits
                )
        return self._file(new)

    def delete(self, name: str, version: str) -> None:
        """Take a file away; it can be brought back until the next publish."""
        with self._workspace.changing():
            draft = self._drafts.now()
            if name in draft.kept:
                self._expect(_digest_of(draft.kept[name]), version)
                self._put_kept_aside(name)
            else:
                self._put_aside(self._source(draft, name, version))

    def restore(self, name: str) -> ShelfFile:
        """Bring the former version of a file back; what is there now can be brought back in turn."""
        with self._workspace.changing():
            found = [path for given, path in self._former() if given == name]
            if not found:
                raise InputError(f"“{name}”没有可以恢复的旧版本。")
            path = found[-1]
            folder = path.relative_to(self._root / ".earlier").parts[1]
            draft = self._drafts.now()
            current = next((source for source, _ in draft.files if source.name == name), None)
            if current is not None:
                self._put_aside(current)
            elif name in draft.kept:
                self._put_kept_aside(name)
            if folder == _KEPT:
                lines = path.read_text(encoding="utf-8").splitlines()
                self._workspace.keep([*self._workspace.kept(), *(entry_from_json(json.loads(line)) for line in lines)])
                path.unlink()
            else:
                self._rename(path, self._root / folder / name)
        return self._file(name)

    def settle(self, before: float) -> None:
        """Forget former versions from before that time (seconds since 1970): a draft without them is live."""
        root = self._root / ".earlier"
        with self._workspace.changing():
            for folder in root.iterdir() if root.is_dir() else ():
                if int(folder.name) < before * 1e9:
                    shutil.rmtree(folder)

    def _take(self, upload: Upload, audience: Audience | None) -> Verdict:
        with self._workspace.changing():
            draft = self._drafts.now()
            name = self._name_for(draft, upload.name)
            current = next((source for source, _ in draft.files if source.name == name), None)
            if (
                current is not None
                and sha256_of(current.path) == upload.sha256
                and audience in (None, _folder(current))
            ):
                return Verdict(name, "same", "与已有的文件完全一样，没有变化。", self._file(name))
        # Reading takes long, so nobody is kept waiting for it. Without a folder the file speaks for itself.
        folder = audience or (_folder(current) if current else None)
        outcome = self._drafts.read(Source(upload.path, name, (folder,) if folder else ()))
        if isinstance(outcome, Rejected):
            return Verdict(name, "rejected", outcome.reason)
        if not outcome.entries:
            return Verdict(name, "rejected", f"这是发布检查用的问题集（{outcome.questions} 题），不是资料，没有收录。")
        folder = folder or outcome.audience
        self._drafts.read(Source(upload.path, name, (folder, *name.split("/")[:-1])))  # remembered for its place
        with self._workspace.changing():
            draft = self._drafts.now()
            current = next((source for source, _ in draft.files if source.name == name), None)
            replaced = current is not None or name in draft.kept
            if current is not None:
                self._put_aside(current)
            elif name in draft.kept:
                self._put_kept_aside(name)
            self._rename(upload.path, self._root / folder / name)
        file = self._file(name)
        counts = _counts_in_words(file)
        line = f"已更新为新版本，收录 {counts}；旧版本在发布前可以恢复。" if replaced else f"已读取，收录 {counts}。"
        return Verdict(name, "replaced" if replaced else "added", line, file)

    def _name_for(self, draft: Draft, name: str) -> str:
        """The file that an upload of this name is a new version of, in whatever folder it lies."""
        names = [*(source.name for source, _ in draft.files), *draft.kept]
        same = [known for known in names if base_name(known) == name]
        return same[0] if len(same) == 1 else name

    def _file(self, name: str) -> ShelfFile:
        for file in self.files():
            if file.name == name:
                return file
        raise InputError(f"没有“{name}”这个文件，可能已被删除；请刷新列表。")

    def _source(self, draft: Draft, name: str, version: str) -> Source:
        source = next((source for source, _ in draft.files if source.name == name), None)
        if source is None:
            raise InputError(f"没有“{name}”这个文件，可能已被删除；请刷新列表。")
        if name == OWN_TABLE:
            raise InputError(f"“{OWN_TABLE}”是工作室自己的问答表，请在“常见问题”里逐条修改。")
        self._expect(sha256_of(source.path), version)
        return source

    def _expect(self, now: str, seen: str) -> None:
        if now != seen:
            raise Conflict("这个文件刚被别人改过；请刷新列表，看过新的内容再操作。")

    def _described(
        self, draft: Draft, source: Source, outcome: FileResult | Rejected, earlier: set[str], live: set[str]
    ) -> ShelfFile:
        name = source.name
        if isinstance(outcome, Rejected):
            size, version = source.path.stat().st_size, sha256_of(source.path)
            return ShelfFile(name, _folder(source), version, size, trouble=outcome.reason, earlier=name in earlier)
        return replace(
            _counted(draft.pieces(name), name, outcome.audience, outcome.sha256),
            size=outcome.size,
            reason=outcome.reason,
            warnings=outcome.warnings,
            encoding=outcome.encoding,
            earlier=name in earlier,
            new=name not in live,
            own=name == OWN_TABLE,
        )

    def _former(self) -> list[tuple[str, Path]]:
        """What can be brought back, oldest first."""
        root = self._root / ".earlier"
        return [(name, path) for name, path in self._workspace.earlier() if path.relative_to(root).parts[1] != _RENAMED]

    def _put_aside(self, source: Source) -> None:
        self._rename(source.path, self._aside(_folder(source)) / source.name)

    def _put_kept_aside(self, name: str) -> None:
        """The copy is durable before the entries go."""
        entries = self._workspace.kept()
        path = self._aside(_KEPT) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            json.dumps(entry_to_json(entry), ensure_ascii=False) + "\n"
            for entry in entries
            if entry.place.source == name
        ]
        replace_file(path, "".join(lines).encode("utf-8"))
        self._workspace.keep(entry for entry in entries if entry.place.source != name)

    def _aside(self, folder: str) -> Path:
        return self._root / ".earlier" / f"{time.time_ns():020d}" / folder

    def _rename(self, old: Path, new: Path) -> None:
        new.parent.mkdir(parents=True, exist_ok=True)
        os.replace(old, new)
        sync_folder(new.parent)
        sync_folder(old.parent)


class Upload:
    """A file on its way in, see :class:`bot.ui.studio.seams.Incoming`."""

    def __init__(self, path: Path, name: str, most: int, take: Callable[[Upload, Audience | None], Verdict]) -> None:
        self.path = path
        self.name = name
        self._most = most
        self._take = take
        self._size = 0
        self._digest = hashlib.sha256()
        self._stream: IO[bytes] = path.open("wb")

    @property
    def sha256(self) -> str:
        """Of all that was written."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """Take the next piece."""
        self._size += len(data)
        if self._size > self._most:
            raise InputError(f"“{self.name}”超过 {_megabytes(self._most)} MB 的上限；请拆成几个小一些的文件。")
        self._digest.update(data)
        with disk_errors(self.path.parent, needed=self._size):
            self._stream.write(data)

    def close(self) -> Path:
        """Make it durable; where it lies."""
        with disk_errors(self.path.parent, needed=self._size):
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
        return self.path

    def done(self, audience: Audience | None = None) -> Verdict:
        """All of it is there."""
        self.close()
        try:
            return self._take(self, audience)
        finally:
            self.drop()

    def drop(self) -> None:
        """Forget it."""
        with contextlib.suppress(OSError):
            self._stream.close()
        self.path.unlink(missing_ok=True)


def _counted(pieces: Sequence[Piece], name: str, audience: Audience, version: str) -> ShelfFile:
    states = [piece.state for piece in pieces]
    kinds, _ = counts_of(piece.entry for piece in pieces)
    return ShelfFile(
        name,
        audience,
        version,
        kinds=kinds,
        edited=states.count("edited"),
        hidden=states.count("hidden"),
        stale=states.count("stale"),
    )


def _counts_in_words(file: ShelfFile) -> str:
    units = {"faq": "个问答", "passage": "段正文", "script": "条话术"}
    return "、".join(f"{count} {units[kind]}" for kind, count in file.kinds.items() if count)


def _folder(source: Source) -> Audience:
    return "internal" if source.folders[0] == AUDIENCES[1] else "public"


def _digest_of(entries: Iterable[Entry]) -> str:
    text = "".join(json.dumps(entry_to_json(entry), sort_keys=True) for entry in entries)
    return hashlib.sha256(text.encode()).hexdigest()


def _megabytes(size: int) -> int:
    return -(-size // (1 << 20))
