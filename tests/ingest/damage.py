"""Does to a text what the scraped sites did: see :mod:`ingest.mend` for how it came about."""

from __future__ import annotations

import functools
import re

from opencc import OpenCC
from pypinyin import Style, pinyin

_CUT = re.compile(rb"(\xa3\xac|\xa3\xbf|\xa3\xbb|\xa3\xa1)")


def damaged(text: str, annotated: str, *, narrowed: bool = False, keeps_bracket: bool = False) -> str:
    """``text`` (Simplified) as such a site shows it.

    ``annotated`` are the Traditional characters that get their pinyin, in the order the site looks for them;
    ``narrowed`` if full-width signs became plain ones afterwards; ``keeps_bracket`` if the reader of the bytes loses
    only the one byte it cannot read, and marks it with U+FFFD.
    """
    data = _traditional().convert(text).encode("gb18030")
    for char in annotated:
        reading = pinyin(char, style=Style.TONE)[0][0].encode("gb18030")
        data = data.replace(char.encode("gb18030"), char.encode("gb18030") + b"(" + reading + b")")
    if keeps_bracket:
        return data.decode("gbk", errors="replace")
    shown = "".join(map(_read, _CUT.split(data)))
    if narrowed:
        shown = "".join(chr(ord(char) - 0xFEE0) if "！" <= char <= "～" else char for char in shown)
    return shown


def _read(data: bytes) -> str:
    shown, at = [], 0
    while at < len(data):
        size = 1 if data[at] < 0x80 else 2
        try:
            shown.append(data[at : at + size].decode("gb18030"))
        except UnicodeDecodeError:
            shown.append("?")
        at += size
    return "".join(shown)


@functools.cache
def _traditional() -> OpenCC:
    return OpenCC("s2t")
