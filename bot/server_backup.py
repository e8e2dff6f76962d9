"""A copy of the journal on a server as one SQLite file, the same that a home's own journal is backed up to, and back."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

from bot.backup import check, finished, note, room
from bot.database import Database
from bot.errors import JournalError
from bot.sqlite import SqliteDatabase
from bot.transfer import NUMBERED, empty, transfer


def backup(server: Database, file: Path, now: datetime) -> int:
    """Copy the journal on ``server`` into a new ``file``, complete and checked or not at all; returns its size in bytes.

    Others may go on reading and writing meanwhile: the copy is what was there when it began.

    Raises:
        JournalError: the server cannot be read, the file exists, or the disk is full.
    """
    if file.exists():
        raise JournalError(f"备份文件 {file} 已经存在；请换一个文件名，以免覆盖。")
    note(server, now, "backup")
    aside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    copy = SqliteDatabase(aside)
    try:
        with server.read() as source, copy.write() as target:
            transfer(source, target)
        copy.scrub()
        copy.close()
        return finished(aside, file)
    finally:
        copy.close()
        for name in (aside, *(aside.with_name(aside.name + end) for end in ("-wal", "-shm"))):
            name.unlink(missing_ok=True)


def restore(server: Database, file: Path, now: datetime, before: Path) -> None:
    """Put the backup ``file`` in the place of the journal on ``server``, in one transaction; it may come from a home's
    own journal, which is how one moves to a server. What was there is copied into the new file ``before``.

    Raises:
        JournalError: the backup is damaged or newer than this program, or the server cannot be written.
    """
    if not file.is_file():
        raise JournalError(f"没有找到备份文件 {file}；请检查路径。")
    check(file)
    room(before.parent, file)
    backup(server, before, now)
    aside = before.with_name(f".{before.name}.{os.getpid()}.tmp")
    kept = SqliteDatabase(aside)
    try:
        shutil.copyfile(file, aside)  # brought up to this program's schema without touching the backup
        with kept.read() as source, server.write() as target:
            empty(target)
            transfer(source, target)
            for table in NUMBERED:  # the server goes on counting behind the last
                target.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, false) FROM {table}"
                )
        note(server, now, "restore")
    finally:
        kept.close()
        for name in (aside, *(aside.with_name(aside.name + end) for end in ("-wal", "-shm"))):
            name.unlink(missing_ok=True)
