"""CSV and its relatives: the separator is found, quoted line ends are kept."""

from __future__ import annotations

import csv
import io
import re

from ingest.document import Document
from ingest.encoding import decode
from ingest.tables import Row, read_table
from kb.errors import SourceError

_LINE_END = re.compile("\r+\n?")
SEPARATORS = ",\t;|"
SAMPLE_LINES = 20
MAX_CELL_CHARS = 1_000_000


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    decoded = decode(data)
    table = read_table(_rows(decoded.text))
    return Document(
        source,
        table.blocks,
        warnings=(*decoded.warnings, *table.warnings),
        encoding=decoded.encoding,
        questions=table.questions,
    )


def rows_of(data: bytes) -> list[Row]:
    """The bare rows of a file, for tables that are no knowledge.

    Raises:
        SourceError: it cannot be read.
    """
    return _rows(decode(data).text)


def _rows(text: str) -> list[Row]:
    text = _LINE_END.sub("\n", text)
    if text.startswith("sep=") and text[5:6] == "\n":  # Excel's own way to name the separator
        separator, text = text[4], text[6:]
    else:
        separator = _separator(text)
    csv.field_size_limit(MAX_CELL_CHARS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return [(number, tuple(cell.strip() for cell in cells)) for number, cells in enumerate(reader, 1)]
    except csv.Error as error:
        raise SourceError(f"表格在第 {reader.line_num} 行附近出错（{error}）；请检查引号是否成对，或另存为 xlsx 后再试。") from error


def _separator(text: str) -> str:
    """The separator that the first lines have most of."""
    sample = "\n".join(text.split("\n", SAMPLE_LINES)[:SAMPLE_LINES])
    counts = {mark: sample.count(mark) for mark in SEPARATORS}
    first = text.split("\n", 1)[0]
    # The header row decides where it can: answers are full of commas and semicolons, names of columns are not.
    in_header = [mark for mark in SEPARATORS if mark in first]
    return max(in_header or SEPARATORS, key=lambda mark: (first.count(mark), counts[mark]))
