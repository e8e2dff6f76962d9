from __future__ import annotations

import io

import pytest

from tests.contracts import ReaderContract
from tests.ingest.office import ods, pdf, slides, word

TEXTS = {
    "指南.md": "# 付款\n\n部分地区支持货到付款。\n".encode(),
    "指南.txt": "付款说明\n部分地区支持货到付款。\n".encode(),
    "问答.csv": "问题,答案\n可以货到付款吗？,部分地区支持。\n".encode("utf-8-sig"),
    "页面.html": (
        "<html><body><article><h1>付款说明</h1><p>部分地区支持货到付款，结算页会显示是否可选。</p></article></body></html>"
    ).encode(),
    "问答.jsonl": '{"问题": "可以货到付款吗？", "答案": "部分地区支持。"}\n'.encode(),
}


def workbook() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["问题", "答案"])
    book.active.append(["可以货到付款吗？", "部分地区支持。"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


MADE = {
    "问答.xlsx": workbook,
    "指南.docx": lambda: word(lambda document: document.add_paragraph("部分地区支持货到付款。")),
    "培训.pptx": lambda: slides(lambda deck: _title(deck, "部分地区支持货到付款")),
    "手册.pdf": lambda: pdf([[(60, 100, 11, "部分地区支持货到付款。")]]),
    "问答.ods": ods,
}


def _title(deck, text):
    deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = text


class TestReaders(ReaderContract):
    @pytest.fixture(params=[*TEXTS, *MADE])
    def file(self, request):
        name = request.param
        return (MADE[name]() if name in MADE else TEXTS[name]), name
