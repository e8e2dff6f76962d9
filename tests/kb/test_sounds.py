from __future__ import annotations

import time

import pytest

from kb.lexical import LexicalIndex
from kb.sounds import Sounds
from kb.text import normalise

BASE = [
    "可以货到付款吗？",
    "支持货到付款的地区在结算页显示，你可以在那里查看。",
    "退货运费谁出？",
    "退货之前请先联系客服，你可以在订单页申请。",
    "优惠券怎么用？",
    "优惠券在结算页选择。",
    "怎么修改收货地址？",
    "收货地址在订单页修改。",
    "出险以后怎么报案？",
    "出险次数影响第二年的保费。",
]


@pytest.fixture(scope="module")
def sounds() -> Sounds:
    return Sounds(LexicalIndex.build([normalise(text) for text in BASE]).pairs())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("货道付宽", "货到付款"),
        ("货到付宽可以吗", "货到付款可以吗"),
        ("能火到付款吗", "能货到付款吗"),
        ("貨道付寬", "货到付款"),
        ("hdfk", "货到付款"),
        ("yhq怎么用", "优惠券怎么用"),
        ("huodaofukuan", "货到付款"),
        ("huodaofukuan可以吗", "货到付款可以吗"),
        ("ＤＩＺＨＩ写错了", "地址写错了"),
        ("shouhuodizhi", "收货地址"),
        ("tuihuo", "退货"),
        ("推货", "退货"),
    ],
)
def test_slips_and_initials_become_words_of_the_base(sounds, typed, meant):
    assert sounds.mend(normalise(typed)) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "退货运费谁出?",
        "出险了怎么办",  # of the base only
        "出现问题怎么办",  # sounds like the base's own 出险
        "这件衣服推荐吗",
        "推送的货物到哪了",
        "码头在哪",
        "地址",
        "今天天气怎么样",
        "",
        "😀?!",
    ],
)
def test_right_words_stay(sounds, typed):
    assert sounds.mend(typed) == typed


@pytest.mark.parametrize("typed", ["nike鞋", "iphone 15", "hello", "size", "html", "change", "lake", "shoes", "cod", "a", "xyz"])
def test_english_words_stay(sounds, typed):
    assert sounds.mend(typed) == typed


def test_letters_within_a_longer_word_are_no_initials(sounds):
    assert sounds.mend("hdfk2 xhdfk 3hdfk") == "hdfk2 xhdfk 3hdfk"


def test_mending_twice_changes_nothing(sounds):
    for typed in ("货道付宽", "hdfk", "huodaofukuan可以吗", "退货"):
        assert sounds.mend(sounds.mend(typed)) == sounds.mend(typed)


@pytest.mark.parametrize("typed", ["推货", "hdfk", "huodaofukuan", "优惠卷", ""])
@pytest.mark.parametrize("pairs", [{}, {"退货": 1}], ids=["empty", "once"])
def test_a_base_that_says_nothing_mends_nothing(typed, pairs):
    assert Sounds(pairs).mend(typed) == typed


@pytest.mark.parametrize(
    "wall",
    ["推" * 10_000, "是" * 10_000, "a" * 10_000, "nananananannananan " * 530, "推货优惠卷" * 2_000, "thyfthyfthyfthyf " * 600],
    ids=lambda wall: wall[:6],
)
def test_ten_thousand_characters_take_bounded_time(sounds, wall):
    begun = time.perf_counter()
    assert sounds.mend(wall)
    assert time.perf_counter() - begun < 5
