from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.numbers import fold, is_bank_card, is_citizen_number
from bot.privacy import contacts, mask
from tests.bot.personal import Sample, samples

ROOT = Path(__file__).parents[2]
CHINESE = str.maketrans("零〇幺一二三四五六七八九壹贰叁肆伍陆柒捌玖", "001123456789123456789")


def readable(sample: Sample, masked: str) -> bool:
    """Whether what was to be masked can still be read."""
    if sample.kind in ("name", "address", "form", "mail", "wechat"):
        return sample.secret.lower() in fold(masked).lower()
    digits = re.sub(r"[^0-9X]", "", fold(masked.replace("O", "0")).translate(CHINESE).upper())
    secret = re.sub(r"[^0-9X]", "", sample.secret)
    return (secret[3:-4] if len(secret) > 10 else secret) in digits


def test_personal_data_in_every_written_form_is_masked():
    seen, missed = Counter(), Counter()
    for sample in samples(seed=20261127, rounds=12):
        seen[sample.kind] += 1
        masked = mask(sample.text)
        missed[sample.kind] += readable(sample, masked)
        assert mask(masked) == masked
    assert {kind: times for kind, times in missed.items() if times > 0.02 * seen[kind]} == {}
    assert sum(missed.values()) <= 0.01 * sum(seen.values())


def test_the_knowledge_of_the_shop_is_not_masked():
    lines = [
        line
        for path in sorted((ROOT / "knowledge").rglob("*"))
        if path.suffix in (".md", ".csv")
        for line in path.read_text(encoding="utf-8-sig").splitlines()
        if line.strip()
    ]
    changed = [line for line in lines if mask(line) != line]
    assert len(lines) > 500 and len(changed) <= 0.01 * len(lines), changed


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
        "客服热线0571-88886666，每天9:00至21:00，也可以写信到客服邮箱zhanggui@shop.com",
        "退货请寄到以下退货地址：浙江省杭州市余杭区文一西路969号3号楼售后部",
        "满13800元送礼，优惠1380、1480、1580",
        "型号E12345678，SKU 138001380001，税号91110108551385082Q",
        "北京市朝阳区能送吗，寄到新疆要几天",
        "收件人写错了怎么办，联系人怎么改，收货人在家才能签收吗",
        "楼道1层放着，1号线3号楼，订单里3号商品少发了",
        "第1批138件第2批001件，一三五七九有活动吗",
        "服务器139.196.123.45",
    ],
)
def test_prices_dates_codes_and_talk_stay(text):
    assert mask(text) == text


def test_reading_of_contacts():
    assert contacts("请打１３８-１２３４-５６７８或发a.b@qq.com") == ["13812345678", "a.b@qq.com"]
    assert contacts("打010-62345678") == ["010-62345678"]
    assert contacts("满200减30，3天到") == []


@given(st.text(alphabet="0123456789 -+@.*一二三八手机号订单微信姓名收件人王路省市区栋室xXOat１３8:，\n", max_size=60))
def test_masking_twice_changes_nothing_more(text):
    assert mask(mask(text)) == mask(text)


@given(st.text(alphabet="0123456789 一号Xx", max_size=80))
def test_no_long_number_survives(text):
    assert re.search(r"(?<![0-9])[0-9]{15,}", mask(text)) is None


def test_ten_thousand_digits_are_quick():
    assert mask("1" * 10_000) == "****1111"
    assert mask("13812345678 " * 800).count("****") == 800


def test_what_the_knowledge_says_is_public():
    fact = "门店在杭州市西湖区文三路1号，店长电话13812345678。"
    assert mask(f"您好，{fact}", public=fact) == f"您好，{fact}"
    assert mask("我的电话13912345678", public=fact) == "我的电话139****5678"


@pytest.mark.parametrize(
    ("number", "right"),
    [("11010519491231002X", True), ("110105194912310021", False), ("110105194902300021", False), ("130503670401001", True)],
)
def test_check_digit_of_citizen_numbers(number, right):
    assert is_citizen_number(number) is right


def test_luhn_check_of_cards():
    assert is_bank_card("4539578763621486") and not is_bank_card("4539578763621487")
    assert not is_bank_card("1234567812345670")  # passes the check, but no issuer begins so
