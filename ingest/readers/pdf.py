"""PDF files with a text layer: text in reading order, page by page; what repeats on every page stays out."""

from __future__ import annotations

import ctypes
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ingest.document import Block, Document
from ingest.encoding import score
from ingest.readers.layout import Glyph, Line, lines_of
from ingest.readers.paragraphs import joined, without_furniture
from ingest.readers.pieces import Piece, blocks_of
from kb.errors import SourceError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

MAX_PAGES = 5_000
MAX_GLYPHS = 60_000
"""No page that people read has more characters."""
FEW_GLYPHS = 5
"""A page with fewer characters and a picture on it is taken for a scan."""
HEADING_RATIO = 1.12
"""Type this much greater than that of the text marks a heading."""
MAX_HEADING_CHARS = 50
MAX_HEADING_LEVELS = 4
NOISE = -0.1
"""Score of a text (see :func:`ingest.encoding.score`) below which its fonts do not tell what their signs mean."""
SAMPLE_CHARS = 20_000
SMALLEST = 1.5
"""Type smaller than this, in points, is meant not to be seen."""

_PASSWORD = 4


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            raise SourceError("文件有密码保护，打不开；请取消密码后另存，再试一次。") from error
        raise SourceError("PDF 打不开，可能已损坏或没有传完整；请重新导出或下载后再试。") from error
    try:
        return _read(document, source)
    finally:
        document.close()


def _read(document: PdfDocument, source: str) -> Document:
    count = len(document)
    if count > MAX_PAGES:
        raise SourceError(f"PDF 有 {count} 页，超过 {MAX_PAGES} 页的上限；请拆成几个小一些的文件。")
    pages: list[list[Line]] = []
    scanned: list[int] = []
    unseen: list[int] = []
    broken: list[int] = []
    for number in range(1, count + 1):
        lines, state = _page(document, number)
        pages.append(lines)
        {"scan": scanned, "unseen": unseen, "broken": broken}.get(state, []).append(number)
    text = "\n".join(line.text for lines in pages for line in lines)
    if not text.strip():
        if broken and not scanned:
            raise SourceError("PDF 的页面都读不出来，文件可能已损坏；请重新导出或下载后再试。")
        raise SourceError(
            "PDF 里没有文字层，可能是扫描件或图片；请先用文字识别（OCR）软件转成 .docx 或带文字层的 PDF，再试一次。"
        )
    if _is_noise(text):
        raise SourceError("PDF 的文字层是乱码（字体没有说明每个字是什么）；请找到原来的 Word 文件，或用文字识别（OCR）软件转换后再试。")
    warnings = tuple(_told(scanned, unseen, broken))
    return Document(source, tuple(_blocks(without_furniture(pages))), warnings=warnings)


def _page(document: PdfDocument, number: int) -> tuple[list[Line], str]:
    """Lines of a page in reading order, and what is odd about it: ``scan``, ``unseen``, ``broken`` or nothing."""
    import pypdfium2

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return [], "broken"
    try:
        glyphs, unseen = _glyphs(page)
        if len(glyphs) < FEW_GLYPHS and _has_picture(page):
            return lines_of(glyphs), "scan"
        return lines_of(glyphs), "unseen" if unseen else ""
    except pypdfium2.PdfiumError:
        return [], "broken"
    finally:
        page.close()


def _glyphs(page: PdfPage) -> tuple[list[Glyph], int]:
    """The characters of a page as it is looked at, y downwards; and how many of them nobody can see."""
    from pypdfium2 import raw

    width, height = page.get_size()
    left, bottom, right, top = page.get_bbox()
    rotation = page.get_rotation()
    textpage = page.get_textpage()
    box, handle = raw.FS_RECTF(), textpage.raw
    found: list[Glyph] = []
    unseen = 0
    pending = ""
    turn = {0: 0.0, 90: 1.5708, 180: 3.1416, 270: 4.7124}[rotation]
    try:
        count = textpage.count_chars()
        if count > MAX_GLYPHS:
            raise SourceError(f"有一页上的字超过 {MAX_GLYPHS} 个，不像给人看的文件，没有读取；请重新导出后再试。")
        for at in range(count):
            if raw.FPDFText_IsGenerated(handle, at) == 1:
                continue
            code = raw.FPDFText_GetUnicode(handle, at)
            if 0xD800 <= code < 0xDC00:
                pending = chr(code)
                continue
            sign = chr(code)
            if pending:
                sign = (pending + sign).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
                pending = ""
            if code == 2:  # how PDFium gives a hyphen at the end of a line
                sign = "-"
            if "\u2e80" <= sign <= "\u2fdf" or "\uf900" <= sign <= "\ufaff":
                # Some programs write the look-alike from the tables of radicals, alone or before the real character.
                sign = unicodedata.normalize("NFKC", sign)
            if sign in "\0\r\n\t\ufffe\uffff" or not raw.FPDFText_GetLooseCharBox(handle, at, ctypes.byref(box)):
                continue
            angle = raw.FPDFText_GetCharAngle(handle, at)
            if abs((angle - turn + 3.1416) % 6.2832 - 3.1416) > 0.1:  # a watermark across the page, or a note on its side
                continue
            x0, x1, y0, y1 = box.left - left, box.right - left, box.bottom - bottom, box.top - bottom
            if rotation == 0:
                placed = (x0, height - y1, x1, height - y0)
            elif rotation == 90:
                placed = (y0, x0, y1, x1)
            elif rotation == 180:
                placed = (width - x1, y0, width - x0, y1)
            else:
                placed = (width - y1, height - x1, width - y0, height - x0)
            size = placed[3] - placed[1]
            outside = placed[2] < 0 or placed[0] > width or placed[3] < 0 or placed[1] > height
            if sign.strip() and (outside or 0 < size < SMALLEST):
                unseen += 1
                continue
            found.append(Glyph(sign, *placed))
    finally:
        textpage.close()
    return found, unseen


def _is_noise(text: str) -> bool:
    """Whether the fonts of a file do not tell what their signs mean, so that the text layer is rubbish."""
    sample = "".join(text[:SAMPLE_CHARS].split())
    odd = sum(unicodedata.category(sign) in ("Co", "Cn", "Cc", "Cs") or sign == "\ufffd" for sign in sample)
    beyond = sum(not sign.isascii() for sign in sample)
    return odd > 0.2 * len(sample) or beyond > 0.3 * len(sample) and score(sample) < NOISE


def _has_picture(page: PdfPage) -> bool:
    from pypdfium2 import raw

    return next(iter(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)), None) is not None


def _blocks(pages: Sequence[list[Line]]) -> Iterator[Block]:
    """Headings by the size of their type, paragraphs between them; a paragraph belongs to the page where it begins."""
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[round(line.size, 1)] += len(line.text)
    if not sizes:  # nothing but headers and page numbers
        return
    body = sizes.most_common(1)[0][0]
    paragraphs = list(joined(pages))
    large = Counter(
        round(each.size) for each in paragraphs if each.size > body * HEADING_RATIO and len(each.text) <= MAX_HEADING_CHARS
    )
    levels = {size: level for level, size in enumerate(sorted(large, reverse=True)[:MAX_HEADING_LEVELS], 1)}
    pieces = []
    for each in paragraphs:
        level = levels.get(round(each.size), 0) if each.size > body * HEADING_RATIO and len(each.text) <= MAX_HEADING_CHARS else 0
        if level and any(sign.isalnum() for sign in each.text):
            pieces.append(Piece(" ".join(each.text.split()), level=level, page=each.page))
        else:
            pieces.append(Piece(each.text, tight=each.tight, page=each.page))
    yield from blocks_of(pieces, "text" if any(piece.level for piece in pieces) else "raw")


def _told(scanned: Sequence[int], unseen: Sequence[int], broken: Sequence[int]) -> Iterator[str]:
    if scanned:
        yield f"{_counted(scanned)}是图片，里面的文字没有读出来；需要收录的话，请先用文字识别（OCR）软件转换。"
    if unseen:
        yield f"{_counted(unseen)}有看不见的文字（字极小或在页面之外），没有收录；请核对原文件。"
    if broken:
        yield f"{_counted(broken)}读不出来，可能已损坏；请核对原文件。"


def _counted(pages: Sequence[int]) -> str:
    named = "、".join(map(str, pages[:5]))
    return f"第 {named} 页" if len(pages) <= 5 else f"第 {named} 等 {len(pages)} 页"
