"""A copy of the journal on a server as one SQLite file, the same that a home's own journal is backed up to, and back."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bot.backup import check, finished, note, room, written
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
    with _beside(file) as (aside, copy):
        with server.read() as source, copy.write() as target:
            transfer(source, target)
        copy.scrub()
        copy.close()
        return finished(aside, file)


def restore(server: Database, file: Path, now: datetime, before: Path) -> None:
    """Put the backup ``file`` in the place of the journal on ``server``, in one transaction; it may come from a home's
    own journal, which is how one moves to a server. What was there is copied into the new file ``before``. Stop the
    servers before: what they write between the two is in neither.

    Raises:
        JournalError: the backup is damaged or newer than this program, the disk is full, or the server cannot be written.
    """
    if not file.is_file():
        raise JournalError(f"没有找到备份文件 {file}；请检查路径。")
    check(file)
    room(before.parent, file)
    backup(server, before, now)
    with _beside(before) as (aside, kept):
        # A copy is brought up to this program's schema; the backup itself is not touched.
        os.close(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        shutil.copyfile(file, aside)
        with kept.read() as source, server.write() as target:
            empty(target)
            transfer(source, target)
            for table in NUMBERED:  # the server goes on counting behind the last
                target.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, false) FROM {table}"
                )
        note(server, now, "restore")


@contextlib.contextmanager
def _beside(file: Path) -> Iterator[tuple[Path, SqliteDatabase]]:
    """A name beside ``file`` and a journal there, which is gone afterwards with what SQLite puts beside it."""
    aside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    copy = SqliteDatabase(aside)
    try:
        with written(file):
            yield aside, copy
    finally:
        copy.close()
        for end in ("", "-wal", "-shm"):
            Path(f"{aside}{end}").unlink(missing_ok=True)
