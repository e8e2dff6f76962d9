"""Three charts of an evaluation as inline SVG, each with its numbers as a table beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element

from kb.breakdown import Case, Step
from kb.evaluate import Bin
from kb.markup import node, table

WIDTH, HEIGHT = 360, 250
LEFT, RIGHT, TOP, BOTTOM = 42, 350, 24, 206
"""The drawing in its own units: on a phone one unit is about one pixel, so that letters stay readable."""

HISTOGRAM_BINS = 20
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


def reliability(bins: Sequence[Bin]) -> Element:
    """Share of right first hits for every bin of confidence, with its 95 % interval, against the diagonal."""
    parts = [*_grid(TICKS, "答对"), *_across("把握")]
    for row in bins:
        left, width, middle = _x(row.low) + 1.5, _x(row.high) - _x(row.low) - 3, _x((row.low + row.high) / 2)
        low, high = wilson(row.right, row.count)
        label = f"把握 {row.low:.0%}–{row.high:.0%}：{row.count} 题，答对 {row.right:.0%}"
        parts += [
            _bar(left, _y(row.right), width, _y(0) - _y(row.right), "right", label),
            _line(middle, _y(low), middle, _y(high), "interval"),
            _text(middle, TOP - 8, str(row.count), "count"),
        ]
    parts.append(_line(_x(0), _y(0), _x(1), _y(1), "ideal"))
    rows = [
        [f"{row.low:.0%}–{row.high:.0%}", str(row.count), f"{row.confidence:.0%}", f"{row.right:.0%}"] for row in bins
    ]
    numbers = table("把握与实际答对的比例", ["把握", "题数", "平均把握", "答对"], rows)
    note = "柱子是每一档里第一条正确的比例，竖线是它的 95% 置信区间，上方数字是题数。柱顶贴着斜虚线最理想；低于虚线说明过于自信，高于虚线说明过于谨慎。"
    return _figure("把握可信吗", note, _svg("校准曲线：每一档把握与实际答对的比例", parts), (), numbers)


def histogram(cases: Sequence[Case]) -> Element:
    """How many questions have which confidence: answerable ones upwards by right and wrong, unanswerable downwards."""
    counts = [[0, 0, 0] for _ in range(HISTOGRAM_BINS)]
    for case in cases:
        kind = 2 if case.lot == "absent" else 0 if case.lot == "first" else 1
        counts[min(int(case.result.confidence * HISTOGRAM_BINS), HISTOGRAM_BINS - 1)][kind] += 1
    up = max([right + wrong for right, wrong, _ in counts] + [1])
    down = max(absent for _, _, absent in counts)
    unit = (BOTTOM - TOP) / (up + down)
    base = TOP + up * unit
    parts = [*_across("把握"), _line(LEFT, base, RIGHT, base, "axis"), _text(LEFT - 5, TOP + 4, str(up), "end")]
    parts += [_text(LEFT - 5, base + 4, "0", "end"), _text(LEFT, TOP - 8, "题数", "start")]
    if down:
        parts.append(_text(LEFT - 5, BOTTOM + 4 if down * unit > 12 else BOTTOM + 12, str(down), "end"))
    rows: list[list[str]] = []
    for number, (right, wrong, absent) in enumerate(counts):
        low, high = number / HISTOGRAM_BINS, (number + 1) / HISTOGRAM_BINS
        left, width, name = _x(low) + 0.75, _x(high) - _x(low) - 1.5, f"把握 {low:.0%}–{high:.0%}"
        for count, top, class_, what in (
            (right, base - right * unit, "right", "首条正确"),
            (wrong, base - (right + wrong) * unit, "wrong", "首条不对"),
            (absent, base, "absent", "库里没有答案"),
        ):
            if count:
                parts.append(_bar(left, top, width, count * unit, class_, f"{name}：{what} {count} 题"))
        if right or wrong or absent:
            rows.append([f"{low:.0%}–{high:.0%}", str(right), str(wrong), str(absent)])
    numbers = table("各档把握的题数", ["把握", "首条正确", "首条不对", "库里没有答案"], rows)
    note = "有答案的问题向上画，库里没有答案的向下画。两边离得越开，越容易定出回答的界线。"
    legend = [("right", "首条正确"), ("wrong", "首条不对")] + ([("absent", "库里没有答案")] if down else [])
    return _figure("把握的分布", note, _svg("直方图：把握的分布", parts), legend, numbers)


def trade_off(steps: Sequence[Step], now: Step | None) -> Element:
    """Mistakes against questions answered while the threshold of answering moves; ``now`` is where the bands stand."""
    parts = [*_grid(TICKS, "出错"), *_across("有答案的问题里，被回答的比例")]
    parts.append(_path([(step.answered, step.wrong) for step in steps], "wrong"))
    legend = [("wrong", "回答了的里面，第一条不对")]
    if any(step.false is not None for step in steps):
        parts.append(_path([(0.0, 0.0), *((step.answered, step.false or 0.0) for step in steps)], "absent"))
        legend.append(("absent", "库里没有答案的里面，被回答了的"))
    if now is not None:
        marks = [("wrong", now.wrong)] + ([("absent", now.false)] if now.false is not None else [])
        for class_, value in marks:
            title = node("title", f"现在：回答了 {now.answered:.0%}，出错 {value:.0%}")
            dot = node("circle", title, cx=_round(_x(now.answered)), cy=_round(_y(value)), r=5, class_=f"now {class_}")
            parts.append(dot)
        legend.append(("now", "圆点：现在的界线"))
    reached = [(level, next((step for step in steps if step.answered >= level - 1e-9), None)) for level in LEVELS]
    rows = [
        [f"{level:.0%}", f"{step.threshold:.0%}", "–" if step.false is None else f"{step.false:.0%}", f"{step.wrong:.0%}"]
        for level, step in reached
        if step is not None
    ]
    head = ["要回答到", "界线（把握）", "没有答案却被回答", "回答里不对的"]
    note = "把回答的界线一路放宽，曲线从左往右走：答得越多，错得也越多。越靠右下角越好。"
    numbers = table("界线与出错的比例", head, rows)
    return _figure("放宽界线会怎样", note, _svg("取舍曲线：多回答的代价", parts), legend, numbers)


def wilson(part: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share ``part`` in [0, 1] seen in ``count`` > 0 trials (Wilson 1927)."""
    z = 1.96
    middle = part + z * z / (2 * count)
    spread = z * math.sqrt(part * (1 - part) / count + z * z / (4 * count * count))
    whole = 1 + z * z / count
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def _figure(
    title: str, note: str, drawing: Element, legend: Iterable[tuple[str, str]], numbers: Element
) -> Element:
    keys = [node("li", node("i", class_=f"key {class_}"), name) for class_, name in legend]
    return node(
        "figure",
        node("figcaption", node("h4", title), node("p", note)),
        node("ul", *keys, class_="legend") if keys else None,
        drawing,
        node("details", node("summary", "用表格看"), numbers),
    )


def _svg(title: str, parts: Iterable[Element]) -> Element:
    return node("svg", node("title", title), *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=title)


def _grid(ticks: Iterable[float], name: str) -> list[Element]:
    """Horizontal lines with their shares, and the name of the upward axis."""
    parts = [_text(LEFT - 36, TOP - 8, name, "start")]
    for tick in ticks:
        parts += [_line(LEFT, _y(tick), RIGHT, _y(tick), "grid"), _text(LEFT - 5, _y(tick) + 4, f"{tick:.0%}", "end")]
    return parts


def _across(name: str) -> list[Element]:
    """Shares along the lower edge, and the name of that axis."""
    parts = [_text(_x(tick), BOTTOM + 18, f"{tick:.0%}", "end" if tick == 1 else "middle") for tick in TICKS]
    return [*parts, _text((LEFT + RIGHT) / 2, HEIGHT - 8, name, "middle")]


def _path(points: Sequence[tuple[float, float]], class_: str) -> Element:
    """A line through points of the unit square; points that fall on the same spot are drawn once."""
    spots = [(_round(_x(across)), _round(_y(up))) for across, up in points]
    kept = spots[:1] + [after for before, after in pairwise(spots) if before != after]
    return node("polyline", points=" ".join(f"{x},{y}" for x, y in kept), class_=f"curve {class_}")


def _bar(left: float, top: float, width: float, height: float, class_: str, title: str) -> Element:
    size = {"x": _round(left), "y": _round(top), "width": _round(width), "height": _round(height)}
    return node("rect", node("title", title), class_=class_, **size)


def _line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Element:
    return node("line", x1=_round(x1), y1=_round(y1), x2=_round(x2), y2=_round(y2), class_=class_)


def _text(x: float, y: float, words: str, class_: str) -> Element:
    return node("text", words, x=_round(x), y=_round(y), class_=class_)


def _x(share: float) -> float:
    return LEFT + share * (RIGHT - LEFT)


def _y(share: float) -> float:
    return BOTTOM - share * (BOTTOM - TOP)


def _round(value: float) -> str:
    return f"{value:.1f}"
