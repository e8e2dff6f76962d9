"""Personal numbers masked before anything is stored, logged or sent on.

Numbers are found in every usual written form: full-width digits, spaces and dashes between groups, country code,
Chinese digits. Whatever has fifteen digits or more is masked, be it a citizen number (GB 11643), a bank card or an
order: nothing harmless is that long. Prices, dates, times, bar codes and short codes stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

# One character for one character, so that a span found in the folded text is the span in the original.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_FOLD |= dict.fromkeys((0x2013, 0x2014, 0x2212), ord("-")) | {0x3000: ord(" ")}
_SPOKEN = str.maketrans("零〇一幺二三四五六七八九壹贰叁肆伍陆柒捌玖", "001123456789123456789")

_GAP = r"[ \t\-.·_\u200b-\u200f\ufeff]{1,3}"
_NO_DIGIT_BEFORE, _NO_DIGIT_AFTER = r"(?<![0-9])", r"(?![0-9])"


def _groups(*shapes: str) -> str:
    """A pattern for digits written in groups: ``"3 4 4"`` is three digits, a gap, four, a gap, four."""
    return "|".join(_GAP.join(rf"[0-9]{{{size}}}" for size in shape.split()) for shape in shapes)


_MOBILE = re.compile(
    rf"{_NO_DIGIT_BEFORE}(?:[(]?(?:\+|00)?86[)]?(?:{_GAP})?)?(?=1(?:{_GAP})?[3-9])"
    rf"((?:{_groups('11', '3 4 4', '3 8', '7 4', '4 3 4', '4 4 3', '3 3 5', '3 3 3 2', '5 6', '6 5', '3 2 2 2 2')})"
    rf"|[0-9](?:{_GAP}[0-9]){{10}}){_NO_DIGIT_AFTER}"
)
_LONG = re.compile(
    rf"{_NO_DIGIT_BEFORE}(?:[0-9]{{12,}}|{_groups('4 4 4 4 3', '4 4 4 4 2', '4 4 4 4 1', '4 4 4 4', '6 4 4 4')}"
    rf"|{_groups('6 4 4 3', '6 8 4', '6 8 3', '3 3 4 4 4', '6 13', '6 12', '6 10')})[Xx]?{_NO_DIGIT_AFTER}"
)
_LANDLINE = re.compile(
    rf"{_NO_DIGIT_BEFORE}(?:[(]?(?:\+|00)86[)]?[ -]?)?[(]?0(?:10|2[0-9]|[3-9][0-9]{{2}})[)]?[ -]{{0,2}}"
    rf"[2-9][0-9]{{2,3}}[ -]?[0-9]{{4}}(?:[ ]?(?:-|转)[ ]?[0-9]{{1,5}})?{_NO_DIGIT_AFTER}"
)
_LOCAL_PHONE = re.compile(
    rf"(?:电话|座机|手机|电联|联系方式)(?:号码|号)?[是为:]?[ ]?([2-8][0-9]{{2,3}}[ -]?[0-9]{{4}}){_NO_DIGIT_AFTER}"
)
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_ORDER = re.compile(
    r"(?:订单|單號|訂單|单号|运单|快递单|物流单|流水|交易)(?:编号|编码|号码|号|號)?[是为:#]{0,2}[ ]{0,2}"
    r"([A-Za-z]{0,6}[-_]?[0-9][0-9A-Za-z_-]{5,39})"
)
_TRACKING = re.compile(r"(?<![0-9A-Za-z])([A-Za-z]{2,4}[0-9]{10,20})(?![0-9A-Za-z])")
_MESSENGER = re.compile(
    r"(?:微信|薇信|威信|[Vv][Xx]|[Ww][Xx]|[Qq]{2}|扣扣)(?:号码|号)?[是为:]?[ ]?([A-Za-z0-9_-]{5,20})(?![A-Za-z0-9_-])"
)
_NAME = re.compile(r"(?:姓名|收件人|收货人|联系人)[ ]?[:是][ ]?([\u4e00-\u9fff·]{2,4})(?![\u4e00-\u9fff])")
_ADDRESS = re.compile(
    r"(?:地址|住址)[ ]?[:是][ ]?([^\n,。;!?、]{0,30}(?:路|街|道|巷|弄|号|室|栋|单元|村|镇|小区)[^\n,。;!?]{0,40})"
)

Span = tuple[int, int, str]


def mask(text: str) -> str:
    """``text`` with personal numbers made unreadable.

    Mobile numbers keep three digits in front and four at the end; citizen numbers, bank cards, order and tracking
    numbers the last four; landlines the area code; mail addresses the first letter and the domain; names the first
    character. Idempotent.
    """
    folded = text.translate(_FOLD)
    taken: list[Span] = []
    for find in _FINDERS:
        for start, end, cover in find(folded):
            if all(end <= other[0] or other[1] <= start for other in taken):
                taken.append((start, end, cover))
    pieces, at = [], 0
    for start, end, cover in sorted(taken):
        pieces += [text[at:start], cover]
        at = end
    return "".join([*pieces, text[at:]])


def contacts(text: str) -> list[str]:
    """Ways to reach a person that ``text`` names: mobile numbers, landlines, mail addresses, messenger names."""
    folded = text.translate(_FOLD)
    found = [_digits(match[1]) for match in _MOBILE.finditer(folded.translate(_SPOKEN))]
    found += [match[0] for match in _LANDLINE.finditer(folded)]
    found += [match[1] for match in _LOCAL_PHONE.finditer(folded)]
    found += [match[0] for match in _EMAIL.finditer(folded)]
    found += [match[0] for match in _MESSENGER.finditer(folded) if any(map(str.isdigit, match[1]))]
    return list(dict.fromkeys(found))


def _mobiles(text: str) -> Iterator[Span]:
    for match in _MOBILE.finditer(text.translate(_SPOKEN)):
        digits = "".join(text[i] for i in range(*match.span(1)) if text[i].translate(_SPOKEN).isdigit())
        yield *match.span(), f"{digits[:3]}****{digits[-4:]}"


def _long_numbers(text: str) -> Iterator[Span]:
    for match in _LONG.finditer(text):
        number = re.sub(r"[^0-9Xx]", "", match[0])
        if len(number) >= 15 or not (_is_bar_code(number) or _is_moment(number)):
            yield *match.span(), _last_four(number)


def _landlines(text: str) -> Iterator[Span]:
    for match in _LANDLINE.finditer(text):
        area = re.search(r"0(?:10|2[0-9]|[3-9][0-9]{2})", match[0])
        yield *match.span(), f"{area[0] if area else ''}-****"


def _emails(text: str) -> Iterator[Span]:
    for match in _EMAIL.finditer(text):
        name, _, domain = match[0].partition("@")
        yield *match.span(), f"{name[0]}***@{domain}"


def _orders(text: str) -> Iterator[Span]:
    for match in _ORDER.finditer(text):
        number = match[1].rstrip("-_")
        if sum(map(str.isdigit, number)) >= 6 and not re.fullmatch(r"20\d\d-?\d{1,2}-?\d{1,2}", number):
            yield match.start(1), match.start(1) + len(number), _last_four(number)


def _messengers(text: str) -> Iterator[Span]:
    for match in _MESSENGER.finditer(text):
        if any(map(str.isdigit, match[1])):
            yield *match.span(1), f"{match[1][0]}***"


def _whole(pattern: re.Pattern[str], cover: Callable[[str], str]) -> Callable[[str], Iterator[Span]]:
    def find(text: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            yield *match.span(1), cover(match[1])

    return find


_FINDERS: tuple[Callable[[str], Iterator[Span]], ...] = (
    _emails,
    _mobiles,
    _landlines,
    _orders,
    _long_numbers,
    _whole(_TRACKING, lambda found: _last_four(found)),
    _whole(_LOCAL_PHONE, lambda found: "****"),
    _messengers,
    _whole(_NAME, lambda found: f"{found[0]}**"),
    _whole(_ADDRESS, lambda found: "（地址已隐去）"),
)


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _last_four(number: str) -> str:
    return f"****{number[-4:]}"


def _is_bar_code(number: str) -> bool:
    """Whether these are the digits of an EAN-13 bar code (GS1 check digit, weights 1 and 3)."""
    if len(number) != 13 or not number.isdigit():
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
