"""What to read out of a guide: whole sentences and whole lists that can stand alone, the answering ones first.

A guide was not written as an answer. Its layout is mended first (:func:`tidy`: lists in a line get lines of their own,
markup and double marks go; no word is changed), then a text that is too long for a phone is cut (:func:`excerpt`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.text import is_han, normalise, sentences, terms

LIST_NOTE = 45
"""Characters kept free for saying that a list has more points."""

_MARKER = re.compile(
    r"\s*(?:[-*•·●◆■□√×–—]\s*(?=\S)|[（(]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）]\s*|(?:\d{1,2}|[一二三四五六七八九十]{1,3})[.、．](?!\d)\s*"
    r"|[①-⑳]\s*|第[一二三四五六七八九十\d]+[步条点项][，、：:]?)"
)
_EDGE = r"(?:^|(?<=[。；;：:！？!?]))"
_SERIES = (
    re.compile(r"(?P<above>)[（(](?P<count>\d{1,2})[）)]"),
    re.compile(rf"{_EDGE}(?P<above>\d{{1,2}}(?:\.\d{{1,2}}){{0,2}})\.(?P<count>\d{{1,2}})(?![\d.%元天月日年折倍米克公寸斤])"),
    re.compile(rf"(?P<above>){_EDGE}(?P<count>\d{{1,2}})[.、．](?!\d)"),
)
"""Marks of a list inside a line, if they count up: (1)…(2)…, 4.3.1…4.3.2…, 1.…；2.…; chapter numbers become 1., 2. …"""
_CLOSES = re.compile(r"(?<=[。！])(?=通过以上|综上|总之|总而言之)")
_LONE = re.compile(r"(?<=[。；;：:！？!?])(?:\d{1,2}\.){2,3}\d{1,2}(?=[\u4e00-\u9fff])")
_CIRCLED = re.compile(r"(?<!^)(?<!\n)(?=[②-⑳])|(?<=[：:。；;])(?=①)")
_DASHED = re.compile(r"(?<=[\u4e00-\u9fff：:)）])- (?=[\u4e00-\u9fff\d])")
_BOLD = re.compile(r"(\*\*|__)(?=\S)([^*_\n]{1,80}?)(?<=\S)\1")
_DOUBLED = (
    (re.compile(r"([，、：；])\1+"), r"\1"),
    (re.compile(r"[，、；]+([。！？])"), r"\1"),
    (re.compile(r"(?<!。)。{2}(?!。)"), "。"),
    (re.compile(r"([！？])\1+"), r"\1"),
)
_NUMBER = re.compile(
    r"^(?:\d{1,2}(?:\.\d{1,2}){2,3}[\s、．]*|\d{1,2}\.[1-9][\s、．]+(?!.{0,4}(?:节|活动|大促|元|折))|第[一二三四五六七八九十百\d]+[章节]\s*)"
    r"(?=[^\d\s.])"
)
"""A chapter number before a line, as 3.2 or 3.2.1 (but a day, as in 3.8节, is none)."""
_STAR = re.compile(r"^[*•·●◆■□]\s*(?=[^\s*])")
_ROW = re.compile(r"^- ([^：；，]{1,12})：([^；]{1,60})；(.{1,40}：.*)$")
_BROKEN_OFF = re.compile(r"[，、：:,的和与及或在为于把将对向从由]$")
_LEANS = re.compile(
    r"^(?:其(?!他|它|中一|次日)|它|该(?!项目)|此(?!类商品)|因此|因而|所以|但|不过|然而|同时|另外|而且|并且|并|也|又|还|再|否则|这(?!款)|那|上述|以上|前者|后者"
    r"|例如|比如|譬如|举例|即|相应|随后|然后|接着|反之|除此|据此|如上|如此|为此|对此|其次|最后|两者|二者|均|都|则|且|[（(]?[2-9二三四五六七八九][）)、.．])"
)
_ENDS = "。！？!?；;…”）)』」"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Words to say; ``rest`` is how many points of a list that they begin were left out."""

    text: str
    rest: int = 0


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or a list with the words that announce it (``head``, which may be empty)."""

    text: str
    head: str = ""
    items: tuple[str, ...] = ()
    starts_line: bool = False

    @property
    def lines(self) -> str:
        return "\n".join(filter(None, (self.head, *self.items))) if self.items else self.text


def tidy(text: str, title: str = "") -> str:
    """``text`` laid out for reading; what it says stays as it is written.

    Lists inside a line get lines of their own, chapter numbers (3.2) count from 1, and rows of a table begin with what
    they are about. Bold marks, double marks, a first line that only repeats ``title`` and a last sentence that breaks
    off go.
    """
    text = _BOLD.sub(r"\2", text.strip())
    for pattern, replacement in _DOUBLED:
        text = pattern.sub(replacement, text)
    lines = _numbered([line for given in text.split("\n") for line in _listed(given.rstrip())])
    if title and len(lines) > 1 and normalise(lines[0]).strip(":： ") == normalise(title):
        lines = lines[1:]
    kept: list[str] = []
    for row, line in enumerate(lines):
        before, after = kept[-1] if kept else "", lines[row + 1] if row + 1 < len(lines) else ""
        # A list and what announces it stand close together.
        if line or not _is_item(after) or not (_is_item(before) or before.endswith((":", "："))):
            kept.append(line)
    text = "\n".join(kept).strip()
    while (shorter := _completed(text)) != text:
        text = shorter
    return text


def _completed(text: str) -> str:
    """``text`` without a last sentence that breaks off; as it is where there is nothing else."""
    whole, _, last = text.rpartition("\n")
    spans = sentences(last)
    broken = _BROKEN_OFF.search(last) or (spans and last[-1] not in _ENDS and spans[-1][1] - spans[-1][0] < 4)
    if not broken or _is_item(last) or not (whole or len(spans) > 1):
        return text
    return f"{whole}\n{last[: spans[-1][0]]}".strip()


def excerpt(text: str, asked: str, limit: int) -> Excerpt:
    """What ``text`` (tidied) says to ``asked``, in at most ``limit`` characters where whole sentences allow.

    A text that fits is said whole. Of a longer one come whole sentences from the one that fits best, or from the one
    before where it leans on that ("此外，…"); a list comes with the words that announce it, whole, or else the points
    around the best one with ``rest``. A sentence that is longer than ``limit`` is given whole: half a rule would be a
    wrong rule.
    """
    if len(text) <= limit:
        return Excerpt(text)
    units = list(_units(text))
    weights = _weights([unit.lines for unit in units], asked)
    best: tuple[float, int, int] | None = None
    for start, unit in enumerate(units):
        if start and _leans(unit):
            continue
        end, size = start, 0
        while end < len(units):
            size += len(units[end].lines) + 1
            if end > start and size > limit:
                break
            end += 1
        value = weights[start] + math.fsum(weights[start:end])
        if best is None or value > best[0]:
            best = (value, start, end)
    assert best is not None
    _, start, end = best
    if units[start].items and len(units[start].lines) > limit:
        return _part(units[start], asked, limit)
    chosen = units[start:end]
    return Excerpt(_joined(chosen))


def _listed(line: str) -> list[str]:
    """``line``, or the lines it holds where it is a list run together."""
    for pattern in _SERIES:
        marks = _counted(list(pattern.finditer(line)))
        if len(marks) < 2:
            continue
        before = line[: marks[0].start()].strip().removeprefix(marks[0]["above"])
        ends = [match.start() for match in marks[1:]] + [len(line)]
        pieces = [
            (f"{match['count']}. " if match["above"] else match[0]) + line[match.end() : end].strip()
            for match, end in zip(marks, ends, strict=True)
        ]
        return [piece for piece in (before, *pieces[:-1], *_CLOSES.split(pieces[-1])) if piece]
    split = _CIRCLED.sub("\n", _DASHED.sub("\n- ", _LONE.sub("\n", line))).split("\n")
    return [piece.strip() if row else piece for row, piece in enumerate(split)]


def _counted(marks: list[re.Match[str]]) -> list[re.Match[str]]:
    """Of ``marks`` those of the series with most members, if it counts up one by one; else none."""
    if not marks:
        return []
    above = Counter(match["above"] for match in marks).most_common(1)
    series = [match for match in marks if match["above"] == above[0][0]]
    counts = [int(match["count"]) for match in series]
    return series if counts == list(range(counts[0], counts[0] + len(counts))) else []


def _numbered(lines: list[str]) -> list[str]:
    """``lines`` without chapter numbers: sentences that had them are counted, headings are followed by a colon."""
    found = [row for row, line in enumerate(lines) if _NUMBER.match(line)]
    for count, row in enumerate(found, 1):
        bare = _NUMBER.sub("", lines[row])
        if bare[-1] in _ENDS and len(found) > 1:
            lines[row] = f"{count}. {bare}"
        else:
            lines[row] = bare if bare[-1] in _ENDS + "：:" or row + 1 == len(lines) else f"{bare}："
    return _rows([_STAR.sub("- ", line) for line in lines])


def _rows(lines: list[str]) -> list[str]:
    """``lines``, where the rows of a table do not each repeat the label of their first column."""
    labels = [match[1] if (match := _ROW.match(line)) else None for line in lines]
    return [
        _ROW.sub(r"- \2，\3", line) if label and label in (*labels[max(0, row - 1) : row], *labels[row + 1 : row + 2]) else line
        for row, (line, label) in enumerate(zip(lines, labels, strict=True))
    ]


def _is_item(line: str) -> bool:
    return _MARKER.match(line) is not None


def _units(text: str) -> Iterator[_Unit]:
    """The sentences and lists of ``text``, in order."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    row = 0
    while row < len(lines):
        line = lines[row]
        items: list[str] = []
        first = row if _is_item(line) else row + 1
        while first + len(items) < len(lines) and _is_item(lines[first + len(items)]):
            items.append(lines[first + len(items)])
        if _is_item(line):
            yield from _list("", items)
            row = first + len(items)
            continue
        spans = [line[slice(*span)] for span in sentences(line)]
        announces = items and line[-1] not in _ENDS
        for at, sentence in enumerate(spans[:-1] if announces else spans):
            if sentence[-1] in _ENDS or len(spans) > 1 or row + 1 == len(lines):
                yield _Unit(sentence, starts_line=at == 0)
            # else: a heading that stands alone is no sentence
        if announces:
            yield from _list(spans[-1] if spans[-1][-1] in "：:，," else f"{spans[-1]}：", items)
        row = first + len(items) if announces else row + 1


def _list(head: str, items: Sequence[str]) -> Iterator[_Unit]:
    """A list as one unit; rows of a table, which read alone, as one as well (the points left out are counted)."""
    yield _Unit("", head, tuple(items), True)


def _leans(unit: _Unit) -> bool:
    return not unit.items and _LEANS.match(unit.text) is not None


def _joined(units: Sequence[_Unit]) -> str:
    """The words of ``units``; sentences of one line follow each other, everything else gets a line of its own."""
    text = ""
    for unit in units:
        glue = "" if not text else "\n" if unit.items or unit.starts_line or "\n" in text.rpartition("\n")[2] else ""
        text += glue + unit.lines
    return text


def _part(unit: _Unit, asked: str, limit: int) -> Excerpt:
    """The points of a list around the best one, as many as fit."""
    weights = _weights(unit.items, asked)
    best = max(range(len(unit.items)), key=lambda row: (weights[row], -row))
    room = limit - len(unit.head) - LIST_NOTE - len(unit.items[best])
    first = last = best
    while True:
        if last + 1 < len(unit.items) and len(unit.items[last + 1]) + 1 <= room:
            last += 1
            room -= len(unit.items[last]) + 1
        elif first > 0 and len(unit.items[first - 1]) + 1 <= room:
            first -= 1
            room -= len(unit.items[first]) + 1
        else:
            break
    text = "\n".join(filter(None, (unit.head, *unit.items[first : last + 1])))
    return Excerpt(text, len(unit.items) - (last + 1 - first))


def _weights(texts: Sequence[str], asked: str) -> list[float]:
    """How much each text says to ``asked``: the question's terms in it, rare ones counting more."""
    wanted = set(terms(normalise(asked)))
    held = [wanted & set(terms(normalise(text))) for text in texts]
    known = Counter(term for found in held for term in found)

    def weight(term: str) -> float:
        return (0.3 if len(term) == 1 and is_han(term) else 1.0) / known[term]

    return [math.fsum(map(weight, found)) for found in held]  # exact: sets come in another order in every process
