"""Whether a file holds what its suffix says; a renamed file gets a verdict instead of a page of noise."""

from __future__ import annotations

import re

from kb.errors import SourceError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ARCHIVE = b"PK\x03\x04"
_BINARY = (
    (b"%PDF-", "PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"Rar!", "压缩文件"),
    (b"7z\xbc\xaf", "压缩文件"),
    (b"\x1f\x8b", "压缩文件"),
    (b"{\\rtf", "RTF 文档"),
)
_OFFICE = ((b"xl/", "Excel 工作簿", ".xlsx"), (b"word/", "Word 文档", ".docx"), (b"ppt/", "PowerPoint 演示文稿", ".pptx"))
_WEB = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL)
_OWN_KIND = {".xlsx": ".xlsx", ".xlsm": ".xlsx", ".html": ".html", ".htm": ".html"}


def check_content(data: bytes, suffix: str) -> None:
    """Make sure that ``data`` may be a file of that suffix.

    Raises:
        SourceError: it is empty, protected by a password, or of another kind; the text says what it is and what to do.
    """
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise SourceError("文件是空的。")
    kind, right = _kind(data)
    own = _OWN_KIND.get(suffix, "")
    if own == ".xlsx" and not kind:
        raise SourceError(f"文件后缀是 {suffix}，内容却不是 Excel 工作簿，或者文件已损坏；请用原来的软件打开后另存，再试一次。")
    if kind and (right != own or not right):
        advice = f"请把后缀改为 {right} 后再试" if right else "请用原来的软件打开后另存为支持的格式"
        raise SourceError(f"文件后缀是 {suffix}，内容却是{kind}；{advice}。")


def _kind(data: bytes) -> tuple[str, str]:
    """What ``data`` is by its own marks, and the suffix it should have; empty where nothing tells."""
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise SourceError("文件有密码保护，打不开；请取消密码后另存，再试一次。")
        return "旧版 Office 文件（doc、xls、ppt）", ""
    if data.startswith(_ARCHIVE):
        for member, kind, right in _OFFICE:
            if member in data:
                return kind, right
        return "压缩文件", ""
    for mark, kind in _BINARY:
        if data.startswith(mark):
            return kind, ""
    if _WEB.match(data[:4096]):
        return "网页", ".html"
    return "", ""
