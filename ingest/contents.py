"""Tables of contents: found so that they do not become knowledge, and read so that the headings they list are known."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MIN_ENTRIES = 4
MAX_NAMED = 20
"""So many lines 目录 are looked at."""
MAX_TITLE_CHARS = 160

_HINT = re.compile(
    r"目\s*[录錄次]|TOC|CONTENTS|Contents|[.…·．_]{3,}[ \t]*\d|\]\(#|[^\d\s][ \t]+\d{1,8}(?:\.\d|第|[ \t]*\n)"
)
_FIRST = re.compile(r"第[ \t]*[1一][ \t]*[章篇编]|(?<![\d.\"“])1(?:[.．、]|\.1)?(?=[ \t]*[\u4e00-\u9fffA-Za-z])")
_BEFORE = re.compile(
    r"(?:目[ \t]*[录錄次]|CONTENTS|Contents)?[ \t]*(?:\{?[ \t]*TOC\b[^\u4e00-\u9fff\n]{0,60}?)?\d*[ \t]*\Z"
)
_PAGE = re.compile(
    rf"([^\n]{{1,{MAX_TITLE_CHARS}}}?)(?:[ \t]+|[.…·．_]{{3,}}[ \t]*)(\d{{1,9}}(?:\.\d{{1,2}})*)(?=(第[ \t]*([\d一二三四五六七八九十]{{1,3}})[ \t]*[章篇编])?)"
)
_LINE = re.compile(
    r"^[ \t]*(?P<title>[^\n]{1,80}?)(?P<leader>[ \t]*(?:[.…·．_\-]{3,}|\t)[ \t]*|[ \t]+)(?P<page>\d{1,4})(?:[ \t]*[-~～–—][ \t]*\d{1,4})?[ \t]*$",
    re.MULTILINE,
)
_LINK = re.compile(r"^[ \t]*(?:[-*+]|\d{1,2}[.、)])[ \t]*\[[^\]\n]+\]\(#[^)\n]*\)[ \t]*$", re.MULTILINE)
_NAME = re.compile(r"^[ \t]*(?:目[ \t\u3000]*[录錄次]|CONTENTS|Contents|TABLE OF CONTENTS)[ \t]*$", re.MULTILINE)
_ENTRY = re.compile(r"\s*([^\n]{1,60})(?:\n|\Z)")
_NUMBERED = re.compile(r"[ \t]*(?:第|[一二三四五六七八九十]{1,3}、|\d{1,2}(?:\.\d{1,2})*[.、 \t\u4e00-\u9fff])")
_CHINESE = {digit: number for number, digit in enumerate("一二三四五六七八九十", 1)}


@dataclass(frozen=True, slots=True)
class Contents:
    """A table of contents at ``text[start:end]``; ``titles`` maps the number of a heading (``1.2``, ``第3章``) to its title."""

    start: int
    end: int
    entries: int
    titles: dict[str, str] = field(default_factory=dict)


def is_contents(title: str) -> bool:
    """Whether a heading names a table of contents."""
    return _NAME.fullmatch(title) is not None


def find_contents(text: str, start: int, end: int) -> list[Contents]:
    """Tables of contents in ``text[start:end]``, in order."""
    if _HINT.search(text, start, end) is None:
        return []
    found = sorted([*_run_on(text, start, end), *_lines(text, start, end)], key=lambda one: one.start)
    apart: list[Contents] = []
    for one in found:
        if not apart or one.start >= apart[-1].end:
            apart.append(one)
    return apart


def _run_on(text: str, start: int, end: int) -> Iterator[Contents]:
    """Entries one after another without line breaks: 第1章概述 51.1定义 5…, with or without digits of Word bookmarks."""
    at = start
    while first := _FIRST.search(text, at, end):
        at = first.end()
        chain = _chain(text, first, end)
        if chain is None:
            continue
        before = _BEFORE.search(text, max(start, first.start() - 90), first.start())
        yield Contents(before.start() if before else first.start(), *chain)
        at = chain[0]


def _chain(text: str, first: re.Match[str], end: int) -> tuple[int, int, dict[str, str]] | None:
    """End, number and titles of the entries from ``first`` on; the number of each must follow the one before."""
    chapter = _chapter(first.group())
    label: tuple[int, ...] = (1,) if chapter else tuple(int(part) for part in re.findall(r"\d+", first.group()))
    begin, titles, at = _name(label, chapter), dict[str, str](), first.end()
    while True:
        page = _PAGE.match(text, at, end)
        if page is None:
            break
        titles[_name(label, chapter)] = page.group(1).strip(" \t.、．")
        digits, at = page.group(2), page.end()
        following = _next_chapter(page, label) if chapter or page.group(3) else None
        if following:
            label, chapter, at = following, True, page.end() + len(page.group(3))
            continue
        successors = [(*label, 1), *((*label[:depth], label[depth] + 1) for depth in range(len(label) - 1, -1, -1))]
        number = next(
            (
                one
                for one in successors
                if (len(one) > 1) and digits.endswith(_dotted(one)) and len(digits) > len(_dotted(one))
            ),
            None,
        )
        if number is None:
            if digits.endswith(begin) and len(digits) > len(begin):
                at -= len(begin)
            break
        label, chapter = number, False
    return (at, len(titles), titles) if len(titles) >= MIN_ENTRIES else None


def _next_chapter(page: re.Match[str], label: tuple[int, ...]) -> tuple[int, ...] | None:
    number = page.group(4)
    if not number:
        return None
    value = int(number) if number.isdigit() else _value(number)
    return (value,) if value == label[0] + 1 else None


def _value(number: str) -> int:
    tens, mark, ones = number.rpartition("十")
    if not mark:
        return _CHINESE.get(number, 0)
    return 10 * (_CHINESE.get(tens, 1) if tens else 1) + (_CHINESE.get(ones, 0) if ones else 0)


def _chapter(label: str) -> bool:
    return label.startswith("第")


def _name(label: tuple[int, ...], chapter: bool) -> str:
    return f"第{label[0]}章" if chapter else _dotted(label)


def _dotted(label: tuple[int, ...]) -> str:
    return ".".join(map(str, label))


def _lines(text: str, start: int, end: int) -> Iterator[Contents]:
    """Entries one a line: with page numbers that never fall, as links to places in the page, or named 目录 and repeated
    further down."""
    for style in (_LINE, _LINK):
        group: list[re.Match[str]] = []
        for line in style.finditer(text, start, end):
            follows = bool(group) and not text[group[-1].end() : line.start()].strip()
            if follows and style is _LINE and int(line["page"]) < int(group[-1]["page"]):
                follows = False
            if not follows:
                yield from _group(text, start, group)
                group = []
            group.append(line)
        yield from _group(text, start, group)
    for name in itertools.islice(_NAME.finditer(text, start, end), MAX_NAMED):
        yield from _repeated(text, name, end)


def _group(text: str, start: int, group: list[re.Match[str]]) -> Iterator[Contents]:
    if len(group) < (MIN_ENTRIES if group and group[0].re is _LINE else 3):
        return
    begin = group[0].start()
    name = next(
        (
            match
            for match in _NAME.finditer(text, max(start, begin - 40), begin)
            if not text[match.end() : begin].strip()
        ),
        None,
    )
    if group[0].re is _LINE:
        leaders = sum(bool(line["leader"].strip()) or "\t" in line["leader"] for line in group)
        numbered = sum(_NUMBERED.match(line["title"]) is not None for line in group)
        if name is None and 2 * leaders < len(group) and not (2 * numbered > len(group) and int(group[-1]["page"]) > 1):
            return
    yield Contents(name.start() if name else begin, group[-1].end(), len(group))


def _repeated(text: str, name: re.Match[str], end: int) -> Iterator[Contents]:
    """Lines after 目录 that all come again as lines of their own."""
    at, count, stop = name.end(), 0, name.end()
    while count < 200:
        line = _ENTRY.match(text, at, end)
        if line is None:
            break
        title = line.group(1).strip().lstrip("-*• ")
        again = text.find(f"\n{title}\n", line.end(1), end) if title else -1
        if again < 0:
            break
        if count and again - line.end() < 2:
            break
        at, stop, count = line.end(1), line.end(1), count + 1
    if count >= 2:
        yield Contents(name.start(), stop, count)
