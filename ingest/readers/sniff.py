"""Whether a file holds what its suffix says; a renamed file gets a verdict instead of a page of noise."""

from __future__ import annotations

import io
import re
import zipfile

from kb.errors import SourceError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ARCHIVE = b"PK\x03\x04"
# Names of streams tell what an old Office file holds; they are written in UTF-16 in its directory.
_OLD_OFFICE = (
    ("WordDocument", "旧版 Word 文档", ".doc"),
    ("PowerPoint Document", "旧版 PowerPoint 演示文稿", ".ppt"),
    ("Workbook", "旧版 Excel 工作簿", ".xls"),
    ("Book", "旧版 Excel 工作簿", ".xls"),
    ("__substg1.0_", "Outlook 邮件", ".msg"),
)
_BINARY = (
    (b"\x89PNG", "图片", ""),
    (b"\xff\xd8\xff", "图片", ""),
    (b"GIF8", "图片", ""),
    (b"BM", "图片", ""),
    (b"II*\0", "图片", ""),
    (b"MM\0*", "图片", ""),
    (b"Rar!", "压缩文件", ""),
    (b"7z\xbc\xaf", "压缩文件", ""),
    (b"\x1f\x8b", "压缩文件", ""),
    (b"{\\rtf", "RTF 文档", ".rtf"),
)
_OFFICE = (("xl/", "Excel 工作簿", ".xlsx"), ("word/", "Word 文档", ".docx"), ("ppt/", "PowerPoint 演示文稿", ".pptx"))
_OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.spreadsheet": ("OpenDocument 表格", ".ods"),
    b"application/vnd.oasis.opendocument.text": ("OpenDocument 文档", ".odt"),
    b"application/vnd.oasis.opendocument.presentation": ("OpenDocument 演示文稿", ".odp"),
    b"application/epub+zip": ("电子书", ".epub"),
}
_WEB = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL)
_OWN_KIND = {".docm": ".docx", ".xlsm": ".xlsx", ".pptm": ".pptx", ".ppsx": ".pptx", ".htm": ".html"}
_NAMED = {".xlsx": "Excel 工作簿", ".docx": "Word 文档", ".pptx": "PowerPoint 演示文稿", ".pdf": "PDF 文件"} | {
    ".xls": "旧版 Excel 工作簿",
    ".ods": "OpenDocument 表格",
}

ADVICE = {
    ".doc": "请用 Word 或 WPS 打开，另存为 .docx 后再试",
    ".wps": "请用 WPS 打开，另存为 .docx 后再试",
    ".rtf": "请用 Word 或 WPS 打开，另存为 .docx 后再试",
    ".odt": "请用 Word 或 WPS 打开，另存为 .docx 后再试",
    ".pages": "请用 Pages 导出为 .docx 后再试",
    ".ppt": "请用 PowerPoint 或 WPS 打开，另存为 .pptx 后再试",
    ".dps": "请用 WPS 打开，另存为 .pptx 后再试",
    ".odp": "请用 PowerPoint 或 WPS 打开，另存为 .pptx 后再试",
    ".key": "请用 Keynote 导出为 .pptx 后再试",
    ".et": "请用 WPS 打开，另存为 .xlsx 后再试",
    ".xlsb": "请用 Excel 打开，另存为 .xlsx 后再试",
    ".numbers": "请用 Numbers 导出为 .xlsx 后再试",
    ".mht": "请用浏览器打开，另存为“网页，仅 HTML”后再试",
    ".mhtml": "请用浏览器打开，另存为“网页，仅 HTML”后再试",
    ".chm": "请先转换成网页（.html）后再试",
    ".epub": "请先转换成网页（.html）或 .docx 后再试",
    ".eml": "请把正文复制到 .txt 文件后再试",
    ".msg": "请把正文复制到 .txt 文件后再试",
} | dict.fromkeys((".zip", ".rar", ".7z", ".gz", ".tar"), "请解压后再试") | dict.fromkeys(
    (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".heic"), "请先用文字识别（OCR）软件转成 .docx 或 .txt，再试一次"
)
"""What to do with files that cannot be read, by suffix."""


def check_content(data: bytes, suffix: str) -> None:
    """Make sure that ``data`` may be a file of that suffix.

    Raises:
        SourceError: it is empty, protected by a password, or of another kind; the text says what it is and what to do.
    """
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise SourceError("文件是空的。")
    kind, right = _kind(data)
    if suffix in ADVICE and right not in _NAMED:
        return  # the advice for that suffix says more
    own = _OWN_KIND.get(suffix, suffix)
    if own in _NAMED and not kind:
        raise SourceError(f"文件后缀是 {suffix}，内容却不是{_spaced(_NAMED[own])}，或者文件已损坏；请用原来的软件打开后另存，再试一次。")
    if kind and (right != own or not right):
        advice = ADVICE.get(right) or (f"请把后缀改为 {right} 后再试" if right else "请用原来的软件打开后另存为支持的格式")
        raise SourceError(f"文件后缀是 {suffix}，内容却是{kind}；{advice}。")


def _spaced(name: str) -> str:
    return f" {name}" if name[0].isascii() else name


def _kind(data: bytes) -> tuple[str, str]:
    """What ``data`` is by its own marks, and the suffix it should have; empty where nothing tells.

    Raises:
        SourceError: it is protected by a password.
    """
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise SourceError("文件有密码保护，打不开；请取消密码后另存，再试一次。")
        for stream, kind, right in _OLD_OFFICE:
            if stream.encode("utf-16-le") in data:
                return kind, right
        return "旧版 Office 文件（doc、xls、ppt）", ""
    if data.startswith(_ARCHIVE):
        return _kind_of_archive(data)
    if b"%PDF-" in data[:1024]:
        return "PDF 文件", ".pdf"
    for mark, kind, right in _BINARY:
        if data.startswith(mark):
            return kind, right
    if _WEB.match(data[:4096]):
        return "网页", ".html"
    return "", ""


def _kind_of_archive(data: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OSError):
        # Cut short: the list of parts at the end is gone, the names in front of the parts are not.
        names = [folder for folder, _, _ in _OFFICE if folder.encode() in data[: 1 << 20]]
    for folder, kind, right in _OFFICE:
        if any(name.startswith(folder) for name in names):
            return kind, right
    for mark, named in _OPEN_DOCUMENT.items():
        if mark in data[:200]:
            return named
    return "压缩文件", ""
