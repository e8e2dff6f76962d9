"""Word, PowerPoint and PDF files for tests, made on the spot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence

from docx import Document as WordDocument
from docx.document import Document as Word
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx import Presentation
from pptx.presentation import Presentation as Slides

Placed = tuple[float, float, float, str]
"""A line on a page: x, y from the top and size in points, and the text."""


def word(fill: Callable[[Word], object]) -> bytes:
    """A Word document that ``fill`` writes."""
    document = WordDocument()
    fill(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def word_xml(body: str) -> bytes:
    """A Word document whose body is that XML, for what python-docx cannot write."""

    def fill(document: Word) -> None:
        for element in parse_xml(f"<w:body {nsdecls('w', 'm')} {_MORE}>{body}</w:body>"):
            document.element.body.insert(len(document.element.body) - 1, element)

    return word(fill)


def slides(fill: Callable[[Slides], object]) -> bytes:
    """A presentation that ``fill`` writes."""
    presentation = Presentation()
    fill(presentation)
    stream = io.BytesIO()
    presentation.save(stream)
    return stream.getvalue()


def ods() -> bytes:
    """An OpenDocument spreadsheet with one question and its answer."""
    rows = "".join(
        "<table:table-row>"
        + "".join(f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row)
        + "</table:table-row>"
        for row in (("问题", "答案"), ("可以货到付款吗？", "部分地区支持。"))
    )
    names = "".join(f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{names} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="Sheet1">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
            'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        )
    return stream.getvalue()


def pdf(pages: Iterable[Sequence[Placed]], *, encrypted: bool = False) -> bytes:
    """A PDF of A4 pages in a Chinese font that is named, not embedded, as old programs write it."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"",
        b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[4 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>"
        b"/DW 1000/W[1 95 500]/FontDescriptor 5 0 R>>",
        b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/FontBBox[0 -120 1000 880]/ItalicAngle 0/Ascent 880"
        b"/Descent -120/CapHeight 700/StemV 80>>",
    ]
    kids = []
    for lines in pages:
        content = "".join(
            f"BT /F1 {size} Tf 1 0 0 1 {x} {842 - y} Tm <{text.encode('utf-16-be').hex()}> Tj ET\n"
            for x, y, size, text in lines
        ).encode()
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    if encrypted:
        objects.append(b"<</Filter/Standard/V 2/R 3/Length 128/P -4/O<" + b"ab" * 32 + b">/U<" + b"cd" * 32 + b">>>")
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start, size = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size + b"".join(b"%010d 00000 n \n" % place for place in places)
    more = b"/Encrypt %d 0 R/ID[<aa><bb>]" % len(objects) if encrypted else b""
    out += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (size, more, start)
    return bytes(out)


def repacked(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """An Office file with every part replaced by what ``change`` makes of its name and content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            target.writestr(item.filename, change(item.filename, source.read(item)))
    return stream.getvalue()


_MORE = (
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
