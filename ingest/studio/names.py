"""Names of uploaded files: what may be written to the disk of any system, and read back by anybody."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from ingest.readers import reader_for
from ingest.sources import reason_to_skip
from ingest.studio.drafts import OWN_TABLE
from kb.errors import InputError

NAME_BYTES = 180
"""Longest name in UTF-8; file systems take 255, and some of them are needed for temporary names."""
_FORBIDDEN = re.compile(r'[<>:"|?*\\/]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """``name`` in one spelling.

    Raises:
        InputError: it is a path, has characters that nobody sees or some system does not take, or a suffix that no
        reader knows; or the studio itself uses it.
    """
    name = unicodedata.normalize("NFC", name).strip()
    shown = "".join(mark if mark.isprintable() else "□" for mark in name)[:60]
    if not name:
        raise InputError("文件没有名字；请给它起个名字再上传。")
    if any(unicodedata.category(mark) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for mark in name):
        raise InputError(f"文件名“{shown}”里有看不见的控制字符；请改个名字再上传。")
    bad = _FORBIDDEN.search(name)
    if bad:
        raise InputError(f"文件名“{shown}”里不能有“{bad.group()}”；请改个名字再上传。")
    if len(name.encode()) > NAME_BYTES:
        raise InputError(f"文件名“{shown}…”太长（最多约 {NAME_BYTES // 3} 个汉字）；请改短再上传。")
    if _DEVICES.match(name) or name.endswith("."):
        raise InputError(f"文件名“{shown}”在 Windows 上不能用；请改个名字再上传。")
    reason = reason_to_skip(name)
    if reason:
        raise InputError(f"“{shown}”不会被收录（{reason}）；如果确实是资料，请改个名字再上传。")
    if name == OWN_TABLE:
        raise InputError(f"“{OWN_TABLE}”是工作室自己的问答表；请到“常见问题”里批量导入，或把文件改个名字再上传。")
    reader_for(name)
    return name


def base_name(name: str) -> str:
    """A file's name without the folders before it."""
    return PurePosixPath(name).name
