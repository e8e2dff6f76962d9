"""Web pages: what stands in the main part, with its headings, lists and tables; menus and footers stay out."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ingest.document import Document
from ingest.encoding import decode
from ingest.readers.pieces import Piece, blocks_of, named_on_the_left, table_pieces
from ingest.tables import Row
from kb.errors import SourceError

TRUSTED_SHARE = 0.3
"""The main part is believed if it holds at least this share of the page's text; else the whole page is taken."""
QUESTION_LEVEL = 7
"""Level of questions that are not marked as headings (dt, summary, first line of a list item)."""
MAX_QUESTION_CHARS = 80
MENU_ITEMS = 5
"""So many list items in a row that hold only links are a menu."""

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DROPPED = ("script", "style", "noscript", "template")
_SKIPPED = frozenset(
    {"head", "nav", "footer", "aside", "button", "select", "textarea", "input", "svg", "iframe", "object", "canvas"}
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "big", "cite", "code", "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "label", "mark"}
    | {"q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}
)
_WITHIN_LINE = _INLINE | _SKIPPED | {"br", "img"}
_SPACE = re.compile(r"[ \t\r\f\v\xa0]*\n\s*|[ \t\r\f\v\xa0]+")
_HAN_GAP = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])")
_OWN_MARK = re.compile(r"\s*(?:[-•·●○◆■*]|[(（]?\d{1,3}[.)、．）]|[①-⑳]|[(（]?[一二三四五六七八九十]{1,3}[)）、])")
_TITLE_TAIL = re.compile(r"\s*[-_|–—]\s*[^-_|–—]+$")
_QUESTION = re.compile(r"[？?]\s*$")


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    from lxml import etree, html

    declared = _CHARSET.search(data[:4096])
    decoded = decode(data, declared.group(1).decode("ascii") if declared else None)
    text = _DECLARATION.sub("", decoded.text, count=1).replace("\0", "")
    try:
        tree = html.document_fromstring(text)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise SourceError("网页里没有可以读取的内容，或者文件已损坏；请用浏览器打开后另存，再试一次。") from error
    title = " ".join((tree.findtext(".//title") or "").split())
    walker = _Walker()
    etree.strip_elements(tree, etree.Comment, *_DROPPED, with_tail=False)
    body = tree.find("body")
    walker.walk(tree if body is None else body)
    pieces = _main_part(list(_without_menus(walker.pieces)), text)
    has_top = any(piece.level == 1 for piece in pieces)
    return Document(
        source,
        tuple(blocks_of(pieces)),
        title="" if has_top else _TITLE_TAIL.sub("", title) or title,
        warnings=(*decoded.warnings, *walker.warnings),
        encoding=decoded.encoding,
        questions=walker.questions,
    )


class _Walker:
    """Goes through the tree once, in reading order."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.warnings: list[str] = []
        self.questions = 0
        self._inline: list[str] = []
        self._mark = ""

    def walk(self, element: Any) -> None:
        """Everything inside one block element."""
        self._inside(element)
        self._flush()

    def _inside(self, element: Any) -> None:
        self._inline.append(element.text or "")
        for child in element:
            self._child(child)
            self._inline.append(child.tail or "")

    def _child(self, child: Any) -> None:
        tag = child.tag if isinstance(child.tag, str) else ""
        if not tag or tag in _SKIPPED:
            return
        if tag == "br":
            self._inline.append("\u2028")
        elif tag in _INLINE and all(inner.tag in _WITHIN_LINE for inner in child.iter()):
            self._inside(child)
        elif tag in _HEADINGS:
            self._heading(child, _HEADINGS[tag])
        elif tag in ("dt", "summary"):
            self._heading(child, QUESTION_LEVEL)
        elif tag == "li":
            self._item(child)
        elif tag == "table" and _is_data(child):
            self._flush()
            self._table(child)
        elif tag == "pre":
            self._flush()
            self.pieces.append(Piece(child.text_content().strip("\n")))
        else:
            self._flush()
            self.walk(child)

    def _heading(self, element: Any, level: int) -> None:
        self._flush()
        text = _squeeze(element.text_content())
        if text:
            self.pieces.append(Piece(text, level=level))

    def _item(self, element: Any) -> None:
        self._flush()
        parent = element.getparent()
        ordered = parent is not None and parent.tag == "ol"
        number = 1 + sum(1 for sibling in element.itersiblings("li", preceding=True)) if ordered else 0
        self._mark = f"{number}. " if ordered else "- "
        at = len(self.pieces)
        self.walk(element)
        self._mark = ""
        rest = self.pieces[at + 1 :]
        if len(self.pieces) == at + 1 and _is_link(element):
            self.pieces[at] = replace(self.pieces[at], link=True)
        # An accordion: the question is the first line of the item, the answer follows in blocks of its own.
        if rest and not any(piece.level or piece.block for piece in self.pieces[at:]):
            question = self.pieces[at].text.removeprefix("- ")
            if _QUESTION.search(question) and len(question) <= MAX_QUESTION_CHARS and not any(_QUESTION.search(p.text) for p in rest):
                self.pieces[at] = Piece(question, level=QUESTION_LEVEL)

    def _table(self, table: Any) -> None:
        cells = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
        rows: list[Row] = [(number, tuple(map(_cell_text, row))) for number, row in enumerate(cells, 1)]
        if sum([cell.tag for cell in row] == ["th", "td"] for row in cells) * 2 > len(cells):
            self.pieces.extend(Piece(text, tight=True) for text in named_on_the_left(rows))
            return
        pieces, result = table_pieces(rows, "网页里的表格")
        self.pieces.extend(pieces)
        self.warnings.extend(result.warnings)
        self.questions += result.questions

    def _flush(self) -> None:
        text = "\n".join(filter(None, (_squeeze(line) for line in "".join(self._inline).split("\u2028"))))
        self._inline.clear()
        if text:
            mark, self._mark = self._mark, ""
            self.pieces.append(Piece(text if _OWN_MARK.match(text) else mark + text, tight=bool(mark)))


def _squeeze(text: str) -> str:
    """White space as a browser shows it; line ends of the source between Han characters are nothing at all."""
    text = _SPACE.sub(lambda match: "\n" if "\n" in match.group() else " ", text.strip())
    return _HAN_GAP.sub("", text).replace("\n", " ").strip()


def _cell_text(cell: Any) -> str:
    for line_break in cell.iter("br"):
        line_break.tail = "\u2028" + (line_break.tail or "")
    return "\n".join(filter(None, map(_squeeze, cell.text_content().split("\u2028"))))


def _is_link(element: Any) -> bool:
    """Whether all text of an element is the text of links in it."""
    linked = "".join(link.text_content() for link in element.iter("a"))
    return bool(linked.strip()) and _packed(linked) == _packed(element.text_content())


def _is_data(table: Any) -> bool:
    """Whether a table holds data rather than the layout of the page."""
    if table.find(".//table") is not None:
        return False
    widths = [sum(1 for cell in row if cell.tag in ("td", "th")) for row in table.iter("tr")]
    return len(widths) >= 2 and max(widths, default=0) >= 2


def _without_menus(pieces: list[Piece]) -> Iterator[Piece]:
    """Leave out long lists of nothing but links."""
    for is_link, group in itertools.groupby(pieces, key=lambda piece: piece.link):
        run = list(group)
        if not is_link or len(run) < MENU_ITEMS:
            yield from run


def _main_part(pieces: list[Piece], text: str) -> list[Piece]:
    """The pieces from the first to the last that belong to the page's main part, with the headings right above.

    trafilatura finds the main part but drops headings and some tables; so it only says where that part begins and ends.
    """
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    main = _packed(
        trafilatura.extract(text, favor_recall=True, include_tables=True, include_comments=False, deduplicate=False) or ""
    )
    inside = [number for number, piece in enumerate(pieces) if piece.text and _packed(piece.text.removeprefix("- ")) in main]
    if not inside or len(main) < TRUSTED_SHARE * sum(len(_packed(piece.text)) for piece in pieces):
        return pieces
    first, last = inside[0], inside[-1]
    while first and pieces[first - 1].level:
        first -= 1
    while last + 1 < len(pieces) and pieces[last + 1].block:
        last += 1
    return pieces[first : last + 1]


def _packed(text: str) -> str:
    return "".join(text.split())
