"""Situations with their right (√) and wrong (×) wordings. A wrong wording never gets into what may be said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.headings import strip_label

Span = tuple[int, int]

RIGHT = "√✓✔☑✅"
WRONG = "×✗✘❌✕✖╳"

# A mark stands at the beginning of a line or after a full stop, colon or closing quote; “10×20” and “××” are none, nor is
# the × of a table that only says no.
_LABELS = rf"(?![{WRONG}\d]|[ \t]*(?:[；;，,、。/|]|$))[ \t]*(?:\*\*)?[ \t]*(?:(?:正[确確]|[错錯][误誤]|推[荐薦]|不推[荐薦])(?:[说說]法|示例|示[范範]|做法|用[语語]|回[复復覆])?[ \t]*[:：][ \t]*)?"
_MARK = re.compile(
    rf"(?:^|(?<=[。！？!?”\"」』）)：:；;]))[ \t]*(?:[-*+•][ \t]+|\d{{1,2}}[.、)）][ \t]*)?(?:\*\*)?(?P<mark>[{RIGHT}{WRONG}])\ufe0f?{_LABELS}",
    re.MULTILINE,
)
# Where wrong wordings are marked, a tick or a cross before a quotation is a mark in the middle of a line too.
_ANY_MARK = re.compile(
    rf"{_MARK.pattern}|(?<=[\u4e00-\u9fff])(?P<inner>[{RIGHT}](?=[\u4e00-\u9fff“\"])|[{WRONG}](?=[“\"])){_LABELS}",
    re.MULTILINE,
)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_PIECE = r"[^。！？!?；;：:“”\"」』）)\n]"
_TAIL = re.compile(
    rf"(?P<section>{_PIECE}{{2,40}}[：:][ \t]*)?(?P<situation>{_PIECE}{{2,60}})(?:[：:]\s*$|(?<=时)[ \t]*\n\s*$)"
)
_TAIL_CHARS = 160
_MEETS = re.compile(r"(?<=[^，,、]{4})(?:如遇|遇到)(?!过)")
_SITUATION_LABEL = re.compile(r"(?:情境|场景|情景|情形)\s*[\d一二三四五六七八九十]*\s*[:：、.]\s*")
_ITEM = re.compile(r"\n[ \t]*(?:[-*+•]|\d{1,2}[.、)）]|[（(][一二三四五六七八九十\d]{1,3}[)）])")
_QUOTE = re.compile(r"“[^”]{0,400}”|「[^」]{0,400}」|\"[^\"\n]{0,200}\"")
_GOES_ON = re.compile(r"\s*(?:或|和|及|以及|、|，|,|；|;|/|“|「|等|之类|这|那|的)")
_REST_OF_LINE = re.compile(r"[^“”「」\"\n]*\n")
_FULL_STOP = re.compile(r"[。！？!?.]*[ \t]*(?=\n|$)")
_NAMED = re.compile(rf"\s*(?P<name>{_PIECE}{{2,30}})[：:]")
MAX_SITUATION_CHARS = 90
"""A longer introduction before a mark is text of its own."""


@dataclass(frozen=True, slots=True)
class Script:
    """A situation, where its right wordings stand, and its wrong wordings. ``section`` names the group of situations it
    belongs to, where the text does."""

    situation: str
    right: tuple[Span, ...]
    wrong: tuple[str, ...]
    section: str = ""


def has_wrong(text: str) -> bool:
    """Whether ``text`` marks anything as wrong; ticks alone may just be the bullets of a list."""
    return (
        any(match["mark"] in WRONG for match in _MARK.finditer(text)) if any(sign in text for sign in WRONG) else False
    )


def find_scripts(text: str, start: int, end: int, title: str) -> tuple[list[Script], list[Span]]:
    """Scripts in ``text[start:end]`` and the spans around them. ``title`` is the situation until the text names another.

    A script without a right wording is returned too (``right`` is empty): its wrong wordings must not become text.
    """
    marks = list(_ANY_MARK.finditer(text, start, end))
    scripts: list[Script] = []
    rest: list[Span] = []
    section, situation = "", situation_of(title)
    right, wrong = list[Span](), list[str]()

    def close() -> None:
        if right or wrong:
            scripts.append(Script(situation, tuple(right), tuple(wrong), section))
        right.clear()
        wrong.clear()

    at = start
    for number, mark in enumerate(marks):
        named = _named_situation(text, at, mark, new=number == 0 or at != marks[number - 1].end())
        gap = (at, mark.start())
        if named:
            close()
            section, situation = named[0] or section, named[1]
            gap = (at, named[2])
        rest.append(gap)
        following = marks[number + 1] if number + 1 < len(marks) else None
        is_wrong = (mark["mark"] or mark["inner"]) in WRONG
        wording = _wording(text, mark.end(), following.start() if following else end, following is not None, is_wrong)
        if wording[0] < wording[1]:
            if is_wrong:
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


def _named_situation(text: str, start: int, mark: re.Match[str], *, new: bool) -> tuple[str, str, int] | None:
    """Section and situation that ``text[start:mark.start()]`` names, and where the text left before them ends."""
    end = mark.start()
    tail = _TAIL.search(text, max(start, end - _TAIL_CHARS), end)
    if tail:
        section, situation = (tail["section"] or "").strip().rstrip("：:"), tail["situation"].strip()
        glued = _MEETS.search(situation)
        if glued:
            section, situation = situation[: glued.start()], situation[glued.start() :]
        return section.strip(), situation_of(situation), tail.start()
    introduction = text[start:end].strip()
    if not new or not introduction:
        return None
    if mark["inner"] and len(introduction) <= MAX_SITUATION_CHARS and not _BLANK_LINE.search(introduction):
        return "", situation_of(" ".join(introduction.split())), start
    name = _NAMED.match(text, start, end)
    return ("", situation_of(name["name"]), end) if name and text[start - 1] in '”」"' else None


def _wording(text: str, start: int, limit: int, followed: bool, wrong: bool) -> Span:
    """The wording that begins at ``start``: to the next mark, but not beyond a blank line, a list item, or the line
    that names the next situation."""
    end = limit
    for stop in (_BLANK_LINE, _ITEM):
        match = stop.search(text, start, end)
        if match:
            end = match.start()
    if followed and end == limit:
        tail = _TAIL.search(text, max(start, end - _TAIL_CHARS), end)
        if tail and tail.start() > start:
            end = tail.start()
    if wrong:
        end = _end_of_quotes(text, start, end)
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _end_of_quotes(text: str, start: int, end: int) -> int:
    """Where a wrong wording given in quotation marks ends: text that names something else after them is none of it."""
    at = start
    while quote := _QUOTE.search(text, at, end):
        at = quote.end()
        if _GOES_ON.match(text, at, end):
            line = _REST_OF_LINE.match(text, at, end)
            if line and _NAMED.match(text, line.end(), end):
                return line.end()
            continue
        stop = _FULL_STOP.match(text, at, end)
        if stop and stop.end() < end:
            return stop.end()
        if _NAMED.match(text, at, end):
            return at
    return end
