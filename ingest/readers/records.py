"""JSON Lines: one object a line, its keys are the columns of a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ingest.columns import roles_of
from ingest.document import Block, Document
from ingest.encoding import decode
from ingest.tables import read_table
from kb.errors import SourceError

TEXT_KEYS = frozenset({"text", "content", "正文", "内容"})
TITLE_KEYS = frozenset({"title", "标题", "heading"})


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    decoded = decode(data)
    rows: list[tuple[int, dict[str, str]]] = []
    for number, line in enumerate(decoded.text.split("\n"), 1):
        if line.strip():
            rows.append((number, {key: _cell(value) for key, value in _parse(line, number).items()}))
    columns = tuple(dict.fromkeys(key for _, values in rows for key in values))
    texts = [column for column in columns if column.lower() in TEXT_KEYS]
    if texts and not {"question", "answer"} & set(roles_of(columns)):
        blocks = tuple(_texts(rows, texts[0]))
        return Document(source, blocks, warnings=decoded.warnings, encoding=decoded.encoding)
    table = read_table([(0, columns), *((number, tuple(values.get(key, "") for key in columns)) for number, values in rows)])
    return Document(
        source,
        table.blocks,
        warnings=(*decoded.warnings, *table.warnings),
        encoding=decoded.encoding,
        questions=table.questions,
    )


def _texts(rows: Iterable[tuple[int, dict[str, str]]], column: str) -> Iterator[Block]:
    """Objects that hold a text, and maybe its title."""
    for number, values in rows:
        title = next((values[key] for key in values if key.lower() in TITLE_KEYS), "")
        if title:
            yield Block(title, "heading", level=1)
        if values.get(column):
            yield Block(values[column], "row", row=number)


def _parse(line: str, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SourceError(f"第 {number} 行不是正确的 JSON（{error}）；请改正后再试。") from error
    if not isinstance(value, dict):
        raise SourceError(f"第 {number} 行不是 JSON 对象；请每行写一个 {{…}}。")
    return value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False)
