"""Markdown as people write it: headings (also without the space after #), tables, front matter; the rest as written.

A line scanner of its own instead of a full parser: it keeps the text as the author wrote it, takes ``##标题`` for the
heading that was meant, and is several times as fast.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.columns import Role, role_of
from ingest.document import Block, Document
from ingest.encoding import Decoded, decode
from ingest.tables import Row, as_item, read_table

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG_LINE = re.compile(r"^[ \t]*(?:</?[a-zA-Z][^<>\n]*>[ \t]*)+$", re.MULTILINE)
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?)|(?<=##)([^#\s].*?)|([\u4e00-\u9fff][^#]*?))[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_DELIMITER = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_QUOTE = re.compile(r" {0,3}>[ \t]?")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+[.)、])[ \t]")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(.+?)\1")
MAX_UNDERLINED = 60
"""Longer lines above ``---`` are text before a rule, not a heading."""


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    return parse(decode(data), source)


def parse(decoded: Decoded, source: str) -> Document:
    """The document that a text with Markdown in it describes."""
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    properties: dict[str, str] = {}
    front = _FRONT_MATTER.match(text)
    if front:
        properties = _properties(front.group(1))
        text = text[front.end() :]
    text = _TAG_LINE.sub("", _COMMENT.sub("", text))
    scanner = _Scanner(text.split("\n"))
    return Document(
        source,
        tuple(scanner.blocks()),
        title=properties.pop("title", ""),
        properties=properties,
        warnings=(*decoded.warnings, *scanner.warnings),
        encoding=decoded.encoding,
        questions=scanner.questions,
    )


def _properties(text: str) -> dict[str, str]:
    """``key: value`` lines of front matter by role; keys without a role are left out, except the title."""
    properties: dict[str, str] = {}
    known: set[Role] = {"audience", "category", "valid_from", "valid_to"}
    for line in text.split("\n"):
        key, mark, value = line.replace("：", ":", 1).partition(":")
        name, value = key.strip(), value.strip().strip("\"'")
        if not mark or not value:
            continue
        role = role_of(name)
        if name.lower() in ("title", "标题"):
            properties["title"] = value
        elif role in known:
            properties[role] = value
    return properties


class _Scanner:
    """Goes through the lines once and gathers them into blocks."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._kept: list[str] = []
        self.warnings: list[str] = []
        self.questions = 0

    def blocks(self) -> Iterator[Block]:
        at, lines = 0, self._lines
        while at < len(lines):
            line = lines[at]
            if fence := _FENCE.match(line):
                end = self._end_of_fence(at, fence.group(1))
                self._kept.extend(lines[at + 1 : end])
                at = end + 1
                continue
            heading = _HEADING.match(line) if "#" in line else None
            if heading:
                yield from self._flush()
                title = heading.group(2) or heading.group(3) or heading.group(4) or ""
                if title:
                    yield Block(plain(title), "heading", level=len(heading.group(1)))
            elif self._is_underline(at):
                title = self._kept.pop()
                yield from self._flush()
                yield Block(plain(title), "heading", level=1 if "=" in line else 2)
            elif _RULE.match(line):
                yield from self._flush()
            elif "|" in line and at + 1 < len(lines) and "-" in lines[at + 1] and _DELIMITER.match(lines[at + 1]):
                end = at + 2
                while end < len(lines) and "|" in lines[end]:
                    end += 1
                yield from self._table(at, end)
                at = end
                continue
            else:
                self._keep(line)
            at += 1
        yield from self._flush()

    def _keep(self, line: str) -> None:
        if ">" in line:
            line = _QUOTE.sub("", line, count=1)
        if "<" in line:
            self._kept.extend(part.strip() for part in _LINE_BREAK.split(line))
        else:
            self._kept.append(line)

    def _end_of_fence(self, at: int, mark: str) -> int:
        for end in range(at + 1, len(self._lines)):
            if self._lines[end].strip().startswith(mark):
                return end
        return len(self._lines)

    def _is_underline(self, at: int) -> bool:
        if not self._kept or not _UNDERLINE.match(self._lines[at]):
            return False
        title = self._kept[-1]
        alone = len(self._kept) < 2 or not self._kept[-2].strip()
        return bool(title.strip()) and alone and len(title) <= MAX_UNDERLINED and not _LIST_ITEM.match(title)

    def _table(self, start: int, end: int) -> Iterator[Block]:
        rows: list[Row] = []
        for number, line in enumerate([self._lines[start], *self._lines[start + 2 : end]], 1):
            cells = _CELL_BORDER.split(line.strip().removeprefix("|").removesuffix("|"))
            rows.append((number, tuple(plain(_LINE_BREAK.sub("\n", cell).replace("\\|", "|").strip()) for cell in cells)))
        table = read_table(rows, f"第 {start + 1} 行起的表格", strict=False)
        self.warnings.extend(table.warnings)
        self.questions += table.questions
        if any(block.faq for block in table.blocks):
            yield from self._flush()
            yield from table.blocks
        else:
            if self._kept and self._kept[-1].strip():
                self._kept.append("")
            self._kept.extend(map(as_item, table.blocks))

    def _flush(self) -> Iterator[Block]:
        text = "\n".join(self._kept).strip("\n")
        self._kept.clear()
        if text.strip():
            yield Block(text)


def plain(text: str) -> str:
    """``text`` without the marks of emphasis, for headings and cells that are shown outside Markdown."""
    return _EMPHASIS.sub(r"\2", text).strip() if any(mark in text for mark in "*_`") else text.strip()
