from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import fields
from tests.ingest.files import read


def without_fields(text: str) -> str:
    return fields.without_fields(text).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('退货说明见HYPERLINK "http://shop.example/t" \\h帮助中心。', "退货说明见帮助中心。"),
        ('见 HYPERLINK \\l "_Toc12" 第三节', "见  第三节"),
        ("运费 PAGEREF _Toc381 \\h 12说明", "运费 说明"),
        ("图 SEQ 图 \\* ARABIC 3 退货流程", "图  3 退货流程"),
        ("见REF _Ref99 \\h 表一", "见表一"),
        ('INCLUDEPICTURE "C:\\\\a.png" \\* MERGEFORMATINET正文', "正文"),
        ("eq \\o\\ac(○,3)拍照留证", "③拍照留证"),
        ("页脚 PAGE \\* MERGEFORMAT 完", "页脚  完"),
    ],
)
def test_field_codes_go_and_what_they_show_stays(before, after):
    assert without_fields(before) == after


@pytest.mark.parametrize("first", ["第1章运费", "1 运费", "1.1运费规则", "一、运费"])
def test_a_contents_field_goes_with_all_its_entries(first):
    entries = f"8123{first} 1100452.1谁来付运费 1210773退货：商品签收后请保持包装完好。 3"
    body = f"{first}本店满99元包邮。2.1谁来付运费质量问题由我们承担。"
    assert without_fields(f'手册TOC\\o"1-3"\\h\\u{entries}{body}') == f"手册\n{body}"


def test_entries_tell_which_headings_there_are():
    entries = "8123第1章运费 1100451.1谁来付运费 1210771.2运费标准 2210772第2章退货 321882.1退货条件 3"
    body = (
        "第1章运费1.1谁来付运费质量问题退回的商品，来回运费都由我们承担，您先垫付，收到商品后退回给您，一般两天内到账，到账后有短信通知；自己的原因退回的，运费由您承担，寄出之前可以先问我们大约要多少钱。"
        "1.2运费标准江浙沪每单八元，其他地区十二元，偏远地区以结算页显示的金额为准，满九十九元免运费，大件商品另外计算，下单之前可以看到；同一天下的几个订单可以合在一起寄，只收一次运费，请在备注里写明。"
        "第2章退货商品签收后请保持包装完好，七天之内都可以申请，提交之后我们会在一天之内审核。"
    )
    text = f'客服手册TOC\\o"1-3"\\h\\u{entries}{body}'
    assert without_fields(text) == f"客服手册\n{body}"
    result = read(text, "手册.txt")
    assert [entry.place.heading for entry in result.entries] == [
        ("客服手册", "第1章运费", "1.1谁来付运费"),
        ("客服手册", "第1章运费", "1.2运费标准"),
        ("客服手册", "第2章退货"),
    ]
    assert all("谁来付运费 " not in entry.text for entry in result.entries)
    assert any(line.startswith("目录没有收录（1 处）：“8123第1章") for line in result.warnings)


def test_a_contents_field_without_a_body_ends_with_its_last_entry():
    assert without_fields('TOC \\o "1-2" \\h运费 1退货 2\n正文从这里开始。') == "\n\n正文从这里开始。"


@pytest.mark.parametrize(
    "text", ["文件放在 D:\\客服\\话术 里", "Use HYPERLINK to link.", "TOC 指的是目录", "第3页 12", "a\\b", "DATE: 2024"]
)
def test_other_text_stays(text):
    assert without_fields(text) == text


@given(st.text(st.sampled_from('退货运费的了，。：\n 0123456789.abcTOCPAGE\\"hou'), max_size=120))
def test_removing_twice_changes_nothing_more(text):
    once = without_fields(text)
    assert without_fields(without_fields(once)) == without_fields(once)
    assert len(once) <= len(text) + 1
