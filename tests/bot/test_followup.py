from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis.strategies import text

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


def read(before: str, text: str) -> list[str]:
    with Sessions(Clock()).use("a") as conversation:
        conversation.question = before
        return [reading.text for reading in followup.readings(text, conversation)]


@pytest.mark.parametrize(
    ("before", "text", "among"),
    [
        ("可以退货吗", "那运费呢", "退货运费"),
        ("怎么开发票", "要多久", "开发票要多久"),
        ("怎么开发票", "要多久", "发票什么时候"),
        ("换货运费谁出", "退货呢", "退货运费谁出"),
        ("可以寄到国外吗", "那香港台湾呢？", "可以寄到香港台湾"),
        ("优惠券在哪里领", "怎么用呢", "优惠券怎么用"),
        ("可以用花呗分期吗", "那这个退款怎么算", "花呗分期退款怎么算"),
        ("怎么申请退货", "怎么弄", "申请退货怎么弄"),
        ("人工客服几点上班", "春节呢", "春节客服几点上班"),
        ("怎么申请退货", "我说的是换货不是退货", "怎么申请换货"),
        ("怎么申请退货", "不对，是发票", "发票"),
    ],
)
def test_short_messages_lean_on_the_last_question(before, text, among):
    assert among in read(before, text)


@pytest.mark.parametrize(
    ("before", "text"),
    [("", "那运费呢"), ("可以退货吗", "那如果我已经拆开用过好几天了还能不能退"), ("怎么退货", "？？")],
)
def test_what_says_all_it_means_or_nothing_stands_alone(before, text):
    assert read(before, text) == [text]


def test_few_readings_and_never_the_last_question_itself():
    found = read("大件商品怎么配送，运费怎么收，要不要预约", "上楼收费吗")
    assert found[0] == "上楼收费吗" and 1 < len(found) <= followup.MOST_READINGS
    assert "退货" not in read("退货", "退货")[1:]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("我说的是换货不是退货", True), ("不对，是发票", True), ("说错了，是退货", True), ("我的意思是投诉快递员", True),
     ("不是质量问题能退吗", False), ("不是这个", False), ("怎么退货", False)],
)  # fmt: skip
def test_corrections_that_say_what_was_meant(text, meant):
    assert followup.means(text) is meant


@given(text())
def test_any_words_can_be_read_after_any_others(words):
    assert read("怎么申请退货", words)[0] is not None
    assert read(words, "那运费呢")
