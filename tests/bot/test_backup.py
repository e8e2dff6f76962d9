from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing

import pytest

from bot.backup import backup, restore
from bot.errors import JournalError
from bot.journal import Journal
from bot.migrations import MIGRATIONS
from bot.records import Reply

ANSWER = Reply("好的" * 200, "answer", "question", 0.9)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "journal.sqlite3"


def turns(journal: Journal, number: int, session: str = "v") -> list[str]:
    with journal.together():
        return [journal.turn(session, "customer", "x", ANSWER) for _ in range(number)]


def test_a_backup_taken_while_others_write_is_whole(journal, path, tmp_path, clock):
    before = turns(journal, 50)
    stop = threading.Event()
    other = Journal(path, clock)

    def write():
        while not stop.is_set():
            other.turn("v", "customer", "x", ANSWER)
            stop.wait(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup(path, tmp_path / f"{number}.sqlite3", clock.now)
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        file = tmp_path / f"{number}.sqlite3"
        kept = {view.turn for view in Journal(file).turns("v")}
        assert set(before) <= kept
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_restoring_brings_back_what_was_and_keeps_what_is(journal, path, tmp_path, clock):
    first = journal.turn("v", "customer", "一", ANSWER)
    backup(path, tmp_path / "kept.sqlite3", clock.now)
    second = journal.turn("v", "customer", "二", ANSWER)
    before = restore(path, tmp_path / "kept.sqlite3", clock.now)
    # A process that had the file open goes on with what was restored.
    assert [view.turn for view in journal.turns("v") if view.turn] == [first]
    assert journal.turn("v", "customer", "三", ANSWER)
    assert before is not None and second in {view.turn for view in Journal(before).turns("v")}


def test_a_home_without_a_journal_is_filled_from_a_backup(journal, path, tmp_path, clock):
    turn = journal.turn("v", "customer", "一", ANSWER)
    backup(path, tmp_path / "kept.sqlite3", clock.now)
    new = tmp_path / "另一台 机器" / "journal.sqlite3"
    assert restore(new, tmp_path / "kept.sqlite3", clock.now) is None
    assert [view.turn for view in Journal(new).turns("v") if view.turn] == [turn]


def test_a_backup_of_an_older_version_is_brought_up(path, tmp_path, clock):
    old = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(old)) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    restore(path, old, clock.now)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_nothing_is_overwritten_and_nothing_is_made_of_nothing(journal, path, tmp_path, clock):
    with pytest.raises(JournalError, match="还没有对话记录"):
        backup(path, tmp_path / "x", clock.now)
    journal.turn("v", "customer", "x", ANSWER)
    (tmp_path / "there").write_text("mine")
    with pytest.raises(JournalError, match="已经存在"):
        backup(path, tmp_path / "there", clock.now)
    assert (tmp_path / "there").read_text() == "mine"
    with pytest.raises(JournalError, match="没有这个|用不了"):
        backup(path, tmp_path / "no such folder" / "x", clock.now)


def test_a_damaged_foreign_or_newer_backup_is_refused_before_anything_is_touched(journal, path, tmp_path, clock):
    turn = journal.turn("v", "customer", "x", ANSWER)
    turns(journal, 200, "w")
    good = tmp_path / "good.sqlite3"
    backup(path, good, clock.now)
    data = bytearray(good.read_bytes())
    torn = tmp_path / "torn.sqlite3"
    torn.write_bytes(data[: len(data) // 2])
    damaged = tmp_path / "damaged.sqlite3"
    data[len(data) // 2 : len(data) // 2 + 5000] = b"\xff" * 5000
    damaged.write_bytes(data)
    foreign = tmp_path / "foreign.sqlite3"
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE other (x)")
    newer = tmp_path / "newer.sqlite3"
    newer.write_bytes(good.read_bytes())
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute("PRAGMA user_version = 99")
    text = tmp_path / "text"
    text.write_text("no database")
    for file, said in ((torn, "备份"), (damaged, "损坏|完好"), (foreign, "不是"), (newer, "99"), (text, "不是"), (tmp_path / "none", "没有找到")):
        with pytest.raises(JournalError, match=said):
            restore(path, file, clock.now)
    assert [view.turn for view in journal.turns("v") if view.turn] == [turn]
    assert list(path.parent.glob("*before*")) == []


def test_a_disk_without_room_names_bytes_needed_and_free(journal, path, tmp_path, clock, monkeypatch):
    journal.turn("v", "customer", "x", ANSWER)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 2048})())
    with pytest.raises(JournalError, match=r"需要约 \d+ KB，剩余 2 KB"):
        backup(path, tmp_path / "x", clock.now)
    assert not (tmp_path / "x").exists()
