"""PowerPoint slides in order: the title of each is a heading, then its texts from top to bottom, tables and notes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ingest.document import Document
from ingest.readers.package import Package
from ingest.readers.pieces import Piece, blocks_of, table_pieces
from ingest.tables import Row
from kb.errors import SourceError

if TYPE_CHECKING:
    from pptx.slide import Slide

TITLE_LEVEL = 1
NOTES = "备注："
LINE_HEIGHT = 150_000
"""Shapes whose tops differ by less (in EMU, about half a line of 24 points) stand beside each other."""

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_FURNITURE = frozenset({"DATE", "FOOTER", "HEADER", "SLIDE_NUMBER", "SLIDE_IMAGE"})
_FAULTS = (KeyError, ValueError, TypeError, AttributeError, IndexError, NotImplementedError, SyntaxError)


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    from pptx.exc import PythonPptxError
    from pptx.package import Package as Presentations

    Package(data, "PowerPoint 演示文稿", "PowerPoint").refuse_entities("ppt/slides/")
    teller = _Teller()
    try:
        # Not pptx.Presentation: it refuses slide shows and templates, which are the same inside.
        presentation = Presentations.open(io.BytesIO(data)).presentation_part.presentation
        for number, slide in enumerate(presentation.slides, 1):
            teller.tell(slide, number)
    except (PythonPptxError, *_FAULTS) as error:
        raise SourceError("PowerPoint 演示文稿打不开，可能已损坏或没有传完整；请用 PowerPoint 或 WPS 打开后另存，再试一次。") from error
    return Document(source, tuple(blocks_of(teller.pieces)), warnings=tuple(teller.warnings), questions=teller.questions)


class _Teller:
    """Goes through the slides once. The page of a block is the number of its slide."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.warnings: list[str] = []
        self.questions = 0
        self._tables = 0

    def tell(self, slide: Slide, number: int) -> None:
        """Everything on one slide."""
        if slide.element.get("show") in ("0", "false"):
            self.warnings.append(f"第 {number} 张幻灯片是隐藏的，没有收录。")
            return
        title = slide.shapes.title
        heading = " ".join(title.text_frame.text.split()) if title is not None else ""
        if heading:
            self.pieces.append(Piece(heading, level=TITLE_LEVEL, page=number))
        for shape in _in_reading_order(slide.shapes):
            if title is not None and shape.shape_id == title.shape_id:
                continue
            self._shape(shape, number)
        if slide.has_notes_slide:
            frame = slide.notes_slide.notes_text_frame
            notes = "" if frame is None else "\n".join(text for text, _ in _paragraphs(frame._txBody))
            if notes.strip():
                self.pieces.append(Piece(NOTES + notes, page=number))

    def _shape(self, shape: Any, number: int) -> None:
        kind = shape.placeholder_format.type if shape.is_placeholder else None
        if kind is not None and kind.name in _FURNITURE:
            return
        if getattr(shape, "has_table", False) and shape.has_table:
            self._table(shape.table, number)
        elif getattr(shape, "has_text_frame", False) and shape.has_text_frame:
            listed = shape.is_placeholder
            paragraphs = list(_paragraphs(shape.text_frame._txBody))
            is_list = listed and len(paragraphs) > 1
            for text, label in paragraphs:
                mark = label or ("- " if is_list and label is None else "")
                self.pieces.append(Piece(mark + text, tight=is_list or bool(label), page=number))
        elif hasattr(shape, "shapes"):
            for inner in _in_reading_order(shape.shapes):
                self._shape(inner, number)
        elif shape.element.tag.endswith("}graphicFrame"):
            self._diagram(shape, number)

    def _table(self, table: Any, number: int) -> None:
        self._tables += 1
        rows: list[Row] = []
        above: dict[int, str] = {}
        for at, row in enumerate(table.rows, 1):
            values = []
            for column, cell in enumerate(row.cells):
                if cell.is_spanned and cell._tc.vMerge:
                    values.append(above.get(column, ""))
                else:
                    values.append("" if cell.is_spanned else "\n".join(text for text, _ in _paragraphs(cell._tc.txBody)))
                above[column] = values[-1]
            rows.append((at, tuple(values)))
        pieces, result = table_pieces(rows, f"第 {self._tables} 个表格", number)
        self.pieces.extend(pieces)
        self.warnings.extend(result.warnings)
        self.questions += result.questions

    def _diagram(self, shape: Any, number: int) -> None:
        """The texts of a SmartArt picture, which stand in a part of their own."""
        from lxml import etree

        for identity in {value for element in shape.element.iter() for name, value in element.items() if name.endswith("}dm")}:
            part = shape.part.related_part(identity)
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            root = etree.fromstring(part.blob, parser)
            for body in root.iter("{http://schemas.openxmlformats.org/drawingml/2006/diagram}t"):
                text = "".join(part.text or "" for part in body.iter(f"{_A}t")).strip()
                if text:
                    self.pieces.append(Piece(f"- {text}", tight=True, page=number))


def _in_reading_order(shapes: Iterable[Any]) -> list[Any]:
    """Shapes from top to bottom, those beside each other from left to right; hidden ones left out."""
    visible = [shape for shape in shapes if not _is_hidden(shape)]
    visible.sort(key=lambda shape: shape.top or 0)
    rows: list[list[Any]] = []
    for shape in visible:
        if rows and (shape.top or 0) - (rows[-1][0].top or 0) < LINE_HEIGHT:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return [shape for row in rows for shape in sorted(row, key=lambda shape: shape.left or 0)]


def _is_hidden(shape: Any) -> bool:
    own = next((element for element in shape.element.iter() if str(element.tag).endswith("}cNvPr")), None)
    return own is not None and own.get("hidden") in ("1", "true")


def _paragraphs(body: Any) -> Iterator[tuple[str, str | None]]:
    """The paragraphs of a text and what stands in front of each: a number, ``""`` for no bullet, None for the usual."""
    count = 0
    for paragraph in body.iter(f"{_A}p"):
        text = "".join(_run_text(child) for child in paragraph).strip()
        if not text:
            continue
        properties = paragraph.find(f"{_A}pPr")
        label: str | None = None
        automatic = None if properties is None else properties.find(f"{_A}buAutoNum")
        if automatic is not None:
            count = int(automatic.get("startAt", "1")) if not count else count + 1
            label = f"{count}. "
        else:
            count = 0
            if properties is not None and properties.find(f"{_A}buNone") is not None:
                label = ""
            elif properties is not None and properties.find(f"{_A}buChar") is not None:
                label = "- "
        yield text, label


def _run_text(element: Any) -> str:
    if element.tag == f"{_A}br":
        return "\n"
    return element.findtext(f"{_A}t") or "" if element.tag in (f"{_A}r", f"{_A}fld") else ""
