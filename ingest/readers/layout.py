"""From the characters of a page to lines in reading order.

A page is cut at gutters: a stretch of the page whose lines all leave the same strip free, with running text on both
sides, is read column by column; everything else row by row, as tables are. Coordinates are points, y downwards.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

GAP = 1.3
"""Neighbours on a line further apart than this many type sizes do not belong together."""
WORD_GAP = 0.18
"""Letters further apart than this many type sizes are of different words."""
MIN_ROWS = 4
"""A column has at least so many lines."""
FULL = 0.6
"""Lines of running text fill, at the median, at least this share of their column; cells of a table do not."""
CJK = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f“”‘’…—]")
_LETTERS = re.compile(r"^[A-Za-z(\"“‘]|[A-Za-z,;.)\"”’]$")
@dataclass(frozen=True, slots=True)
class Glyph:
    """A character and its box; ``spaced`` if a space was typed before it."""

    sign: str
    x0: float
    y0: float
    x1: float
    y1: float
    spaced: bool = False


@dataclass(slots=True)
class Line:
    """A line, or the part of one that stands in one column. ``left`` and ``right`` are the edges of the column."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    left: float = 0.0
    right: float = 0.0
    cells: int = 1


def lines_of(glyphs: Sequence[Glyph]) -> list[Line]:
    """The lines of a page in reading order."""
    return _in_order(_segments(glyphs))


def _segments(glyphs: Sequence[Glyph]) -> list[Line]:
    """Runs of characters without a wide gap, from top to bottom.

    Characters that follow one another in the file stay in that order, for their boxes may overlap; pieces of a line
    that were written at different times are put together by their place.
    """
    rows: list[list[list[Glyph]]] = []
    for run in sorted(_runs(glyphs), key=_middle):
        if rows and _middle(run) - _middle(rows[-1][-1]) < 0.35 * _height(rows[-1][0][0]):
            rows[-1].append(run)
        else:
            rows.append([run])
    segments: list[Line] = []
    for row in rows:
        row.sort(key=lambda run: run[0].x0)
        together: list[Glyph] = []
        for run in row:
            if together and _is_apart(together[-1], run[0]):
                segments.append(_line(together))
                together = []
            together.extend(run)
        segments.append(_line(together))
    return segments


def _runs(glyphs: Sequence[Glyph]) -> Iterator[list[Glyph]]:
    run: list[Glyph] = []
    has_space = False
    for glyph in glyphs:
        if not glyph.sign.strip():
            has_space = True
            continue
        if run:
            before = run[-1]
            if _is_copy(before, glyph):
                continue  # bold type made by printing twice, or two signs for one picture
            level = abs((glyph.y0 + glyph.y1) - (before.y0 + before.y1)) < 0.7 * min(_height(glyph), _height(before))
            if not level or glyph.x0 < before.x0 - 0.1 * _height(glyph) or _is_apart(before, glyph):
                yield run
                run = []
            elif has_space:
                glyph = replace(glyph, spaced=True)
        run.append(glyph)
        has_space = False
    if run:
        yield run


def _middle(run: Sequence[Glyph]) -> float:
    return (run[0].y0 + run[0].y1) / 2


def _height(glyph: Glyph) -> float:
    return max(glyph.y1 - glyph.y0, 0.1)


def _is_apart(before: Glyph, glyph: Glyph) -> bool:
    return glyph.x0 - before.x1 > GAP * min(_height(before), _height(glyph))


def _is_copy(before: Glyph, glyph: Glyph) -> bool:
    return before.sign == glyph.sign and abs(glyph.x0 - before.x0) < 0.25 * (before.x1 - before.x0)


def _line(run: Sequence[Glyph]) -> Line:
    text = ""
    for number, glyph in enumerate(run):
        if number:
            before = run[number - 1]
            gap = (glyph.x0 - before.x1) / _height(glyph)
            han = bool(CJK.match(glyph.sign)) or bool(CJK.match(before.sign))
            text += " " if glyph.spaced or gap > (0.7 if han else WORD_GAP) else ""
        text += glyph.sign
    size = median(glyph.y1 - glyph.y0 for glyph in run)
    return Line(
        text,
        min(glyph.x0 for glyph in run),
        min(glyph.y0 for glyph in run),
        max(glyph.x1 for glyph in run),
        max(glyph.y1 for glyph in run),
        size,
    )


def _in_order(segments: list[Line]) -> list[Line]:
    """Segments in reading order, those of one row joined where there are no columns."""
    if not segments:
        return []
    left, right = min(line.x0 for line in segments), max(line.x1 for line in segments)
    gutter = _gutter(segments, left, right)
    if gutter is None:
        return _rows(segments, left, right)
    ordered: list[Line] = []
    band: list[Line] = []
    for line in [*sorted(segments, key=lambda line: line.y0), None]:
        if line is not None and not line.x0 < gutter < line.x1:
            band.append(line)
            continue
        sides = [each for each in band if each.x1 <= gutter], [each for each in band if each.x0 >= gutter]
        if band and all(len(side) >= MIN_ROWS and _is_prose(side) for side in sides):
            ordered.extend(_in_order(sides[0]) + _in_order(sides[1]))
        elif band:
            ordered.extend(_rows(band, left, right))
        band = []
        if line is not None:
            ordered.extend(_rows([line], left, right))
    return ordered


def _gutter(segments: list[Line], left: float, right: float) -> float | None:
    """The middle of the strip that most lines leave free, with running text on both sides of it; None without one."""
    size = median(line.size for line in segments)
    best: tuple[float, float] | None = None
    steps = int((right - left) / 3)
    for step in range(int(steps * 0.2), int(steps * 0.8)):
        x = left + 3 * step
        crossing = sum(line.x0 - size / 3 < x < line.x1 + size / 3 for line in segments)
        before = [line for line in segments if line.x1 <= x]
        after = [line for line in segments if line.x0 >= x]
        if min(len(before), len(after)) < MIN_ROWS or crossing > 0.4 * len(segments):
            continue
        if not (_is_prose(before) and _is_prose(after)):
            continue
        if best is None or crossing < best[0]:
            best = (crossing, x)
    return best[1] if best else None


def _is_prose(lines: list[Line]) -> bool:
    """Whether lines fill their column as running text does."""
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    widths = [line.x1 - line.x0 for line in lines]
    longest = median(len(line.text) for line in lines)
    return longest >= 8 and median(widths) >= FULL * (right - left)


def _rows(segments: list[Line], left: float, right: float) -> list[Line]:
    """Segments row by row; what stands side by side becomes one line with two spaces between the cells."""
    rows: list[list[Line]] = []
    for line in sorted(segments, key=lambda line: (line.y0 + line.y1) / 2):
        middle = (line.y0 + line.y1) / 2
        if rows and middle < rows[-1][0].y1 - 0.2 * (rows[-1][0].y1 - rows[-1][0].y0):
            rows[-1].append(line)
        else:
            rows.append([line])
    # Where most lines begin; page numbers and notes may stand further out.
    starts = Counter(round(line.x0) for line in segments)
    left = max(starts, key=lambda x0: (sum(starts[x0 + near] for near in (-1, 0, 1)), -x0))
    found = []
    for row in rows:
        row.sort(key=lambda line: line.x0)
        text, cells = row[0].text, 1
        for before, line in zip(row, row[1:], strict=False):
            # Justified lines of Latin words have gaps that are none.
            is_cell = line.x0 - before.x1 > 2.2 * line.size or not (_LETTERS.search(before.text) and _LETTERS.match(line.text))
            text += ("  " if is_cell else " ") + line.text
            cells += is_cell
        size = max(row, key=lambda line: len(line.text)).size
        y0, y1 = min(line.y0 for line in row), max(line.y1 for line in row)
        found.append(Line(text, row[0].x0, y0, row[-1].x1, y1, size, left, right, cells))
    return found
