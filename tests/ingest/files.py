"""Files for tests, written by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingest.entries import FileResult, read_document, read_entries
from kb.config import ShopSettings
from kb.records import Entry

SHOP = ShopSettings(brand="小竹家居")

FAQ_CSV = """问题,相似问,答案,分类,可见范围,生效日期,失效日期
可以货到付款吗？,能到付吗|收到再给钱行不行,部分地区可以货到付款，结算页会显示。,付款,公开,,
退货运费谁出？,寄回去的邮费,质量问题的运费由我们承担。,售后,公开,,
补偿最多多少？,,一线客服可批准三十元以内的补偿。,权限,内部,,
"""

GUIDE_MD = """# 售后政策

本政策适用于{brand}售出的全部商品。

## 一、退货

自签收次日起七天内，商品完好的可以申请退货。请您在订单页提交申请，我们在一个工作日内审核。

## 二、退款多久到账？

原路退回，一般一至三个工作日到账。银行卡以银行入账时间为准。
"""

ETIQUETTE_MD = """# 回复礼仪

### 情境：客户催发货

√ 很抱歉让您久等了，我马上为您催促仓库，今天下午六点前给您答复。
√ 您着急的心情我很理解，我现在就为您核实。
× 催也没用，等着吧。
× 仓库的事不归我管。

### 情境：客户表示感谢

- √ 不用客气，很高兴能帮到您。
- × 嗯。
"""


def read(text: str | bytes, name: str = "资料.md", **options: Any) -> FileResult:
    """The result of one file."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    return read_entries(data, name, SHOP, **options)


def full_text(text: str | bytes, name: str = "资料.md") -> str:
    """The cleaned text that offsets count in."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    return read_document(data, name, SHOP)[0].text


def entry_of(result: FileResult, beginning: str) -> Entry:
    """The one entry whose question or text begins like that."""
    found = [entry for entry in result.entries if entry.question.startswith(beginning) or entry.text.startswith(beginning)]
    assert len(found) == 1, [entry.text for entry in result.entries]
    return found[0]


def workbook(sheets: dict[str, Sequence[Sequence[Any]]], **hidden: bool) -> bytes:
    """An Excel workbook with these rows."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if hidden.get(name):
            sheet.sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def write(folder: Path, **files: str | bytes) -> Path:
    """Files under ``folder``; ``__`` in a name is a folder, the last ``_`` the dot before the suffix."""
    for name, content in files.items():
        path = folder / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return folder
