"""What is personal, masked before anything is stored, logged or sent on.

Masked: mobile numbers and landlines, citizen numbers (GB 11643), bank cards, passports and other papers, licence
plates, order and tracking numbers, mail addresses, messenger names, postal addresses, and names of persons. Whatever
has fifteen digits or more is masked: nothing harmless is that long.

Not personal: 400 and 800 numbers, short numbers (12315), a landline after 热线 or 客服电话, where the shop has its
returns sent, and prices, dates, times, bar codes, model numbers and quantities.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bot.numbers import Span, blanked, fold, landlines, last_four, mobiles, numbers
from bot.places import ADDRESS, addresses, form_names, names

_AT = r"[ ]{0,2}(?:@|[\[({<【]at[\])}>】]|艾特|圈a|#at#|(?<=[ ])at(?=[ ]))[ ]{0,2}"
_DOT = r"(?:[ ]?(?:\.|点|點|。|·)[ ]?|[ ]dot[ ]|[\[(]dot[\])])"
_EMAIL = re.compile(
    rf"(?<![A-Za-z0-9._%+-])([A-Za-z0-9][A-Za-z0-9._%+-]{{0,63}}){_AT}"
    rf"([A-Za-z0-9-]{{1,63}}(?:{_DOT}[A-Za-z][A-Za-z0-9-]{{0,62}}){{1,4}})",
    re.IGNORECASE,
)
_ROLES = frozenset("service services support kefu cs help info contact sales hr admin webmaster customerservice".split())
_SHOPS_BOX = re.compile(r"(?:客服|官方|服务|服務|投诉|投訴|商务|招聘)(?:电子|電子)?(?:邮箱|信箱|郵箱|邮件|郵件|email)[^\n]{0,3}$", re.IGNORECASE)
_LOCAL_PHONE = re.compile(
    r"(?:电话|電話|座机|手机|电联|联系方式)(?:号码|号)?[是为:]?[ ]?([2-8][0-9]{2,3}[ -]?[0-9]{4})(?![0-9])"
)
_ORDER = re.compile(
    r"(?:订单|單號|訂單|单号|运单|快递单|物流单|流水|交易|退款单|售后单)(?:编号|编码|号码|号|號)?(?:是|为|:|#){0,2}[ ]{0,2}"
    r"([0-9]{3,6}(?:[ -][0-9]{3,6}){1,5}(?![0-9A-Za-z_-])|[A-Za-z]{0,6}[-_]?[0-9][0-9A-Za-z_-]{5,39})"
)
_TRACKING = re.compile(r"(?<![0-9A-Za-z])([A-Za-z]{2,4}[0-9]{10,20}|[A-Za-z]{2}[0-9]{9}[A-Za-z]{2})(?![0-9A-Za-z])")
_MESSENGER = re.compile(
    r"(?:微信|薇信|威信|微訊|(?<![A-Za-z])[Vv][Xx]|(?<![A-Za-z])[Ww][Xx]|(?<![A-Za-z])[Qq]{2}|扣扣|企鹅|加[Vv]|加我[Vv])"
    r"(?:号码|号|號)?(?P<sure>[ ]?(?:是|为|:|叫)[ ]?)?[ ]{0,2}"
    r"(?P<name>[A-Za-z][A-Za-z0-9_-]{4,19}|[1-9][0-9]{4,11}|[A-Za-z0-9_-]{5,20})(?![A-Za-z0-9_-])"
)
_PLATE = re.compile(
    r"([京津沪滬渝冀豫云辽黑湘皖鲁苏浙赣鄂桂甘晋蒙陕吉闽贵粤粵青藏川宁琼新港澳使领][A-HJ-NP-Z])[·.\- ]?"
    r"([A-HJ-NP-Z0-9]{5,6}|[A-HJ-NP-Z0-9]{4}[挂学警港澳])(?![A-Za-z0-9])"
)
_PAPERS = re.compile(
    r"(?:护照|護照|通行证|台胞证|回乡证|军官证|士兵证|驾驶证|驾照|社保卡|居留证|证件|身份证)(?:编号|号码|号|號)?(?:是|为|:)?[ ]{0,2}"
    r"([A-Za-z]{0,2}[0-9]{6,12}(?:\([0-9A-Za-z]\))?)(?![0-9A-Za-z])"
)
_PASSPORT = re.compile(r"(?<![0-9A-Za-z-])(E[A-HJ-NP-Z][0-9]{7}|[EG][0-9]{8})(?![0-9A-Za-z-])")
_NUMBERED_GOODS = re.compile(r"(?:货号|型号|款号|编号|编码|SKU|款式|色号|版本|批号)[^0-9\n]{0,4}$")
_DATE = re.compile(r"20[0-9]{2}-?[0-9]{1,2}-?[0-9]{1,2}")


def mask(text: str, public: str = "") -> str:
    """``text`` with what is personal made unreadable, idempotent, in time that grows with its length.

    Mobile numbers keep three digits in front and four at the end; citizen numbers, bank cards, papers, order and
    tracking numbers the last four; landlines the area code; mail addresses the first letter and the domain; plates the
    place; names the first character; of postal addresses nothing stays.

    Args:
        public: knowledge of the shop; what stands in it word for word is not personal.
    """
    pieces, at = [], 0
    for start, end, cover in _found(text):
        if public and text[start:end] in public:
            continue
        pieces += [text[at:start], cover]
        at = end
    return "".join([*pieces, text[at:]])


def contacts(text: str) -> list[str]:
    """Ways to reach a person that ``text`` names: mobile numbers, landlines, mail addresses, messenger names."""
    folded = fold(text)
    found = mobiles(folded) + landlines(folded)
    found += [match[1] for match in _LOCAL_PHONE.finditer(folded)]
    found += [match[0] for match in _EMAIL.finditer(folded)]
    found += [match[0] for match in _MESSENGER.finditer(folded) if _is_messenger(match)]
    return list(dict.fromkeys(found))


def _found(text: str) -> list[Span]:
    rest, found = fold(text), []
    for find in _FINDERS:
        spans = list(find(rest))
        if spans:
            rest = blanked(rest, spans)
            found += spans
    if any(cover == ADDRESS for *_, cover in found) and any("****" in cover for *_, cover in found):
        found += form_names(rest)
    return sorted(found)


def _emails(text: str) -> Iterator[Span]:
    for match in _EMAIL.finditer(text):
        if match[1].lower() in _ROLES or _SHOPS_BOX.search(text, max(0, match.start() - 12), match.start()):
            continue
        domain = re.sub(rf"{_DOT}", ".", match[2], flags=re.IGNORECASE)
        yield *match.span(), f"{match[1][0]}***@{domain}"


def _orders(text: str) -> Iterator[Span]:
    for match in _ORDER.finditer(text):
        number = match[1].rstrip("-_")
        if sum(map(str.isdigit, number)) >= 6 and _DATE.fullmatch(number) is None:
            yield match.start(1), match.start(1) + len(number), last_four(number.replace(" ", ""))


def _messengers(text: str) -> Iterator[Span]:
    for match in _MESSENGER.finditer(text):
        if _is_messenger(match):
            yield *match.span("name"), f"{match['name'][0]}***"


def _is_messenger(match: re.Match[str]) -> bool:
    """Whether a word after 微信 is a name: with a digit in it, or clearly set off."""
    return any(map(str.isdigit, match["name"])) or match["sure"] is not None and len(match["name"]) >= 6


def _passports(text: str) -> Iterator[Span]:
    for match in _PASSPORT.finditer(text):
        if _NUMBERED_GOODS.search(text, max(0, match.start() - 10), match.start()) is None:
            yield *match.span(1), last_four(match[1])


def _whole(pattern: re.Pattern[str], cover: Callable[[str], str]) -> Callable[[str], Iterator[Span]]:
    def find(text: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            yield *match.span(1), cover(match[1])

    return find


def _plates(text: str) -> Iterator[Span]:
    for match in _PLATE.finditer(text):
        if any(map(str.isdigit, match[2])):
            yield *match.span(), f"{match[1]}*****"


_FINDERS: tuple[Callable[[str], Iterator[Span]], ...] = (
    _emails,
    _orders,
    _whole(_TRACKING, last_four),
    numbers,
    _whole(_LOCAL_PHONE, lambda found: "****"),
    _plates,
    _whole(_PAPERS, last_four),
    _passports,
    _messengers,
    addresses,
    names,
)
