from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from bot.journal import Journal
from bot.records import Reply
from bot.retention import CLASSES
from bot.settings import RetentionSettings
from bot.tickets import Facts
from kb.errors import SettingsError

SETTINGS = RetentionSettings(conversations=100, ratings=50, contacts=10, tickets=200, audit=300, login_failures=5)
ANSWER = Reply("好的", "answer", "question", 0.9)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "journal.sqlite3"


def rows(path, query: str) -> list[tuple]:
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def filled(journal: Journal) -> Journal:
    turn = journal.turn("v", "customer", "甲", ANSWER)
    journal.rate(turn, "v", "down")
    journal.mark_unsolved(turn, "v")
    journal.settle(["甲"], "ignored", "小王")
    journal.remember("v", {"turns": 1})
    closed = journal.tickets.open("v", "question", "乙", contact="13812345678", facts=Facts(name="张先生", order="1234567890"))
    journal.tickets.close(closed.id, "小王")
    journal.tickets.open("v", "question", "丙", contact="13912345678")
    return journal


@pytest.mark.parametrize(
    ("days", "gone"),
    [
        (9, {}),
        (11, {"contacts": 1}),
        (51, {"contacts": 1, "ratings": 2}),
        (101, {"contacts": 1, "ratings": 0, "conversations": 2}),
        (201, {"contacts": 1, "conversations": 2, "tickets": 1}),
        (301, {"contacts": 1, "conversations": 2, "tickets": 1, "audit": 1}),
    ],
)
def test_each_class_goes_at_its_own_time_and_open_tickets_stay(filled, clock, days, gone):
    clock.pass_(days=days)
    assert filled.retain(SETTINGS, dry_run=True) == filled.retain(SETTINGS) == {**dict.fromkeys(CLASSES, 0), **gone}
    assert set(filled.retain(SETTINGS).values()) == {0}
    assert filled.tickets.listed()[0].contact == "13912345678"


def test_a_dry_run_changes_nothing(filled, clock, path):
    clock.pass_(days=1000)
    before = rows(path, "SELECT count(*) FROM turn"), rows(path, "SELECT * FROM audit")
    assert filled.retain(SETTINGS, dry_run=True)["conversations"] == 2
    assert (rows(path, "SELECT count(*) FROM turn"), rows(path, "SELECT * FROM audit")) == before


def test_the_contact_of_a_closed_ticket_goes_before_the_ticket(filled, clock):
    clock.pass_(days=11)
    filled.retain(SETTINGS)
    (closed,) = filled.tickets.listed(("closed",))
    assert closed.contact == "" and closed.facts.name == "" and closed.facts.order == "****7890"


def test_deleting_is_written_to_the_audit_as_numbers(filled, clock, path):
    clock.pass_(days=101)
    filled.retain(SETTINGS)
    assert rows(path, "SELECT detail FROM audit WHERE action = 'retain'") == [("conversations=2 contacts=1",)]


def test_what_a_conversation_stands_at_is_kept_for_a_day(filled, clock, path):
    clock.pass_(days=2)
    filled.retain(SETTINGS)
    assert rows(path, "SELECT count(*) FROM conversation") == [(0,)] and rows(path, "SELECT count(*) FROM turn") == [(1,)]


def test_a_term_that_is_not_positive_deletes_nothing(filled, path):
    with pytest.raises(SettingsError, match="contacts"):
        filled.retain(RetentionSettings(contacts=0))
    assert rows(path, "SELECT count(*) FROM turn") == [(1,)]


def test_a_day_is_time_enough_for_the_server(make, journal, clock):
    assistant = make(retention=RetentionSettings(conversations=1))
    assistant.reply("v", "可以货到付款吗？")
    clock.now += timedelta(days=2)
    assistant.welcome("w")
    assert journal.turns("v") == []
