from __future__ import annotations

import errno
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

import bot.sqlite
from bot.database import MEMORY
from bot.errors import JournalError
from bot.journal import Journal
from bot.migrations import MIGRATIONS
from bot.records import Citation, Reply
from bot.sqlite import SqliteDatabase
from bot.tickets import STATES
from kb.errors import InputError

ROOT = Path(__file__).parents[2]
CITATION = Citation("faq-1", "faq.csv", "付款", "可以使用支付宝。")
ANSWER = Reply("您好，可以使用支付宝。", "answer", "question", 0.9, (CITATION,), generation="gen-000001", ms=1.5)
HANDOFF = Reply("您好，很抱歉，暂时不能答复。", "handoff", "question", 0.1)


def rows(path: Path, query: str) -> list[tuple]:
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "journal.sqlite3"


def test_a_turn_comes_back_as_two_bubbles(journal):
    turn = journal.turn("visitor", "customer", "可以用支付宝吗", ANSWER)
    customer, bot = journal.turns("visitor")
    assert (customer.role, customer.text) == ("customer", "可以用支付宝吗")
    assert (bot.role, bot.text, bot.citations, bot.turn) == ("bot", ANSWER.text, (CITATION,), turn)
    assert journal.turns("another") == []


def test_personal_numbers_and_session_ids_never_reach_the_file(journal, path):
    journal.turn("visitor-secret", "customer", "我的手机是13812345678", Reply("好的，13812345678", "scripted", "question"))
    turn = journal.turn("visitor-secret", "customer", "x", ANSWER)
    journal.rate(turn, "visitor-secret", "down", "打我电话１３８１２３４５６７８")
    ticket = journal.tickets.open("visitor-secret", "question", "订单号：123456789012345678，怎么还没到").id
    journal.tickets.add(ticket, "visitor-secret", detail="卡号6222021234567890123")
    journal.close()
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for secret in ("13812345678", "１３８１２３４５６７８", "123456789012345678", "6222021234567890123", "visitor-secret"):
        assert secret.encode() not in stored
    assert journal.tickets.listed()[0].details == ("卡号****0123",)


def test_a_contact_given_for_a_call_back_is_kept_for_the_agent(journal, clock):
    ticket = journal.tickets.open("v", "human", "转人工", due=clock.now + timedelta(hours=2)).id
    journal.tickets.add(ticket, "v", contact="13812345678", detail="打13812345678")
    journal.tickets.add(ticket, "v", contact="13812345678")
    (kept,) = journal.tickets.listed()
    assert kept.contact == "13812345678"
    assert kept.details == ("打138****5678",)


def test_only_the_own_session_may_rate(journal):
    turn = journal.turn("v", "customer", "x", ANSWER)
    journal.rate(turn, "v", "up")
    journal.rate(turn, "v", "down", "没解决")
    for owner, identity in (("w", turn), ("v", "no-such-turn")):
        with pytest.raises(InputError, match="不属于当前对话"):
            journal.rate(identity, owner, "up")
    with pytest.raises(InputError, match="up"):
        journal.rate(turn, "v", "maybe")
    assert [one.reasons for one in journal.unanswered()] == [{"down": 1}]


def test_tickets_are_listed_by_due_time_and_closed_once(journal, clock):
    late = journal.tickets.open("a", "complaint_slow", "慢", due=clock.now + timedelta(hours=24)).id
    soon = journal.tickets.open("b", "human", "转人工", due=clock.now + timedelta(hours=2)).id
    idea = journal.tickets.open("c", "suggestion", "建议").id
    assert [ticket.id for ticket in journal.tickets.listed()] == [soon, late, idea]
    assert journal.tickets.listed()[0].due == clock.now + timedelta(hours=2)
    journal.tickets.close(soon, "小王")
    with pytest.raises(InputError, match=soon):
        journal.tickets.close(soon, "小李")
    (closed,) = journal.tickets.listed(["closed"])
    assert (closed.id, closed.closed_by, closed.closed_at) == (soon, "小王", clock.now)
    with pytest.raises(InputError, match=soon):
        journal.tickets.add(soon, "b", detail="还有")
    with pytest.raises(InputError, match=late):
        journal.tickets.add(late, "b", detail="别人的")
    assert len(journal.tickets.listed(STATES)) == 3


def test_questions_asked_in_vain_are_counted_whatever_their_writing(journal):
    for text in ("怎麼報銷？", "怎么报销？", "会下雨吗"):
        journal.turn("v", "customer", text, HANDOFF)
    assert [one.times for one in journal.unanswered()] == [2, 1]


def test_most_asked_entries(journal, clock):
    other = Reply("x", "answer", "question", 0.9, (Citation("faq-2", "", "", ""),))
    for reply in (ANSWER, other, other):
        journal.turn("v", "customer", "q", reply)
    journal.turn("v", "agent", "q", ANSWER)
    assert journal.most_asked() == ["faq-2", "faq-1"]
    assert journal.most_asked(since=clock.now + timedelta(days=1)) == []


def test_what_is_written_together_is_stored_together_or_not_at_all(journal):
    with pytest.raises(RuntimeError), journal.together():
        journal.tickets.open("v", "human", "转人工")
        journal.turn("v", "customer", "转人工", HANDOFF)
        raise RuntimeError
    assert journal.tickets.listed(STATES) == [] and journal.turns("v") == []
    with journal.together():
        journal.tickets.open("v", "human", "转人工")
        journal.turn("v", "customer", "转人工", HANDOFF)
    assert len(journal.tickets.listed()) == 1 and len(journal.turns("v")) == 2


def test_the_file_is_for_its_owner_only_and_written_ahead(journal, path):
    journal.turn("v", "customer", "x", ANSWER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with SqliteDatabase(path).read() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 1, "checkpoints are synced by SQLite"
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)


def test_threads_and_processes_share_the_file(journal, path):
    others = [Journal(path), journal]
    threads = [
        threading.Thread(target=lambda n=n: [others[n % 2].turn("v", "customer", "x", ANSWER) for _ in range(10)])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.turns("v")) == 160


def test_a_home_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal.sqlite3")
    for use in (lambda: journal.turn("v", "customer", "x", ANSWER), journal.tickets.listed, lambda: journal.turns("v")):
        with pytest.raises(JournalError) as caught:
            use()
        assert "journal.sqlite3" in str(caught.value) and "权限" in str(caught.value) and "\n" not in str(caught.value)


def test_a_foreign_or_newer_file_is_refused(tmp_path):
    foreign = tmp_path / "a.sqlite3"
    foreign.write_bytes(b"this is no database at all, but long enough to look at" * 40)
    with pytest.raises(JournalError, match="a.sqlite3"):
        Journal(foreign).tickets.listed()
    newer = tmp_path / "b.sqlite3"
    Journal(newer).tickets.listed()
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="99"):
        Journal(newer).tickets.listed()


def test_trying_things_out_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Journal(MEMORY)
    assert journal.turn("v", "customer", "x", ANSWER)
    assert len(journal.turns("v")) == 2
    assert list(tmp_path.iterdir()) == []


CHILD = """
import os, resource, signal, sys
from pathlib import Path
from bot.errors import JournalError
from bot.journal import Journal
from bot.records import Reply
if len(sys.argv) > 2:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
journal = Journal(Path(sys.argv[1]))
reply = Reply("好的" * 500, "handoff", "question")
try:
    while True:
        print(journal.turn("v", "customer", "x", reply), flush=True)
except JournalError as error:
    print("stopped", error, flush=True)
"""


def child(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_what_was_acknowledged_survives_a_killed_process(path):
    path.parent.mkdir()
    process = child(str(path))
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(25)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    process.wait()
    stored = {view.turn for view in Journal(path).turns("v")}
    assert set(acknowledged) <= stored


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits")
@pytest.mark.parametrize("size", [40_000, 150_000, 151_000, 400_000])
def test_a_full_disk_loses_nothing_acknowledged_and_says_so(path, size):
    path.parent.mkdir()
    process = child(str(path), str(size))
    *acknowledged, stopped = process.communicate(timeout=60)[0].strip().splitlines()
    assert stopped.startswith("stopped") and "磁盘空间" in stopped
    stored = [view.turn for view in Journal(path).turns("v") if view.turn]
    assert stored[: len(acknowledged)] == acknowledged
    assert Journal(path).turn("v", "customer", "again", ANSWER)


def test_reasons_are_typed_and_the_last_rating_stands(journal, path):
    turn = journal.turn("v", "customer", "x", ANSWER)
    journal.rate(turn, "v", "up")
    journal.rate(turn, "v", "down", "说得不对，打13812345678", reasons=("wrong", "tone", "wrong"))
    assert rows(path, "SELECT value, comment, reasons FROM rating") == [("down", "说得不对，打138****5678", '["wrong", "tone"]')]
    with pytest.raises(InputError, match="rude"):
        journal.rate(turn, "v", "down", reasons=("rude",))


def test_unsolved_is_noted_once_and_by_the_own_session_only(journal, path):
    turn = journal.turn("v", "customer", "x", ANSWER)
    with pytest.raises(InputError, match="不属于当前对话"):
        journal.mark_unsolved(turn, "w")
    assert [journal.mark_unsolved(turn, "v"), journal.mark_unsolved(turn, "v")] == [True, False]
    assert rows(path, "SELECT count(*) FROM unsolved") == [(1,)]


def test_a_read_only_file_is_one_clear_line(journal, path, monkeypatch):
    journal.turn("v", "customer", "x", ANSWER)
    journal.close()
    real = sqlite3.connect

    def read_only(*arguments, **options):
        connection = real(*arguments, **options)
        connection.execute("PRAGMA query_only = ON")
        return connection

    monkeypatch.setattr("sqlite3.connect", read_only)
    with pytest.raises(JournalError, match=r"journal\.sqlite3.*权限"):
        journal.turn("v", "customer", "x", ANSWER)


def test_a_locked_file_is_one_clear_line_and_works_again(journal, path, monkeypatch):
    monkeypatch.setattr("bot.sqlite.BUSY_MS", 50)
    journal.turn("v", "customer", "x", ANSWER)
    journal.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match=r"journal\.sqlite3.*另一个程序占用.*稍后再试"):
        journal.turn("v", "customer", "x", ANSWER)
    assert len(journal.turns("v")) == 2
    other.execute("ROLLBACK")
    other.close()
    assert journal.turn("v", "customer", "x", ANSWER)


def test_a_full_disk_names_what_is_free_and_what_is_needed(journal, path):
    journal.turn("v", "customer", "x", ANSWER)
    with journal._database.write() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    journal._database._opened().execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalError, match=r"journal\.sqlite3.*磁盘空间（剩余 \d+ KB，一次写入至少需要 \d+ KB）"):
        for _ in range(200):
            journal.turn("v", "customer", "x" * 1000, ANSWER)
    kept = len(journal.turns("v"))
    assert kept >= 2 and len(journal.turns("v")) == kept


def test_seen_contacts_are_in_the_audit(journal, path):
    ticket = journal.tickets.open("v", "question", "x", contact="13812345678")
    journal.tickets.viewed([ticket.id], "小王")
    journal.tickets.viewed([], "小王")
    assert rows(path, "SELECT who, detail FROM audit WHERE action = 'view_contact'") == [("小王", ticket.id)]


def test_what_is_acknowledged_was_synced(tmp_path, monkeypatch):
    synced = []
    real = bot.sqlite._sync

    def sync(descriptor):
        real(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(bot.sqlite, "_sync", sync)
    file = tmp_path / "journal.sqlite3"
    journal = Journal(file)
    for _ in range(5):
        journal.turn("v", "customer", "怎么退货？", HANDOFF)
        assert synced[-1] == Path(f"{file}-wal").stat().st_size
    assert len(synced) == 5, "one sync a turn"
    with journal.together():
        journal.turn("v", "customer", "怎么退货？", HANDOFF)
        journal.remember("v", {"turns": 2})
    assert len(synced) == 6, "several steps together cost one"


def test_many_at_once_share_the_syncs_of_the_disk(tmp_path, monkeypatch):
    syncs = []
    monkeypatch.setattr(bot.sqlite, "_sync", lambda descriptor: (syncs.append(descriptor), time.sleep(0.02)))
    journal = Journal(tmp_path / "journal.sqlite3")
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(lambda n: journal.turn(f"v{n}", "customer", "在吗", HANDOFF), range(64)))
    assert len(set(keys)) == 64
    assert len(syncs) < 32
    assert all(len(journal.turns(f"v{number}")) == 2 for number in range(64))


def test_a_disk_that_does_not_sync_acknowledges_nothing(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "journal.sqlite3")
    journal.turn("v", "customer", "怎么退货？", HANDOFF)

    def broken(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(bot.sqlite, "_sync", broken)
    with pytest.raises(JournalError, match="写不进去"):
        journal.turn("v", "customer", "运费谁出？", HANDOFF)
    monkeypatch.undo()
    journal.turn("v", "customer", "运费谁出？", HANDOFF)
