from __future__ import annotations

import io

import pytest

from tests.contracts import ReaderContract

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


class TestReaders(ReaderContract):
    @pytest.fixture(params=[*TEXTS, "问答.xlsx"])
    def file(self, request):
        name = request.param
        return (workbook() if name.endswith("xlsx") else TEXTS[name]), name
