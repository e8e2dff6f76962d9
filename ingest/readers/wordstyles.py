"""What a Word style says of its paragraphs: heading level, list, whether the text is hidden or a table of contents."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from ingest.readers.numbering import W

MAX_DEPTH = 20
"""Styles that build on one another longer than this go round in a circle."""
BODY_LEVEL = 10

_HEADING = re.compile(r"(?:heading|标题|標題|見出し|제목)\s*([1-9])(?!\d)", re.IGNORECASE)
_CLAUSE = re.compile(r"([一二三四五])级(?:无)?条标题")
_TITLE = re.compile(r"(?:title|标题|標題)$", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc|目录|目錄|目次)\s*(?:\d|heading|标题|標題)|(?:table of figures|图表目录|图表目錄)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """``level``: 1 to 9 for headings, 0 for the document's title, None for text."""

    level: int | None = None
    number: str = ""
    depth: int | None = None
    hidden: bool = False
    contents: bool = False
    bold: bool = False


class Styles:
    """The styles of one document by their id."""

    def __init__(self, root: Any) -> None:
        """``root`` is the styles part, or None."""
        self._elements: dict[str, Any] = {}
        self._default = ""
        self._known: dict[str, Style] = {"": Style()}
        for element in () if root is None else root.iter(f"{W}style"):
            identity = element.get(f"{W}styleId", "")
            self._elements[identity] = element
            if element.get(f"{W}type") == "paragraph" and is_on(element.get(f"{W}default", "0")):
                self._default = identity

    def of(self, identity: str | None) -> Style:
        """The style with that id; the document's default for None, plain text for one that does not exist."""
        return self._style(self._default if identity is None else identity, 0)

    def _style(self, identity: str, depth: int) -> Style:
        if identity in self._known:
            return self._known[identity]
        element = self._elements.get(identity)
        if element is None or depth > MAX_DEPTH:
            return Style()
        parent = value(element, "basedOn")
        style = self._style(parent, depth + 1) if parent else Style()
        name = (value(element, "name") or "").strip()
        style = merged(style, element.find(f"{W}pPr"))
        run = element.find(f"{W}rPr")
        if run is not None:
            style = replace(style, hidden=flag(run, "vanish", style.hidden), bold=flag(run, "b", style.bold))
        if heading := _HEADING.match(name):
            style = replace(style, level=int(heading.group(1)))
        elif clause := _CLAUSE.search(name):
            style = replace(style, level=1 + "一二三四五".index(clause.group(1)) + 1)
        elif _TITLE.match(name):
            style = replace(style, level=0)
        style = replace(style, contents=bool(_CONTENTS.match(name)))
        self._known[identity] = style
        return style


def merged(style: Style, properties: Any) -> Style:
    """``style`` with what the properties of a paragraph (or of a style) say themselves."""
    if properties is None:
        return style
    outline = value(properties, "outlineLvl")
    if outline is not None and outline.isdigit():
        level = int(outline) + 1
        style = replace(style, level=level if level < BODY_LEVEL else None)
    numbers = properties.find(f"{W}numPr")
    if numbers is not None:
        number, depth = value(numbers, "numId"), value(numbers, "ilvl")
        style = replace(
            style,
            number=style.number if number is None else number,
            depth=int(depth) if depth and depth.isdigit() else style.depth,
        )
    return style


def value(element: Any, name: str) -> str | None:
    """The ``w:val`` of a child; None if there is no such child."""
    child = element.find(f"{W}{name}")
    return None if child is None else str(child.get(f"{W}val") or "")


def flag(element: Any, name: str, default: bool = False) -> bool:
    """Whether a switch like bold is on."""
    child = element.find(f"{W}{name}")
    return default if child is None else is_on(child.get(f"{W}val", "1"))


def is_on(text: str) -> bool:
    """Whether the value of a switch means on."""
    return text.lower() not in ("0", "false", "off", "none")
