from __future__ import annotations

import pytest
from pptx.util import Cm

from ingest.readers import read
from kb.errors import SourceError
from tests.ingest.files import read as read_entries
from tests.ingest.office import repacked, slides


def deck(presentation):
    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "退货流程"
    first.placeholders[1].text = "提交申请\n寄回商品"
    first.notes_slide.notes_text_frame.text = "提醒七天期限"
    second = presentation.slides.add_slide(presentation.slide_layouts[5])
    second.shapes.title.text = "付款"
    for left, top, text in [(2, 14, "底部"), (12, 6, "右边"), (2, 6, "左边")]:
        second.shapes.add_textbox(Cm(left), Cm(top), Cm(5), Cm(2)).text_frame.text = text
    table = second.shapes.add_table(2, 2, Cm(2), Cm(9), Cm(15), Cm(4)).table
    for row, values in zip(table.rows, [("问题", "答案"), ("可以货到付款吗？", "部分地区支持。")], strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    hidden = presentation.slides.add_slide(presentation.slide_layouts[5])
    hidden.shapes.title.text = "内部数据"
    hidden._element.set("show", "0")


def test_slides_are_read_in_order_with_titles_tables_and_notes():
    document = read(slides(deck), "培训.pptx")
    assert [(block.kind, block.page, block.text) for block in document.blocks] == [
        ("heading", 1, "退货流程"),
        ("text", 1, "- 提交申请\n- 寄回商品\n\n备注：提醒七天期限"),
        ("heading", 2, "付款"),
        ("text", 2, "左边\n\n右边"),
        ("faq", 2, "部分地区支持。"),
        ("text", 2, "底部"),
    ]
    assert document.warnings == ("第 3 张幻灯片是隐藏的，没有收录。",)


def test_grouped_shapes_are_read():
    def fill(presentation):
        slide = presentation.slides.add_slide(presentation.slide_layouts[6])
        group = slide.shapes.add_group_shape()
        group.shapes.add_textbox(Cm(1), Cm(1), Cm(4), Cm(1)).text_frame.text = "组合里的文字"

    assert read(slides(fill), "a.pptx").text == "组合里的文字"


def test_entity_definitions_are_a_verdict():
    def change(name, part):
        return part.replace(b"?>", b'?><!DOCTYPE p [<!ENTITY a "aaaa">]>', 1) if name == "ppt/slides/slide1.xml" else part

    with pytest.raises(SourceError, match="实体"):
        read(repacked(slides(deck), change), "a.pptx")


def test_a_truncated_presentation_is_a_verdict():
    data = slides(deck)
    with pytest.raises(SourceError, match="损坏|压缩文件"):
        read(data[: len(data) // 2], "a.pptx")


def test_a_presentation_without_text_is_a_verdict():
    with pytest.raises(SourceError, match="没有可以收录的文字"):
        read(slides(lambda p: p.slides.add_slide(p.slide_layouts[6])), "a.pptx")


def test_every_entry_is_cited_with_its_slide():
    entries = read_entries(slides(deck), "培训.pptx").entries
    assert [(entry.kind, entry.place.page) for entry in entries] == [("passage", 1), ("passage", 2), ("faq", 2), ("passage", 2)]
