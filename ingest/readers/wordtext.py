"""The text of a Word paragraph as the finished document shows it: fields, tracked changes, symbols, hidden runs."""

from __future__ import annotations

import re
from typing import Any

from ingest.readers.numbering import W
from ingest.readers.wordstyles import Styles, flag, value

GROUPS = frozenset(f"{W}{name}" for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "dir", "bdo"))
_INSIDE = GROUPS | {f"{W}{name}" for name in ("hyperlink", "fldSimple", "ruby", "rubyBase")}
_SIGNS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-", f"{W}ptab": "\t"}
# Signs that guides draw with the Wingdings fonts; right and wrong wordings hang on the first two.
_SYMBOLS = {0xFC: "√", 0xFB: "×", 0xFE: "☑", 0xFD: "☒", 0x6F: "□", 0xA8: "□", 0x6C: "●", 0x6E: "■", 0x75: "◆", 0xD8: "➢", 0xE0: "→"}
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_BOX = f"{W}txbxContent"
_SPACE = re.compile(r"[ \t\xa0]+")


class Text:
    """Reads paragraphs in their order and notes what is beside the text.

    ``boxes`` gathers text boxes anchored in what was read, ``hidden`` the texts that nobody sees, ``notes`` the
    footnotes and endnotes referred to; ``revised`` says whether there are tracked changes.
    """

    def __init__(self, styles: Styles, *, dark: bool) -> None:
        """``dark`` pages have a colour of their own, on which white text can be read."""
        self.boxes: list[Any] = []
        self.hidden: list[str] = []
        self.notes: set[tuple[str, str | None]] = set()
        self.revised = False
        self._styles = styles
        self._dark = dark
        self._fields: list[str] = []

    def plain(self, paragraph: Any, *, hidden: bool = False) -> str:
        """What a reader of the finished document sees of a paragraph; ``hidden`` if its style hides it."""
        out: list[str] = []
        unseen: list[str] = []
        self._runs(paragraph, out, unseen, hidden)
        if text := "".join(unseen).strip():
            self.hidden.append(" ".join(text.split()))
        lines = (_SPACE.sub(" ", line).strip() for line in "".join(out).split("\n"))
        return "\n".join(filter(None, lines))

    def _runs(self, parent: Any, out: list[str], unseen: list[str], hidden: bool) -> None:
        for child in parent:
            tag = child.tag
            if tag == f"{W}r":
                self._run(child, out, unseen, hidden)
            elif tag in _INSIDE:
                self.revised |= tag in (f"{W}ins", f"{W}moveTo")
                self._runs(child, out, unseen, hidden)
            elif tag in (f"{W}del", f"{W}moveFrom"):
                self.revised = True
            elif tag.endswith(("}oMath", "}oMathPara")):
                out.extend(text.text or "" for text in child.iter(_MATH_TEXT))
            elif tag.endswith("}AlternateContent"):
                self._alternate(child)

    def _run(self, run: Any, out: list[str], unseen: list[str], hidden: bool) -> None:
        properties = run.find(f"{W}rPr")
        if properties is not None:
            style = value(properties, "rStyle")
            hidden = flag(properties, "vanish", hidden or bool(style and self._styles.of(style).hidden))
            hidden = hidden or not self._dark and _is_invisible(properties)
        for child in run:
            tag = child.tag
            if tag == f"{W}t":
                if child.text and not self.in_contents:
                    (unseen if hidden else out).append(child.text)
            elif tag == f"{W}fldChar":
                self._field(child.get(f"{W}fldCharType"))
            elif tag == f"{W}instrText":
                if self._fields:
                    self._fields[-1] += child.text or ""
            elif tag in _SIGNS:
                out.append(_SIGNS[tag])
            elif tag == f"{W}sym":
                out.append(_symbol(child))
            elif tag in (f"{W}footnoteReference", f"{W}endnoteReference"):
                self.notes.add((tag.removesuffix("Reference"), child.get(f"{W}id")))
            elif tag in (f"{W}ruby", f"{W}rubyBase"):
                self._runs(child, out, unseen, hidden)
            elif tag.endswith("}AlternateContent"):
                self._alternate(child)
            elif tag in (f"{W}drawing", f"{W}pict", f"{W}object"):
                self._find_boxes(child)

    def _alternate(self, element: Any) -> None:
        """The same text box in the new and the old form: one of them."""
        for form in element:
            before = len(self.boxes)
            self._find_boxes(form)
            if len(self.boxes) > before:
                return

    def _find_boxes(self, element: Any) -> None:
        """Outermost text boxes; what is in them is walked later, with the boxes it holds itself."""
        for child in element:
            if child.tag == _BOX:
                self.boxes.append(child)
            elif child.tag.endswith("}AlternateContent"):
                self._alternate(child)
            else:
                self._find_boxes(child)

    def _field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append("")
        elif kind == "end" and self._fields:
            self._fields.pop()

    @property
    def in_contents(self) -> bool:
        """Whether the text read last stands inside a table of contents."""
        return any(field.lstrip().startswith("TOC") for field in self._fields)


def _is_invisible(properties: Any) -> bool:
    """White on nothing darker, or smaller than anyone can read."""
    size = value(properties, "sz")
    if size and size.isdigit() and int(size) <= 2:
        return True
    color = (value(properties, "color") or "").upper()
    return color == "FFFFFF" and properties.find(f"{W}shd") is None and properties.find(f"{W}highlight") is None


def _symbol(element: Any) -> str:
    try:
        code = int(element.get(f"{W}char", ""), 16)
    except ValueError:
        return ""
    font = element.get(f"{W}font", "").lower()
    if font.startswith("wingdings"):
        return _SYMBOLS.get(code & 0xFF, "")
    return chr(code) if 0x20 <= code < 0xE000 and not 0xD800 <= code < 0xE000 else ""
