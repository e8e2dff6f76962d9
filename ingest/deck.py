"""Slides run together into one line: the titles that return on every slide, part numbers and page numbers.

A title that returns is known by what stands beside it, often its English translation without spaces; it heads what
follows, and all else that belongs to the page and not to the text is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

Span = tuple[int, int]

RANK = 15
MAX_TITLE_CHARS = 24
MIN_MARKS = 3
MAX_NAMES = 12

_HINT = re.compile(r"Part[ \t]*\d|PART[ \t]*\d|[A-Za-z]{12,}")
_LATIN = re.compile(r"(?<=[\u4e00-\u9fff？?！!])[A-Za-z][A-Za-z,&'’-]{9,60}[？?]?(?=[\u4e00-\u9fff“]|\n|\Z)")
_BEFORE = re.compile(r"[\u4e00-\u9fff、“”]{2,24}[？?！!]?\Z")
_PART = re.compile(r"(?:Part|PART)[ \t]*\d{1,2}(?:(?![Pp][Aa][Rr][Tt])[A-Za-z ]){0,24}\d{0,2}(?![\d年月日天个元])")
_CONTENTS = re.compile(r"(?:CONTENTS|Contents|contents|目[ \t]*[录錄])[\d \t]*(?:CONTENTS|Contents|目[ \t]*[录錄])?")
_COUNTERS = re.compile(r"(?:0\d(?:One|Two|Three|Four|Five|Six|Seven|Eight)?){2,}(?=[\u4e00-\u9fff])")
_EDGE = "。！？!?；;…”）)：:\n"


@dataclass(frozen=True, slots=True)
class Slides:
    """Titles as (start, end, rank, title) and the stretches that are no text."""

    titles: tuple[tuple[int, int, int, str], ...] = ()
    furniture: tuple[Span, ...] = ()


def find_slides(text: str, start: int, end: int, title_rank: int) -> Slides:
    """Titles of slides in ``text[start:end]``; nothing unless several marks say that these are slides."""
    if _HINT.search(text, start, end) is None:
        return Slides()
    parts = list(_PART.finditer(text, start, end))
    latin = Counter(match.group() for match in _LATIN.finditer(text, start, end))
    returning = [words for words, count in latin.most_common(MAX_NAMES) if count > 1]
    if len(parts) + sum(latin[words] for words in returning) < MIN_MARKS:
        return Slides()
    names = {name: words for words in returning if (name := _common_end(text, start, end, words))}
    titles = _titles(text, start, end, names)
    if not parts and sum(text[begin].isdigit() for begin, *_ in titles) < MIN_MARKS - 1:
        return Slides()
    furniture = [_with_name(text, start, part, names) for part in parts]
    titles.extend(_front(text, start, end, parts, furniture, title_rank))
    numbers = {re.sub(r"\D", "", text[begin:stop])[:2] for begin, stop, *_ in titles}
    if titles:
        furniture.extend(match.span() for match in _COUNTERS.finditer(text, start, end))
    pages = "|".join(sorted(number for number in numbers if re.fullmatch(r"0\d", number)))
    if pages:
        page = re.compile(rf"(?<=[。！？；”])(?:{pages})(?=[\u4e00-\u9fff])")
        furniture.extend(match.span() for match in page.finditer(text, start, end))
    taken: list[tuple[int, int, int, str]] = []
    kept: list[Span] = []
    at = start
    for begin, stop, rank, name in sorted(
        [*titles, *((a, b, 0, "") for a, b in furniture)], key=lambda one: (one[0], -one[1])
    ):
        begin = max(begin, at)
        if begin >= stop:
            continue
        if name:
            taken.append((begin, stop, rank, name))
        else:
            kept.append((begin, stop))
        at = stop
    return Slides(tuple(taken), tuple(kept))


def _common_end(text: str, start: int, end: int, words: str) -> str:
    """The Chinese title that stands before every occurrence of its translation."""
    common: str | None = None
    at = text.find(words, start, end)
    while at >= 0:
        before = _BEFORE.search(text, max(start, at - MAX_TITLE_CHARS - 1), at)
        found = before.group() if before else ""
        if common is None:
            common = found
        else:
            size = next(
                (n for n, (a, b) in enumerate(zip(reversed(common), reversed(found), strict=False)) if a != b),
                min(len(common), len(found)),
            )
            common = common[len(common) - size :]
        at = text.find(words, at + len(words), end)
    return common if common and len(common) >= 3 else ""


def _titles(text: str, start: int, end: int, names: dict[str, str]) -> list[tuple[int, int, int, str]]:
    """Every place where a title stands with its translation, after a page number or at the beginning of a sentence."""
    found = []
    for name, words in names.items():
        for match in re.finditer(
            rf"(?P<number>\d{{2,6}})?{re.escape(name)}(?P<words>{re.escape(words)})?", text[start:end]
        ):
            begin, stop = start + match.start(), start + match.end()
            if match["words"] or match["number"] or begin == start or text[begin - 1] in _EDGE:
                found.append((begin, stop, RANK, name))
    return found


def _with_name(text: str, start: int, part: re.Match[str], names: dict[str, str]) -> Span:
    """A part number with the title before it."""
    begin = part.start()
    for name in names:
        if text.startswith(name, max(start, begin - len(name))):
            return begin - len(name), part.end()
    return part.span()


def _front(
    text: str, start: int, end: int, parts: list[re.Match[str]], furniture: list[Span], title_rank: int
) -> list[tuple[int, int, int, str]]:
    """The title of all slides before their table of contents, which is added to ``furniture``."""
    contents = _CONTENTS.search(text, start, min(end, start + 400))
    if contents is None:
        return []
    stop = next((part.end() for part in parts if part.start() > contents.end()), contents.end())
    if stop - contents.start() <= 400 and "。" not in text[contents.end() : stop]:
        furniture.append((contents.start(), stop))
    line = max(start, text.rfind("\n", start, contents.start()) + 1)
    name = re.sub(r"^[A-Za-z0-9 \t]+|[A-Za-z0-9 \t]+$", "", text[line : contents.start()])
    return (
        [(line, contents.start(), title_rank, name)]
        if 2 <= len(name) <= 40 and not re.search(r"[。！；]", name)
        else []
    )
