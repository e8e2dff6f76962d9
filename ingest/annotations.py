"""Pinyin written behind characters by a scraped site, `網(wǎng)絡(luò)`: what it looks like, and whether a text has it.

Some sites show Simplified texts converted to Traditional and write its pinyin behind many a converted character. The
conversion is part of the damage: who has this text wants the Simplified original back.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.gbk import to_bytes, to_char
from kb.text import to_simplified

if TYPE_CHECKING:
    pass

_TONED = "āáǎàēéěèêếềīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ\ue7c7\ue7c8"
_PLAIN = "a-züɑɡ"
ANNOTATION = re.compile(
    rf"(?P<lost>[?\ufffd]?)(?P<open>\(?)(?P<pinyin>[{_PLAIN}]{{0,4}}[{_TONED}][{_PLAIN}]{{0,4}}) ?\)|"
    rf"(?P<lost0>[?\ufffd]?)\((?P<toneless>[{_PLAIN}]{{1,6}}) ?\)"
)
"""One annotation with what is left of it: a byte before it may be lost (``?``), and the bracket with it."""

_TONE_MARK = re.compile(f"[{_TONED}]")
_CUT_OFF = re.compile(rf"\([{_PLAIN}{_TONED}]{{0,6}}$")
_LETTERS = str.maketrans({"ɑ": "a", "ɡ": "g", "\ue7c7": "ḿ", "\ue7c8": "ǹ"})
_LOSABLE = range(0x80, 0xFF)
ENOUGH = 3
"""So many annotated Traditional characters make a pattern; fewer do where one is broken, or most are annotated."""
_DENSE = 0.1
_SAMPLE = 200_000
"""So many characters are looked at to know how many Traditional ones there are."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One annotation in a text: ``text[start:end]``. ``lost``: a byte went missing with it."""

    start: int
    end: int
    pinyin: str
    toned: bool
    lost: bool


def mark_at(text: str, at: int) -> Mark | None:
    """The annotation that starts at ``at``, if one does."""
    match = ANNOTATION.match(text, at)
    return _mark(match) if match else None


def marks(text: str) -> Iterable[Mark]:
    """All that look like annotations, in order."""
    return map(_mark, ANNOTATION.finditer(text)) if has_tone_marks(text) else ()


def has_tone_marks(text: str) -> bool:
    """A cheap first look: without letters like ``ǎ`` there is no annotation."""
    return _TONE_MARK.search(text) is not None


def reads(char: str, pinyin: str) -> bool:
    """Whether ``pinyin`` is one of the readings of ``char``, tones included."""
    return _plain(pinyin) in _readings(char)


def completions(last: int, pinyin: str) -> tuple[int, ...]:
    """Bytes that would make a character with reading ``pinyin`` out of the byte ``last`` before them.

    The site looked for its characters in bytes without regard to where a character begins, so it also found them in
    the second byte of one and the first of the next: that is how a byte got lost.
    """
    return tuple(
        byte for byte in _LOSABLE if (char := to_char(last, byte)) and is_traditional(char) and reads(char, pinyin)
    )


@functools.lru_cache(maxsize=20_000)
def is_traditional(char: str) -> bool:
    """Whether a Simplified text would not hold ``char``."""
    return "\u4e00" <= char <= "\u9fff" and to_simplified(char) != char


def is_annotated(texts: Iterable[str]) -> bool:
    """Whether the texts of one document show the pattern, so that it is damage and not somebody's explanation."""
    intact, broken, seen, traditional = 0, 0, 0, 0
    for text in texts:
        for mark in marks(text):
            before = text[mark.start - 1 : mark.start]
            if mark.lost:
                code = to_bytes(before) if mark.toned else None
                broken += bool(code and completions(code[-1], mark.pinyin))
            elif mark.toned and is_traditional(before) and reads(before, mark.pinyin):
                intact += 1
        if intact >= ENOUGH or (intact and broken):
            return True
        sample = text[: _SAMPLE - seen]
        seen += len(sample)
        if intact or broken:
            traditional += sum(map(is_traditional, sample))
    return broken > 0 or (intact > 0 and intact >= _DENSE * traditional)


def is_cut_off(text: str, at: int) -> bool:
    """Whether the rest of ``text`` is the beginning of an annotation: the site cut its preview off in the middle."""
    match = _CUT_OFF.match(text, at)
    if not match or at == 0:
        return False
    begun = _plain(match.group()[1:])
    return any(reading.startswith(begun) for reading in _readings(text[at - 1]))


def _mark(match: re.Match[str]) -> Mark:
    pinyin = match["pinyin"]
    if pinyin is None:
        return Mark(match.start(), match.end(), match["toneless"], False, bool(match["lost0"]))
    return Mark(match.start(), match.end(), pinyin, True, bool(match["lost"]) or not match["open"])


def _plain(pinyin: str) -> str:
    return unicodedata.normalize("NFC", pinyin.translate(_LETTERS))


@functools.lru_cache(maxsize=20_000)
def _readings(char: str) -> frozenset[str]:
    from pypinyin.pinyin_dict import pinyin_dict

    found: set[str] = set()
    for form in {char, to_simplified(char)}:
        if len(form) == 1:
            found.update(pinyin_dict.get(ord(form), "").split(","))
    return frozenset(found - {""})
