"""Characters as the bytes of GBK, private-use area included, one character at a time."""

from __future__ import annotations

import functools

LEADS = range(0x81, 0xFF)
TRAILS = (*range(0x40, 0x7F), *range(0x80, 0xFF))
# Where Windows and GB18030 differ, and the euro sign of Windows.
_ALSO = {"\u1e3f": b"\xa8\xbc", "\ue7c8": b"\xa8\xbf", "\u20ac": b"\x80"}
_FULL_WIDTH = 0xFEE0


@functools.lru_cache(maxsize=30_000)
def to_bytes(char: str) -> bytes | None:
    """One or two bytes, or None if GBK does not have ``char``."""
    if char in _ALSO:
        return _ALSO[char]
    try:
        encoded = char.encode("gb18030")
    except UnicodeEncodeError:
        return None
    return encoded if len(encoded) <= 2 else None


@functools.lru_cache(maxsize=30_000)
def to_char(lead: int, trail: int) -> str | None:
    """The character of two bytes, or None if they are not one that people write (private use, unassigned)."""
    if lead not in LEADS or trail not in TRAILS:
        return None
    try:
        char = bytes((lead, trail)).decode("gb18030")
    except UnicodeDecodeError:
        return None
    return None if len(char) != 1 or "\ue000" <= char <= "\uf8ff" else char


def narrow(text: str) -> str:
    """Full-width ASCII as plain ASCII."""
    return "".join(chr(ord(char) - _FULL_WIDTH) if "\uff01" <= char <= "\uff5e" else char for char in text)


def bytes_of(char: str) -> list[bytes]:
    """The bytes that ``char`` may have been: a plain sign may have been a full-width one that was narrowed since."""
    code = to_bytes(char) if char else None
    if code is None:
        return []
    if "!" <= char <= "~":
        return [code, bytes((0xA3, code[0] | 0x80))]
    return [code]
