from __future__ import annotations

import sqlite3

import pytest

from bot.closing import CHOICES, rated
from bot.errors import JournalError
from bot.records import TurnView


def ratings(home_journal) -> list[tuple[str, str, str]]:
    with home_journal._database.read() as connection:
        return [tuple(row) for row in connection.execute("SELECT turn, value, comment FROM rating")]


@pytest.mark.parametrize(
    ("words", "value", "comment"),
    [("满意", "up", ""), ("不满意", "down", ""), ("不太满意，等太久了", "down", "不太满意，等太久了"), ("非常满意！", "up", "非常满意！"), ("不滿意", "down", "")],
)
def test_the_closing_rating_is_kept_for_the_last_answer(assistant, journal, words, value, comment):
    answer = assistant.reply("v", "可以货到付款吗？")
    asked = assistant.reply("v", "再见")
    assert asked.choices == CHOICES and asked.outcome == "scripted"
    reply = assistant.reply("v", words)
    assert reply.outcome == "scripted" and "感谢您的评价" in reply.text and not reply.choices
    assert ratings(journal) == [(answer.turn, value, comment)]


def test_praise_that_nobody_asked_for_is_no_rating(assistant, journal):
    assistant.reply("v", "可以货到付款吗？")
    assistant.reply("v", "满意")
    assert ratings(journal) == []


def test_a_question_after_the_rating_was_asked_for_is_answered(assistant, journal):
    assistant.reply("v", "可以货到付款吗？")
    assistant.reply("v", "再见")
    assert assistant.reply("v", "可以货到付款吗？").outcome == "answer"
    assert ratings(journal) == []


def test_a_rating_that_cannot_be_kept_is_not_said_to_be(assistant, journal, monkeypatch):
    assistant.reply("v", "可以货到付款吗？")
    assistant.reply("v", "再见")

    def full(*arguments, **named):
        raise JournalError("full") from sqlite3.OperationalError("disk full")

    monkeypatch.setattr(journal, "rate", full)
    reply = assistant.reply("v", "不满意")
    assert "没能为您记录" in reply.text and not reply.turn


def test_a_conversation_without_a_stored_turn_cannot_be_rated():
    assert rated("满意", [TurnView("bot", "请您评价", (), CHOICES, "")]) is None
