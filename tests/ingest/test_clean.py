from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clean import STEPS, clean, is_ordinary, steps_for
from ingest.document import Block, Document, FaqFields
from kb.config import ShopSettings
from tests.ingest.files import SHOP


def cleaned(text: str, kind: str = "text") -> tuple[str, tuple[str, ...]]:
    document, names = clean(Document("a.txt", (Block(text, kind),)), steps_for(SHOP))
    return document.text, names


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("一\r\n二\r三\u2028四", "一\n二\n三\n四", "line_ends"),
        ("货\u200b到\ufeff付\u202e款", "货到付款", "invisible"),
        ("货到\x07付款\x00", "货到付款", "control"),
        ("运费\xa08\u2009元", "运费 8 元", "spaces"),
        ("\u3000\u3000首行缩进。  \n下一行\u3000", "首行缩进。\n下一行", "line_edges"),
        ("一\n\n\n\n二", "一\n\n二", "blank_lines"),
        ("点![按钮](a.png)进入![图片](b.jpg)下一步", "点按钮进入下一步", "images"),
        ("上\n==========\n下", "上\n下", "rules"),
        ("ד这是规定”等等。", "×“这是规定”等等。", "marks"),
        ("欢迎来到{brand}。", "欢迎来到小竹家居。", "brand"),
    ],
)
def test_each_step_does_what_it_says_and_is_named(before, after, step):
    assert cleaned(before) == (after, (step,))


def test_every_step_has_a_test_a_name_and_a_description():
    names = [step.name for step in steps_for(SHOP)]
    assert len(names) == len(set(names)) == len(STEPS) + 1
    assert all(step.about for step in steps_for(SHOP))


@pytest.mark.parametrize(
    "text",
    [
        "货到付款，1.5折，￥99.00，（含税）——请您放心！",
        "一家人👨‍👩‍👧 都喜欢❤️",
        "請問可以貨到付款嗎？",
        "\ue048私有区字符是损坏的线索",
        "- 列表\n    - 缩进\n1. 步骤",
        "שלום ד",
    ],
)
def test_what_carries_meaning_stays(text):
    assert cleaned(text)[0] == text


def test_answers_questions_and_aliases_are_cleaned_too():
    fields = FaqFields("{brand}\u200b包邮吗？", aliases=("{brand}运费",), category="运\u200b费")
    document, _ = clean(Document("a.csv", (Block("满99元\r\n包邮。", "faq", faq=fields),)), steps_for(ShopSettings(brand="甲店")))
    block = document.blocks[0]
    assert (block.text, block.faq.question, block.faq.aliases, block.faq.category) == (
        "满99元\n包邮。",
        "甲店包邮吗？",
        ("甲店运费",),
        "运费",
    )


def test_blocks_that_clean_to_nothing_leave():
    document, _ = clean(Document("a.md", (Block("\u200b\n \n"), Block("正文"))), steps_for(SHOP))
    assert [block.text for block in document.blocks] == ["正文"]


@given(st.text(st.sampled_from('退货的REFHYPOLINKEMBD08 ，。：！-*=_.~"\\\\{}brand()“”![]\\u3000\\u200b\\n\\xa0'), max_size=30))
def test_nothing_is_cleaned_in_an_ordinary_line(text):
    if is_ordinary(text):
        assert all(step.apply(text) == text for step in steps_for(SHOP) if step.apply)


def test_common_cells_are_ordinary_lines():
    assert all(map(is_ordinary, ["部分地区支持（含运费）", "7天", "A-1", "请问“七天”指什么？", "9.5 折", "售后"]))
    assert not any(map(is_ordinary, ["", " 左", "右 ", "一\n二", "{brand}", "- 项", "运\u200b费", "\u3000", "……"]))


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("√ “请您谅解。\n”\n× “没办法。\n”", "√ “请您谅解。”\n× “没办法。”"),
        ("「稍等，\n  」他说。", "「稍等，」他说。"),
        ("（说明：以通知为准。\n）", "（说明：以通知为准。）"),
        ("他走了。\n”这样不好“", "他走了。\n”这样不好“"),
        ("“请稍等。\n\n”", "“请稍等。\n\n”"),
    ],
)
def test_a_closing_mark_goes_back_to_its_speech(text, after):
    assert cleaned(text)[0] == after


def test_a_line_that_comes_twice_in_a_row_stays_once_and_is_told():
    line = "及时响应：我们在二十四小时之内答复您的每一个问题。"
    text = f"1. {line}\n{line}\n2. 退货：{line}\n3. 好的。\n好的。"
    document, names = clean(Document("a.txt", (Block(text, "raw"),)), steps_for(SHOP))
    assert (document.text, names) == (f"1. {line}\n2. 退货：{line}\n3. 好的。\n好的。", ("repeated_lines",))
    assert document.warnings == (f"去掉了紧接着重复的一行（1 处）：“{line}”。",)


def test_cleaning_twice_changes_nothing():
    text = cleaned("\u3000标题\r\n\r\n\r\n\r\n一\u200b二\xa0三  \n-\n完")[0]
    assert cleaned(text) == (text, ())
