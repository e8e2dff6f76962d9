"""What an xlsx sheet says beside its values: hidden rows and columns, percentages, formulas without a stored result.

The reader of the values does not tell them. Sheets can be huge, so their XML is searched, not parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.readers.package import Package

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
MAX_UNKNOWN = 6

_R_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PERCENT_IDS = frozenset({"9", "10"})
_QUOTED = re.compile(r'"[^"]*"|\\.')
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s(?=[^>]*\bhidden=\"(?:1|true)\")[^>]*?\br=\"(\d+)\"")
_COLUMN = re.compile(rb"<(?:\w+:)?col\s[^>]*>")
_ATTRIBUTE = re.compile(rb"\b(min|max|hidden)=\"(\w+)\"")
_NO_RESULT = re.compile(
    rb"<(?:\w+:)?c\s(?![^>]*\bt=\"str\")[^>]*?\br=\"([A-Z]+\d+)\"[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


@dataclass(slots=True)
class Marks:
    """Rows and columns count from 1. ``unknown`` names the first cells whose formula has no stored result."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    percentages: set[tuple[int, int]] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)


def marks_of(package: Package) -> Mapping[str, Marks]:
    """Marks of every sheet by its title."""
    main = package.relations().get("officeDocument", "xl/workbook.xml")
    root = package.xml(main)
    targets = package.relations(main, by="Id")
    styles = _percent_styles(package, package.relations(main).get("styles", "xl/styles.xml"))
    found: dict[str, Marks] = {}
    names = set(package.names())
    for sheet in () if root is None else root.iter(f"{S}sheet"):
        part = targets.get(sheet.get(_R_ID, ""), "")
        if part in names:
            found[sheet.get("name", "")] = _marks(package, part, styles)
    return found


def _marks(package: Package, part: str, styles: frozenset[bytes]) -> Marks:
    marks = Marks()
    cell = re.compile(
        rb"<(?:\w+:)?c\s(?=[^>]*\bs=\"(?:" + b"|".join(sorted(styles)) + rb")\")[^>]*?\br=\"([A-Z]+)(\d+)\""
    )
    for number, chunk in enumerate(package.stream(part)):
        if not number:
            for column in _COLUMN.findall(chunk.partition(b"<sheetData")[0]):
                values = dict(_ATTRIBUTE.findall(column))
                if values.get(b"hidden") in (b"1", b"true") and b"min" in values:
                    first, last = int(values[b"min"]), int(values.get(b"max", values[b"min"]))
                    marks.hidden_columns.update(range(first, min(last, first + 16_384) + 1))
        if b"hidden=" in chunk:
            marks.hidden_rows.update(map(int, _HIDDEN_ROW.findall(chunk)))
        if styles:
            marks.percentages.update((int(row), _column(letters)) for letters, row in cell.findall(chunk))
        if b"<f" in chunk or b":f" in chunk:
            marks.unknown.extend(name.decode() for name in _NO_RESULT.findall(chunk))
            del marks.unknown[MAX_UNKNOWN:]
    return marks


def _percent_styles(package: Package, part: str) -> frozenset[bytes]:
    """Numbers of the cell styles that show a share as a percentage."""
    root = package.xml(part)
    if root is None:
        return frozenset()
    own = {
        each.get("numFmtId")
        for each in root.iter(f"{S}numFmt")
        if "%" in _QUOTED.sub("", each.get("formatCode", ""))
    }
    formats = root.find(f"{S}cellXfs")
    found = () if formats is None else [each.get("numFmtId") in own | _PERCENT_IDS for each in formats]
    return frozenset(str(number).encode() for number, is_percent in enumerate(found) if is_percent)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
