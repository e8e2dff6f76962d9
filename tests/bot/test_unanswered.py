from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from bot.journal import Journal
from bot.records import Citation, Reply
from kb.errors import InputError

ANSWER = Reply("可以的。", "answer", "question", 0.9, (Citation("faq-1", "faq.csv", "", "可以的。"),))
NONE = Reply("很抱歉。", "handoff", "question", 0.1)
CHOICES = Reply("您可能想问", "clarify", "question", 0.5, choices=("怎么退货？", "运费谁出？"))
SCRIPTED = Reply("很抱歉。", "scripted", "question", 1.0)


def told(journal: Journal, **given) -> list[tuple]:
    return [(one.question, one.times, one.reasons) for one in journal.unanswered(**given)]


def test_every_way_of_asking_in_vain_counts_and_no_other(journal):
    with journal.together():
        journal.turn("a", "customer", "能刻字吗", NONE)
        journal.turn("b", "customer", "能刻字吗？", NONE)
        journal.turn("c", "customer", "退货的钱", CHOICES)
        journal.turn("c", "customer", "今天天气", ANSWER)
        journal.turn("d", "customer", "退货的事", CHOICES)
        journal.turn("d", "customer", "第2个", ANSWER)
        journal.turn("e", "customer", "发货吗", CHOICES)
        journal.turn("e", "customer", "怎么退货？", ANSWER)
        journal.rate(journal.turn("f", "customer", "开票吗", ANSWER), "f", "down")
        journal.mark_unsolved(journal.turn("g", "customer", "保修吗", ANSWER), "g")
        journal.turn("h", "customer", "能换吗", ANSWER)
        journal.turn("h", "customer", "没有解决我的问题", SCRIPTED)
        journal.turn("i", "customer", "再见", Reply("再见", "scripted", "goodbye"))
    assert sorted(told(journal)) == sorted([
        ("能刻字吗", 2, {"none": 2}),
        ("退货的钱", 1, {"clarify": 1}),
        ("开票吗", 1, {"down": 1}),
        ("保修吗", 1, {"unsolved": 1}),
        ("能换吗", 1, {"unsolved": 1}),
    ])  # fmt: skip


def test_a_choice_that_was_taken_and_did_not_help_counts_as_its_question(journal):
    journal.turn("a", "customer", "退货的钱", CHOICES)
    journal.rate(journal.turn("a", "customer", "2", ANSWER), "a", "down")
    assert told(journal) == [("运费谁出？", 1, {"down": 1})]


class Meaning:
    """Texts with 刻 mean one thing, others each their own."""

    name, dimension, fingerprint = "meaning", 64, "meaning"

    def questions(self, texts):
        rows = [np.eye(64, dtype=np.float32)[0 if "刻" in text else 1 + place] for place, text in enumerate(texts)]
        return np.stack(rows)


def test_wordings_of_one_meaning_are_one_with_an_encoder(journal):
    for text in ("能刻字吗", "能刻字吗", "可以帮我刻名字不", "刻字服务有吗", "会下雨吗"):
        journal.turn("v", "customer", text, NONE)
    (first, second) = journal.unanswered(encoder=Meaning())
    assert (first.question, first.times, set(first.wordings)) == ("能刻字吗", 4, {"能刻字吗", "可以帮我刻名字不", "刻字服务有吗"})
    assert (second.question, second.times) == ("会下雨吗", 1)
    assert len(journal.unanswered()) == 4


def test_what_was_handled_is_open_again_once_it_is_asked_in_vain(journal, clock):
    journal.turn("v", "customer", "能刻字吗", NONE)
    journal.turn("v", "customer", "天气好吗", NONE)
    clock.pass_(minutes=1)
    journal.settle(["能刻字吗"], "handled", "小王")
    journal.settle(["天气好吗"], "ignored", "小李")
    assert {one.question: (one.state, one.who) for one in journal.unanswered()} == {
        "能刻字吗": ("handled", "小王"),
        "天气好吗": ("ignored", "小李"),
    }
    clock.pass_(minutes=1)
    journal.turn("v", "customer", "能刻字吗", NONE)
    journal.turn("v", "customer", "天气好吗", NONE)
    assert {one.question: one.state for one in journal.unanswered()} == {"能刻字吗": "open", "天气好吗": "ignored"}
    journal.settle(["天气好吗"], "open", "小李")
    assert {one.state for one in journal.unanswered()} == {"open"}
    with pytest.raises(InputError, match="maybe"):
        journal.settle(["x"], "maybe", "小王")
    with pytest.raises(InputError, match="谁"):
        journal.settle(["x"], "handled", " ")


def test_only_what_was_asked_lately_and_at_most_so_many(journal, clock):
    journal.turn("v", "customer", "旧的", NONE)
    clock.pass_(days=40)
    for text in ("新的", "新的", "另一个"):
        journal.turn("v", "customer", text, NONE)
    assert [one.question for one in journal.unanswered(since=clock.now - timedelta(days=30))] == ["新的", "另一个"]
    assert [one.question for one in journal.unanswered(1)] == ["新的"]
