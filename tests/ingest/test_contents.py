from __future__ import annotations

import pytest

from ingest.contents import find_contents
from tests.ingest.files import read

NAMES = ["总则", "下单", "付款方式", "配送", "签收", "退货", "换货"]


def contents(text):
    return [(text[one.start : one.end], one.entries) for one in find_contents(text, 0, len(text))]


def test_entries_run_together_are_read_by_their_numbers():
    text = "购物指南第1章总则 11.1适用范围 21.2名词解释 3第2章付款 42.1货到付款 52.2在线支付 6第1章总则1.1适用范围本指南适用于本店。"
    (found,) = find_contents(text, 0, len(text))
    assert found.titles == {
        "第1章": "总则",
        "1.1": "适用范围",
        "1.2": "名词解释",
        "第2章": "付款",
        "2.1": "货到付款",
        "2.2": "在线支付",
    }
    assert text[found.end :].startswith("第1章总则1.1适用范围本指南")


def test_bookmark_digits_between_entries_are_no_pages():
    text = 'TOC\\o"1-2"\\h\\u1203第1章总则 5100231.1适用范围 5100341.1.1地区 6100561.1.2商品 761.2例外 7第1章总则1.1适用范围'
    (found,) = find_contents(text, 0, len(text))
    assert (found.start, list(found.titles)) == (0, ["第1章", "1.1", "1.1.1", "1.1.2", "1.2"])


@pytest.mark.parametrize(
    "lines",
    [
        [f"{n}. {name}........{n * 2}" for n, name in enumerate(NAMES, 1)],
        [f"第{n}章 {name}\t{n * 2}" for n, name in enumerate(NAMES, 1)],
        [f"{n}.1 {name} {n * 2}" for n, name in enumerate(NAMES, 1)],
        [f"- [{name}](#{n})" for n, name in enumerate(NAMES, 1)],
    ],
)
@pytest.mark.parametrize("head", ["目录\n", "目 錄\n\n", ""])
def test_lines_with_pages_or_links(lines, head):
    text = "购物指南\n\n" + head + "\n".join(lines) + "\n\n第1章 总则\n本指南适用于本店。\n"
    assert contents(text) == [(head + "\n".join(lines), len(NAMES))]


def test_names_after_the_word_that_all_come_again():
    text = "目录\n下单\n付款\n\n下单\n在商品页点击购买。\n\n付款\n三十分钟内付款。\n"
    assert contents(text) == [("目录\n下单\n付款", 2)]


@pytest.mark.parametrize(
    "text",
    [
        "苹果 5\n香蕉 6\n梨 7\n桃 8\n李 9\n",
        "第1章 总则\n本指南适用于本店。\n第2章 付款\n支持在线支付。\n",
        "1. 提交申请\n2. 寄回商品\n3. 等待退款\n4. 完成\n",
        "本店目录每季更新，欢迎索取。",
    ],
)
def test_other_lists_are_kept(text):
    assert contents(text) == []


def test_no_contents_in_passages_and_the_report_says_so():
    text = (
        "购物指南\n\n目录\n"
        + "\n".join(f"第{n}章 {name}......{n}" for n, name in enumerate(NAMES, 1))
        + "\n\n第1章 总则\n本指南适用于本店。\n"
    )
    result = read(text, "指南.txt")
    assert [entry.text for entry in result.entries] == ["本指南适用于本店。"]
    assert any("目录没有收录" in warning and "7 项" in warning for warning in result.warnings)


def test_a_heading_that_names_the_contents_and_what_it_lists():
    result = read("# 指南\n\n## 目录\n\n- 下单\n- 付款\n\n## 下单\n\n在商品页点击购买。\n", "指南.md")
    assert [entry.text for entry in result.entries] == ["在商品页点击购买。"]
    assert result.entries[0].place.heading == ("指南", "下单")
