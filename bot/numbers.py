"""Personal numbers in running text: phones, citizen numbers, bank cards, whatever signs and digits they are written in.

A text is read as groups of digits with gaps between them. From every group on, the longest run of groups that makes a
personal number is taken; how freely it may be cut into groups depends on how sure its digits make us (check digits).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date

Span = tuple[int, int, str]
"""Start and end in the text, and what stands there instead."""

_GAP = re.compile(
    r"(?P<weak>[ \t\-.·•_\u200b-\u200f\ufeff\u2060\ufe0f\u20e3]{1,4})"
    r"|(?P<strong>[ \t\-.,、/|~()\[\]\u200b-\u200f\ufe0f\u20e3]{1,4}"
    r"|[ ,、]{0,2}(?:然后是?|接着是?|后面是?|中间是?|最后是?|再来|再|空格|横杠|杠)[ ,、]{0,2})"
)
_MOST_GROUPS, _MOST_DIGITS = 20, 20

_ASCII_DIGITS = re.compile(r"[0-9]+(?:[Xx](?![0-9A-Za-z]))?")
_SPOKEN = str.maketrans("零〇○一幺么二三四五六七八九壹贰貳叁參肆伍陆陸柒捌玖", "00011123456789122334566789")
_NO_SPOKEN_DIGIT = re.compile(
    r"一(?=[下次个個点點些会會直样樣起般边邊定种種件天年月时時])|[一二三四五六七八九](?=[十百千万萬亿億])|(?<=第)[一二三四五六七八九]"
)
_HAS_SPOKEN = re.compile("[零〇○一幺二三四五六七八九壹贰貳叁參肆伍陆陸柒捌玖]")
_NO_DIGIT = re.compile("[^0-9Xx零〇○一幺么二三四五六七八九壹贰貳叁參肆伍陆陸柒捌玖]")
_LETTER_O = re.compile(r"(?<=[0-9])[oO]{1,4}(?![A-Za-z])")

_PUBLIC = re.compile(r"(?:热线|熱線|专线|專線|客服电话|客服電話|服务电话|官方电话|投诉电话|咨询电话|售后电话|门店电话|总机|总台)[^0-9]{0,6}$")
_GOODS = re.compile(r"(?:货号|條碼|条码|条形码|型号|款号|商品编号|商品编码|商品码|批号|赠品编号|SKU|sku|ISBN|税号|識別號|识别号|信用代码)[^0-9\n]{0,4}$")
_EXTENSION = re.compile(r"[ ,]?(?:-|转|轉|分机|ext\.?|#)[ :]?[0-9]{1,6}(?![0-9])")

_MOBILE_SHAPES = {
    (11,), (3, 4, 4), (4, 3, 4), (4, 4, 3), (3, 3, 5), (3, 5, 3), (3, 8), (7, 4), (5, 6), (6, 5), (3, 3, 3, 2),
    (3, 2, 2, 2, 2), (3, 2, 2, 4), (3, 4, 2, 2), (1,) * 11,
}  # fmt: skip
_COMMA_SHAPES = {(11,), (3, 4, 4), (4, 3, 4), (4, 4, 3), (3, 3, 5), (1,) * 11}
_LONG_SHAPES = {
    (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 4, 4, 4, 1), (4, 4, 4, 4), (6, 4, 4, 4), (6, 4, 4, 3), (6, 8, 4), (6, 8, 3),
    (3, 3, 4, 4, 4), (6, 13), (6, 12), (6, 10),
}  # fmt: skip

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83}


class _Fold(dict[int, int]):
    """One character for one character, so that a span in the folded text is the span in the original."""

    def __missing__(self, code: int) -> int:
        folded = code
        if 0xFF01 <= code <= 0xFF5E:  # full width
            folded = code - 0xFEE0
        elif code in (0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63):  # dashes
            folded = ord("-")
        elif code in (0xA0, 0x3000, 0x2002, 0x2003, 0x2009):  # spaces
            folded = ord(" ")
        elif code > 127 and (digit := unicodedata.digit(chr(code), None)) is not None:  # ①, ¹, 𝟏 and other scripts
            folded = ord("0") + digit
        self[code] = folded
        return folded


_FOLD = _Fold()


def fold(text: str) -> str:
    """``text`` with digits, signs and spaces in one form each; of the same length."""
    return text.translate(_FOLD)


def numbers(text: str) -> Iterator[Span]:
    """The personal numbers of a folded text, in order, not overlapping.

    Mobile numbers keep three digits in front and four at the end, landlines the area code, others the last four.
    """
    text = _LETTER_O.sub(lambda match: "0" * len(match[0]), text)
    seen = list(_walk(text, text))
    if _HAS_SPOKEN.search(text) is not None:
        rest = blanked(text, seen)
        spoken = _NO_SPOKEN_DIGIT.sub(lambda match: "\x01" * len(match[0]), rest).translate(_SPOKEN)
        seen += _walk(rest, spoken)
    yield from sorted(seen)


def mobiles(text: str) -> list[str]:
    """The mobile numbers of a folded text, digits only."""
    text = _LETTER_O.sub(lambda match: "0" * len(match[0]), text)
    return [
        re.sub(r"[^0-9]", "", text[start:end].translate(_SPOKEN))[-11:]
        for start, end, cover in numbers(text)
        if len(cover) == 11 and cover[3:7] == "****"
    ]


def landlines(text: str) -> list[str]:
    """The landlines of a folded text, as written."""
    return [text[start:end] for start, end, cover in numbers(text) if cover.endswith("-****")]


def blanked(text: str, spans: list[Span]) -> str:
    """``text`` with every span made of NUL characters, so that it is found only once."""
    pieces, at = [], 0
    for start, end, _ in sorted(spans):
        pieces += [text[at:start], "\x00" * (end - start)]
        at = end
    return "".join([*pieces, text[at:]])


def last_four(number: str) -> str:
    """A placeholder that keeps four characters."""
    return f"****{number[-4:]}"


def is_citizen_number(number: str) -> bool:
    """Whether this is a citizen number: province, a date of birth, and the check digit of GB 11643 (15: no check)."""
    if not re.fullmatch(r"[0-9]{15}|[0-9]{17}[0-9Xx]", number) or int(number[:2]) not in _PROVINCES:
        return False
    born = number[6:14] if len(number) == 18 else f"19{number[6:12]}"
    try:
        if not 1880 <= date(int(born[:4]), int(born[4:6]), int(born[6:])).year <= 2100:
            return False
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=False))
    return len(number) == 15 or "10X98765432"[total % 11] == number[17].upper()


def is_bank_card(number: str) -> bool:
    """Whether this is a card number: 16 to 19 digits, an issuer's first digit, and the Luhn check (ISO/IEC 7812)."""
    if not re.fullmatch(r"[34569][0-9]{15,18}", number):
        return False
    digits = [int(digit) for digit in reversed(number)]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _walk(text: str, digits: str) -> Iterator[Span]:
    """Spans of ``text``; ``digits`` is the same text as digits are looked for in it."""
    groups = [match.span() for match in _ASCII_DIGITS.finditer(digits)]
    free = [not _placeholder(digits, start, end) for start, end in groups]
    at = 0
    while at < len(groups):
        found = _longest(text, digits, groups, free, at) if free[at] else None
        if found is None:
            at += 1
            continue
        last, span = found
        yield span
        at = last + 1
        while at < len(groups) and groups[at][0] < span[1]:  # an extension
            at += 1


def _placeholder(digits: str, start: int, end: int) -> bool:
    """Whether the group is what a placeholder has kept."""
    return end - start <= 4 and (digits[max(0, start - 4) : start] == "****" or digits[end : end + 4] == "****")


def _longest(
    text: str, digits: str, groups: list[tuple[int, int]], free: list[bool], first: int
) -> tuple[int, Span] | None:
    start = groups[first][0]
    number, sizes, gaps = "", [], []
    best: tuple[int, Span] | None = None
    strong = False
    for last in range(first, min(first + _MOST_GROUPS, len(groups))):
        if not free[last]:
            break
        if last > first:
            gap = _GAP.fullmatch(digits, groups[last - 1][1], groups[last][0])
            if gap is None or number[-1:] in ("X", "x"):
                break
            strong = strong or gap["weak"] is None
            gaps.append(gap[0])
        end = groups[last][1]
        number += digits[groups[last][0] : end]
        sizes.append(end - groups[last][0])
        if len(number) > _MOST_DIGITS and last > first:
            break
        if len(number) < 10:
            continue
        cover = _cover(number, tuple(sizes), gaps, strong, text[max(0, start - 12) : start])
        if cover is not None:
            kept = _NO_DIGIT.sub("", text[start:end])
            best = last, (_front(text, start), _behind(text, end, cover), cover(kept))
    return best


Cover = Callable[[str], str]


def _cover(number: str, sizes: tuple[int, ...], gaps: list[str], strong: bool, before: str) -> Cover | None:
    """How the number is covered; None if it is not personal."""
    uniform = not strong and len(set(gaps)) == 1
    plain = number.rstrip("Xx")
    if _is_mobile(plain, sizes, gaps, strong, uniform):
        return _mobile_cover
    area = _area(plain, sizes, before)
    if area is not None:
        return None if _PUBLIC.search(before) else (lambda kept: f"{area}-****")
    size = len(number)
    if len(sizes) == 1:
        if len(plain) < 12 or len(plain) < 15 and (_is_bar_code(plain) or _is_moment(plain)):
            return None
        if _GOODS.search(before) and not is_citizen_number(number):
            return None
        return last_four
    if strong and max(sizes) == 1 or not strong:
        if size in (15, 18) and (sizes in _LONG_SHAPES or is_citizen_number(number)):
            return last_four
        if 16 <= size <= 19 and (sizes in _LONG_SHAPES or uniform and is_bank_card(number)):
            return last_four
    return None


def _mobile_cover(kept: str) -> str:
    return f"{kept[-11:-8]}****{kept[-4:]}"


def _is_mobile(number: str, sizes: tuple[int, ...], gaps: list[str], strong: bool, uniform: bool) -> bool:
    for prefix in ("", "0086", "86", "0"):
        rest = number[len(prefix) :]
        if not number.startswith(prefix) or re.fullmatch(r"1[3-9][0-9]{9}", rest) is None:
            continue
        left = _without(sizes, len(prefix))
        if left is None:
            return False
        if prefix and len(left) < len(sizes):
            gaps = gaps[1:]
            strong = any(_GAP.fullmatch(gap)["weak"] is None for gap in gaps)  # type: ignore[index]
            uniform = not strong and len(set(gaps)) <= 1
        if left == (11,):
            return True
        if any("再" in gap or "然后" in gap or "杠" in gap or "空格" in gap or "是" in gap or "面" in gap for gap in gaps):
            return True
        if strong:
            return left in _COMMA_SHAPES
        if len(left) == 4 and set(gaps) == {"."}:
            return False  # an address of the network: 139.196.123.45
        return left in _MOBILE_SHAPES or uniform
    return False


def _without(sizes: tuple[int, ...], digits: int) -> tuple[int, ...] | None:
    """The groups behind a prefix of so many digits; None if it ends inside a later group."""
    if digits == 0 or sizes[0] < digits:
        return sizes if digits == 0 else None
    return sizes[1:] if sizes[0] == digits else (sizes[0] - digits, *sizes[1:])


def _area(number: str, sizes: tuple[int, ...], before: str) -> str | None:
    """The area code if this is a landline; in the usual groups, or in one."""
    for prefix in ("", "0086", "86"):
        if not number.startswith(prefix) or prefix and len(sizes) == 1 and not before.endswith("+"):
            continue
        rest = number[len(prefix) :]
        if prefix and not rest.startswith("0"):
            rest = f"0{rest}"
        match = re.fullmatch(r"(010|02[0-9]|0[3-9][0-9]{2})([2-8][0-9]{6,7})", rest)
        if match is not None and len(sizes) <= 5 and (len(match[1]) > 3 or len(match[2]) == 8):
            return match[1]
    return None


def _front(text: str, start: int) -> int:
    """Where the number begins with the signs that belong to it: ``(``, ``+``."""
    while start > 0 and text[start - 1] in "+(":
        start -= 1
    return start


def _behind(text: str, end: int, cover: Cover) -> int:
    if cover in (_mobile_cover, last_four):
        return end
    match = _EXTENSION.match(text, end)
    return match.end() if match is not None else end


def _is_bar_code(number: str) -> bool:
    """Whether these are the digits of an EAN-13 bar code (GS1 check digit, weights 1 and 3)."""
    if len(number) != 13:
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number))
    return total % 10 == 0


def _is_moment(number: str) -> bool:
    """Whether these digits are a date with a time, as ``20261122093000``."""
    if len(number) not in (12, 14) or not number.startswith("20"):
        return False
    try:
        date(int(number[:4]), int(number[4:6]), int(number[6:8]))
    except ValueError:
        return False
    return int(number[8:10]) < 24 and int(number[10:12]) < 60
