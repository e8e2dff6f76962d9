from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from bot.journal import Journal
from bot.migrations import MIGRATIONS
from bot.records import Citation, Reply
from bot.sqlite import SqliteDatabase
from bot.tickets import STATES, Facts
from kb.errors import InputError


@pytest.fixture
def tickets(journal):
    return journal.tickets


def test_the_way_of_a_ticket(tickets, clock):
    key = tickets.open("v", "complaint_slow", "等了三天", due=clock.now + timedelta(hours=24)).id
    tickets.take(key, "小王")
    assert (tickets.listed()[0].state, tickets.listed()[0].taken_by) == ("in_progress", "小王")
    with pytest.raises(InputError, match="小王"):
        tickets.take(key, "小李")
    tickets.wait(key, "小王", "请顾客补发照片，电话13812345678")
    assert tickets.listed(["waiting"])[0].id == key
    assert tickets.add(key, "v", detail="照片发了").state == "in_progress"
    tickets.note(key, "小李", "仓库说明天发")
    tickets.close(key, "小王", "已补发")
    (done,) = tickets.listed(["closed"])
    assert (done.closed_by, done.result, done.closed_at) == ("小王", "已补发", clock.now)
    for act in (tickets.close, tickets.take, tickets.release, tickets.wait):
        with pytest.raises(InputError, match="办结"):
            act(key, "小李")
    tickets.reopen(key, "小李", "又来了")
    with pytest.raises(InputError, match="还没有办结"):
        tickets.reopen(key, "小李")
    tickets.release(key, "小李")
    assert (tickets.listed()[0].state, tickets.listed()[0].taken_by, tickets.listed()[0].closed_at) == ("open", None, None)
    notes = tickets.card(key).notes
    assert [note.action for note in notes] == ["take", "take", "wait", "note", "close", "reopen", "release"]
    assert notes[2].text == "请顾客补发照片，电话138****5678"


def test_an_empty_note_and_an_unknown_number_are_told(tickets):
    key = tickets.open("v", "human", "转人工").id
    with pytest.raises(InputError, match="备注"):
        tickets.note(key, "小王", "  ")
    for act in (tickets.take, tickets.close, tickets.reopen, tickets.release, tickets.wait):
        with pytest.raises(InputError, match="T000"):
            act("T000", "小王")
    with pytest.raises(InputError, match="T000"):
        tickets.card("T000")


def test_filters_and_counts(tickets, clock):
    slow = tickets.open("a", "complaint_slow", "慢", due=clock.now + timedelta(hours=1)).id
    idea = tickets.open("b", "suggestion", "好主意").id
    mine = tickets.open("c", "human", "转人工", due=clock.now + timedelta(hours=9)).id
    tickets.take(mine, "小王")
    clock.pass_(hours=2)
    assert [one.id for one in tickets.listed(overdue=True)] == [slow]
    assert tickets.listed()[0].overdue(clock.now) and not tickets.listed()[1].overdue(clock.now)
    assert [one.id for one in tickets.listed(kinds=["suggestion", "complaint_slow"])] == [slow, idea]
    assert [one.id for one in tickets.listed(taken_by="小王")] == [mine]
    assert [one.id for one in tickets.listed(limit=1)] == [slow]
    tickets.close(slow, "小王")
    assert tickets.listed(STATES, overdue=True) == []
    assert tickets.counts() == {"open": 1, "in_progress": 1, "waiting": 0, "closed": 1}


def test_facts_are_put_together_and_only_the_last_four_of_an_order_are_kept(tickets):
    key = tickets.open("v", "complaint_error", "发错货", facts=Facts(what="少了一件，电话13812345678")).id
    tickets.add(key, "v", facts=Facts(order="2026112398765432", name="王女士"), contact="13812345678；a@b.cn")
    ticket = tickets.add(key, "v", facts=Facts(name="李先生"), contact="13812345678")
    assert ticket.facts == Facts("少了一件，电话138****5678", "****5432", "李先生")
    assert ticket.contact == "13812345678；a@b.cn"
    assert tickets.listed() == [ticket]


def test_a_customer_may_withdraw_the_own_ticket_only(tickets):
    key = tickets.open("v", "complaint_slow", "慢").id
    with pytest.raises(InputError, match=key):
        tickets.withdraw(key, "w")
    assert tickets.withdraw(key, "v").state == "closed"
    with pytest.raises(InputError, match="顾客本人"):
        tickets.take(key, "小王")
    assert tickets.card(key).ticket.result == "顾客已撤回"


def test_the_card_shows_what_was_said_and_what_was_answered(journal, clock):
    answer = Reply("可以用支付宝，打13812345678", "answer", "question", 0.9, (Citation("f", "", "", ""),))
    journal.turn("v", "customer", "很久以前", answer)
    clock.pass_(hours=5)
    journal.turn("v", "customer", "可以用支付宝吗，我是13812345678", answer)
    journal.turn("w", "customer", "别人的", answer)
    key = journal.tickets.open("v", "human", "转人工").id
    journal.turn("v", "customer", "转人工", Reply("好的", "handoff", "human_agent", ticket=key))
    card = journal.tickets.card(key)
    assert [one.question for one in card.transcript] == ["可以用支付宝吗，我是138****5678", "转人工"]
    assert [one.reply for one in card.answered] == ["可以用支付宝，打138****5678"]


def test_endless_additions_are_bounded(tickets):
    key = tickets.open("v", "complaint_other", "长" * 9_000).id
    for number in range(120):
        ticket = tickets.add(key, "v", detail=f"{number}" + "长" * 5_000)
    assert len(ticket.question) == 2_000 and len(ticket.details) == 100
    assert ticket.details[-1].startswith("119") and max(map(len, ticket.details)) == 2_000


def test_a_journal_of_the_first_version_is_taken_over_with_all_it_holds(tmp_path, clock):
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        connection.execute(
            "INSERT INTO ticket VALUES ('T1', '2026-11-23T05:00:00.000+00:00', 's', 'human', '转人工', '138', '[\"补充\"]',"
            " '2026-11-23T07:00:00.000+00:00', 'open', NULL, NULL)"
        )
        connection.execute(
            "INSERT INTO ticket VALUES ('T2', '2026-11-22T05:00:00.000+00:00', 's', 'question', '问', '', '[]', NULL,"
            " 'closed', '2026-11-22T06:00:00.000+00:00', '小王')"
        )
        connection.execute(
            "INSERT INTO turn VALUES ('t', '2026-11-23T05:00:00.000+00:00', 's', 'customer', '转人工', '转人工', '好的',"
            " 'handoff', 'human_agent', 1, NULL, NULL, '[]', '[]', 1, 'T1')"
        )
        connection.execute("INSERT INTO rating VALUES ('t', '2026-11-23T05:00:00.000+00:00', 'up', '')")
    journal = Journal(path, clock)
    first, second = journal.tickets.listed(STATES)
    assert (first.id, first.contact, first.details, first.state, first.facts) == ("T1", "138", ("补充",), "open", Facts())
    assert (second.id, second.state, second.closed_by, second.due) == ("T2", "closed", "小王", None)
    assert [one.question for one in journal.tickets.card("T1").transcript] == ["转人工"]
    journal.tickets.take("T1", "小王")
    with SqliteDatabase(path).read() as connection:
        assert connection.execute("SELECT value FROM rating").fetchone()[0] == "up"
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
