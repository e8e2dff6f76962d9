from __future__ import annotations

import pytest

from bot import followup
from bot.session import Sessions
from tests.doubles import Clock


@pytest.mark.parametrize(
    ("text", "choice"),
    [("1", "甲"), ("２", "乙"), ("第二个", "乙"), ("第3個。", None), ("二", "乙"), ("9", None), ("12", None), ("甲", "甲"), (" 乙", "乙"), ("丙", None), ("", None)],
)
def test_choices_by_number(text, choice):
    assert followup.chosen(text, ["甲", "乙"]) == choice


@pytest.mark.parametrize(
    ("text", "rejected"),
    [("不是这个", True), ("都不是", True), ("不對", True), ("答非所问", True), ("我问的不是这个", True), ("没解决", True),
     ("不是质量问题能退吗", False), ("不对称的杯子有吗", False), ("是这个", False)],
)  # fmt: skip
def test_corrections(text, rejected):
    assert followup.rejects(text) is rejected


@pytest.mark.parametrize(
    ("before", "text", "first"),
    [
        ("可以退货吗", "那运费呢", "退货运费"),
        ("怎么开发票", "要多久", "怎么开发票要多久"),
        ("可以退货吗", "可以用支付宝付款吗", "可以用支付宝付款吗"),
        ("", "那运费呢", "那运费呢"),
        ("可以退货吗", "那如果我已经拆开用过好几天了还能不能退", "那如果我已经拆开用过好几天了还能不能退"),
    ],
)
def test_short_messages_lean_on_the_last_question(before, text, first):
    with Sessions(Clock()).use("a") as conversation:
        conversation.question = before
        readings = followup.readings(text, conversation)
    assert readings[0] == first
    assert readings[-1] == text
