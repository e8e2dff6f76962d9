"""The tab of figures: how customers were served, drawn as SVG with the numbers beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, tzinfo
from typing import Literal, Protocol
from xml.etree.ElementTree import Element

from fastapi import APIRouter
from starlette.responses import Response

from bot.dashboard import Day, Figures
from bot.journal import REASONS, Reason
from bot.records import Outcome
from bot.ui.studio.access import Access
from bot.ui.studio.fragment import fragment
from bot.ui.studio.tabs import Tab
from kb.markup import Child, node, table
from kb.records import Entry

SPANS = {7: "近 7 天", 30: "近 30 天", 90: "近 90 天"}
OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "answer": ("直接答复", "#0d6b5a"),
    "clarify": ("请顾客选", "#c99a2e"),
    "handoff": ("转人工", "#a8321f"),
    "scripted": ("情境用语", "#7f9bb3"),
    "refused": ("不予答复", "#9aa39e"),
}
FESTIVALS = {
    "new_year": "元旦", "spring": "春节", "labour": "劳动节", "mid_autumn": "中秋节", "national": "国庆节",
}  # fmt: skip
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 220, 40, 12, 190


class Served(Protocol):
    """The part of :class:`bot.journal.Journal` this tab needs."""

    def figures(self, days: int, zone: tzinfo) -> Figures:
        """How customers were served in the last days."""


class Shelf(Protocol):
    """The live base."""

    def entry(self, identity: str) -> Entry | None:
        """The entry with that id."""


def figures_tab(
    served: Served, base: Shelf, zone: tzinfo, festival: Callable[[], str | None], waiting: Callable[[], int]
) -> Tab:
    """The tab; ``festival`` is that of today, ``waiting`` how many tickets nobody has settled."""

    def routes(router: APIRouter, access: Access) -> None:
        @router.get("/figures")
        def pane(days: Literal["7", "30", "90"] = "30") -> Response:
            chosen = int(days)
            found = served.figures(chosen, zone)
            return fragment(*_pane(found, chosen, base, festival(), waiting(), zone))

    return Tab("figures", "数据看板", routes=routes)


def _pane(found: Figures, chosen: int, base: Shelf, festival: str | None, waiting: int, zone: tzinfo) -> list[Child]:
    spans = [
        node("button", name, type="button", data_get=f"/studio/figures?days={days}", aria_pressed=str(days == chosen).lower())
        for days, name in SPANS.items()
    ]
    greeting = f"今天是{FESTIVALS[festival]}，顾客看到的是节日问候。" if festival else "今天没有节日问候。"
    head: list[Child] = [node("div", *spans, class_="buttons"), node("p", greeting, class_="soft")]
    total = found.total()
    if not total:
        return [*head, node("p", f"{SPANS[chosen]}还没有顾客来问。顾客页面有了对话，这里就会有数字。", class_="soft")]
    satisfied = "还没有评价" if found.satisfaction is None else f"{found.satisfaction:.0%}"
    tiles = [
        ("顾客消息", str(total)),
        ("直接答复", f"{found.total('answer') / total:.0%}"),
        ("请顾客选", f"{found.total('clarify') / total:.0%}"),
        ("转人工", f"{found.total('handoff') / total:.0%}"),
        ("满意率", satisfied),
        ("一半回复用时", _seconds(found.p50)),
        ("95% 回复用时", _seconds(found.p95)),
        ("未办结工单", str(waiting)),
    ]
    entries = [(_title(base, identity), str(count)) for identity, count in found.top]
    slow = [(one.question[:40], _seconds(one.seconds), f"{one.at.astimezone(zone):%m-%d %H:%M}") for one in found.slowest]
    why = [(REASONS.get(reason, reason), str(count)) for reason, count in _reasons(found)]
    return [
        *head,
        node("dl", *(node("div", node("dt", name), node("dd", value)) for name, value in tiles), class_="tiles"),
        node("h2", "每天的顾客消息"),
        _chart(found.days),
        node("details", node("summary", "看数字"), _numbers(found.days)),
        table("答得最多的条目", ["条目", "次数"], entries) if entries else None,
        table("不满意的原因", ["原因", "次数"], why) if why else None,
        table("最慢的回复", ["顾客的话", "用时", "时间"], slow) if slow else None,
    ]


def _reasons(found: Figures) -> list[tuple[Reason, int]]:
    return [(reason, count) for reason, count in found.reasons]  # type: ignore[misc]


def _title(base: Shelf, identity: str) -> str:
    entry = base.entry(identity)
    if entry is None:
        return "（已不在库里的条目）"
    return entry.question or " › ".join(entry.place.heading) or entry.place.source


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} 毫秒" if seconds < 1 else f"{seconds:.1f} 秒"


def _chart(days: Sequence[Day]) -> Element:
    """One stacked bar a day; the numbers stand in a table behind it."""
    most = max((day.questions for day in days), default=1) or 1
    room = (WIDTH - LEFT) / len(days)
    scale = (BOTTOM - TOP) / most
    parts = [
        node("line", x1=LEFT, y1=BOTTOM, x2=WIDTH, y2=BOTTOM, stroke="#8b9690"),
        node("text", str(most), x=LEFT - 6, y=TOP + 10, text_anchor="end"),
        node("text", "0", x=LEFT - 6, y=BOTTOM, text_anchor="end"),
    ]
    every = max(1, len(days) // 8)
    for place, day in enumerate(days):
        left, height = LEFT + place * room, 0.0
        for outcome, (name, colour) in OUTCOMES.items():
            count = day.outcomes[outcome]
            if count:
                height += count * scale
                bar = {"x": round(left + room * 0.12, 1), "y": round(BOTTOM - height, 1), "width": round(room * 0.76, 1)}
                title = node("title", f"{day.day} {name} {count}")
                parts.append(node("rect", title, **bar, height=round(count * scale, 1), fill=colour))
        if place % every == 0:
            parts.append(node("text", _day(day.day), x=round(left + room / 2, 1), y=BOTTOM + 18, text_anchor="middle"))
    legend = [
        node("span", node("i", style=f"background:{colour}", aria_hidden="true"), name) for name, colour in OUTCOMES.values()
    ]
    svg = node(
        "svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label="每天的顾客消息，按结果分色", class_="chart"
    )
    return node("figure", svg, node("figcaption", *legend, class_="legend"))


def _numbers(days: Sequence[Day]) -> Element:
    names = [name for name, _ in OUTCOMES.values()]
    rows = [
        [str(day.day), *(str(day.outcomes[outcome]) for outcome in OUTCOMES), f"{day.up} / {day.down}"]
        for day in reversed(days)
        if day.questions
    ]
    return table("每天的数字", ["日期", *names, "满意 / 不满意"], rows)


def _day(day: date) -> str:
    return f"{day.month}/{day.day}"
