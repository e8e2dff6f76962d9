"""The journal on a PostgreSQL server, which several serving processes on several hosts share.

SQLAlchemy keeps the connections; the statements are those that SQLite gets, with its marks exchanged.
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.errors import JournalError
from bot.migrations import MIGRATIONS
from kb.errors import SettingsError

if TYPE_CHECKING:
    import sqlalchemy as sa

WRITERS = 0x7A68616E
"""Number of the advisory lock under which one transaction at a time writes, whichever host it comes from.

What a transaction has read then stays true until it ends, as with SQLite, where a file has one writer as well: that a
ticket's number is free, how many wrong passwords there were, that one administrator is left."""
WAIT_S = 5
"""How long a connection, or the end of another transaction, is waited for."""
CONNECTIONS, MORE = 8, 24
"""Connections that are kept, and how many more there may be at once."""
BUSY = f"它正被另一个程序占用，等了 {WAIT_S} 秒仍未空出；请稍后再试。"
HINT = "请确认数据库服务器已经启动，[journal] url 里的地址、用户和密码正确，服务器允许本机连接。"


class PostgresDatabase:
    """See :class:`bot.database.Database`; ``url`` as ``postgresql://user:password@host/name``.

    The server makes a commit durable before it acknowledges it (``synchronous_commit``). The password is in no message.

    Raises:
        SettingsError: ``url`` is none of PostgreSQL, or what is needed for it is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            import psycopg  # noqa: F401
            import sqlalchemy as sa
        except ImportError as error:  # psycopg raises one as well where its library is missing
            raise SettingsError(
                f"[journal] url 指向 PostgreSQL，但 {error.name or 'psycopg'} 没有安装或不能用；请运行 pip install \"zhanggui[postgres]\"。"
            ) from error
        try:
            parsed = sa.make_url(url)
        except (sa.exc.ArgumentError, ValueError):
            parsed = None  # its text may hold a password: nothing of it is repeated
        if parsed is None or parsed.get_backend_name() not in ("postgresql", "postgres") or not parsed.database:
            raise SettingsError("设置 [journal] url 不是 PostgreSQL 的地址；请写成 postgresql://用户:密码@主机/数据库名。")
        self._name = parsed.set(username=None, password=None, query={}).render_as_string()
        self._engine = sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_size=CONNECTIONS, max_overflow=MORE, pool_timeout=WAIT_S,
            pool_pre_ping=True, hide_parameters=True, isolation_level="READ COMMITTED",
            connect_args={"connect_timeout": WAIT_S, "application_name": "zhanggui"},
        )  # fmt: skip
        self._migrated = False
        self._migrating = threading.Lock()
        self._mine = threading.local()

    @contextlib.contextmanager
    def write(self) -> Iterator[_Connection]:
        """See :meth:`bot.database.Database.write`."""
        outer: _Connection | None = getattr(self._mine, "connection", None)
        if outer is not None:
            yield outer
            return
        with self._told("写不进去"):
            self._migrate()
            with self._engine.begin() as connection:
                self._mine.connection = _Connection(connection)
                try:
                    _alone(connection)
                    yield self._mine.connection
                finally:
                    self._mine.connection = None

    @contextlib.contextmanager
    def read(self) -> Iterator[_Connection]:
        """See :meth:`bot.database.Database.read`."""
        outer: _Connection | None = getattr(self._mine, "connection", None)
        if outer is not None:
            yield outer
            return
        with self._told("读不出来"):
            self._migrate()
            # One picture for all statements of the block, however many others write meanwhile.
            with self._engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                yield _Connection(connection)

    def scrub(self) -> bool:
        """Let the server use the room of deleted rows again; it writes over it when it needs it, see docs/privacy.md."""
        with self._told("写不进去"), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")
        return True

    def exists(self) -> bool:
        """True: a server is taken to have its database."""
        return True

    def close(self) -> None:
        """Give all connections back; the next use opens others."""
        self._engine.dispose()

    def _migrate(self) -> None:
        """Bring the schema up to this program, once for all hosts that start together.

        Raises:
            JournalError: it was written by a newer program.
        """
        if self._migrated:
            return
        with self._migrating, self._engine.begin() as connection:
            _alone(connection)
            run = connection.exec_driver_sql
            run("CREATE TABLE IF NOT EXISTS journal_schema (version INTEGER NOT NULL)")
            version = run("SELECT coalesce(max(version), 0) FROM journal_schema").scalar_one()
            if version > len(MIGRATIONS):
                raise JournalError(
                    f"对话记录 {self._name} 由更新的版本写成（格式 {version}，本程序只认识到 {len(MIGRATIONS)}）；请升级程序后再打开。"
                )
            for step in MIGRATIONS[version:]:
                for statement in step:
                    run(_schema(statement))
            if version < len(MIGRATIONS):
                run("INSERT INTO journal_schema VALUES (%s)", (len(MIGRATIONS),))
        self._migrated = True

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        import sqlalchemy as sa

        try:
            yield
        except (sa.exc.SQLAlchemyError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            first = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
            advice = BUSY if "lock timeout" in first else HINT
            raise JournalError(f"对话记录 {self._name} {what}（{first}）；{advice}") from error


class _Row(tuple[Any, ...]):
    """A row, by name or by number of the column."""

    names: Mapping[str, int]

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.names[key] if isinstance(key, str) else key)

    def keys(self) -> list[str]:
        """Names of the columns."""
        return list(self.names)


class _Cursor:
    """What a statement gave, fetched."""

    def __init__(self, rows: list[_Row], rowcount: int) -> None:
        self._rows = iter(rows)
        self.rowcount = rowcount

    def fetchone(self) -> _Row | None:
        """The next row, None after the last."""
        return next(self._rows, None)

    def fetchall(self) -> list[_Row]:
        """All rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[_Row]:
        return self._rows


class _Connection:
    """Takes SQLite's marks and values."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> _Cursor:
        """Run one statement with its values."""
        result = self._connection.exec_driver_sql(_marked(statement), tuple(map(_storable, values)))
        if not result.returns_rows:
            return _Cursor([], result.rowcount)
        names = {name: number for number, name in enumerate(result.keys())}
        rows = [_Row(row) for row in result]
        for row in rows:
            row.names = names
        return _Cursor(rows, len(rows))


def _alone(connection: sa.Connection) -> None:
    """Wait until no other transaction writes, and keep others waiting until this one ends."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_S}s'")
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))


@functools.lru_cache(maxsize=512)
def _marked(statement: str) -> str:
    return statement.replace("%", "%%").replace("?", "%s")


def _storable(value: Any) -> Any:
    """A value as the server takes it: no text of its holds the character zero."""
    return value.replace("\0", "") if isinstance(value, str) else value


_TYPES = (
    (re.compile(r"\bINTEGER PRIMARY KEY\b"), "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
    (re.compile(r"\bREAL\b"), "DOUBLE PRECISION"),
    (re.compile(r"\bTEXT\b"), 'TEXT COLLATE "C"'),  # texts order by their characters, as moments must
)


def _schema(statement: str) -> str:
    """A statement of the schema as PostgreSQL takes it; where SQLite numbers rows by itself, a column does so."""
    made = statement
    if made.lstrip().startswith("CREATE TABLE") and "INTEGER PRIMARY KEY" not in made:
        made = made.rstrip()[:-1] + "\n, rowid BIGINT GENERATED BY DEFAULT AS IDENTITY)"
    for type_, other in _TYPES:
        made = type_.sub(other, made)
    return made
