"""How rules look at a text: folded, without what reports the words of others, sentence by sentence, offsets kept."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.text import is_han, normalise

HIDDEN = "\x01"
"""Stands for what is not looked at."""

_QUOTES = re.compile(r"“[^”]{0,200}”|「[^」]{0,200}」|『[^』]{0,200}』|‘[^’]{0,200}’|\"[^\"\n]{0,200}\"")
_TITLES = re.compile(r"《[^》]{0,100}》|【[^】]{0,40}】|(?m:^\d{1,2}[.、)][^\n]{0,80}\?$)")
_REPORTED = re.compile(
    r"(?:说|了解|想知道|反映|提到|提及|提出|问|询问|写|留言|投诉|描述|关于|例如|比如|标题|页面|点击|点|选择|按钮|名为|回复|输入|搜索|发送"
    r"|复述|就是|内容|情况|问题|听到)(?:的|了|到|过|是|为|着|讲)*[：:，, ]?$"
)
_NAMED = re.compile(
    r"[的]?(?:系列|这|那|款|色|号|牌|品牌|型|文化衫|这句|这话|一词|字样|按钮|页面|功能|活动|栏|不应该|不是我们|是我们|的(?:说法|回答|话|回复|态度|情况))"
)
_SENTENCE = re.compile(r"[^。！？!?;；\n]+")
_CLAUSE = re.compile(r"[^，,：:]+")
_PADDING = re.compile(r"[\s.·•*_\-~^|\u2600-\u27bf\U0001f000-\U0001faff]")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")


@dataclass(frozen=True, slots=True)
class Folded:
    """``text`` as rules see it and, for each of its characters, the offset in the original (``places``).

    Lower case, Simplified, half width, without tags, invisible characters and what is put between Han characters to
    slip through ("不 归.我*管"). ``visible`` is ``text`` with titles, offered questions and reported words blotted out.
    """

    text: str
    visible: str
    places: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets into the original of ``text[start:end]``, which must not be empty."""
        return self.places[start], self.places[end - 1] + 1

    def sentences(self) -> Iterator[tuple[int, int]]:
        """Start and end of each sentence, without the mark that ends it."""
        return (match.span() for match in _SENTENCE.finditer(self.visible))

    def clauses(self, start: int, end: int) -> list[tuple[int, int]]:
        """Start and end of each clause between two places."""
        return [match.span() for match in _CLAUSE.finditer(self.visible, start, end)]

    def sentence_at(self, place: int) -> tuple[int, int]:
        """Start and end of the sentence around ``place``, with its mark."""
        ends = "。！？!?;；\n"
        start = max((self.visible.rfind(mark, 0, place) for mark in ends), default=-1) + 1
        found = [at for at in (self.visible.find(mark, place) for mark in ends) if at >= 0]
        return start, (min(found) + 1 if found else len(self.visible))


def read(text: str) -> Folded:
    """``text`` as rules look at it. Linear in its length."""
    text_, places = fold(text)
    return Folded(text_, _without_quotations(text_), places)


def fold(text: str) -> tuple[str, list[int]]:
    """``text`` folded, and for each character of the result the offset it came from; see :class:`Folded`."""
    pieces: list[str] = []
    places: list[int] = []
    tags = {place for match in _TAG.finditer(text) for place in range(*match.span())} if "<" in text else ()
    for place, sign in enumerate(text):
        if place in tags:
            continue
        for part in _folded(sign):
            pieces.append(part)
            places.append(place)
    if not _PADDING.search("".join(pieces)):
        return "".join(pieces), places
    kept = _unpadded(pieces)
    return "".join(pieces[row] for row in kept), [places[row] for row in kept]


def _unpadded(signs: Sequence[str]) -> list[int]:
    """The rows of ``signs`` that stay: all but runs of padding between two Han characters."""
    kept: list[int] = []
    row = 0
    while row < len(signs):
        end = row
        while end < len(signs) and signs[end] != "\n" and _PADDING.match(signs[end]):
            end += 1
        between = 0 < row < end < len(signs) and is_han(signs[row - 1]) and is_han(signs[end])
        if not between:
            kept.extend(range(row, max(end, row + 1)))
        row = max(end, row + 1) if end == row else end
    return kept


@functools.lru_cache(maxsize=8192)
def _folded(sign: str) -> str:
    return "".join(_simplified(part) for part in _INVISIBLE.sub("", unicodedata.normalize("NFKC", sign).lower()))


def _simplified(sign: str) -> str:
    if "\ud800" <= sign <= "\udfff":
        return "?"  # half a character, which nothing can encode
    converted = normalise(sign)
    return converted if len(converted) == 1 else sign


def _without_quotations(text: str) -> str:
    """``text`` with titles, listed questions and reported words blotted out, at equal length."""

    def blot(match: re.Match[str]) -> str:
        return HIDDEN * len(match[0])

    text = _TITLES.sub(blot, text)
    pieces, at = [], 0
    for match in _QUOTES.finditer(text):
        pieces.append(text[at : match.start()])
        reported = _REPORTED.search(text[max(0, match.start() - 16) : match.start()]) or _NAMED.match(text, match.end())
        pieces.append(blot(match) if reported else match[0])
        at = match.end()
    return "".join([*pieces, text[at:]])
