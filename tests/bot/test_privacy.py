from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.privacy import contacts, mask

FULL_WIDTH = str.maketrans("0123456789+-", "０１２３４５６７８９＋－")
SPOKEN = str.maketrans("0123456789", "零一二三四五六七八九")


def mobile(dice: random.Random) -> str:
    return "1" + dice.choice("3456789") + "".join(dice.choices("0123456789", k=9))


def citizen(dice: random.Random) -> str:
    head = f"{dice.randrange(110000, 660000)}{dice.randrange(1940, 2015)}{dice.randrange(1, 13):02d}{dice.randrange(1, 29):02d}"
    head += f"{dice.randrange(1000):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return head + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(head, weights, strict=True)) % 11]


def card(dice: random.Random) -> str:
    head = "62" + "".join(dice.choices("0123456789", k=dice.choice((13, 16))))
    doubled = [int(digit) * 2 if place % 2 == 0 else int(digit) for place, digit in enumerate(reversed(head))]
    return head + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def grouped(number: str, sizes: tuple[int, ...], gap: str) -> str:
    pieces, at = [], 0
    for size in (*sizes, len(number)):
        if at < len(number):
            pieces.append(number[at : at + size])
            at += size
    return gap.join(pieces)


def written_forms(dice: random.Random) -> list[tuple[str, str]]:
    """Pairs of a number and one way people write it."""
    phone, person, bank = mobile(dice), citizen(dice), card(dice)
    order = "".join(dice.choices("123456789", k=18))
    return [
        (phone, phone),
        (phone, f"+86{phone}"),
        (phone, f"86-{grouped(phone, (3, 4), '-')}"),
        (phone, f"(+86){grouped(phone, (3, 4), ' ')}"),
        (phone, grouped(phone, (3, 4), "－")),
        (phone, grouped(phone, (3, 4), ".")),
        (phone, grouped(phone, (4, 3), " ")),
        (phone, grouped(phone, (1,) * 11, " ")),
        (phone, phone.translate(FULL_WIDTH)),
        (phone, phone.translate(SPOKEN)),
        (phone, "\u200b".join((phone[:3], phone[3:7], phone[7:]))),
        (person, person),
        (person, person.lower()),
        (person, grouped(person, (6, 8), " ")),
        (person, person.translate(FULL_WIDTH)),
        (person[:6] + person[8:17], person[:6] + person[8:17]),
        (bank, bank),
        (bank, grouped(bank, (4, 4, 4, 4), " ")),
        (bank, grouped(bank, (4, 4, 4, 4), "-")),
        (order, order),
        (order[:12], f"订单号：{order[:12]}"),
        (order[:15], f"231122-{order[:15]}"),
    ]


def test_made_numbers_in_every_written_form_are_masked():
    dice = random.Random(20261122)
    missed = []
    for _ in range(60):
        for number, written in written_forms(dice):
            text = f"我的号码是{written}，麻烦查一下"
            masked = mask(text)
            if written in masked or number in masked or not masked.startswith("我的号码是"):
                missed.append((text, masked))
    assert missed == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我的手机号是１３８１２３４５６７８，请回电", "我的手机号是138****5678，请回电"),
        ("13812345678,13912345678", "138****5678,139****5678"),
        ("一三八一二三四五六七八", "一三八****五六七八"),
        ("邮箱 zhang.san@qq.com", "邮箱 z***@qq.com"),
        ("邮箱x＠163.com", "邮箱x***@163.com"),
        ("打010-62345678转12", "打010-****"),
        ("（0755）88889999", "0755-****"),
        ("座机：87654321", "座机：****"),
        ("订单号：JD123456789012", "订单号：****9012"),
        ("快递单号SF1234567890123", "快递单号****0123"),
        ("微信号abc_12345", "微信号a***"),
        ("姓名：张三丰，电话13812345678", "姓名：张**，电话138****5678"),
        ("收货地址：北京市朝阳区建国路88号1栋", "收货地址：（地址已隐去）"),
        ("身份證11010119900307123X", "身份證****123X"),
    ],
)
def test_what_is_kept(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "价格1299.00元，满200减30",
        "2026-11-22 10:30:00下的单，2026-11-23 09:00发货",
        "1-30 2026-11-22",
        "型号A13-2026，货号88012345",
        "商品条码6901234567892",
        "下单时间20261122093000",
        "请拨打400-820-8820",
        "可以用微信支付吗",
        "收货地址怎么修改",
        "7天无理由，15天换货，1000积分抵10元",
        "10000-20000 mAh，5V/2A，220V",
        "您好，您的订单已发货，预计3-5天送达。",
        "",
        "😀" * 50,
    ],
)
def test_prices_dates_codes_and_talk_stay(text):
    assert mask(text) == text


def test_reading_of_contacts():
    assert contacts("请打１３８-１２３４-５６７８或发a.b@qq.com") == ["13812345678", "a.b@qq.com"]
    assert contacts("打010-62345678") == ["010-62345678"]
    assert contacts("满200减30，3天到") == []


@given(st.text(alphabet="0123456789 -+@.一二三八手机号订单微信xX１３8:，\n", max_size=60))
def test_masking_twice_changes_nothing_more(text):
    assert mask(mask(text)) == mask(text)


@given(st.text(alphabet="0123456789 一号Xx", max_size=80))
def test_no_long_number_survives(text):
    assert re.search(r"(?<![0-9])[0-9]{15,}", mask(text)) is None


def test_ten_thousand_digits_are_quick():
    assert mask("1" * 10_000) == "****1111"
    assert mask("13812345678 " * 800).count("****") == 800
