"""The journal in one SQLite file, written durably or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bot.database import MEMORY
from bot.errors import JournalError
from bot.migrations import MIGRATIONS
from bot.shared_sync import SharedSync

BUSY_MS = 5_000
"""How long a write waits for another process's write before it fails."""

LEAST_BYTES = 64 * 1024
"""What a turn may take in the log and the file until the log is worked off: some pages of each, with their indexes."""

_sync = getattr(os, "fdatasync", os.fsync)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. While another process switches the same new file, SQLite refuses at once instead
    of waiting for the busy timeout, so the waiting is done here."""
    end = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)


class SqliteDatabase:
    """See :class:`bot.database.Database`.

    A transaction that returned is on disk, in the write-ahead log. SQLite writes it there (``synchronous=NORMAL``), and
    the sync that makes it last is done here, once for all threads that wait for one: ``FULL`` would have each sync for
    itself while the others wait.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._depth = 0
        self._sync = SharedSync(self._sync_log)

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """See :meth:`bot.database.Database.write`.

        Should the disk fail to sync what was written, that raises too, and what is there after the next start is open.
        """
        with self._told("写不进去"):
            with self._lock:
                outermost = self._depth == 0
                with self._step() as connection:
                    yield connection
            if outermost:
                self._sync.wait()

    @contextlib.contextmanager
    def _step(self) -> Iterator[sqlite3.Connection]:
        """A transaction, or a part of the one that this thread is in; what it wrote need not be on disk yet."""
        connection = self._opened()
        if self._depth == 0:
            connection.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield connection
            if self._depth == 1:
                connection.execute("COMMIT")
        except BaseException:
            if self._depth == 1 and connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            self._depth -= 1

    def _sync_log(self) -> None:
        """Bring all that was committed so far to the disk."""
        if self._path == MEMORY:
            return
        try:  # by its name each time: SQLite may have begun a new log, and has synced what was in the one before
            log = os.open(f"{self._path}-wal", os.O_RDWR)
        except FileNotFoundError:
            return  # closed meanwhile, which brought everything into the file
        try:
            _sync(log)
        finally:
            os.close(log)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """See :meth:`bot.database.Database.read`."""
        with self._lock, self._told("读不出来"):
            yield self._opened()

    def scrub(self) -> bool:
        """Bring what was written last into the file and empty the log beside it, so that deleted text is in neither.

        False while another process is reading; it is then done by the next call or with the last process that ends.

        Raises:
            JournalError: the file cannot be opened or written.
        """
        with self._lock, self._told("写不进去"):
            return not self._opened().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def exists(self) -> bool:
        """Whether the file is there."""
        return self._path == MEMORY or self._path.exists()

    def close(self) -> None:
        """Give the file back; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._path != MEMORY:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                # Conversations and contacts are the shop's own; SQLite gives its side files the same mode.
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            try:
                connection.row_factory = sqlite3.Row
                connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
                _write_ahead(connection)
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA secure_delete = ON")
                self._migrate(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if _version(connection) == len(MIGRATIONS):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = _version(connection)  # again: another process may have been quicker
            if version > len(MIGRATIONS):
                raise JournalError(
                    f"对话记录文件 {self._path} 由更新的版本写成（格式 {version}，本程序只认识到 {len(MIGRATIONS)}）；"
                    "请升级程序后再打开。"
                )
            for step in MIGRATIONS[version:]:
                for statement in step:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise JournalError(f"对话记录文件 {self._path} {what}（{error}）；{_advice(self._path, error)}") from error


def _advice(path: Path, error: Exception) -> str:
    """What to do about a failure of SQLite or of the disk."""
    said = str(error).lower()
    if "locked" in said or "busy" in said:
        return f"它正被另一个程序占用，等了 {BUSY_MS // 1000} 秒仍未空出；请稍后再试。"
    if "malformed" in said or "not a database" in said:
        return "文件已损坏或不是对话记录；请用 python -m bot restore 恢复备份。"
    if "readonly" in said or "unable to open" in said or isinstance(error, PermissionError):
        return "请检查文件和所在文件夹的权限，运行本程序的用户要能读写。"
    try:
        free = f"（剩余 {shutil.disk_usage(path.parent).free // 1024} KB，一次写入至少需要 {LEAST_BYTES // 1024} KB）"
    except OSError:
        free = ""
    return f"请检查磁盘空间{free}和文件权限。"


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
