"""The sources that the studio keeps for a home: files, entries taken over from a live version, and edits.

HOME/sources/public/…      originals that customers may be told of
             internal/…    originals for staff only
             kept.jsonl    entries of a live version whose original is not here, one a line
             edits.jsonl   what editors changed, see ingest.edits
             .earlier/     replaced and deleted files until the next publish; .incoming/ uploads on their way
"""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ingest.edits import Applied, Edit, apply, read_edits, write_edits
from ingest.sources import Found, find_sources
from kb.durable import disk_errors, replace_file
from kb.errors import SourceError, StoreLocked
from kb.generations import AUDIENCES
from kb.index import entry_from_json, entry_to_json
from kb.records import Entry

LOCK_SECONDS = 20.0
"""So long a change waits for another one; none takes longer than writing a few files."""


class Workspace:
    """The sources of one home below ``root``. Readers need no lock; who changes something holds :meth:`changing`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._threads = threading.RLock()
        self._depth = 0
        self._kept: tuple[tuple[int, ...], tuple[Entry, ...]] = ((), ())

    @property
    def exists(self) -> bool:
        """Whether the studio has ever kept anything here."""
        return any((self.root / name).exists() for name in (*AUDIENCES, "kept.jsonl"))

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the sources for a change; others wait.

        Raises:
            StoreLocked: another process held it for too long. StoreError: the folder cannot be made or locked.
        """
        from filelock import FileLock, Timeout

        with self._threads:
            if self._depth:  # held by this thread already
                yield
                return
            with disk_errors(self.root):
                self.root.mkdir(parents=True, exist_ok=True)
                guard = FileLock(self.root / ".lock")
                try:
                    guard.acquire(timeout=LOCK_SECONDS)
                except Timeout as error:
                    raise StoreLocked("资料正被另一个程序修改，等了很久还没有结束；请稍后再试。") from error
            self._depth = 1
            try:
                with disk_errors(self.root):
                    yield
            finally:
                self._depth = 0
                guard.release()

    def find(self) -> Found:
        """The originals, in a stable order, called as if ``public`` and ``internal`` had been given to a build."""
        roots = [self.root / audience for audience in AUDIENCES if (self.root / audience).is_dir()]
        try:
            return find_sources(roots) if roots else Found((), ())
        except SourceError:  # the folders are empty
            return Found((), ())

    def kept(self) -> tuple[Entry, ...]:
        """Entries without an original here.

        Raises:
            SourceError: the file is damaged.
        """
        path = self.root / "kept.jsonl"
        try:
            told = path.stat()
            seen = (told.st_mtime_ns, told.st_size, told.st_ino)
            if self._kept[0] != seen:
                lines = path.read_text(encoding="utf-8").splitlines()
                self._kept = (seen, tuple(entry_from_json(json.loads(line)) for line in lines))
            return self._kept[1]
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SourceError(f"{path} 已损坏（{error}）；请从备份里恢复这个文件。") from error

    def keep(self, entries: Iterable[Entry]) -> None:
        """Replace the entries without an original; hold :meth:`changing`."""
        lines = [json.dumps(entry_to_json(entry), ensure_ascii=False) + "\n" for entry in entries]
        replace_file(self.root / "kept.jsonl", "".join(lines).encode("utf-8"))

    def edits(self) -> dict[str, Edit]:
        """The edits by the id of their entry.

        Raises:
            SourceError: the file is damaged.
        """
        return read_edits(self.root / "edits.jsonl")

    def write_edits(self, edits: Iterable[Edit]) -> None:
        """Replace the edits; hold :meth:`changing`."""
        write_edits(self.root / "edits.jsonl", edits)

    def laid_over(self, entries: Iterable[Entry]) -> Applied:
        """What a build of this folder holds: ``entries`` of its files and those kept, with the edits laid over them."""
        said = list(entries)
        files = {entry.place.source for entry in said}
        return apply([*said, *(entry for entry in self.kept() if entry.place.source not in files)], self.edits())

    def take_over(self, entries: Sequence[Entry]) -> int:
        """Keep those of ``entries``, all of a live version, whose file is not here; returns how many were taken.

        Files that were deleted here since the last publish stay deleted.
        """
        with self.changing():
            kept = self.kept()
            here = {source.name for source in self.find().sources} | {entry.place.source for entry in kept}
            here |= {name for name, _ in self.earlier()}
            new = [entry for entry in entries if entry.place.source not in here]
            if new or not self.exists:
                self.keep((*kept, *new))
            return len(new)

    def fill(self, folder: Path) -> None:
        """Copy the files of ``folder/public`` and ``folder/internal`` here, if nothing was ever kept here."""
        with self.changing():
            if self.exists:
                return
            aside = self.root / ".filling"
            shutil.rmtree(aside, ignore_errors=True)
            for audience in AUDIENCES:
                if (folder / audience).is_dir():
                    shutil.copytree(folder / audience, aside / audience)
            for part in aside.iterdir():
                part.rename(self.root / part.name)
            aside.rmdir()

    def changed_at(self) -> float:
        """When anything that a build takes was changed last, in seconds since 1970."""
        files = [self.root / name for name in ("kept.jsonl", "edits.jsonl")]
        for audience in AUDIENCES:
            files.extend(path for path in (self.root / audience).rglob("*"))
            files.append(self.root / audience)
        times = []
        for path in files:
            with contextlib.suppress(OSError):
                told = path.stat()
                times.append(max(told.st_mtime, told.st_ctime))
        return max(times, default=0.0)

    def earlier(self) -> list[tuple[str, Path]]:
        """Names and places of what was replaced, deleted or renamed since the last publish, oldest first.

        What was renamed leaves an empty mark below ``renamed``: its old name is not missed, and cannot come back.
        """
        root = self.root / ".earlier"
        found = []
        for path in sorted(root.glob("*/*/**/*")) if root.is_dir() else ():
            if path.is_file():
                found.append(("/".join(path.relative_to(root).parts[2:]), path))
        return found
