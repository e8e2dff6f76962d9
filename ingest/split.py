"""Cut a section into passages: whole paragraphs, lists and sentences, at Chinese sentence marks, with exact offsets.

Cuts are chosen by what is near them, so that a change in one paragraph does not move the cuts of distant ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Lengths in characters. ``target``: what a passage should have; ``most``: what none exceeds.

    ``alone``: a paragraph of this length is never joined to the one before; ``least``: shorter pieces are joined to a
    neighbour where that fits.
    """

    target: int = 220
    most: int = 400
    alone: int = 130
    least: int = 60


DEFAULT = Sizes()

_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+•·●○◆■▪]|[(（]?\d{1,3}[.)、．）](?!\d)|[①-⑳⑴-⒇]|[(（][一二三四五六七八九十]{1,3}[)）]|[√×✓✗✔✘])")
_SENTENCE_END = re.compile(r"(?:[。！？；…]+|(?<=[a-z)])\.(?=\s)|[!?;](?=\s|[\u4e00-\u9fff]|$))[”’」』）)】》\"']*")
_CLAUSE_END = re.compile(r"[，、：,:]+")
_QUOTED = re.compile(r"“[^”\n]{0,300}”|「[^」\n]{0,300}」|『[^』\n]{0,300}』|（[^）\n]{0,200}）|\([^)\n]{0,200}\)|《[^》\n]{0,100}》")
_WHOLE = re.compile(r"https?://[^\s\u4e00-\u9fff，。；！？“”（）]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[A-Za-z0-9]+(?:[.,:/_-][A-Za-z0-9]+)+|[A-Za-z0-9]+")
_WORD = re.compile(r"\w")


def split(text: str, start: int, end: int, sizes: Sizes = DEFAULT) -> list[Span]:
    """Spans of passages in ``text[start:end]``, in order, without white space at their edges.

    Everything that holds a letter or digit is in exactly one span; no span is longer than ``sizes.most``.
    """
    if end - start <= sizes.target:
        span = _strip(text, start, end)
        return [span] if _has_word(text, span) else []
    pieces = [piece for group in _groups(text, start, end) for piece in _fit(text, group, sizes)]
    return [span for span in _pack(pieces, sizes) if _has_word(text, span)]


def _groups(text: str, start: int, end: int) -> Iterator[Span]:
    """Paragraphs; the items of a list and the line that introduces it are one group."""
    group: Span | None = None
    was_item = introduces = False
    for line in _lines(text, start, end):
        is_item = _LIST_ITEM.match(text, line[0]) is not None
        goes_on = is_item and (was_item or introduces)
        if group is not None and not goes_on:
            yield group
            group = None
        group = (group[0] if group else line[0], line[1])
        was_item = is_item
        introduces = text[line[1] - 1] in "：:"
    if group is not None:
        yield group


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        span = _strip(text, at, stop)
        if span[0] < span[1]:
            yield span
        at = stop + 1


def _fit(text: str, group: Span, sizes: Sizes) -> list[Span]:
    """``group`` itself if it fits, else its list items, sentences or clauses, joined to pieces near the target."""
    if group[1] - group[0] <= sizes.target * 1.4 or group[1] - group[0] <= sizes.most and "\n" in text[slice(*group)]:
        return [group]
    parts: list[Span] = []
    for line in _lines(text, *group):
        parts.extend([line] if line[1] - line[0] <= sizes.target * 1.4 else _sentences(text, line, sizes))
    count = -(-(group[1] - group[0]) // sizes.target)
    return _join(parts, aim=-(-(group[1] - group[0]) // count), most=sizes.most)


def _sentences(text: str, line: Span, sizes: Sizes) -> list[Span]:
    """Sentences of a line; quotations stay whole if they can, and only what is still too long is cut further."""
    quoted = [match.span() for match in _QUOTED.finditer(text, *line)]
    cuts = [match.end() for match in _SENTENCE_END.finditer(text, *line)]
    outside = [cut for cut in cuts if not any(start < cut < end for start, end in quoted)]
    spans = []
    for span in _between(text, line, outside):
        if span[1] - span[0] <= sizes.most:
            spans.append(span)
            continue
        for inner in _between(text, span, cuts):
            spans.extend([inner] if inner[1] - inner[0] <= sizes.most else _clauses(text, inner, sizes))
    return spans


def _clauses(text: str, span: Span, sizes: Sizes) -> list[Span]:
    """Pieces of an endless sentence: at commas, else anywhere but inside a word, number or address."""
    whole = [match.span() for match in _WHOLE.finditer(text, *span)]
    cuts = [match.end() for match in _CLAUSE_END.finditer(text, *span)]
    cuts = [cut for cut in cuts if not any(start < cut < end for start, end in whole)]
    pieces = _join(_between(text, span, cuts), aim=sizes.target, most=sizes.most)
    result: list[Span] = []
    for start, end in pieces:
        while end - start > sizes.most:
            cut = start + sizes.target
            for inside in whole:
                if inside[0] < cut < inside[1] and inside[0] > start:
                    cut = inside[0]
            result.append(_strip(text, start, cut))
            start = cut
        result.append(_strip(text, start, end))
    return result


def _between(text: str, span: Span, cuts: list[int]) -> list[Span]:
    edges = [span[0], *(cut for cut in cuts if span[0] < cut < span[1]), span[1]]
    spans = (_strip(text, start, end) for start, end in zip(edges, edges[1:], strict=False))
    return [(start, end) for start, end in spans if start < end]


def _join(parts: list[Span], *, aim: int, most: int) -> list[Span]:
    """Neighbours joined while that brings a piece nearer to ``aim`` and not beyond ``most``."""
    joined: list[Span] = []
    for start, end in parts:
        if joined:
            length, longer = joined[-1][1] - joined[-1][0], end - joined[-1][0]
            if longer <= most and abs(longer - aim) <= abs(length - aim):
                joined[-1] = (joined[-1][0], end)
                continue
        joined.append((start, end))
    return joined


def _pack(pieces: list[Span], sizes: Sizes) -> list[Span]:
    """Short pieces joined to passages near the target."""
    packed: list[Span] = []
    for start, end in pieces:
        if packed:
            length, longer = packed[-1][1] - packed[-1][0], end - packed[-1][0]
            fits = longer <= sizes.target and end - start < sizes.alone and length < sizes.alone
            small = min(length, end - start) < sizes.least and longer <= sizes.most
            if fits or small:
                packed[-1] = (packed[-1][0], end)
                continue
        packed.append((start, end))
    return packed


def _strip(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _has_word(text: str, span: Span) -> bool:
    return _WORD.search(text, *span) is not None
