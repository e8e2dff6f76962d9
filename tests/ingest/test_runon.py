from __future__ import annotations

import pytest

from ingest.runon import find_inline
from tests.ingest.files import full_text, read


def titles(text: str, listed: dict[str, str] | None = None) -> list[str]:
    return [heading.title for heading in find_inline(text, 0, len(text), listed or {}, 9)]


def test_a_title_ends_where_the_first_number_below_it_begins():
    text = "三、发货安排1. 现货：当天十八点前付款的，当天发出。\n2. 预售：按页面写明的日期发出。\n四、包装要求（1）易碎品双层包装。"
    assert titles(text) == ["三、发货安排", "四、包装要求"]


def test_numbers_nest_without_any_line_break():
    text = "第1章总则1.1适用范围在本店购物时，适用本规则。1.2名词解释本规则所称工作日不含节假日。第2章退货2.1申请条件如果商品完好，可以申请。"
    assert titles(text) == ["第1章总则", "1.1适用范围", "1.2名词解释", "第2章退货", "2.1申请条件"]


def test_a_table_of_contents_tells_where_a_title_ends():
    text = "1.1验收外包装完好再签收。1.2拒收破损的当面拒收。"
    assert titles(text, {"1.1": "验收", "1.2": "拒收"}) == ["1.1验收", "1.2拒收"]
    assert titles(text) == []


def test_an_entry_of_the_contents_that_is_a_sentence_is_an_item():
    text = "1.1先看外包装；1.2再看封条是否完好；1.3最后签字。"
    assert titles(text, {"1.1": "先看外包装；", "1.2": "再看封条是否完好；", "1.3": "最后签字。"}) == []


def test_a_title_that_the_text_repeats_ends_before_the_repetition():
    assert titles("说明完毕。2.1验货流程验货流程分为三步。2.2配送时效配送时效以城市为准。") == [
        "2.1验货流程",
        "2.2配送时效",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "订单满2.5公斤的，加收运费。",
        "活动时间为1.1至1.3，过期无效。",
        "1. 收到货后如果发现破损，请当天联系我们。\n2. 拍照时请拍全外箱。\n3. 我们会在一个工作日内答复。",
        "1. 一步一步操作即可。\n2. 慢慢来。",
        "参见第3章的规定，不再重复。",
        "长×宽×高为10×20×30厘米。",
    ],
)
def test_numbers_in_sentences_and_lists_are_no_headings(text):
    assert titles(text) == []


def test_documents_joined_in_one_file_begin_anew():
    text = (
        "仓库收货管理办法一、引言仓库是全店的起点，收货的好坏影响后面每一步。\n收货时两人在场，逐件核对。\n"
        "二、收货步骤1. 核对送货单。\n2. 清点件数。\n3. 拍照留存。\n"
        "门店陈列工作手册（试行）一、引言陈列让顾客更容易找到想要的商品。\n二、陈列要求1. 同类商品放在一起。\n2. 价签朝外。\n"
    )
    paths = [entry.place.heading for entry in read(text, "合订.txt").entries]
    assert [path[0] for path in paths] == ["仓库收货管理办法", "门店陈列工作手册（试行）"]


def test_short_sections_in_a_running_text_are_one_passage():
    text = "第1章验收要求" + "".join(
        f"1.{n}{name}{name}要在签收之前完成，由两人共同确认并签字。"
        for n, name in enumerate(["外箱检查", "封条检查", "数量清点"], 1)
    )
    (passage,) = read(text, "验收.txt").entries
    assert passage.place.heading == ("第1章验收要求",)
    assert passage.text.startswith("1.1外箱检查") and passage.text.endswith("签字。")
    assert full_text(text, "验收.txt")[passage.place.start : passage.place.end] == passage.text


def test_time_grows_with_length_only():
    assert len(titles("说明。1.1甲乙丙丁戊己。" * 40_000)) < 10
