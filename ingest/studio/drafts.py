"""What the sources of the studio hold right now: every file read once, the edits laid over its entries."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from ingest.doubts import doubts
from ingest.edits import Edit
from ingest.entries import FileResult, read_entries
from ingest.reading import FileReader, Rejected
from ingest.sources import Source
from ingest.wire import end_line, entry_of, result_of
from ingest.workspace import Workspace
from kb.config import ShopSettings
from kb.durable import replace_file
from kb.editing import original_of, version_of
from kb.errors import InputError, SourceError
from kb.index import entry_to_json
from kb.records import Entry
from kb.shelf import Piece, State

OWN_TABLE = "常见问题.csv"
"""The studio's own table of questions, in the folder ``public``; each of its rows says who may see it."""
MOST_REMEMBERED, MOST_PIECES = 2_000, 50_000
"""So many files are kept in memory as they were read, and so many of their entries as the page needs them."""


@dataclass(frozen=True, slots=True)
class Draft:
    """All sources as read: files in order, entries without an original by their file, and the edits."""

    files: tuple[tuple[Source, FileResult | Rejected], ...]
    kept: dict[str, tuple[Entry, ...]]
    edits: dict[str, Edit]

    def results(self) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        """Names of files with the entries they say."""
        for source, outcome in self.files:
            if isinstance(outcome, FileResult):
                yield source.name, outcome.entries
        yield from self.kept.items()

    def pieces(self, name: str) -> list[Piece]:
        """The entries of one file, in order; none where it cannot be read.

        Raises:
            InputError: there is no such file.
        """
        entries = dict(self.results()).get(name)
        if entries is None:
            if not any(source.name == name for source, _ in self.files):
                raise InputError(f"没有“{name}”这个文件，可能已被删除；请刷新列表。")
            return []
        return [self.piece_of(entry) for entry in entries]

    def questions(self) -> list[Piece]:
        """All questions with answers, the studio's own first."""
        found = [self.piece_of(entry) for _, entries in self.results() for entry in entries if entry.kind == "faq"]
        return sorted(found, key=lambda piece: not piece.own)

    def piece(self, identity: str) -> Piece:
        """One entry.

        Raises:
            InputError: there is no such entry.
        """
        for _, entries in self.results():
            for entry in entries:
                if entry.id == identity:
                    return self.piece_of(entry)
        raise InputError("这一条已经不在了，可能刚被别人删除或改过；请刷新列表。")

    def piece_of(self, entry: Entry) -> Piece:
        """An entry as its file says it, with what editors made of it."""
        edit = self.edits.get(entry.id)
        if edit is None:
            return _as_is(entry)
        own = entry.place.source == OWN_TABLE
        fits = edit.made_for == original_of(entry)
        state: State = "stale" if not fits else "hidden" if edit.hidden else "edited"
        changed = edit.apply(entry)
        shown = changed if fits else entry
        wanted = None if fits else changed
        version = _version(changed, f"{state}{edit.hidden}{edit.when}")
        return Piece(shown, entry, state, version, own, wanted, doubts(shown), edit.who, edit.when)


class Drafts:
    """Reads the sources; what was read once is kept, on disk too, until the file or the program changes."""

    def __init__(self, workspace: Workspace, shop: ShopSettings) -> None:
        self.workspace = workspace
        self.shop = shop
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._read: dict[tuple[object, ...], FileResult | Rejected] = {}

    def now(self) -> Draft:
        """The draft as it is.

        Raises:
            SourceError: what the studio itself keeps is damaged.
        """
        files = tuple((source, self.read(source)) for source in self.workspace.find().sources)
        names = {source.name for source, _ in files}
        kept: dict[str, tuple[Entry, ...]] = {}
        for entry in self.workspace.kept():
            if entry.place.source not in names:
                kept[entry.place.source] = (*kept.get(entry.place.source, ()), entry)
        return Draft(files, kept, self.workspace.edits())

    def read(self, source: Source) -> FileResult | Rejected:
        """What one file holds. It is read in a child process, one at a time, unless it is the studio's own table."""
        try:
            told = source.path.stat()
        except OSError as error:
            return Rejected(source.name, f"文件打不开（{error.strerror or error}）；请检查权限。")
        key = (str(source.path), source.name, source.folders, told.st_mtime_ns, told.st_size)
        with self._lock:
            known = self._read.get(key)
        if known is None:
            if source.name == OWN_TABLE:
                known = self._own(source)
            else:
                with self._reading:
                    known = self._foreign(source)
            with self._lock:
                while len(self._read) >= MOST_REMEMBERED:
                    self._read.pop(next(iter(self._read)))
                self._read[key] = known
        return known

    def _own(self, source: Source) -> FileResult | Rejected:
        try:
            return read_entries(source.path.read_bytes(), source.name, self.shop, folders=source.folders)
        except SourceError as error:
            return Rejected(source.name, str(error))

    def _foreign(self, source: Source) -> FileResult | Rejected:
        digest = sha256_of(source.path)
        named = "\n".join((digest, source.name, *source.folders, self.shop.brand, _program()))
        path = self.workspace.root / ".read" / f"{hashlib.sha256(named.encode()).hexdigest()[:32]}.jsonl"
        try:
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            return result_of(lines[-1], [entry_of(line) for line in lines[:-1]])
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            pass  # not read yet, or the copy is damaged: read the file itself
        with FileReader(self.shop) as reader:
            outcome = reader.entries(source)
        if isinstance(outcome, FileResult):
            self._remember(path, outcome)
        return outcome

    def _remember(self, path: Path, result: FileResult) -> None:
        lines = [{"entry": entry_to_json(entry)} for entry in result.entries]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [*lines, end_line(result)])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, text.encode("utf-8"))
        except OSError:
            path.unlink(missing_ok=True)  # a full disk only costs the time to read it again


def sha256_of(path: Path) -> str:
    """Digest of a file, however big."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while data := stream.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


@cache
def _program() -> str:
    """A digest of the code that reads files: another one may read them differently."""
    folder = Path(__file__).parents[1]
    code = b"".join(path.read_bytes() for path in sorted(folder.rglob("*.py")))
    return hashlib.sha256(code).hexdigest()


@lru_cache(maxsize=MOST_PIECES)
def _as_is(entry: Entry) -> Piece:
    """Most entries are as their file says them, and are asked for again and again."""
    own = entry.place.source == OWN_TABLE
    return Piece(entry, entry, "as_is", _version(entry, "as_is"), own, doubts=doubts(entry))


def _version(entry: Entry, state: str) -> str:
    return hashlib.sha256(f"{version_of(entry)}{state}".encode()).hexdigest()[:16]
