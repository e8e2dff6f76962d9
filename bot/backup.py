"""A copy of the journal while it is in use, and the way back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from bot.database import Database, stamp
from bot.errors import JournalError
from bot.migrations import MIGRATIONS
from bot.sqlite import SqliteDatabase
from kb.durable import sync_folder


def backup(path: Path, file: Path, now: datetime) -> int:
    """Copy the journal at ``path`` into a new ``file``, complete and checked or not at all; returns its size in bytes.

    Others may go on reading and writing meanwhile: the copy is what was durable when it began.

    Raises:
        JournalError: there is no journal, the file exists, the disk is full, or the copy is not sound.
    """
    if not path.exists():
        raise JournalError(f"还没有对话记录（{path}），没有可以备份的内容。")
    if file.exists():
        raise JournalError(f"备份文件 {file} 已经存在；请换一个文件名，以免覆盖。")
    room(file.parent, path)
    database = SqliteDatabase(path)
    aside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        note(database, now, "backup")
        with database.read() as source, written(file):
            os.close(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            with closing(sqlite3.connect(aside)) as copy:
                source.backup(copy)
            return finished(aside, file)
    finally:
        aside.unlink(missing_ok=True)
        database.close()


def restore(path: Path, file: Path, now: datetime) -> Path | None:
    """Put the backup ``file`` in the place of the journal at ``path``, in one transaction; returns where the old one is.

    The backup is checked first, and what was there is copied beside it (``journal-before-….sqlite3``). A backup of an
    older version is brought up to this one. Stop the servers before: they would go on with conversations that the
    restored journal does not know.

    Raises:
        JournalError: the backup is damaged, newer than this program, or cannot be read; or the journal is in use.
    """
    if not file.is_file():
        raise JournalError(f"没有找到备份文件 {file}；请检查路径。")
    check(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    room(path.parent, file)
    before: Path | None = None
    if path.exists() and path.stat().st_size:
        before = path.with_name(f"{path.stem}-before-{now:%Y%m%d-%H%M%S}{path.suffix}")
        backup(path, before, now)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(path)) as journal:
            source.backup(journal)
        sync_folder(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"备份 {file} 没能恢复到 {path}（{error}）；请先停止服务，检查磁盘空间和权限后重试。") from error
    database = SqliteDatabase(path)
    try:
        note(database, now, "restore")
        database.scrub()
    finally:
        database.close()
    check(path)
    return before


@contextlib.contextmanager
def written(file: Path) -> Iterator[None]:
    """Tell in words when the backup ``file`` cannot be written inside.

    Raises:
        JournalError: it cannot.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise JournalError(
            f"备份文件 {file} 写不进去（{error}）；请检查磁盘空间（{_free(file.parent)}）和文件权限，对话记录不受影响。"
        ) from error


def finished(aside: Path, file: Path) -> int:
    """Give a complete copy its name, durably and checked; returns its size in bytes.

    Raises:
        JournalError: the copy is not sound. OSError, sqlite3.Error: it cannot be written.
    """
    with closing(sqlite3.connect(aside)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
    check(aside)
    with aside.open("rb+") as stream:
        os.fsync(stream.fileno())
    os.replace(aside, file)
    sync_folder(file.parent)
    return file.stat().st_size


def check(file: Path) -> None:
    """Raise JournalError unless the file is a sound journal that this program can read."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > len(MIGRATIONS):
                raise JournalError(f"{file} 由更新的版本写成（格式 {version}，本程序只认识到 {len(MIGRATIONS)}）；请先升级程序。")
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'turn'").fetchone()
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
            faults += [f"{row[0]} #{row[1]}" for row in connection.execute("PRAGMA foreign_key_check")]
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"{file} 不是完好的对话记录备份（{error}）；请换一份备份文件。") from error
    if version < 1 or known is None:
        raise JournalError(f"{file} 不是对话记录的备份；知识库的备份请用 python -m ingest restore。")
    if faults:
        raise JournalError(f"{file} 已经损坏（{'；'.join(faults[:3])}）；请换一份备份文件。")


def room(folder: Path, source: Path) -> None:
    """Raise JournalError unless a copy of ``source`` finds room in ``folder``."""
    try:
        needed, free = source.stat().st_size, shutil.disk_usage(folder).free
    except OSError as error:
        raise JournalError(f"文件夹 {folder} 用不了（{error.strerror or error}）；请检查路径和权限。") from error
    if free < needed:
        raise JournalError(f"磁盘空间不足：{folder} 需要约 {needed // 1024} KB，剩余 {free // 1024} KB；请清理磁盘后重试。")


def _free(folder: Path) -> str:
    return f"剩余 {shutil.disk_usage(folder).free // 1024} KB"


def note(database: Database, now: datetime, action: str) -> None:
    """Write to the audit that this was done, by nobody in particular."""
    with database.write() as connection:
        connection.execute("INSERT INTO audit (at, who, action, detail) VALUES (?, '', ?, '')", (stamp(now), action))
