from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kb.question import LONG_CHARS, Question, core, parts, understand
from kb.sounds import Sounds
from kb.synonyms import Synonyms
from kb.text import has_words, letters, normalise

SYNONYMS = Synonyms([("支付宝", "zfb"), ("现金", "现钱")])
STORY = (
    "我上个星期在你们店里买了一件红色的羽绒服。本来很喜欢。结果今天收到一看袖子是破的。我特别失望。"
    "这种情况能不能退货呢？孩子还等着穿。运费谁出？"
)


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("你好，请问货到付款吗？谢谢", "货到付款吗"),
        ("您好！请问一下怎么退货，在线等，急急急", "怎么退货"),
        ("亲，在吗？想问下运费谁出呀，谢谢啦", "运费谁出呀"),
        ("麻烦问下发票怎么开", "发票怎么开"),
        ("不好意思打扰一下 请问地址怎么改？辛苦了～", "地址怎么改"),
        ("我想知道退款多久到账！非常感谢您", "退款多久到账"),
        ("Hello，can i pay by card? Thanks!", "can i pay by card"),
        ("请问请问怎么退", "怎么退"),
        ("请问您好，怎么退货", "怎么退货"),
        ("您好，請問壞了幫不幫修啊，謝謝", "坏了帮不帮修啊"),  # Traditional
        ("ＨＩ，７天無理由怎麼退？ＴＨＸ", "7天无理由怎么退"),  # full width
    ],
)
def test_courtesies_are_put_aside(message, asked):
    assert core(normalise(message)) == asked


@pytest.mark.parametrize("message", ["你好", "谢谢", "请问", "在线等", "在吗", "hi", "您好！", "谢谢😀", "退"])
def test_a_courtesy_alone_is_the_message(message):
    assert core(normalise(message)) == normalise(message)


@pytest.mark.parametrize(
    "message",
    [
        "谢谢惠顾卡怎么兑换",
        "收到的卡写着谢谢,能退吗",
        "客服几点上班",
        "客服电话是多少",
        "投诉客服找谁",
        "急用怎么加急发货",
        "问题件怎么处理",
        "问卷在哪里填",
        "咨询电话是多少",
        "你好评返现是真的吗",
        "亲子装有货吗",
        "亲肤面料会起球吗",
        "喂奶期间能用吗",
        "hitachi冰箱怎么保修",
        "退货麻烦吗",
    ],
)
def test_a_word_of_the_question_is_no_courtesy(message):
    assert core(message) == message


def test_of_a_long_message_the_asking_sentences_count():
    assert len(STORY) > LONG_CHARS
    assert core(normalise("你好。" + STORY + "谢谢了")) == "这种情况能不能退货呢? 运费谁出?"


def test_a_long_message_that_asks_nothing_is_kept():
    told = normalise("我上个星期在店里买的羽绒服今天收到了。袖子是破的。里面的绒都跑出来了。穿不了。我很失望。想退掉它。")
    assert len(told) > LONG_CHARS and core(told) == told


MESSAGES = st.lists(
    st.sampled_from(
        ["你好", "请问", "谢谢", "在线等", "急", "亲", "麻烦您了", "有谁知道", "怎么退货", "货到付款吗", "我买的鞋小了", "能换吗"]
        + ["，", "。", "？", "!", " ", "~", "😀", "hi", "thx", "可以吗", "问下", "客服", "a", "", "我昨天收到货袖子是破的里面的绒都跑出来了"]
    ),
    max_size=16,
).map("".join)


@given(MESSAGES | st.text(max_size=60))
@example("😀")
def test_putting_courtesies_aside_never_leaves_nothing(message):
    words = normalise(message)
    rest = core(words)
    assert has_words(rest) or rest == words
    assert len(letters(rest)) <= len(letters(words))


@given(MESSAGES)
def test_what_is_left_holds_no_more_courtesies(message):
    once = core(normalise(message))
    assert core(once) == once


def test_a_question_without_anything_to_mend_has_one_reading():
    question = understand("怎么退货?", SYNONYMS, Sounds({}))
    assert question == Question("怎么退货?", "怎么退货?", "怎么退货?") and question.readings == ("怎么退货?",)


def test_signs_alone_make_no_second_reading():
    assert understand("怎么退货??", SYNONYMS, Sounds({})).readings == ("怎么退货??",)


def test_courtesies_and_abbreviations_leave_one_reading():
    question = understand(normalise("你好，ＺＦＢ和现钱都行吗？"), SYNONYMS, Sounds({}))
    assert question.readings == ("支付宝和现钱都行吗?",)
    assert question.beside == "现金"


def test_what_was_typed_stays_beside_what_was_meant():
    question = understand("你好,怎么推货?", SYNONYMS, Sounds({"退货": 9, "怎么": 9}))
    assert question.readings == ("怎么推货?", "怎么退货?")


def test_several_questions_are_several_parts():
    assert parts("您好！怎么退货？運費誰出？我有点急。怎么退货？谢谢") == ("怎么退货？", "運費誰出？")
    assert parts(STORY) == ("这种情况能不能退货呢？", "运费谁出？")


@pytest.mark.parametrize("message", ["", "你好！", "在吗？谢谢？", "😀？？", "我的鞋小了。"])
def test_a_message_may_ask_nothing(message):
    assert parts(message) == ()


@pytest.mark.parametrize(
    "wall",
    ["!" * 10_000, ", " * 5_000, "谢谢 " * 2_000, "急" * 10_000, "你好 " * 3_300, "a" * 10_000, "怎么?" * 3_300],
    ids=lambda wall: wall[:4],
)
def test_ten_thousand_characters_take_bounded_time(wall):
    begun = time.perf_counter()
    understand(wall, SYNONYMS, Sounds({"退货": 3}))
    assert time.perf_counter() - begun < 5
