"""Cut a section into passages: whole paragraphs, lists and sentences, at Chinese sentence marks, with exact offsets.

Cuts are chosen by what is near them, so that a change in one paragraph does not move the cuts of distant ones.
"""

from __future__ import annotations

import bisect
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

_LIST_ITEM = re.compile(
    r"[ \t]*(?:[-*+•·●○◆■▪]|[(（]?\d{1,3}[.)、．）](?!\d)|[①-⑳⑴-⒇]|[(（][一二三四五六七八九十]{1,3}[)）]|[√×✓✗✔✘])"
)
_LABEL = r"(?:[（(](?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）]|[①-⑳⑴-⒇]|\d{1,2}(?:\.\d{1,2}){1,3}(?![\d.%％])|\d{1,2}[.、．](?!\d)|[-•·●][ \t])"
_CLOSING = "[”’」』）)】》\"']*"
_SENTENCE_END = re.compile(
    rf"(?:[。！？…]+|(?<=[a-z)])\.(?=\s)|[!?](?=\s|[\u4e00-\u9fff“]|$)|[；;](?=[”」\s]*{_LABEL}|\s*\n)){_CLOSING}(?!等)"
)
_HALF_STOP = re.compile(rf"[；;]+{_CLOSING}")
_INLINE_ITEM = re.compile(rf"(?<=[。！？!?；;：:”」）)]){_LABEL}")
_ITEM_START = re.compile(_LABEL)
_CLOSES = "”’」』）)】》，。；、！？,;!?"
WRAPPED_CHARS = 16
"""A line of this length without a mark at its end goes on in the next one."""
_CLAUSE_END = re.compile(r"[，、：,:]+")
_QUOTED = re.compile(
    r"“[^”\n]{0,300}”|「[^」\n]{0,300}」|『[^』\n]{0,300}』|（[^）\n]{0,200}）|\([^)\n]{0,200}\)|《[^》\n]{0,100}》"
)
_WHOLE = re.compile(
    r"https?://[^\s\u4e00-\u9fff，。；！？“”（）]+|[A-Za-z0-9_.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]+)+|[A-Za-z0-9]+(?:[.,:/_-][A-Za-z0-9]+)+|[A-Za-z0-9]+"
)
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
    was_item = introduces = unfinished = False
    for line in _lines(text, start, end):
        is_item = _LIST_ITEM.match(text, line[0]) is not None
        goes_on = is_item and (was_item or introduces) or unfinished and not is_item
        if group is not None and not goes_on:
            yield group
            group = None
        unfinished = _is_unfinished(text, line, end)
        group = (group[0] if group else line[0], line[1])
        was_item = is_item or was_item and goes_on
        introduces = text[line[1] - 1] in "：:"
    if group is not None:
        yield group


def _is_unfinished(text: str, line: Span, end: int) -> bool:
    """Whether a line breaks off in the middle of a sentence, and the next one follows at once."""
    return (
        line[1] - line[0] >= WRAPPED_CHARS
        and not text.startswith("\n\n", line[1])
        and line[1] < end
        and ("\u4e00" <= text[line[1] - 1] <= "\u9fff" or text[line[1] - 1] in "，,、")
    )


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    """Lines without white space at their edges; a mark that closes a sentence belongs to the line it closes."""
    at = start
    pending: Span | None = None
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        span = _strip(text, at, stop)
        if span[0] < span[1]:
            if pending and text[span[0]] in _CLOSES:
                pending = (pending[0], span[1])
            else:
                if pending:
                    yield pending
                pending = span
        at = stop + 1
    if pending:
        yield pending


def _fit(text: str, group: Span, sizes: Sizes) -> list[Span]:
    """``group`` itself if it fits, else its list items, sentences or clauses, joined to pieces near the target."""
    length = group[1] - group[0]
    if length <= sizes.target * 1.4 or length <= sizes.most and _is_list(text, group):
        return [group]
    parts: list[Span] = []
    run: Span | None = None
    for line in _lines(text, *group):
        run = (run[0], line[1]) if run else line
        if not _is_unfinished(text, line, group[1]):
            parts.extend([run] if run[1] - run[0] <= sizes.target * 1.4 else _sentences(text, run, sizes))
            run = None
    if run:
        parts.extend(_sentences(text, run, sizes))
    return _join(parts, aim=-(-length // -(-length // sizes.target)), most=sizes.most)


def _is_list(text: str, group: Span) -> bool:
    return text.find("\n", *group) >= 0 or len(_INLINE_ITEM.findall(text, *group)) > 1


def _sentences(text: str, line: Span, sizes: Sizes) -> list[Span]:
    """Sentences of a line, items of a list within it whole; quotations stay whole if they can, and only what is still
    too long is cut further."""
    quoted = [match.span() for match in _QUOTED.finditer(text, *line)]
    cuts = [match.end() for match in _SENTENCE_END.finditer(text, *line)]
    outside = _outside(cuts, quoted)
    spans = []
    for span in _between(text, line, outside):
        if span[1] - span[0] <= sizes.most:
            spans.append(span)
            continue
        halves = [match.end() for match in _HALF_STOP.finditer(text, *span)]
        for half in _between(text, span, _outside(halves, quoted)):
            if half[1] - half[0] <= sizes.most:
                spans.append(half)
                continue
            for inner in _between(text, half, sorted({*cuts, *halves})):
                spans.extend([inner] if inner[1] - inner[0] <= sizes.most else _clauses(text, inner, sizes))
    return _items(text, spans, sizes)


def _items(text: str, sentences: list[Span], sizes: Sizes) -> list[Span]:
    """Sentences of one item joined, so that a cut is before a label if it can be."""
    joined: list[Span] = []
    in_item = False
    for start, end in sentences:
        labelled = _ITEM_START.match(text, start, end) is not None
        if joined and in_item and not labelled and end - joined[-1][0] <= sizes.target:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        in_item = in_item or labelled
    return joined


def _outside(cuts: list[int], quoted: list[Span]) -> list[int]:
    """Cuts that are not inside one of the spans, both in order."""
    kept, position = [], 0
    for cut in cuts:
        while position < len(quoted) and quoted[position][1] <= cut:
            position += 1
        if position == len(quoted) or not quoted[position][0] < cut < quoted[position][1]:
            kept.append(cut)
    return kept


def _clauses(text: str, span: Span, sizes: Sizes) -> list[Span]:
    """Pieces of an endless sentence: at commas, else anywhere but inside a word, number or address."""
    whole = [match.span() for match in _WHOLE.finditer(text, *span)]
    cuts = [match.end() for match in _CLAUSE_END.finditer(text, *span)]
    starts = [start for start, _ in whole]
    pieces = _join(_between(text, span, _outside(cuts, whole)), aim=sizes.target, most=sizes.most)
    result: list[Span] = []
    for start, end in pieces:
        while end - start > sizes.most:
            cut = start + sizes.target
            before = bisect.bisect_left(starts, cut) - 1
            if before >= 0 and start < starts[before] and cut < whole[before][1]:
                cut = starts[before]
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
