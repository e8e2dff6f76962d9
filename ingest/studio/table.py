"""Tables of questions: the studio's own, and those that editors take away and bring back (csv, xlsx)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from kb.editing import Fields

COLUMNS = ("问题", "相似问", "反例", "答案", "分类", "可见范围", "生效日期", "失效日期")
_SHOWN = {"public": "公开", "internal": "内部"}
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'(?='*[=+\-@\t\r])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def row_of(fields: Fields) -> tuple[str, ...]:
    """One row, a cell for each of :data:`COLUMNS`."""
    return (
        fields.question,
        "\n".join(fields.aliases),
        "\n".join(fields.counter_examples),
        fields.text,
        fields.category,
        _SHOWN[fields.audience],
        fields.valid_from.isoformat() if fields.valid_from else "",
        fields.valid_to.isoformat() if fields.valid_to else "",
    )


def own_table(rows: Iterable[Fields]) -> bytes:
    """The studio's own table, which the ordinary reader reads."""
    return _csv([COLUMNS, *map(row_of, rows)])


def as_csv(rows: Sequence[tuple[Fields, str]]) -> bytes:
    """A table to take away, with the file each question is from; no cell can act as a formula where it is opened."""
    lines = [(*COLUMNS, "来源"), *((*row_of(fields), source) for fields, source in rows)]
    return _csv([[f"'{cell}" if _FORMULA.match(cell) else cell for cell in line] for line in lines])


def as_xlsx(rows: Sequence[tuple[Fields, str]]) -> bytes:
    """The same as a workbook, every cell plain text."""
    from xlsxwriter import Workbook

    stream = io.BytesIO()
    with Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet("常见问题")
        sheet.freeze_panes(1, 0)
        for column, width in enumerate((32, 32, 20, 60, 14, 10, 12, 12, 20)):
            sheet.set_column(column, column, width)
        head, body = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        lines = [(*COLUMNS, "来源"), *((*row_of(fields), source) for fields, source in rows)]
        for number, line in enumerate(lines):
            for column, value in enumerate(line):
                # write_string never makes a formula, a number or a link of what it is given
                sheet.write_string(number, column, _CONTROL.sub("", value), body if number else head)
    return stream.getvalue()


def form_of(fields: Fields) -> Mapping[str, str]:
    """The fields as a form holds them, without the mark that :func:`as_csv` puts before what looks like a formula."""
    names = ("question", "aliases", "counter_examples", "text", "category")
    row = dict(zip(names, row_of(fields)[:5], strict=True))
    plain = {name: value[1:] if _GUARDED.match(value) else value for name, value in row.items()}
    dates = {"valid_from": row_of(fields)[6], "valid_to": row_of(fields)[7]}
    return {**plain, **dates, "audience": fields.audience}


def _csv(lines: Iterable[Sequence[str]]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(lines)
    return stream.getvalue().encode("utf-8-sig", "replace")
