"""The journal on a real PostgreSQL server: many hosts at once, an outage, and moving there and back."""

from __future__ import annotations

import logging
import multiprocessing
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot import backup, server_backup
from bot.accounts import Accounts
from bot.database import journal_of, open_database
from bot.errors import AccountError, JournalError
from bot.journal import Journal
from bot.metrics import Monitor
from bot.records import Citation, Reply
from bot.transfer import NUMBERED, TABLES
from kb.config import Home
from kb.errors import SettingsError
from kb.store import Store
from tests.postgres import server as running

CITATION = Citation("faq-1", "faq.csv", "付款", "可以使用支付宝。")
ANSWER = Reply("您好，可以使用支付宝。", "answer", "question", 0.9, (CITATION,), generation="gen-000001", ms=1.5)
NOW = datetime(2026, 11, 27, tzinfo=timezone.utc)


def _open_one(url: str, number: int) -> str:
    """One of several hosts that start at the same moment."""
    journal = Journal(url)
    key = journal.tickets.open(f"v{number}", "question", "怎么退货？").id
    journal.close()
    return key


def test_hosts_that_start_together_make_one_schema(url):
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        keys = pool.starmap(_open_one, [(url, number) for number in range(8)])
    journal = Journal(url)
    assert sorted(ticket.id for ticket in journal.tickets.listed()) == sorted(keys) and len(set(keys)) == 8
    journal.close()


def test_what_a_transaction_has_read_stays_true_until_it_ends(url):
    first, second = Accounts(url), Accounts(url)
    first.add("甲", "admin", "kuai-le-de-mi-ma-1")
    first.add("乙", "admin", "kuai-le-de-mi-ma-2")

    def demote(accounts, name):
        try:
            accounts.set_role(name, "agent")
        except AccountError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(demote, (first, second), ("甲", "乙")))
    assert sorted(done) == [False, True], "one administrator is left, whichever host was quicker"
    first.close(), second.close()


def test_many_threads_write_and_read_and_nothing_is_lost(url):
    journals = [Journal(url), Journal(url)]

    def talk(number):
        journal = journals[number % 2]
        with journal.together():
            ticket = journal.tickets.open(f"v{number}", "question", "怎么退货？")
            turn = journal.turn(f"v{number}", "customer", "怎么退货？", ANSWER)
        journal.rate(turn, f"v{number}", "up")
        assert [view.turn for view in journal.turns(f"v{number}") if view.turn] == [turn]
        return ticket.id

    with ThreadPoolExecutor(24) as pool:
        tickets = list(pool.map(talk, range(120)))
    assert len(set(tickets)) == 120
    assert len(journals[0].tickets.listed(limit=500)) == 120
    for journal in journals:
        journal.close()


def test_steps_together_are_all_or_nothing(url):
    journal = Journal(url)
    with pytest.raises(ZeroDivisionError), journal.together():
        journal.turn("v", "customer", "怎么退货？", ANSWER)
        assert len(journal.turns("v")) == 2, "it sees what it has written"
        raise ZeroDivisionError
    assert journal.turns("v") == []
    journal.turn("v", "customer", "含零字符\0和100%的？问题", ANSWER)
    assert journal.turns("v")[0].text == "含零字符和100%的？问题"
    journal.close()


def test_an_outage_is_one_clear_line_and_passes(tmp_path, server):
    with running() as own:
        journal = Journal(own.url)
        kept = journal.turn("v", "customer", "怎么退货？", ANSWER)
        own.stop()
        for step in (lambda: journal.turn("v", "customer", "运费谁出？", ANSWER), lambda: journal.turns("v")):
            with pytest.raises(JournalError) as caught:
                step()
            said = str(caught.value)
            assert "secret-password" not in said and "\n" not in said and "数据库服务器" in said
        own.start()
        assert journal.turns("v")[1].turn == kept, "acknowledged before the server broke off"
        assert journal.turn("v", "customer", "运费谁出？", ANSWER)
        journal.close()


def filled(where) -> tuple[Accounts, Journal]:
    accounts, journal = Accounts(where), Journal(where)
    accounts.add("小王", "admin", "kuai-le-de-mi-ma-1")
    accounts.open_login("小王")
    accounts.verify("小王", "wrong", "10.0.0.1")
    for number in range(5):
        turn = journal.turn("v", "customer", f"第{number}问", ANSWER)
        journal.remember("v", {"turns": number})
    journal.rate(turn, "v", "down", "不对", ["wrong"])
    journal.mark_unsolved(turn, "v")
    journal.tickets.announced = True
    ticket = journal.tickets.open("v", "complaint", "杯子裂了", contact="13800138000")
    journal.tickets.take(ticket.id, "小王")
    journal.notebook.favour("小王", "faq-1", True)
    journal.notebook.looked_up("小王", "运费")
    journal.reports.report("小王", "wrong", "运费", "faq-1", "过期了")
    journal.settle(["第0问"], "handled", "小王")
    return accounts, journal


def everything(where) -> dict[str, list[tuple]]:
    """All rows by table; the audit without the lines that backups write."""
    database = open_database(where)
    found = {}
    with database.read() as connection:
        for table in TABLES:
            rows = connection.execute(f"SELECT * FROM {table} ORDER BY {'id' if table in NUMBERED else 'rowid'}").fetchall()
            plain = [{name: row[name] for name in row.keys() if name != "rowid"} for row in rows]  # noqa: SIM118
            found[table] = [row for row in plain if row.get("action") not in ("backup", "restore")]
    database.close()
    return found


def test_a_journal_moves_to_a_server_and_back_with_all_it_holds(url, tmp_path):
    home = tmp_path / "journal.sqlite3"
    for one in filled(home):
        one.close()
    before = everything(home)
    assert all(before[table] for table in TABLES), "each table has something to move"
    backup.backup(home, tmp_path / "a.sqlite3", NOW)
    database = open_database(url)
    server_backup.restore(database, tmp_path / "a.sqlite3", NOW, tmp_path / "before.sqlite3")
    assert everything(url) == before
    journal = Journal(url)
    number = journal.reports.report("小王", "missing", "新的")
    assert number > before["report"][-1]["id"], "the server goes on counting"
    journal.close()
    server_backup.backup(database, tmp_path / "b.sqlite3", NOW)
    backup.restore(tmp_path / "home2" / "journal.sqlite3", tmp_path / "b.sqlite3", NOW)
    again = everything(tmp_path / "home2" / "journal.sqlite3")
    assert again["turn"] == before["turn"] and again["ticket"] == before["ticket"] and len(again["report"]) == 2
    assert not [path.name for path in tmp_path.iterdir() if path.name.endswith(("-wal", "-shm", ".tmp"))]
    with pytest.raises(JournalError, match="已经存在"):
        server_backup.backup(database, tmp_path / "b.sqlite3", NOW)
    (tmp_path / "torn.sqlite3").write_bytes((tmp_path / "a.sqlite3").read_bytes()[:9000])
    with pytest.raises(JournalError):
        server_backup.restore(database, tmp_path / "torn.sqlite3", NOW, tmp_path / "c.sqlite3")
    assert everything(url)["turn"] == before["turn"], "a damaged backup changes nothing"
    database.close()


def test_figures_for_the_monitor_come_from_the_server(url, tmp_path):
    for one in filled(url):
        one.close()
    status = SimpleNamespace(generation=None, problem=None)
    said = Monitor(SimpleNamespace(status=lambda: status), Store(tmp_path / "store"), url).text().decode()
    assert 'zhanggui_up{part="journal"} 1.0' in said
    assert 'value="down"' in said
    assert "zhanggui_tickets_waiting 1.0" in said


def test_every_table_is_moved(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite3")
    journal.tickets.listed()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == set(TABLES)
    journal.close()


def test_a_newer_schema_is_refused(url):
    journal = Journal(url)
    journal.tickets.listed()
    database = open_database(url)
    with database.write() as connection:
        connection.execute("UPDATE journal_schema SET version = 99")
    journal.close()
    with pytest.raises(JournalError, match="升级程序"):
        Journal(url).tickets.listed()
    database.close()


def test_deleted_rows_are_given_back_to_the_server(url, clock):
    journal = Journal(url, clock)
    journal.turn("v", "customer", "怎么退货？", ANSWER)
    assert journal.visitors.delete(journal.visitors.find("v"), "小王") == (1, 0)
    assert journal.turns("v") == []
    journal.close()


@pytest.mark.parametrize("wrong", ["mysql://u:geheim@h/d", "postgresql://u:geheim@h", "postgresql://u:geheim@h:port/d", "什么"])
def test_an_address_that_is_none_is_told_without_its_password(wrong):
    pytest.importorskip("sqlalchemy")
    with pytest.raises(SettingsError) as caught:
        open_database(wrong)
    assert "[journal] url" in str(caught.value) and "geheim" not in str(caught.value)


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(SettingsError, match=r"zhanggui\[postgres\]"):
        open_database("postgresql://u:p@h/d")


def test_the_setting_chooses(tmp_path, monkeypatch, caplog):
    home = Home(tmp_path)
    assert journal_of(home) == home.journal
    home.settings_file.write_text('[journal]\nurl = "postgresql://u:p@h/d"\n', encoding="utf-8")
    assert journal_of(home) == "postgresql://u:p@h/d"
    monkeypatch.setenv("KB_JOURNAL_URL", "")
    assert journal_of(home) == home.journal
    assert isinstance(home.journal, Path)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_full_disk_is_told_and_leaves_nothing_beside(url, tmp_path, monkeypatch):
    for one in filled(url):
        one.close()
    database = open_database(url)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.backup.sync_folder", full)
    with pytest.raises(JournalError, match="写不进去.*磁盘空间"):
        server_backup.backup(database, tmp_path / "a.sqlite3", NOW)
    monkeypatch.undo()
    server_backup.backup(database, tmp_path / "b.sqlite3", NOW)
    before = everything(url)
    monkeypatch.setattr("bot.server_backup.shutil.copyfile", full)
    with pytest.raises(JournalError, match="写不进去.*磁盘空间"):
        server_backup.restore(database, tmp_path / "b.sqlite3", NOW, tmp_path / "c.sqlite3")
    assert everything(url) == before
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    database.close()
