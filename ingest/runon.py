"""Headings in the middle of lines, where a scraped text has lost its line breaks: …结束。1.2发展趋势1.2.1智能化人工智能…

A number alone says where a section begins; where its title ends is told by the table of contents, by the number that
follows at once, by a title that the text repeats, or by words that begin a sentence. Where none does, there is no heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingest.variants import both

MAX_TITLE_CHARS = 26
RANK_UNNUMBERED = 45

_CN = "[一二三四五六七八九十]"
_LABEL = re.compile(
    rf"(?P<chapter>第[ \t]*(?:\d{{1,3}}|{_CN}{{1,3}})[ \t]*[章篇编])|(?P<part>第[ \t]*(?:\d{{1,3}}|{_CN}{{1,3}})[ \t]*节)|(?P<cn>{_CN}{{1,3}}[ \t]*、)"
    rf"|(?P<paren>[（(][ \t]*{_CN}{{1,3}}[ \t]*[)）])|(?P<multi>\d{{1,2}}(?:\.\d{{1,2}}){{1,4}}(?![\d%％.]))|(?P<single>\d{{1,2}}[.、．](?!\d))"
)
_RANKS = {"chapter": 10, "part": 20, "cn": 30, "paren": 40, "single": 50, "multi": 60}
_ENDS_BEFORE = "。！？!?；;…”」』）)："
_TEXT = r"[^。！？!?；;，,：:\n]"
_FIRST = r"(?:[（(][ \t]*[1一][ \t]*[)）]|①|一、|1[.、．](?!\d)|\d{1,2}(?:\.\d{1,2}){0,3}\.1(?![\d.])|第[ \t]*[1一][ \t]*节|[-•·●][ \t])"
_BEFORE_FIRST = re.compile(rf"[ \t]*(?P<title>{_TEXT}{{2,{MAX_TITLE_CHARS}}}?)[：:]?(?={_FIRST})")
_REPEATED = re.compile(
    r"[ \t]*(?P<title>(?:[^。！？!?；;，,：:\n]{0,12}?)(?P<again>[\u4e00-\u9fffA-Za-z/]{2,14}?))(?=(?P=again)(?!(?P=again)))"
)
# Words that begin a sentence; “我们的” may be the middle of a title, so it comes last.
_OPENERS = both(
    r"(?:为了|在[^。，,！？\n]{1,14}(?:中|时|下|里|上|前|后|过程)[，,]|如果|随着|由于|根据|通过|针对|对于|作为|此类|以下|除了|凡是?|"
    r"本(?:文|节|章|店|网站|规|制度|手册|公司|指南|细则|办法|协议|政策|条例|流程|方案|标准|平台)|感谢|尊敬的|当您|当客户|当顾客|我们(?!的|如果|当|在|为了|感谢)|公司的|所有)"
)
_BEFORE_OPENER = re.compile(rf"[ \t]*(?P<title>[\u4e00-\u9fffA-Za-z0-9、“”（）() ]{{2,14}}?)(?={_OPENERS})")
_BEFORE_OURS = re.compile(r"[ \t]*(?P<title>[\u4e00-\u9fff]{4,14}?)(?=我们的)")
_STANDING = re.compile(
    r"[ \t]*(?P<title>引言|前言|序言|概述|概要|简介|背景(?:介绍)?|总则|附则|结论|结语|小结|目的|适用范围)(?![的和与及、，,：:]|\n)"
)
_SENTENCE = re.compile(r"[。；;：:！!？?，,]")
_INTRODUCES = re.compile(both("以下|如下|下列|包括|分为"))
_NO_TITLE = re.compile(
    r"(?:[时后前中的了着过并且和与或及在对为把被将会应要请需可是有给向]|之[前后间]|您|团队|成员|人员|员工|公司|企业|部门)$"
)
_NOT_A_TITLE = re.compile(
    r"(?:我们|您|本|该|此|这|那|如|当|若|请|应|须|需|不|在|以上|以下|按照|根据|遵守|通过|为了|对|把|将|由|从|向)"
)
_DOCUMENT = both(
    "(?:手册|指南|规范|规程|规定|细则|制度|办法|范本|范文|样本|样板|模板|守则|须知|方案|通用版|条例|章程|标准|流程|准则)"
)
_DOCUMENT_TITLE = re.compile(
    rf"^[ \t]*(?P<title>[\u4e00-\u9fff][\u4e00-\u9fff（）()\-—·《》、与及和]{{2,36}}?{_DOCUMENT}(?!{_DOCUMENT})(?:[（(][^（）()\n]{{1,8}}[)）](?!-))?)"
    rf"(?=一、|1[.、．][ \t]*\D|第[ \t]*[1一][ \t]*[章节篇]|为了|尊敬的|目标|目的|前言|引言|总则|概述|目录|TOC|(?!及|和|与|的|或|如下|说明|包括|为|是|有|中|等|后|前)[\u4e00-\u9fff]{{2,10}}[：:](?!\n))",
    re.MULTILINE,
)
_UNNUMBERED = re.compile(
    r"^[ \t]*(?P<title>[\u4e00-\u9fff][\u4e00-\u9fff、（）()]{3,19})(?=1[.、．][ \t]*[^\d\s])", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Inline:
    """A heading at ``text[start:end]`` within a line; ``rank`` as in :mod:`ingest.headings`. Without a title it only
    ends the section before it."""

    start: int
    end: int
    rank: int
    title: str


def find_inline(text: str, start: int, end: int, titles: Mapping[str, str], title_rank: int) -> Iterator[Inline]:
    """Headings that have lost the break after them, in ``text[start:end]``, in order.

    ``titles`` are those of the table of contents, by number.
    """
    whole = [
        *(_whole(match, title_rank) for match in _DOCUMENT_TITLE.finditer(text, start, end) if _may_be(match["title"])),
        *(
            _whole(match, RANK_UNNUMBERED)
            for match in _UNNUMBERED.finditer(text, start, end)
            if _may_be(match["title"])
        ),
    ]
    by_start = {heading.start: heading for heading in reversed(whole)}
    ends = {heading.end for heading in whole}
    seen = set(by_start)
    last: dict[str, tuple[int, ...]] = {}
    pending = sorted(by_start)
    for match in _LABEL.finditer(text, start, end):
        while pending and pending[0] <= match.start():
            yield by_start[pending.pop(0)]
        style, begin = match.lastgroup or "", match.start()
        if begin in seen or style not in last and not _at_boundary(text, start, begin, ends):
            continue
        number = _number(match.group(), style)
        follows = _follows(last.get(style), number)
        if not _at_boundary(text, start, begin, ends) and not (follows and number[-1] > 1):
            continue
        stop = _end_of_title(text, match.end(), end, style, number, titles, sole=follows)
        if stop is None:
            # A section whose title cannot be told still ends the one before it.
            if style == "multi" and follows and number[-1] > 1 and _at_boundary(text, start, begin, ends):
                last[style] = number
                yield Inline(begin, begin, _RANKS[style] + len(number) - 1, "")
            continue
        last[style] = number
        ends.add(stop)
        rank = _RANKS[style] + (len(number) - 1 if style == "multi" else 0)
        yield Inline(begin, stop, rank, " ".join(text[begin:stop].split()))
    for left in pending:
        yield by_start[left]


def _whole(match: re.Match[str], rank: int) -> Inline:
    return Inline(match.start("title"), match.end("title"), rank, match["title"].strip())


def _may_be(title: str) -> bool:
    return _LABEL.match(title) is None and _NOT_A_TITLE.match(title) is None and _NO_TITLE.search(title) is None


def _at_boundary(text: str, start: int, begin: int, ends: set[int]) -> bool:
    at = begin
    while at > start and text[at - 1] in " \t":
        at -= 1
    return at == start or text[at - 1] == "\n" or text[at - 1] in _ENDS_BEFORE or at in ends or begin in ends


def _end_of_title(
    text: str, at: int, end: int, style: str, number: tuple[int, ...], titles: Mapping[str, str], *, sole: bool
) -> int | None:
    """Where the title that begins at ``at`` ends, if that can be told."""
    title = titles.get(f"第{number[0]}章" if style == "chapter" else ".".join(map(str, number)))
    if title:
        begin = at + len(text[at : at + 4]) - len(text[at : at + 4].lstrip())
        if text.startswith(title, begin):
            return begin + len(title) if len(title) <= MAX_TITLE_CHARS and not _SENTENCE.search(title) else None
    standing = _STANDING.match(text, at, end)
    if standing and style != "paren":
        return standing.end("title")
    followed = _BEFORE_FIRST.match(text, at, end)
    if followed and not _NO_TITLE.search(followed["title"].strip()) and not _INTRODUCES.search(followed["title"]):
        return followed.end()
    if style == "paren" or style == "single" and not sole:
        return None
    repeated = _REPEATED.match(text, at, end)
    if repeated and 4 <= len(repeated["title"].strip()) <= 16 and not _NO_TITLE.search(repeated["title"]):
        return repeated.end("title")
    for opener in (_BEFORE_OPENER, _BEFORE_OURS):
        opened = opener.match(text, at, end)
        if opened and _may_be(opened["title"].strip()):
            return opened.end("title") if style != "single" or _has_body(text, opened.end(), end) else None
    return None


def _has_body(text: str, at: int, end: int) -> bool:
    """Whether more than one line stands below a numbered line, so that it is no mere item of a list."""
    line_end = text.find("\n", at, end)
    if line_end < 0:
        return True
    following = text[line_end + 1 : line_end + 40].lstrip()
    return bool(following) and _LABEL.match(following) is None


def _follows(last: tuple[int, ...] | None, number: tuple[int, ...]) -> bool:
    return number == (1,) or last is not None and number[:-1] == last[:-1] and 0 < number[-1] - last[-1] <= 2


def _number(label: str, style: str) -> tuple[int, ...]:
    digits = tuple(int(part) for part in re.findall(r"\d+", label))
    if digits:
        return digits
    found = re.search(rf"{_CN}{{1,3}}", label)
    return (_chinese_number(found.group()) if found else 0,)


def _chinese_number(number: str) -> int:
    digits = "一二三四五六七八九"
    tens, mark, ones = number.rpartition("十")
    unit = digits.index(ones) + 1 if len(ones) == 1 and ones in digits else 0
    if not mark:
        return unit
    return 10 * (digits.index(tens) + 1 if len(tens) == 1 and tens in digits else 1) + unit
