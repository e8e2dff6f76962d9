"""Situations with their right (√) and wrong (×) wordings. A wrong wording never gets into what may be said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.headings import strip_label

Span = tuple[int, int]

RIGHT = "√✓✔☑✅"
WRONG = "×✗✘❌✕✖╳"

# A mark stands at the beginning of a line or after a full stop, colon or closing quote; “10×20” and “××” are none.
_MARK = re.compile(
    rf"(?:^|(?<=[。！？!?”\"」』）)：:；;]))[ \t]*(?:[-*+•][ \t]+|\d{{1,2}}[.、)）][ \t]*)?(?:\*\*)?(?P<mark>[{RIGHT}{WRONG}])\ufe0f?"
    rf"(?![{WRONG}\d])[ \t]*(?:\*\*)?[ \t]*(?:(?:正确|错误|推荐|不推荐)(?:说法|示例|示范|做法|用语|回复)?[ \t]*[:：][ \t]*)?",
    re.MULTILINE,
)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_TAIL = re.compile(r"[^。！？!?；;：:”\"」』）)\n]{2,60}[：:]\s*$")
_SITUATION_LABEL = re.compile(r"(?:情境|场景|情景|情形)\s*[\d一二三四五六七八九十]*\s*[:：、.]\s*")
_ITEM = re.compile(r"\n[ \t]*(?:[-*+•]|\d{1,2}[.、)）]|[（(][一二三四五六七八九十\d]{1,3}[)）])")


@dataclass(frozen=True, slots=True)
class Script:
    """A situation, where its right wordings stand, and its wrong wordings."""

    situation: str
    right: tuple[Span, ...]
    wrong: tuple[str, ...]


def has_wrong(text: str) -> bool:
    """Whether ``text`` marks anything as wrong; ticks alone may just be the bullets of a list."""
    return any(match["mark"] in WRONG for match in _MARK.finditer(text))


def find_scripts(text: str, start: int, end: int, title: str) -> tuple[list[Script], list[Span]]:
    """Scripts in ``text[start:end]`` and the spans around them. ``title`` is the situation until the text names another.

    A script without a right wording is returned too (``right`` is empty): its wrong wordings must not become text.
    """
    marks = list(_MARK.finditer(text, start, end))
    scripts: list[Script] = []
    rest: list[Span] = []
    situation, right, wrong = situation_of(title), list[Span](), list[str]()

    def close() -> None:
        if right or wrong:
            scripts.append(Script(situation, tuple(right), tuple(wrong)))
        right.clear()
        wrong.clear()

    at = start
    for number, mark in enumerate(marks):
        gap = (at, mark.start())
        tail = _TAIL.search(text, *gap)
        if tail:
            close()
            situation = situation_of(tail.group())
            gap = (at, tail.start())
        rest.append(gap)
        limit = marks[number + 1].start() if number + 1 < len(marks) else end
        wording = _wording(text, mark.end(), limit, number + 1 < len(marks))
        if wording[0] < wording[1]:
            if mark["mark"] in WRONG:
                wrong.append(text[slice(*wording)])
            else:
                right.append(wording)
        at = wording[1]
    close()
    rest.append((at, end))
    return scripts, [(a, b) for a, b in rest if text[a:b].strip()]


def situation_of(title: str) -> str:
    """A heading or introducing line as the name of a situation."""
    return strip_label(_SITUATION_LABEL.sub("", title.strip(), count=1)).rstrip("：: ")


def _wording(text: str, start: int, limit: int, followed: bool) -> Span:
    """The wording that begins at ``start``: to the next mark, but not beyond a blank line, a list item, or the line
    that names the next situation."""
    end = limit
    for stop in (_BLANK_LINE, _ITEM):
        match = stop.search(text, start, end)
        if match:
            end = match.start()
    if followed and end == limit:
        tail = _TAIL.search(text, start, end)
        if tail and tail.start() > start:
            end = tail.start()
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
