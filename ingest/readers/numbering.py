"""The numbers that Word paints in front of list items and headings: they stand nowhere in the text, so they are counted here.

Source of the rules: ECMA-376 part 1, 17.9 (numbering) and 17.18.59 (number formats).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MAX_LEVELS = 9

_DIGITS = "零一二三四五六七八九"
_LEGAL_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 1
    form: str = "decimal"
    text: str = ""
    suffix: str = "tab"
    restart: int | None = None
    legal: bool = False
    style: str = ""


class Numbering:
    """Counts the numbered paragraphs of one document, in their order."""

    def __init__(self, root: Any) -> None:
        """``root`` is the numbering part, or None."""
        abstracts = {} if root is None else {each.get(f"{W}abstractNumId"): each for each in root.iter(f"{W}abstractNum")}
        linked = {_value(each, "styleLink"): name for name, each in abstracts.items() if _value(each, "styleLink")}
        self._lists: dict[str, str] = {}
        self._levels: dict[str, dict[int, _Level]] = {}
        self._starts: dict[str, dict[int, int]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._begun: set[tuple[str, int]] = set()
        for number in () if root is None else root.iter(f"{W}num"):
            name = _value(number, "abstractNumId")
            style = _value(abstracts[name], "numStyleLink") if name in abstracts else ""
            name = linked.get(style, name) if style else name
            identity = number.get(f"{W}numId", "")
            self._lists[identity] = name
            self._levels[identity] = {} if name not in abstracts else _levels(abstracts[name])
            self._starts[identity] = {}
            for override in number.iter(f"{W}lvlOverride"):
                at = _number(override.get(f"{W}ilvl"), 0)
                self._levels[identity].update(_levels(override))
                start = override.find(f"{W}startOverride")
                if start is not None:
                    self._starts[identity][at] = _number(start.get(f"{W}val"), 1)

    def level_of(self, number: str, style: str) -> int:
        """The level of a list that belongs to a paragraph style; 0 if none does."""
        return next((at for at, level in self._levels.get(number, {}).items() if level.style == style), 0)

    def label(self, number: str, level: int) -> str | None:
        """What Word shows in front of the next paragraph of list ``number`` at ``level`` (from 0), with the space after it.

        ``"- "`` for a bullet, ``""`` for a level that shows nothing, None if there is no such list.
        """
        levels = self._levels.get(number)
        if levels is None or number == "0" or not 0 <= level < MAX_LEVELS:
            return None
        own = levels.get(level, _Level())
        counts = self._counts[self._lists[number]]
        override = self._starts[number].get(level)
        if override is not None and (number, level) not in self._begun:
            counts[level] = override
        else:
            counts[level] = counts[level] + 1 if level in counts else own.start
        self._begun.add((number, level))
        for deeper in [each for each in counts if each > level]:
            restart = levels.get(deeper, _Level()).restart
            if restart is None or restart > level:
                del counts[deeper]
        if own.form == "bullet":
            return "- "
        if own.form == "none" and "%" not in own.text.replace(f"%{level + 1}", ""):
            return ""
        text = own.text
        for at in range(level + 1):
            if f"%{at + 1}" in text:
                each = levels.get(at, _Level())
                form = "decimal" if own.legal else each.form
                text = text.replace(f"%{at + 1}", written(counts.setdefault(at, each.start), form))
        bare = text.strip()
        if not bare or bare[-1] in "、）．】》。：" or own.suffix == "nothing" and text == bare and not bare[-1].isalnum():
            return bare
        return f"{bare} "


def written(number: int, form: str) -> str:
    """``number`` in one of Word's number formats; unknown ones give plain digits."""
    make = _FORMS.get(form)
    return make(number) if make and number > 0 else "" if form == "none" else str(number)


def _levels(parent: Any) -> dict[int, _Level]:
    found = {}
    for level in parent.iter(f"{W}lvl"):
        restart = level.find(f"{W}lvlRestart")
        legal = level.find(f"{W}isLgl")
        found[_number(level.get(f"{W}ilvl"), 0)] = _Level(
            start=_number(_value(level, "start"), 0),
            form=_value(level, "numFmt") or _custom(level) or "decimal",
            text=_value(level, "lvlText"),
            suffix=_value(level, "suff") or "tab",
            restart=None if restart is None else _number(restart.get(f"{W}val"), 0),
            legal=legal is not None and legal.get(f"{W}val") not in ("0", "false"),
            style=_value(level, "pStyle"),
        )
    return found


def _custom(level: Any) -> str:
    """The format inside ``mc:AlternateContent``, where Word keeps the ones that came later."""
    inner = next(level.iter(f"{W}numFmt"), None)
    return "" if inner is None else str(inner.get(f"{W}val") or "")


def _value(element: Any, name: str) -> str:
    child = element.find(f"{W}{name}")
    return "" if child is None else str(child.get(f"{W}val") or "")


def _number(text: str | None, default: int) -> int:
    try:
        return int(text or "")
    except ValueError:
        return default


def _chinese(number: int) -> str:
    """一, 十, 十一, 二十, 一百零五: as Chinese headings are numbered."""
    if number >= 10_000:
        return str(number)
    text, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            text += ("零" if zero and text else "") + ("" if unit == 10 and digit == 1 and not text else _DIGITS[digit]) + name
        zero = not digit and bool(text)
    return text


def _legal(number: int) -> str:
    if number >= 10_000:
        return str(number)
    text, zero = "", False
    for unit, name in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            text += ("零" if zero and text else "") + _LEGAL_DIGITS[digit] + name
        zero = not digit and bool(text)
    return text


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        count, number = divmod(number, value)
        text += sign * min(count, 9)
    return text


def _letters(number: int) -> str:
    """a … z, aa, bb …: Word repeats the letter."""
    return chr(97 + (number - 1) % 26) * min(1 + (number - 1) // 26, 9)


def _circled(number: int) -> str:
    return chr(0x2460 + number - 1) if number <= 20 else f"({number})"


_FORMS: Mapping[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02d}",
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "chineseCounting": _chinese,
    "chineseCountingThousand": _chinese,
    "taiwaneseCounting": _chinese,
    "taiwaneseCountingThousand": _chinese,
    "japaneseCounting": _chinese,
    "koreanCounting": _chinese,
    "ideographDigital": lambda number: "".join(_DIGITS[int(digit)] for digit in str(number)).replace("零", "〇"),
    "japaneseDigitalTenThousand": lambda number: "".join(_DIGITS[int(digit)] for digit in str(number)).replace("零", "〇"),
    "chineseLegalSimplified": _legal,
    "ideographLegalTraditional": _legal,
    "ideographTraditional": lambda number: _STEMS[(number - 1) % 10],
    "ideographZodiac": lambda number: _BRANCHES[(number - 1) % 12],
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "decimalEnclosedParen": lambda number: chr(0x2474 + number - 1) if number <= 20 else f"({number})",
    "decimalEnclosedFullstop": lambda number: chr(0x2488 + number - 1) if number <= 20 else f"{number}.",
    "decimalFullWidth": lambda number: str(number).translate(_WIDE),
    "decimalFullWidth2": lambda number: str(number).translate(_WIDE),
    "none": lambda number: "",
}
