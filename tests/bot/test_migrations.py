"""A journal written by any released version is opened by this one, with nothing lost."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import JournalError
from bot.journal import Journal
from bot.migrations import MIGRATIONS
from bot.sqlite import SqliteDatabase

ROOT = Path(__file__).parents[2]

RELEASED = ("0583422f1c727d40",)
"""Digest of each released step: a released step is never changed."""

AT = "2026-11-01T08:00:00.000+00:00"
GOLDEN: dict[str, list[tuple]] = {
    "turn": [
        ("t1", AT, "s1", "customer", "可以货到付款吗", "可以货到付款吗", "您好，暂不支持。", "answer", "question", 0.9,
         "gen-000001", "faq-1", '[{"id": "faq-1", "source": "faq.csv", "heading": "付款", "text": "暂不支持。"}]', "[]", 3.5, None),
        ("t2", AT, "s2", "agent", "会下雨吗", "会下雨吗", "很抱歉。", "handoff", "question", 0.1, None, None, "[]", "[]", 2.0, "T261101-000001"),
    ],
    "rating": [("t1", AT, "down", "没用")],
    "ticket": [
        ("T261101-000001", AT, "s2", "question", "会下雨吗", "13812345678", '["还有"]', AT, "open", None, None),
        ("T261101-000002", AT, "s1", "suggestion", "出小程序", "", "[]", None, "closed", AT, "小王"),
    ],
    "account": [("小王", "agent", "$argon2id$x", AT, None)],
    "login": [("digest", "小王", AT, AT)],
    "login_failure": [("小李", AT)],
    "audit": [(1, AT, "小王", "login", "")],
}  # fmt: skip


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """A file as version 1 wrote it."""
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        for table, rows in GOLDEN.items():
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    return path


def content(path: Path, columns_of: Path | None = None) -> dict[str, list[tuple]]:
    """All rows by table; only the columns that ``columns_of`` has."""
    model = sqlite3.connect(columns_of or path)
    connection = sqlite3.connect(path)
    found = {}
    for (table,) in model.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = ", ".join(row[1] for row in model.execute(f"PRAGMA table_info({table})"))
        found[table] = connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()
    model.close()
    connection.close()
    return found


def shape(path: Path) -> dict[str, object]:
    """Tables with their columns and the columns that are indexed."""
    connection = sqlite3.connect(path)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    found: dict[str, object] = {}
    for table in tables:
        indexes = connection.execute(f"PRAGMA index_list({table})").fetchall()
        found[table] = (
            sorted(row[1:] for row in connection.execute(f"PRAGMA table_info({table})")),
            sorted(tuple(one[2] for one in connection.execute(f"PRAGMA index_info({index[1]})")) for index in indexes),
            sorted(row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({table})")),
        )
    connection.close()
    return found


def test_released_steps_are_as_they_were_released():
    digests = [hashlib.sha256("\n".join(step).encode()).hexdigest() for step in MIGRATIONS]
    assert [digest[: len(known)] for digest, known in zip(digests, RELEASED, strict=False)] == list(RELEASED)


def test_a_file_of_version_one_is_brought_up_with_every_row(golden, tmp_path):
    with SqliteDatabase(golden).read() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    old = tmp_path / "old.sqlite3"
    with sqlite3.connect(old) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
    connection.close()
    assert content(golden, columns_of=old) == GOLDEN


def test_an_old_file_ends_up_in_the_shape_of_a_new_one(golden, tmp_path):
    Journal(golden).most_asked()
    new = tmp_path / "new.sqlite3"
    Journal(new).most_asked()
    assert shape(golden) == shape(new)


CRASH = """
import os, sys
from pathlib import Path
import bot.sqlite
from bot.migrations import MIGRATIONS

def dying(step):
    for statement in step:
        yield statement
    os._exit(9)

last = dying(MIGRATIONS[-1])
bot.sqlite.MIGRATIONS = (*MIGRATIONS[:-1], last)
with bot.sqlite.SqliteDatabase(Path(sys.argv[1])).read():
    pass
"""


def test_a_crash_in_the_middle_leaves_the_old_version_usable(golden):
    before = content(golden)
    process = subprocess.run([sys.executable, "-c", CRASH, str(golden)], env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert process.returncode == 9
    connection = sqlite3.connect(golden)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
    connection.close()
    assert content(golden) == before
    Journal(golden).most_asked()
    assert set(before) < set(content(golden))


def test_a_step_that_fails_leaves_the_old_version(golden, monkeypatch):
    before = content(golden)
    monkeypatch.setattr("bot.sqlite.MIGRATIONS", (MIGRATIONS[0], ("CREATE TABLE extra (x)", "CREATE TABLE turn (x)")))
    with pytest.raises(JournalError, match=r"journal\.sqlite3"):
        Journal(golden).most_asked()
    assert content(golden) == before
