"""Headings that are written, not marked: 第1章, 一、, （一）, 1.1, 6.2.3 and questions that stand alone on a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingest.runon import find_inline

MAX_CHARS = 40
"""Longer lines are text, whatever number they begin with."""
MAX_QUESTION_CHARS = 60

TITLE_RANK = 9
QUESTION_RANK = 90
"""Ranks below 10 are marked headings (their level); a heading stands below all headings of lower rank before it."""

_CHINESE = "[一二三四五六七八九十百零〇两]"
_STYLES = (
    (10, re.compile(rf"第\s*(?:\d{{1,3}}|{_CHINESE}{{1,4}})\s*[章篇编]|第\s*(?:\d{{1,2}}|{_CHINESE}{{1,3}})\s*部分")),
    (20, re.compile(rf"第\s*(?:\d{{1,3}}|{_CHINESE}{{1,4}})\s*节")),
    (30, re.compile(rf"{_CHINESE}{{1,3}}\s*[、.．]")),
    (40, re.compile(rf"[（(]\s*{_CHINESE}{{1,3}}\s*[)）]")),
    (60, re.compile(r"\d{1,2}(?:[.．]\d{1,2}){1,4}[.．、]?(?![\d%％])")),
    (50, re.compile(r"\d{1,2}\s*[、.．](?!\d)")),
)
_SINGLE_NUMBER = 50
_NUMBERED_LINE = re.compile(
    rf"^[ \t]*(?:#{{1,6}}[ \t]*)?(?:第[ \t]*[\d一二三四五六七八九十百零〇两]{{1,4}}[ \t]*(?:[章篇编节]|部分)|{_CHINESE}{{1,3}}[ \t]*[、.．]"
    rf"|[（(][ \t]*{_CHINESE}{{1,3}}[ \t]*[)）]|\d{{1,2}}(?:[.．]\d{{1,2}}){{0,4}}[、.．]?)[^\n]{{0,60}}$|^[ \t]*[^\n]{{2,60}}(?:[？?]|怎么办)[ \t]*$",
    re.MULTILINE,
)
_LABEL = re.compile(
    rf"\s*(?:第\s*[\d一二三四五六七八九十百零〇两]{{1,4}}\s*(?:[章篇编节条]|部分)|[（(]?\s*{_CHINESE}{{1,3}}\s*[)）、.．]"
    rf"|[（(]?\s*\d{{1,3}}(?:[.．]\d{{1,3}})*\s*[)）、.．]?|[①-⑳]|[Qq]\d{{0,3}}\s*[:：.、．]|问题?\s*\d{{0,3}}\s*[:：.、．])\s*"
)
_SENTENCE_END = re.compile(r"[。；;，,！!…：:]\s*$")
_INSIDE = re.compile(r"[。；;！!]")
_UNIT = re.compile(
    r"\s*(?:[元折倍%％件个天日月年号点分秒米斤寸克升万亿名位次款层]|小时|公斤|千克|kg|cm|mm|ml|GB)", re.IGNORECASE
)
_ASKS = re.compile(r"[\u4e00-\u9fff]{2,}(?:怎么办|咋办|是什么|为什么|怎么回事)[ \t]*$|^[^。，]{2,20}吗[ \t]*$")
_SPEAKER = re.compile(r"[\u4e00-\u9fff]{2,4}[：:]")
_QUESTION_END = re.compile(r"[？?]\s*$")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading at ``text[start:end]``; smaller ranks stand above greater ones."""

    start: int
    end: int
    rank: int
    title: str


def find_headings(
    text: str, start: int, end: int, *, raw: bool, titles: Mapping[str, str] | None = None
) -> Iterator[Heading]:
    """Written headings of ``text[start:end]``, in order: lines of their own, and in raw text also those that have lost
    the break after them.

    ``raw`` text marks nothing itself: there a lone first line can be a title, ``1.`` can head a section, and a question
    on a line of its own heads its answer. In text of a format with headings of its own these are list items.
    ``titles`` are those of the table of contents, by number.
    """
    at = start
    if raw:
        title = _title_line(text, start, end)
        if title is not None:
            yield title
            at = title.end
    inline = find_inline(text, at, end, titles or {}, TITLE_RANK) if raw else iter(())
    waiting = next(inline, None)
    for match in _NUMBERED_LINE.finditer(text, at, end):
        while waiting is not None and waiting.start < match.end():
            if waiting.start >= at:
                yield Heading(waiting.start, waiting.end, waiting.rank, waiting.title)
                at = waiting.end
            waiting = next(inline, None)
        if match.start() < at:
            continue
        heading = _judge(text, match.start(), match.end(), end, raw)
        if heading is not None:
            yield heading
            at = heading.end
    while waiting is not None:
        if waiting.start >= at:
            yield Heading(waiting.start, waiting.end, waiting.rank, waiting.title)
            at = waiting.end
        waiting = next(inline, None)


def strip_label(title: str) -> str:
    """``title`` without the number, letter or mark in front of it; whole if nothing else would be left."""
    match = _LABEL.match(title)
    if match is None or _UNIT.match(title, match.end()) and title[match.end() - 1].isdigit():
        return title.strip()
    return title[match.end() :].strip() or title.strip()


def is_question(title: str) -> bool:
    """Whether a heading asks something; 忘记密码怎么办 does so without a question mark."""
    return _QUESTION_END.search(title) is not None or _ASKS.search(title) is not None


def _judge(text: str, start: int, end: int, limit: int, raw: bool) -> Heading | None:
    line = text[start:end].strip().lstrip("#").strip()
    if is_question(line):
        return _judge_question(text, start, end, limit, line) if raw else None
    if len(line) > MAX_CHARS or _SENTENCE_END.search(line):
        return None
    for rank, style in _STYLES:
        label = style.match(line)
        if label is None:
            continue
        rest = line[label.end() :]
        if not rest.strip() or _UNIT.match(rest) and rank >= _SINGLE_NUMBER or _INSIDE.search(rest):
            return None
        if rank == _SINGLE_NUMBER:
            return Heading(start, end, rank, line) if raw and _has_own_body(text, end, limit) else None
        return Heading(start, end, rank + (label.group().count(".") if rank == 60 else 0), line)
    return None


def _judge_question(text: str, start: int, end: int, limit: int, line: str) -> Heading | None:
    """A question heads its answer if it stands apart from the text before it and has a body of its own."""
    bare = strip_label(line)
    if not 4 <= len(bare) <= MAX_QUESTION_CHARS or _INSIDE.search(bare[:-1]) or line[0] in "“”\"'「『-*√×✓✗（(":
        return None
    if _SPEAKER.match(line):
        return None
    apart = start < 2 or text[start - 2 : start] == "\n\n" or bare != line or _ends_sentence(text, start)
    return Heading(start, end, QUESTION_RANK, line) if apart and _has_own_body(text, end, limit) else None


def _ends_sentence(text: str, start: int) -> bool:
    at = start - 1
    while at > 0 and text[at].isspace():
        at -= 1
    return text[at] in "。！!；;…”」）)"


def _has_own_body(text: str, end: int, limit: int) -> bool:
    """Whether the next line is text rather than another numbered line or question."""
    at = end
    while at < limit and text[at].isspace():
        at += 1
    if at >= limit:
        return False
    stop = text.find("\n", at, limit)
    line = text[at : stop if stop >= 0 else limit].strip()
    return not is_question(line) and re.match(r"\d{1,2}\s*[、.．](?!\d)|第.{1,4}[章节]", line) is None


def _title_line(text: str, start: int, end: int) -> Heading | None:
    """The first line, if it is short, is no sentence, and is set off by a blank line or a numbered heading."""
    at = start
    while at < end and text[at].isspace():
        at += 1
    stop = text.find("\n", at, end)
    if stop < 0:
        return None
    line = text[at:stop].strip()
    if not 2 <= len(line) <= MAX_CHARS or _SENTENCE_END.search(line) or _INSIDE.search(line) or is_question(line):
        return None
    if _LABEL.match(line) and any(style.match(line) for _, style in _STYLES):
        return None
    if line[0] in "-*·•√×“\"'（(" or re.match(r"(?:[Qq]|问|答|[Aa])\s*\d*\s*[:：]", line):
        return None
    following = text[stop + 1 : stop + 80].lstrip(" \t")
    apart = following.startswith("\n") or any(style.match(following) for _, style in _STYLES)
    return Heading(at, stop, TITLE_RANK, line) if apart else None
