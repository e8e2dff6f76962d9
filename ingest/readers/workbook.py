"""Excel workbooks: every visible sheet is a table; merged cells and formulas are read as they are shown."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from ingest.document import Block, Document
from ingest.tables import Row, read_table
from kb.errors import SourceError

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

MAX_UNPACKED_BYTES = 1 << 30
"""A workbook that unpacks to more than this is refused before it is read."""

BIG_SHEETS_BYTES = 16 << 20
"""Workbooks with more than this in their sheets are read row by row; merged cells then count for their first row only."""

_FAULTS = (KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, zipfile.BadZipFile, zlib.error, EOFError)
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_DEFAULT_NAME = re.compile(r"(?:sheet|工作表|表)\s*\d*", re.IGNORECASE)


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    import openpyxl

    size, with_formulas = _inspect(data)
    is_big = size > BIG_SHEETS_BYTES
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, read_only=is_big)
        formulas = openpyxl.load_workbook(io.BytesIO(data), read_only=is_big) if with_formulas else None
        sheets = [_read_sheet(sheet, formulas[sheet.title] if formulas else None) for sheet in book.worksheets]
    except _FAULTS as error:
        raise SourceError("Excel 工作簿打不开，可能已损坏；请用 Excel 或 WPS 打开后另存，再试一次。") from error
    visible = [sheet for sheet in sheets if sheet.is_visible]
    blocks: list[Block] = []
    warnings = [f"工作表“{sheet.title}”是隐藏的，没有收录。" for sheet in sheets if not sheet.is_visible]
    questions = 0
    for sheet in visible:
        where = f"工作表“{sheet.title}”" if len(visible) > 1 else ""
        table = read_table(sheet.rows, where)
        if table.blocks and not _DEFAULT_NAME.fullmatch(sheet.title):
            blocks.append(Block(sheet.title, "heading", level=1))
        blocks.extend(table.blocks)
        warnings.extend(_unknown_results(sheet.unknown, where))
        warnings.extend(table.warnings)
        questions += table.questions
    return Document(source, tuple(blocks), warnings=tuple(warnings), questions=questions)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet as text; ``unknown`` names cells whose formula has no stored result."""

    title: str
    is_visible: bool
    rows: list[Row]
    unknown: list[str]


def _read_sheet(sheet: Worksheet, formulas: Worksheet | None) -> _Sheet:
    is_visible = sheet.sheet_state == "visible"
    for each in filter(None, (sheet, formulas)):
        # Row by row, openpyxl believes the sheet's own dimension and drops all rows beyond a wrong one.
        reset = getattr(each, "reset_dimensions", None)
        if reset is not None:
            reset()
    unknown = list(_cells_without_result(sheet, formulas)) if formulas and is_visible else []
    return _Sheet(sheet.title, is_visible, list(_rows(sheet)) if is_visible else [], unknown)


def _inspect(data: bytes) -> tuple[int, bool]:
    """Unpacked size of the sheets in bytes, and whether any of them holds formulas.

    Raises:
        SourceError: no whole archive, or one that would fill the memory.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise SourceError("Excel 工作簿展开后超过 1 GB；请拆成几个小一些的文件后再试。")
            sheets = [member for member in members if member.filename.startswith("xl/worksheets/sheet")]
            return sum(member.file_size for member in sheets), any(_has_formula(archive, member) for member in sheets)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise SourceError("Excel 工作簿打不开，可能已损坏或没有传完整；请用 Excel 或 WPS 打开后另存，再试一次。") from error


def _has_formula(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as stream:
        before = b""
        while chunk := stream.read(1 << 20):
            if _FORMULA.search(before + chunk):
                return True
            before = chunk[-4:]
    return False


def _rows(sheet: Worksheet) -> Iterator[Row]:
    areas = sheet.merged_cells.ranges if hasattr(sheet, "merged_cells") else ()
    merged = {
        (row, area.min_col): (area.min_row, area.min_col)
        for area in areas
        for row in range(area.min_row + 1, min(area.max_row, sheet.max_row) + 1)
    }
    for number, cells in enumerate(sheet.iter_rows(), 1):
        values = []
        for column, cell in enumerate(cells, 1):
            # A cell merged over several rows speaks for each of them (a category beside its questions).
            if (number, column) in merged:
                cell = sheet.cell(*merged[number, column])
            values.append(_text(cell))
        yield number, tuple(values)


def _text(cell: Cell) -> str:
    """A cell as a spreadsheet shows it, as far as that carries meaning."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.strip()
        return "" if text.startswith("=DISPIMG(") else text  # how WPS keeps a picture in a cell
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
        if "%" in cell.number_format:
            return f"{round(value * 100, 6):.12g}%"
        return f"{round(value, 10):.15g}" if isinstance(value, float) else str(value)
    return str(value).strip()


def _cells_without_result(shown: Worksheet, formulas: Worksheet) -> Iterator[str]:
    """Formulas whose result the file does not hold (written by a program, never opened in Excel)."""
    for row, shown_row in zip(formulas.iter_rows(), shown.iter_rows(), strict=False):
        for cell, shown_cell in zip(row, shown_row, strict=False):
            if cell.data_type == "f" and shown_cell.value is None:
                yield cell.coordinate


def _unknown_results(cells: Sequence[str], where: str) -> Iterator[str]:
    if cells:
        named = "、".join(cells[:5]) + ("等" if len(cells) > 5 else "")
        yield f"{where}单元格 {named} 的公式没有保存结果，按空白处理；请用 Excel 或 WPS 打开并保存一次。"
