from __future__ import annotations

from datetime import date

import pytest

from ingest.notices import MOST_LISTED
from ingest.tables import read_table
from kb.errors import SourceError


def table(*rows, **options):
    return read_table(list(enumerate(rows, 1)), **options)


def test_a_faq_table_in_any_column_order_below_a_title_row():
    result = table(
        ("客服问答汇总", "", ""),
        ("", "", ""),
        ("答案", "分类", "问题"),
        ("部分地区可以。", "付款", "可以货到付款吗？"),
    )
    (block,) = result.blocks
    assert (block.kind, block.text, block.row) == ("faq", "部分地区可以。", 4)
    assert (block.faq.question, block.faq.category, block.faq.audience) == ("可以货到付款吗？", "付款", None)


@pytest.mark.parametrize(
    ("header", "missing"),
    [(("分类", "答案"), "问题"), (("问题", "负责人"), "答案"), (("答案",), "问题"), (("Question", "Owner"), "答案")],
)
def test_half_a_faq_table_gets_one_verdict_with_the_columns_found(header, missing):
    with pytest.raises(SourceError) as caught:
        table(header, tuple("值" for _ in header))
    message = str(caught.value)
    assert f"找不到{missing}列" in message and "\n" not in message
    assert all(f"“{name}”" in message for name in header)


def test_half_a_faq_table_inside_a_page_is_just_a_table():
    assert table(("分类", "答案"), ("付款", "可以"), strict=False).blocks[0].text == "分类：付款；答案：可以"


def test_rows_without_question_or_answer_are_named_and_left_out():
    result = table(("问题", "答案"), ("怎么退货？", ""), ("", "可以的。"), ("怎么换货？", "请联系客服。"))
    assert [block.faq.question for block in result.blocks] == ["怎么换货？"]
    assert result.warnings == ("第 2 行的答案是空的，这一行没有收录。", "第 3 行的问题是空的，这一行没有收录。")


def test_empty_rows_say_nothing():
    assert table(("问题", "答案"), ("", ""), ("问", "答案一")).warnings == ()


def test_bad_dates_keep_a_row_out_and_bad_audiences_make_it_internal():
    result = table(
        ("问题", "答案", "可见范围", "生效日期", "失效日期"),
        ("春节发货吗？", "照常发货。", "公开", "2025-01-20", "2025年2月10日"),
        ("店庆打折吗？", "全场九折。", "公开", "", "下个月"),
        ("怎么投诉？", "请联系客服。", "大家", "", ""),
        ("旧活动？", "已结束。", "公开", "2025-03-01", "2025-02-01"),
    )
    first, third = result.blocks
    assert (first.faq.valid_from, first.faq.valid_to) == (date(2025, 1, 20), date(2025, 2, 10))
    assert third.faq.audience == "internal"
    assert "第 3 行的失效日期“下个月”不是日期" in result.warnings[0]
    assert "第 4 行的可见范围“大家”" in result.warnings[1]
    assert "第 5 行的生效日期晚于失效日期" in result.warnings[2]


def test_several_questions_in_one_cell_are_one_question_and_its_aliases():
    (block,) = table(("问题", "答案", "相似问"), ("怎么退货？\n如何退货", "在订单页申请。", "想退掉|怎么退货？")).blocks
    assert (block.faq.question, block.faq.aliases) == ("怎么退货？", ("如何退货", "想退掉"))


def test_a_question_set_is_counted_not_indexed():
    result = table(("问题", "期望", "可见范围"), ("能到付吗", "可以货到付款吗？", "公开"), ("股票涨吗", "不回答", ""))
    assert (result.blocks, result.questions) == ((), 2)


def test_plain_rows_read_well_alone():
    result = table(("地区", "天数"), ("江苏", "1至2天"), ("西藏", "5至8天"))
    assert [(block.text, block.row) for block in result.blocks] == [("地区：江苏；天数：1至2天", 2), ("地区：西藏；天数：5至8天", 3)]


def test_a_table_of_figures_has_no_header():
    assert [block.text for block in table(("1", "2"), ("3", "4")).blocks] == ["1；2", "3；4"]


def test_long_cells_stand_on_lines_of_their_own():
    text = "先提交申请，审核通过后寄回商品，仓库验收后退款到原付款方式。" * 2
    assert table(("事项", "说明"), ("退货", text)).blocks[0].text == f"事项：退货\n说明：{text}"


def test_one_column_is_lines_of_text():
    assert [block.text for block in table(("温馨提示",), ("请保留包装。",)).blocks] == ["温馨提示", "请保留包装。"]


def test_a_column_name_with_a_colon_gets_no_second_one():
    assert [block.text for block in table(("名称：", "价格: "), ("竹筷", "9元")).blocks] == ["名称：竹筷；价格：9元"]


def test_thousands_of_bad_rows_are_counted_not_listed():
    result = table(("问题", "答案", "失效日期"), *[("怎么退货？", "", "")] * 3_000, *[("退货？", "可以。", "明天")] * 50)
    assert len(result.warnings) == 2 * MOST_LISTED + 2
    assert "第 2 行" in result.warnings[0]
    assert [line for line in result.warnings if "另有" in line] == [
        "同类提醒（空白）另有 2980 处，没有一一列出。",
        "同类提醒（日期）另有 30 处，没有一一列出。",
    ]
