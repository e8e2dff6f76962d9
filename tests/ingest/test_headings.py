from __future__ import annotations

import pytest

from ingest.headings import find_headings, is_question, strip_label


def titles(text: str, raw: bool = True) -> list[str]:
    return [heading.title for heading in find_headings(text, 0, len(text), raw=raw)]


@pytest.mark.parametrize(
    "line",
    ["第1章 总则", "第十二章 附则", "第三节 付款", "一、退货", "十一、其他", "（一）适用范围", "(二) 例外", "1.1 定义", "6.2.3 运费的计算", "2.1付款方式"],
)
def test_numbered_lines_are_headings(line):
    assert titles(f"{line}\n正文在这里，说明具体的规定。\n") == [line]


@pytest.mark.parametrize(
    "line",
    [
        "一、我们会在二十四小时内审核您的申请，审核通过后会以短信通知您寄回的地址。",
        "1.5 元起送",
        "1.5折优惠",
        "2.5kg以内按首重计算",
        "（一）提交申请；",
        "2024.1.1起执行新的规则。",
        "一二三四五",
        "1.1 保持专注：全身心投入，避免分心。理解客户的诉求。",
        "3.14",
    ],
)
def test_numbers_in_text_are_not_headings(line):
    assert titles(f"前面的话。\n{line}\n正文在这里。\n") == []


def test_ranks_nest_chapter_over_section_over_item():
    text = "第1章 总则\n一、范围\n（一）商品\n1. 家电\n说明。\n1.1 小家电\n说明。\n"
    ranks = [heading.rank for heading in find_headings(text, 0, len(text), raw=True)]
    assert ranks == sorted(ranks) and len(set(ranks)) == len(ranks) == 5


def test_a_numbered_line_heads_a_section_only_with_a_body_of_its_own():
    assert titles("说明：\n1. 提交申请\n2. 寄回商品\n3. 等待退款\n") == []
    assert titles("说明如下。\n1. 提交申请\n在订单页点击申请售后，填写原因。\n2. 寄回商品\n填写运单号。\n") == ["1. 提交申请", "2. 寄回商品"]
    assert titles("1. 提交申请\n在订单页点击申请售后。\n", raw=False) == []


def test_the_first_line_can_be_the_title():
    assert titles("售后服务政策\n\n为了保障您的权益，特制定本政策。\n") == ["售后服务政策"]
    assert titles("售后服务政策\n一、退货\n七天内可退。\n") == ["售后服务政策", "一、退货"]
    assert titles("您好，欢迎光临。\n\n请问有什么可以帮您。\n") == []
    assert titles("第一行\n第二行\n") == []


def test_a_question_on_its_own_line_heads_its_answer():
    text = "可以货到付款吗？\n部分地区可以。\n\n怎么退货？\n在订单页申请。\n"
    assert titles(text) == ["可以货到付款吗？", "怎么退货？"]
    assert titles(text, raw=False) == []


@pytest.mark.parametrize(
    "text",
    ["“请问有什么可以帮您？”\n客户会说明问题。\n", "他问道\n可以退吗？\n我说可以。\n", "甲吗？\n乙吗？\n", "√ 请问还有补充吗？\n记录。\n"],
)
def test_questions_in_speech_and_prose_are_text(text):
    assert titles(text) == []


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("1. 怎么退货？", "怎么退货？"),
        ("二、退款多久到账？", "退款多久到账？"),
        ("Q3：能换吗？", "能换吗？"),
        ("问：能换吗？", "能换吗？"),
        ("（三）能换吗？", "能换吗？"),
        ("第2章 付款", "付款"),
        ("怎么退货？", "怎么退货？"),
        ("7天内可以退吗？", "7天内可以退吗？"),
        ("1、", "1、"),
    ],
)
def test_labels_are_taken_off(title, bare):
    assert strip_label(title) == bare


def test_question_marks_of_both_widths():
    assert is_question("可以吗？") and is_question("可以吗? ") and not is_question("可以。")


def test_a_million_lines_take_no_quadratic_time():
    text = "这是一行普通的说明文字吗？不是。\n" * 100_000
    assert titles(text) == []
