"""From the bytes of a file to its text: byte order mark, strict UTF-8, then the best of scored guesses.

Chinese files without a mark decode "successfully" in several encodings; only one gives the characters that real text
is made of. A guess that is not clear is reported, never silent.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from ingest.frequent import FREQUENT
from kb.errors import SourceError

SAMPLE_BYTES = 64 * 1024
"""How much of a file is scored; the rest is decoded with the winner."""
SURE = 0.45
"""Score from which a guess is taken without a word, if no other comes within ``MARGIN``."""
MARGIN = 0.2
POSSIBLE = 0.2
"""Score below which the text is taken for noise."""
BAD_SHARE = 0.002
"""Share of broken characters up to which a file still counts as UTF-8."""

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_NAMES = {"gb18030": "GB18030", "big5": "Big5", "utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
_CODECS = {"big5": "big5hkscs"}
_HAN = re.compile("[\u3400-\u9fff]")
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the name of its encoding, and what an editor should know about the guess (Chinese, may be empty)."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """The text of ``data``. ``declared`` is an encoding the file itself names (HTML); it only breaks ties.

    Raises:
        SourceError: no known encoding gives readable text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _legible(_strict(data[len(mark) :], encoding))
    if b"\0" not in data:
        utf8 = _utf8(data)
        if utf8 is not None and not _is_accident(data, utf8.text):
            return utf8
    return _guess(data, declared)


def score(text: str) -> float:
    """How much ``text`` looks like Chinese as people write it: about 1 for real text, near or below 0 for noise.

    The mean over all characters beyond ASCII: 1 for frequent ones, a little for other common ones, a penalty for rare
    Han, private use and control characters. 0 for text without such characters.
    """
    total, count = 0.0, 0
    for character in text:
        if character < "\x80":
            if character < " " and character not in "\t\n\r\f":
                total, count = total - 2, count + 1
            continue
        count += 1
        total += _weight(character)
    return total / count if count else 0.0


def _weight(character: str) -> float:
    if character in FREQUENT:
        return 1.0
    point = ord(character)
    if 0x3001 <= point <= 0x301F or 0xFF01 <= point <= 0xFF5E or character in "“”‘’…—·￥":
        return 0.6
    if 0x4E00 <= point <= 0x9FFF:
        return 0.35 if _is_common(character) else -0.4
    if 0x2460 <= point <= 0x24FF or character in "√×※★●◆■□○△→①\u3000\xa0":
        return 0.3
    if 0x1F300 <= point <= 0x1FAFF or 0x2600 <= point <= 0x27BF or point == 0xFE0F:
        return 0.0
    return -1.0


def _is_common(character: str) -> bool:
    """Whether a Han character is of the first, commoner level of GB 2312 or of Big5."""
    try:
        return character.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        pass
    try:
        return character.encode("big5")[0] <= 0xC6
    except UnicodeEncodeError:
        return False


def _strict(data: bytes, encoding: str) -> Decoded:
    decoder = codecs.getincrementaldecoder(_CODECS.get(encoding, encoding))("strict")
    try:
        text = decoder.decode(data, final=False)
    except UnicodeDecodeError as error:
        name = _NAMES.get(encoding, encoding.upper())
        raise SourceError(
            f"文件按 {name} 编码读到第 {error.start + 1} 个字节时出错；文件可能已损坏，请用原来的软件打开后另存为 UTF-8。"
        ) from error
    left_over, _ = decoder.getstate()
    warnings = ("文件结尾的最后一个字不完整，可能被截断过；请核对原文件。",) if left_over else ()
    return Decoded(text, encoding, warnings)


def _legible(decoded: Decoded) -> Decoded:
    """``decoded``, unless it is made of characters that no text has: a mark may stand before anything.

    Raises:
        SourceError: more than one character in ten is unassigned, private or a replacement.
    """
    sample = decoded.text[:SAMPLE_BYTES]
    foreign = sum(unicodedata.category(c) in ("Cn", "Co", "Cs") or c == "\ufffd" for c in sample)
    if foreign > len(sample) / 10:
        name = _NAMES.get(decoded.encoding, decoded.encoding.upper())
        raise SourceError(f"文件开头标明是 {name} 编码，内容却不是文字；文件可能已损坏，请用原来的软件打开后另存为 UTF-8。")
    return decoded


def _utf8(data: bytes) -> Decoded | None:
    """``data`` as UTF-8 if that is what it is, a few broken bytes forgiven and named; else None."""
    try:
        return _strict(data, "utf-8")
    except SourceError:
        pass
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    whole = len(_UTF8_SEQUENCE.findall(data[: 4 * SAMPLE_BYTES]))
    if broken > max(1, BAD_SHARE * len(text)) or whole < 20 * broken:
        return None
    line = text.count("\n", 0, text.index("\ufffd")) + 1
    return Decoded(text, "utf-8", (f"有 {broken} 处坏字节（第一处在第 {line} 行），已显示为“\ufffd”；请核对原文件。",))


def _is_accident(data: bytes, text: str) -> bool:
    """Whether a short GB 18030 text happens to be valid UTF-8: its two-byte characters then read as odd letters."""
    sample = text[:SAMPLE_BYTES]
    return score(sample) < 0 and not _HAN.search(sample) and _score_as(data, "gb18030") >= SURE


def _guess(data: bytes, declared: str | None) -> Decoded:
    scored = sorted(((_score_as(data, name), name) for name in ("gb18030", "big5", "utf-16-le", "utf-16-be")), reverse=True)
    (best, encoding), (second, other) = scored[0], scored[1]
    if declared and best - second < MARGIN and _same(declared, other) and second >= POSSIBLE:
        best, encoding, second = second, other, best
    if best < POSSIBLE:
        raise SourceError("认不出文件的文字编码（试过 UTF-8、GB18030、Big5、UTF-16）；请用原来的软件打开后另存为 UTF-8。")
    decoded = _strict(data, encoding)
    if best >= SURE and best - second >= MARGIN:
        return decoded
    opening = " ".join(decoded.text.split())[:20]
    doubt = f"文字编码不能确定，暂按 {_NAMES[encoding]} 读取，开头是“{opening}”；如果是乱码，请另存为 UTF-8 后再试。"
    return Decoded(decoded.text, encoding, (doubt, *decoded.warnings))


def _score_as(data: bytes, encoding: str) -> float:
    """Score of the beginning of ``data`` in one encoding; below every threshold if it does not decode."""
    try:
        text = codecs.getincrementaldecoder(_CODECS.get(encoding, encoding))("strict").decode(data[:SAMPLE_BYTES], False)
    except UnicodeDecodeError:
        return -10.0
    if not encoding.startswith("utf-16"):
        return score(text)
    # In a wrong UTF-16 reading nearly everything is Han, so plain letters and line ends speak for a right one.
    plain = sum(character.isascii() and (character.isprintable() or character in "\r\n\t") for character in text)
    beyond = sum(not character.isascii() for character in text)
    controls = len(text) - plain - beyond
    if controls:
        return -1.0
    return (score(text) * beyond + 0.6 * plain) / len(text) if text else 0.0


def _same(declared: str, encoding: str) -> bool:
    name = declared.lower().replace("_", "-")
    if encoding == "gb18030":
        return name.startswith("gb")
    return name.startswith(encoding.split("-le")[0].split("-be")[0])
