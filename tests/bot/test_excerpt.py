from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.excerpt import excerpt, tidy
from kb.text import sentences

LONG = "本店支持七天无理由退货。" + "商品须保持完好。" * 20 + "运费由责任方承担！" + "退款原路返回。" * 20


@pytest.mark.parametrize("limit", [30, 60, 100, 300])
def test_the_sentence_that_answers_leads_and_all_are_whole(limit):
    text = excerpt(LONG, "运费谁承担", limit).text
    assert len(text) <= limit
    assert text.startswith("运费由责任方承担！")
    assert text[-1] in "。！"


def test_what_fits_is_said_whole_and_odd_texts_survive():
    assert excerpt("一句话", "x", 300).text == "一句话"
    assert excerpt("字" * 1_000, "字", 300).text == "字" * 1_000
    assert excerpt("", "", 300).text == ""
    assert excerpt("。！？\n" * 200, "", 300).text


@pytest.mark.parametrize("opening", ["此外，", "因此", "但是，", "同时，", "其费用", "它", "该项费用", "（2）", "这笔钱"])
def test_a_sentence_that_leans_on_another_brings_it_along(opening):
    filler = "这里写的是别的事情。" * 10
    text = f"{filler}大件商品由专车配送。{opening}搬运费由您支付给师傅。{filler}"
    assert excerpt(text, "搬运费怎么付", 60).text.startswith("大件商品由专车配送。")


def test_a_heading_is_no_sentence():
    text = "运费说明\n" + "退货运费由责任方承担。" + "这里写的是别的事情。" * 20 + "\n退款说明\n" + "退款原路返回。" + "这里写的还是别的。" * 20
    assert excerpt(text, "退款说明", 60).text.startswith("退款原路返回。")


STEPS = "申请步骤如下：\n1. 打开我的订单；\n2. 点击申请售后；\n3. 寄回商品；\n4. 等待验收。"


def test_a_list_that_fits_comes_whole_with_what_announces_it():
    text = "这里写的是别的事情。" * 20 + f"\n{STEPS}\n" + "这里写的还是别的。" * 20
    found = excerpt(text, "怎么寄回商品", 80)
    assert STEPS in found.text and found.rest == 0
    assert found.text.index(STEPS) == 0


def test_of_a_list_that_does_not_fit_comes_a_part_and_how_much_is_left():
    points = [f"{number}. 第{number}步要做的事情，请按页面提示办理；" for number in range(1, 60)]
    found = excerpt("流程如下：\n" + "\n".join(points), "第30步怎么办理", 150)
    head, *shown = found.text.split("\n")
    assert head == "流程如下：" and points[29] in shown and set(shown) <= set(points)
    assert [int(point.split(".")[0]) for point in shown] == list(range(30, 30 + len(shown)))
    assert len(shown) + found.rest == 59 and len(found.text) <= 150


def test_nothing_ends_by_announcing_what_does_not_come():
    text = "先说一句要紧的话，运费由责任方承担。以下情况不适用：\n" + "\n".join(f"- 第{n}种特别的情况，请您留意；" for n in range(20))
    said = excerpt(text, "运费谁承担", 100).text
    assert said == "先说一句要紧的话，运费由责任方承担。"


@pytest.mark.parametrize(
    ("given", "tidied"),
    [
        ("有三点:(1)保持专注。(2)耐心倾听。(3)积极反馈。", "有三点:\n(1)保持专注。\n(2)耐心倾听。\n(3)积极反馈。"),
        ("一些规范:4.3.1保持微笑;4.3.2倾听客户。", "一些规范:\n1. 保持微笑;\n2. 倾听客户。"),
        ("5.2氛围要好。5.2.1保持礼貌。5.2.2积极回应。", "氛围要好。\n1. 保持礼貌。\n2. 积极回应。"),
        ("4.3.1保持微笑。4.3.2倾听客户。综上，要有耐心。", "1. 保持微笑。\n2. 倾听客户。\n综上，要有耐心。"),
        ("有两种：①退货；②换货。", "有两种：\n①退货；\n②换货。"),
        ("步骤：1、打开订单；2、点击申请。", "步骤：\n1、打开订单；\n2、点击申请。"),
        ("2.1 友好接待。\n2.2 记录信息。", "1. 友好接待。\n2. 记录信息。"),
        ("2.1 客户接触- 接收问题。\n- 快速回应。\n2.2 跟进\n- 保持沟通。", "客户接触：\n- 接收问题。\n- 快速回应。\n跟进：\n- 保持沟通。"),
        ("3.2 顺丰每单加12元。", "顺丰每单加12元。"),
        ("- 地区：江浙沪；天数：1天\n- 地区：新疆；天数：5天", "- 江浙沪，天数：1天\n- 新疆，天数：5天"),
        ("1. **申请复核**：联系客服。", "1. 申请复核：联系客服。"),
        ("可以。。退货，，请申请！！", "可以。退货，请申请！"),
        ("运费\n由责任方承担。", "由责任方承担。"),
        ("支持退货。另外适用于", "支持退货。"),
        ("客户投诉是重要途径。高", "客户投诉是重要途径。"),
        ("常用的工具:9.1.1即时通讯工具很方便。", "常用的工具:\n即时通讯工具很方便。"),
        ("1. 一步。\n\n2. 两步。", "1. 一步。\n2. 两步。"),
        ("*在线客服\n*电话", "- 在线客服\n- 电话"),
    ],
)
def test_layout_is_mended(given, tidied):
    assert tidy(given, "运费") == tidied


@pytest.mark.parametrize(
    "text",
    [
        "首重10.5元，续重3.2元。",
        "2.5公斤以内8元，2.6公斤起12元。",
        "例如（1）日签收，8日前可以申请。",
        "一般地区：满99元包邮；偏远地区：满199元包邮。",
        "- 手机号；\n- 收货人：姓名、地址；电话：座机",
        "请稍候……我们会尽快回复。",
        "客服热线：400 820 8820",
        "乘法 2*3*4 与 a_b_c",
        "3.15活动当天满减。",
        "版本1.2和1.3都支持。",
    ],
)
def test_what_is_fine_stays_as_it_is(text):
    assert tidy(text, "运费") == text


CLAUSES = st.sampled_from(["退货", "运费由您承担", "请联系客服", "（2）", "1. ", "- ", "其", "如下", "**", "3.2 ", "12元", "A", "\u200b", "😀"])
MARKS = st.sampled_from(["，", "。", "！", "；", "：", "\n", "\n\n", " ", "。。", ""])
TEXTS = st.lists(st.tuples(CLAUSES, MARKS), max_size=60).map(lambda pairs: "".join(word + mark for word, mark in pairs))


@given(text=TEXTS, asked=st.sampled_from(["", "运费谁承担", "退货", "A"]), limit=st.sampled_from([20, 60, 300]))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_whole_pieces_of_it_within_the_limit(text, asked, limit):
    tidied = tidy(text)
    found = excerpt(tidied, asked, limit)
    assert found.text or not tidied
    pieces = re.split(r"(?<=[。！？；\n])|\n", found.text)
    assert all(piece.strip("：\n ") in tidied for piece in pieces)
    if len(found.text) > limit:
        longest = max(end - start for start, end in sentences(tidied))
        lines = max(len(line) for line in tidied.split("\n"))
        heads = max((len(line) for line in tidied.split("\n") if line), default=0)
        assert len(found.text) <= max(longest, lines, limit) + heads + 2


@given(text=TEXTS)
@settings(max_examples=200, deadline=None)
def test_mending_twice_changes_nothing_more(text):
    assert tidy(tidy(text)) == tidy(text)
