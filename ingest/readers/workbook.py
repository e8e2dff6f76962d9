"""Spreadsheets (xlsx, xls, ods): every visible sheet is a table; merged cells and formulas are read as they are shown."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from ingest.document import Block, Document
from ingest.readers.package import Package
from ingest.readers.sheetmarks import Marks, marks_of
from ingest.tables import Row, read_table
from kb.errors import SourceError

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

MAX_COLUMNS = 1_000
"""Cells further to the right are no table; they are left out."""

_DEFAULT_NAME = re.compile(r"(?:sheet|工作表|表)\s*\d*", re.IGNORECASE)


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    from python_calamine import CalamineError, PasswordError, SheetTypeEnum, SheetVisibleEnum, load_workbook

    marks: Mapping[str, Marks] = {}
    if data.startswith(b"PK"):
        package = Package(data, "Excel 工作簿", "Excel")
        marks = marks_of(package) if package.names("xl/") else {}
    blocks: list[Block] = []
    warnings: list[str] = []
    questions = 0
    try:
        book = load_workbook(io.BytesIO(data))
        sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        visible = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
        warnings.extend(f"工作表“{sheet.name}”是隐藏的，没有收录。" for sheet in sheets if sheet.name not in visible)
        for name in visible:
            where = f"工作表“{name}”" if len(visible) > 1 else ""
            own = marks.get(name, Marks())
            sheet = book.get_sheet_by_name(name)
            if sheet.width > MAX_COLUMNS:
                warnings.append(f"{where or '表格'}只读了前 {MAX_COLUMNS} 列，右边还有 {sheet.width - MAX_COLUMNS} 列没有收录；请核对。")
            table = read_table(list(_rows(sheet, own)), where)
            if table.blocks and not _DEFAULT_NAME.fullmatch(name):
                blocks.append(Block(name, "heading", level=1))
            blocks.extend(table.blocks)
            warnings.extend((*_told(own, where), *table.warnings))
            questions += table.questions
    except PasswordError as error:
        raise SourceError("文件有密码保护，打不开；请取消密码后另存，再试一次。") from error
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError("Excel 工作簿打不开，可能已损坏；请用 Excel 或 WPS 打开后另存，再试一次。") from error
    return Document(source, tuple(blocks), warnings=tuple(warnings), questions=questions)


def _rows(sheet: CalamineSheet, marks: Marks) -> Iterator[Row]:
    """The visible rows; a cell merged over several rows speaks for each of them (a category beside its questions)."""
    if sheet.start is None or sheet.end is None:
        return
    # Rows come counted from the first of the sheet, cells from the first column that holds anything.
    offset, last = sheet.start[1] + 1, sheet.end[0] + 1
    merged: dict[int, list[tuple[int, int]]] = {}
    tops: dict[tuple[int, int], str] = {}
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        if bottom > top:
            tops[top + 1, left + 1] = ""
            for row in range(top + 2, min(bottom + 1, last) + 1):
                merged.setdefault(row, []).append((top + 1, left + 1))
    shown = [at for at in range(min(sheet.width, MAX_COLUMNS)) if at + offset not in marks.hidden_columns]
    for number, cells in enumerate(sheet.iter_rows(), 1):
        values = [_text(cell) for cell in cells[:MAX_COLUMNS]]
        if marks.percentages:
            for at, cell in enumerate(cells[:MAX_COLUMNS]):
                if (number, at + offset) in marks.percentages and isinstance(cell, (int, float)):
                    values[at] = f"{round(cell * 100, 6):.12g}%"
        for top, left in merged.get(number, ()):
            if 0 <= left - offset < len(values):
                values[left - offset] = tops[top, left]
        if tops:
            for at, value in enumerate(values):
                if (number, at + offset) in tops:
                    tops[number, at + offset] = value
        if number not in marks.hidden_rows:
            yield number, tuple(values) if len(shown) == len(values) else tuple(values[at] for at in shown)


def _text(value: int | float | str | bool | time | date | datetime | timedelta) -> str:
    """A cell as a spreadsheet shows it, as far as that carries meaning."""
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
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02d}"
    return f"{round(value, 10):.15g}"


def _told(marks: Marks, where: str) -> Iterator[str]:
    if marks.hidden_rows:
        yield f"{where}{_counted('行', sorted(marks.hidden_rows))}是隐藏的（或被筛选掉），没有收录。"
    if marks.hidden_columns:
        letters = [_letters(number) for number in sorted(marks.hidden_columns)]
        yield f"{where}{'、'.join(letters[:5])}{'等' if len(letters) > 5 else ''}列是隐藏的，没有收录。"
    if marks.unknown:
        named = "、".join(marks.unknown[:5]) + ("等" if len(marks.unknown) > 5 else "")
        yield f"{where}单元格 {named} 的公式没有保存结果，按空白处理；请用 Excel 或 WPS 打开并保存一次。"


def _counted(unit: str, numbers: Sequence[int]) -> str:
    named = "、".join(map(str, numbers[:5]))
    return f"第 {named} {unit}" if len(numbers) <= 5 else f"第 {named} 等 {len(numbers)} {unit}"


def _letters(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(65 + digit) + text
    return text
