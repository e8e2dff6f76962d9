"""Where everything lies that must not be lost: one SQLite file, or a PostgreSQL server that several hosts share.

Statements are written once, in the SQL that both understand, with ``?`` for values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

from kb.config import Home, JournalSettings, load

Where = Path | str
"""A file for SQLite, or the URL of a PostgreSQL database."""

MEMORY = Path(":memory:")
"""A database that is kept nowhere, for trying things out."""


class Row(Protocol):
    """A row, by name or by number of the column."""

    def __getitem__(self, key: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def keys(self) -> Any:
        """Names of the columns."""


class Cursor(Protocol):
    """What a statement gave; ``rowcount`` is how many rows it changed."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """The next row, None after the last."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """What statements are given to."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Cursor:
        """Run one statement with its values."""


class Database(Protocol):
    """Opened on first use, shared by the threads of a process.

    A transaction that returned is durable. A failure to open is not remembered, so that the next use succeeds once the
    cause is gone.
    """

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction: all of it is durable when the block ends, nothing of it when the block raises.

        One at a time, in all processes: what a transaction has read stays true until it ends. Inside another one of
        the same thread it is part of that, so that several steps cost one sync of the disk.

        Raises:
            JournalError: the database cannot be opened or written.
        """

    def read(self) -> AbstractContextManager[Connection]:
        """A connection to read from; inside a transaction of the same thread it sees what that has written.

        Raises:
            JournalError: the database cannot be opened or read.
        """

    def scrub(self) -> bool:
        """See to it that deleted text is in the files no more, as far as that can be done now; False if it cannot.

        Raises:
            JournalError: the database cannot be opened or written.
        """

    def exists(self) -> bool:
        """Whether there is a database already; a server is taken to have one."""

    def close(self) -> None:
        """Give the file or the connections back; the next use opens again."""


def open_database(where: Where) -> Database:
    """The database at ``where``; nothing is opened yet.

    Raises:
        SettingsError: it is a URL that cannot be used, or what PostgreSQL needs is not installed.
    """
    if isinstance(where, Path):
        from bot.sqlite import SqliteDatabase

        return SqliteDatabase(where)
    from bot.postgres import PostgresDatabase

    return PostgresDatabase(where)


def journal_of(home: Home) -> Where:
    """Where the journal of ``home`` lies: in its file, or where ``[journal] url`` says."""
    return load(JournalSettings, home).url.strip() or home.journal


def stamp(moment: datetime) -> str:
    """``moment`` as it is stored: UTC with fixed width, so that texts order as the moments do."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")


def digest(session: str) -> str:
    """What is stored of a session's id: the id itself opens the conversation."""
    return hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()[:32]
