"""Excel workbooks: every visible sheet is a table; merged cells and formulas are read as they are shown."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from ingest.document import Block, Document
from ingest.tables import Row, read_table
from kb.errors import SourceError

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

MAX_UNPACKED_BYTES = 1 << 30
"""A workbook that unpacks to more than this is refused before it is read."""

_DEFAULT_NAME = re.compile(r"(?:sheet|工作表|表)\s*\d*", re.IGNORECASE)


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    import openpyxl

    with_formulas = _check_archive(data)
    try:
        # Not read_only: that mode believes the sheet's dimension tag and drops all rows beyond a wrong one.
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(data)) if with_formulas else None
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, zipfile.BadZipFile, EOFError) as error:
        raise SourceError("Excel 工作簿打不开，可能已损坏；请用 Excel 或 WPS 打开后另存，再试一次。") from error
    blocks: list[Block] = []
    warnings: list[str] = []
    questions = 0
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for sheet in book.worksheets:
        if sheet not in sheets:
            warnings.append(f"工作表“{sheet.title}”是隐藏的，没有收录。")
    for sheet in sheets:
        where = f"工作表“{sheet.title}”" if len(sheets) > 1 else ""
        if formulas is not None:
            warnings.extend(_unknown_results(sheet, formulas[sheet.title], where))
        table = read_table(list(_rows(sheet)), where)
        if table.blocks and not _DEFAULT_NAME.fullmatch(sheet.title):
            blocks.append(Block(sheet.title, "heading", level=1))
        blocks.extend(table.blocks)
        warnings.extend(table.warnings)
        questions += table.questions
    return Document(source, tuple(blocks), warnings=tuple(warnings), questions=questions)


def _check_archive(data: bytes) -> bool:
    """Refuse archives that would fill the memory; whether any sheet holds formulas."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise SourceError("Excel 工作簿展开后超过 1 GB；请拆成几个小一些的文件后再试。")
            sheets = [member for member in members if member.filename.startswith("xl/worksheets/")]
            return any(b"<f" in archive.read(member) for member in sheets)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise SourceError("Excel 工作簿打不开，可能已损坏或没有传完整；请用 Excel 或 WPS 打开后另存，再试一次。") from error


def _rows(sheet: Worksheet) -> Iterator[Row]:
    merged = {
        (row, area.min_col): (area.min_row, area.min_col)
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row + 1, min(area.max_row, sheet.max_row) + 1)
    }
    for number, cells in enumerate(sheet.iter_rows(), 1):
        values = []
        for column, cell in enumerate(cells, 1):
            # A cell merged over several rows speaks for each of them (a category beside its questions).
            if (number, column) in merged:
                cell = sheet.cell(*merged[number, column])
            values.append(_text(cell.value, cell.number_format))
        yield number, tuple(values)


def _text(value: Any, number_format: str) -> str:
    """A cell as a spreadsheet shows it, as far as that carries meaning."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        at_midnight = value.time() == time(0)
        return value.date().isoformat() if at_midnight else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, (int, float)):
        if "%" in number_format:
            return f"{round(value * 100, 6):.12g}%"
        return f"{round(value, 10):.15g}" if isinstance(value, float) else str(value)
    text = str(value).strip()
    return "" if text.startswith("=DISPIMG(") else text  # how WPS keeps a picture in a cell


def _unknown_results(shown: Worksheet, formulas: Worksheet, where: str) -> Iterator[str]:
    """Formulas whose result the file does not hold (written by a program, never opened in Excel)."""
    cells = [
        cell.coordinate
        for row in formulas.iter_rows()
        for cell in row
        if cell.data_type == "f" and shown[cell.coordinate].value is None
    ]
    if cells:
        named = "、".join(cells[:5]) + ("等" if len(cells) > 5 else "")
        yield f"{where}单元格 {named} 的公式没有保存结果，按空白处理；请用 Excel 或 WPS 打开并保存一次。"
