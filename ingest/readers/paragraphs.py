"""From the lines of pages to paragraphs: what belongs to the page is left out, what was broken into lines is joined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from ingest.readers.layout import CJK, Line

EDGE_LINES = 3
"""So many lines at the top and at the bottom of a page can be its header and footer."""
REPEATED = 0.5
"""A line is part of the page, not of the text, if it stands on at least this share of the pages."""

_NUMBERS = re.compile(r"\d+|\b[ivxlc]+\b|[一二三四五六七八九十]+")
_PAGE_NUMBER = re.compile(
    r"[-–—·.\s]*(?:第\s*)?(?:\d{1,4}|[ivxlcIVXLC]{1,6})\s*(?:页|頁)?[-–—·.\s]*(?:(?:/|共|of)\s*\d{1,4}\s*(?:页|頁)?)?[-–—·.\s]*"
    r"|page\s*\d+(?:\s*(?:/|of)\s*\d+)?",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"(?:[-•·●○◆■▪➢√×□☐*]|[(（]?\d{1,3}[.)、．）](?!\d)|\d{1,2}(?:[.．]\d{1,2})+|[①-⑳]|[(（]?[一二三四五六七八九十]{1,3}[)）、.．]"
    r"|第\s*[\d一二三四五六七八九十百]{1,4}\s*[章节条部]|[QqAa问答]\d{0,2}[:：.、])"
)
_ENDS = re.compile(r"[。！？!?；;：:…][”’」』）)】]*$")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together. ``page`` counts from 1."""

    text: str
    size: float
    page: int
    tight: bool


def without_furniture(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """Pages without the headers, footers and page numbers at their edges."""
    seen: Counter[tuple[bool, str]] = Counter()
    for lines in pages:
        seen.update({(at_top, _shape(line.text)) for at_top, line in _edges(lines)})
    with_text = sum(bool(lines) for lines in pages)
    # Left and right pages can have headers of their own, so half of the pages is enough.
    needed = max(2 if with_text < 4 else 3, with_text * REPEATED * 0.8)
    kept = []
    for lines in pages:
        away = {
            id(line)
            for at_top, line in _edges(lines)
            if seen[at_top, _shape(line.text)] >= needed or _PAGE_NUMBER.fullmatch(line.text.strip())
        }
        kept.append([line for line in lines if id(line) not in away])
    return kept


def joined(pages: Sequence[list[Line]]) -> Iterator[Paragraph]:
    """Paragraphs: a line goes on in the next if it is full and the next is neither indented nor an item."""
    text: list[str] = []
    first = before = None
    page = 1
    for number, lines in enumerate(pages, 1):
        spacing = _spacing(lines)
        for line in lines:
            if before is not None and first is not None and not _goes_on(before, line, spacing):
                yield _paragraph(text, first, page)
                text, first = [], None
            if first is None:
                first, page = line, number
            text.append(line.text)
            before = line
    if first is not None:
        yield _paragraph(text, first, page)


def join_lines(lines: Sequence[str]) -> str:
    """Lines as one: nothing between Han, a space between words, a hyphen at the end of a line undone."""
    text = ""
    for line in lines:
        if not text or not line:
            text += line
        elif text[-1] == "-" and text[-2:-1].isalpha() and text[-2:-1].isascii() and line[0].islower():
            text = text[:-1] + line
        elif CJK.match(text[-1]) or CJK.match(line[0]):
            text += line
        else:
            text += f" {line}"
    return text


def _paragraph(text: list[str], first: Line, page: int) -> Paragraph:
    whole = join_lines(text)
    return Paragraph(whole, first.size, page, tight=bool(_ITEM.match(whole)) or first.cells > 1)


def _goes_on(before: Line, line: Line, spacing: float) -> bool:
    if before.cells > 1 or line.cells > 1 or abs(before.size - line.size) > 0.12 * max(before.size, line.size):
        return False
    if _ITEM.match(line.text):
        return False
    same_column = abs(before.left - line.left) < 2 * line.size and line.y0 > before.y0
    if same_column and line.y0 - before.y0 > 1.45 * max(spacing, before.y1 - before.y0):
        return False
    if line.x0 - line.left > 1.2 * line.size and not _ITEM.match(before.text):
        return False
    is_full = before.right - before.x1 < 2.2 * before.size
    return is_full and not (_ENDS.search(before.text) and before.right - before.x1 > 1.1 * before.size)


def _spacing(lines: Sequence[Line]) -> float:
    steps = [b.y0 - a.y0 for a, b in zip(lines, lines[1:], strict=False) if 0 < b.y0 - a.y0 < 4 * a.size]
    return median(steps) if steps else 0.0


def _edges(lines: Sequence[Line]) -> Iterator[tuple[bool, Line]]:
    """Lines at the top (True) and at the bottom of a page."""
    ordered = sorted(lines, key=lambda line: line.y0)
    for line in ordered[:EDGE_LINES]:
        yield True, line
    for line in ordered[-EDGE_LINES:]:
        yield False, line


def _shape(text: str) -> str:
    """A line without its numbers, by which headers of different pages are the same."""
    return _NUMBERS.sub("#", "".join(text.split()).lower())
