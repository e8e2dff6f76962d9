"""Word documents: headings, numbered lists, tables, text boxes and footnotes, as the finished document shows them.

Read from the XML itself: the numbers in front of paragraphs, text boxes, tracked changes and hidden text, which decide
what a document says, are beyond what python-docx offers. Comments, deletions, page headers and footers, tables of
contents and hidden text stay out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ingest.document import BlockKind, Document
from ingest.readers.numbering import Numbering, W
from ingest.readers.package import Package
from ingest.readers.pieces import Piece, blocks_of, named_on_the_left, table_pieces
from ingest.readers.wordstyles import Style, Styles, flag, merged, value
from ingest.readers.wordtext import GROUPS, Text
from ingest.tables import Row
from kb.errors import SourceError

MAX_HEADING_CHARS = 80
"""Longer paragraphs are text, whatever outline level they carry."""
QUOTED_CHARS = 20
MAX_DEPTH = 40
"""Tables and boxes stand within one another no deeper than this in anything that people write."""

_CONTENTS_HEADING = re.compile(r"(?:目\s*[录錄次]|contents|table of contents)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[。；;，,！!]$")


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    package = Package(data, "Word 文档", "Word")
    main = package.relations().get("officeDocument", "word/document.xml")
    root = package.xml(main)
    body = None if root is None else root.find(f"{W}body")
    if body is None:
        raise SourceError("文件里没有 Word 文档的正文，可能已损坏；请用 Word 或 WPS 打开后另存，再试一次。")
    parts = package.relations(main)
    walker = _Walker(
        Styles(package.xml(parts.get("styles", "word/styles.xml"))),
        Numbering(package.xml(parts.get("numbering", "word/numbering.xml"))),
        dark=root.find(f"{W}background") is not None,
    )
    walker.walk(body)
    for name in ("footnote", "endnote"):
        walker.notes(package.xml(parts.get(f"{name}s", f"word/{name}s.xml")), f"{W}{name}")
    pieces = list(_below_title(walker.all_pieces()))
    kind: BlockKind = "text" if any(piece.level for piece in pieces) else "raw"
    return Document(
        source, tuple(blocks_of(pieces, kind)), warnings=tuple(walker.told()), questions=walker.questions
    )


class _Walker:
    """Goes through the document once, in reading order."""

    def __init__(self, styles: Styles, numbering: Numbering, *, dark: bool) -> None:
        self.pieces: list[Piece] = []
        self.questions = 0
        self._styles = styles
        self._numbering = numbering
        self._text = Text(styles, dark=dark)
        self._foreign = 0
        self._tables = 0
        self._note_pieces: list[Piece] = []
        self._warnings: list[str] = []

    def told(self) -> Iterator[str]:
        """What an editor should know, in Chinese."""
        if self._text.hidden:
            named = "、".join(f"“{text[:QUOTED_CHARS]}”" for text in self._text.hidden[:3])
            yield f"有 {len(self._text.hidden)} 处隐藏文字（{named}{'等' if len(self._text.hidden) > 3 else ''}），没有收录；请核对原文件。"
        if self._text.revised:
            yield "文档里有还没有接受的修订，按全部接受后的样子读取；请核对后定稿。"
        if self._foreign:
            yield f"文档里嵌入了 {self._foreign} 个别的文件，其中的文字没有收录；请把文字粘贴进正文。"
        yield from self._warnings

    def walk(self, parent: Any, depth: int = 0) -> None:
        """Everything in the body, a cell or a text box.

        Raises:
            SourceError: they stand within one another too deep.
        """
        if depth > MAX_DEPTH:
            raise SourceError(f"表格或文本框一层套一层，超过 {MAX_DEPTH} 层，读不下去；请简化排版后再试。")
        for child in parent:
            tag = child.tag
            if tag == f"{W}p":
                self._paragraph(child, depth)
            elif tag == f"{W}tbl":
                self._table(child, depth)
            elif tag in GROUPS:
                if tag == f"{W}sdt" and _is_contents(child):
                    self._drop_contents_heading()
                    continue
                self._text.revised |= tag in (f"{W}ins", f"{W}moveTo")
                self.walk(child, depth)
            elif tag == f"{W}altChunk":
                self._foreign += 1

    def notes(self, root: Any, tag: str) -> None:
        """Footnotes or endnotes that the text refers to, at the end."""
        for note in () if root is None else root.iter(tag):
            if (tag, note.get(f"{W}id")) in self._text.notes:
                text = " ".join(filter(None, (self._text.plain(paragraph) for paragraph in note.iter(f"{W}p"))))
                if text:
                    self._note_pieces.append(Piece(f"- {text}", tight=True))

    def all_pieces(self) -> list[Piece]:
        """The text, then the notes under a heading of their own."""
        if not self._note_pieces:
            return self.pieces
        has_levels = any(piece.level for piece in self.pieces)
        return [*self.pieces, Piece("脚注", level=1) if has_levels else Piece("脚注："), *self._note_pieces]

    def _paragraph(self, paragraph: Any, depth: int) -> None:
        was_contents = self._text.in_contents
        text, style, label = self._line(paragraph)
        boxes, self._text.boxes = self._text.boxes, []
        if style.contents or was_contents or self._text.in_contents:
            if not was_contents:
                self._drop_contents_heading()
        elif text and style.level is not None and len(text) <= MAX_HEADING_CHARS and not _SENTENCE_END.search(text):
            bare = "" if label == "- " else label
            self.pieces.append(Piece(" ".join((bare + text).split()), level=max(style.level, 1) if style.level else -1))
        elif text:
            self.pieces.append(Piece(label + text, tight=bool(label)))
        for box in boxes:
            self.walk(box, depth + 1)

    def _line(self, paragraph: Any) -> tuple[str, Style, str]:
        """Text, style and list label of a paragraph."""
        properties = paragraph.find(f"{W}pPr")
        identity = None if properties is None else value(properties, "pStyle")
        style = merged(self._styles.of(identity), properties)
        mark = None if properties is None else properties.find(f"{W}rPr")
        if mark is not None and mark.find(f"{W}del") is not None:
            self._text.revised = True
        text = self._text.plain(paragraph, hidden=style.hidden)
        label = None
        if style.number and (text or self._text.boxes):
            depth = self._numbering.level_of(style.number, identity or "") if style.depth is None else style.depth
            label = self._numbering.label(style.number, depth)
        return text, style, label or ""

    def _drop_contents_heading(self) -> None:
        if self.pieces and _CONTENTS_HEADING.fullmatch(self.pieces[-1].text.strip()):
            self.pieces.pop()

    def _table(self, table: Any, depth: int) -> None:
        self._tables += 1
        where = f"第 {self._tables} 个表格"
        rows, bold = self._rows(table, depth)
        if len(rows) == 1 or max((len(cells) for _, cells in rows), default=0) < 2:
            # A frame around text or columns drawn as a table.
            self.pieces.extend(Piece(cell) for _, cells in rows for cell in cells if cell)
            return
        two = all(len(cells) == 2 for _, cells in rows)
        if two and len(rows) > 1 and not bold[0][1] and sum(first for first, _ in bold) * 2 > len(rows):
            self.pieces.extend(Piece(text, tight=True) for text in named_on_the_left(rows))
            return
        pieces, result = table_pieces(rows, where)
        self.pieces.extend(pieces)
        self._warnings.extend(result.warnings)
        self.questions += result.questions

    def _rows(self, table: Any, depth: int) -> tuple[list[Row], list[tuple[bool, bool]]]:
        """The cells of a table as text, and whether the first and the last cell of each row are bold.

        A cell merged over several rows speaks for each of them.
        """
        rows: list[Row] = []
        bold: list[tuple[bool, bool]] = []
        above: dict[int, str] = {}
        for number, row in enumerate(_children(table, f"{W}tr"), 1):
            properties = row.find(f"{W}trPr")
            if properties is not None and (properties.find(f"{W}del") is not None or flag(properties, "hidden")):
                continue
            cells: list[str] = [""] * (_count(properties, "gridBefore", 0))
            elements = list(_children(row, f"{W}tc"))
            for cell in elements:
                own = cell.find(f"{W}tcPr")
                merge = None if own is None else own.find(f"{W}vMerge")
                goes_on = merge is not None and merge.get(f"{W}val", "continue") == "continue"
                text = above.get(len(cells), "") if goes_on else self._cell(cell, depth)
                above[len(cells)] = text if merge is not None else ""
                cells.extend([text, *[""] * (_count(own, "gridSpan", 1) - 1)])
            rows.append((number, tuple(cells)))
            bold.append((bool(elements) and self._is_bold(elements[0]), bool(elements) and self._is_bold(elements[-1])))
        return _without_empty_columns(rows), bold

    def _cell(self, cell: Any, depth: int) -> str:
        """The text of a cell, whatever it holds, one line for each paragraph."""
        outer, self.pieces = self.pieces, []
        self.walk(cell, depth + 1)
        inner, self.pieces = self.pieces, outer
        return "\n".join(f"{p.block.faq.question}\n{p.text}" if p.block and p.block.faq else p.text for p in inner)

    def _is_bold(self, cell: Any) -> bool:
        runs = [run for run in cell.iter(f"{W}r") if (run.findtext(f"{W}t") or "").strip()]
        return bool(runs) and all(
            run.find(f"{W}rPr") is not None and flag(run.find(f"{W}rPr"), "b") for run in runs
        )


def _below_title(pieces: list[Piece]) -> Iterator[Piece]:
    """``pieces`` with real levels: the title of the document (level -1) stands above all other headings."""
    shift = 1 if any(piece.level == -1 for piece in pieces) else 0
    for piece in pieces:
        yield replace(piece, level=1 if piece.level == -1 else piece.level + shift) if piece.level else piece


def _is_contents(element: Any) -> bool:
    gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    return gallery is not None and gallery.get(f"{W}val") in ("Table of Contents", "Table of Figures")


def _children(parent: Any, tag: str) -> Iterator[Any]:
    """Children of one kind, also inside content controls and tracked insertions."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in GROUPS:
            yield from _children(child, tag)


def _count(properties: Any, name: str, default: int) -> int:
    text = None if properties is None else value(properties, name)
    return min(int(text), 1000) if text and text.isdigit() else default


def _without_empty_columns(rows: list[Row]) -> list[Row]:
    """Rows without the columns that only the drawing of other rows needs."""
    widest = max((len(cells) for _, cells in rows), default=0)
    used = [at for at in range(widest) if any(at < len(cells) and cells[at] for _, cells in rows)]
    return [(number, tuple(cells[at] if at < len(cells) else "" for at in used)) for number, cells in rows]
