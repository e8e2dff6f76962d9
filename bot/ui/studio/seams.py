"""What the studio needs from the rest of the product; ``ingest`` implements it and ``app_gradio`` wires it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from kb.editing import Fields
from kb.publishing import BuildStatus, Version
from kb.records import Audience, SearchResult
from kb.shelf import Deleted, Import, Piece, ShelfFile, Verdict


class Publisher(Protocol):
    """Builds what the shelf holds in the background, and puts it live."""

    def status(self) -> BuildStatus:
        """Where the last build of this process is."""

    def start(self, who: str) -> None:
        """Begin to build a draft, not published, as a background child process.

        Raises:
            InputError: one is being built already.
        """

    def cancel(self) -> None:
        """Stop a build that is running; nothing is left of it."""

    def publish(self, identity: str, who: str, override: str = "") -> None:
        """Put a draft through the gate and live; ``override`` is the reason to publish what the gate refuses.

        Raises:
            GateRefused, StaleDraft, StoreError: the live version stays.
        """

    def versions(self) -> Sequence[Version]:
        """All generations, newest first."""

    def rollback(self, who: str) -> str:
        """Make the version live that was before; returns its id.

        Raises:
            StoreError: there is none.
        """


class Trier(Protocol):
    """Asks versions that are not live."""

    def compare(self, identity: str, audience: Audience, question: str) -> tuple[SearchResult | None, SearchResult]:
        """What the live version (None where nothing is live) and another one say.

        Raises:
            StoreError: one of them cannot be asked.
        """


class Incoming(Protocol):
    """A file on its way in."""

    def write(self, data: bytes) -> None:
        """Take the next piece.

        Raises:
            InputError: it gets too big. StoreError: the disk is full.
        """

    def done(self, audience: Audience | None = None) -> Verdict:
        """All of it is there: read it, and keep it if it can be read; ``audience`` None proposes one.

        Raises:
            StoreError: the disk is full or failing; nothing is kept.
        """

    def drop(self) -> None:
        """Forget it; nothing is left. Harmless after :meth:`done`."""


class Files(Protocol):
    """The files of the draft; every change names the version it saw.

    Changes raise ``kb.editing.Conflict`` where that is another one by now, ``InputError`` where there is no such thing,
    ``StoreError`` where the disk fails; nothing is changed then.
    """

    def open(self) -> str:
        """Make sure that there are files: what is live is taken over where there are none. Says what was done."""

    def files(self) -> Sequence[ShelfFile]:
        """All files by name."""

    def deleted(self) -> Sequence[Deleted]:
        """Files deleted since the last publish."""

    def missing(self) -> Sequence[str]:
        """Files that are live but not here, and were not deleted here."""

    def take_over(self) -> int:
        """Take what is live but not here; returns how many entries."""

    def pieces(self, name: str) -> Sequence[Piece]:
        """The entries of one file, in order."""

    def receive(self, name: str, size: int) -> Incoming:
        """Begin to take a file of ``size`` announced bytes (0 if unknown).

        Raises:
            InputError, SourceError: such a file cannot be taken; nothing has been read of it.
        """

    def move(self, name: str, audience: Audience, version: str) -> ShelfFile:
        """Let others see a file, or fewer."""

    def rename(self, name: str, new: str, version: str) -> ShelfFile:
        """Call a file something else; what editors changed in it stays."""

    def delete(self, name: str, version: str) -> None:
        """Take a file away; it can be brought back until the next publish."""

    def restore(self, name: str) -> ShelfFile:
        """Bring the former version of a file back."""


class LostEdit(Protocol):
    """An edit whose entry is not in any file now."""

    @property
    def entry(self) -> str:
        """The id of the entry."""

    @property
    def source(self) -> str:
        """Its file."""

    @property
    def name(self) -> str:
        """What it was called."""

    @property
    def hidden(self) -> bool:
        """Whether it was hidden."""

    @property
    def changes(self) -> Mapping[str, Any]:
        """The fields that were changed."""

    @property
    def who(self) -> str:
        """Who changed it."""


class Entries(Protocol):
    """The entries of the draft; changes as in :class:`Files`."""

    def questions(self) -> Sequence[Piece]:
        """All questions with answers, of all files."""

    def piece(self, identity: str) -> Piece:
        """One entry."""

    def edit(self, identity: str, version: str, fields: Fields, who: str) -> Piece:
        """Change what an entry says.

        Raises:
            Invalid: another entry asks the same already.
        """

    def hide(self, identity: str, version: str, hidden: bool, who: str) -> Piece:
        """Take an entry out of the base, or put it back."""

    def revert(self, identity: str, version: str) -> Piece:
        """Forget what editors changed in an entry."""

    def add(self, fields: Fields, who: str) -> Piece:
        """A new question in the studio's own table.

        Raises:
            Invalid: another entry asks the same already.
        """

    def remove(self, identity: str, version: str) -> None:
        """Take a row out of the studio's own table."""

    def lost(self) -> Sequence[LostEdit]:
        """Edits whose entry is not in any file now."""

    def drop_lost(self, identity: str) -> None:
        """Forget such an edit, once somebody has looked."""


class Exchange(Protocol):
    """Many questions at once."""

    def try_import(self, upload: Any) -> Import:
        """What a table would change that :meth:`Files.receive` has taken; nothing is changed yet.

        Raises:
            SourceError: it is no table of questions.
        """

    def do_import(self, token: str, who: str) -> Import:
        """Take a table that was tried.

        Raises:
            InputError: it is not there (any more).
        """

    def export(self, kind: Literal["csv", "xlsx"]) -> bytes:
        """All questions of the draft but the hidden ones."""
