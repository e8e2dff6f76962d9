"""The tab of entries that are taken for one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from xml.etree.ElementTree import Element

from fastapi import APIRouter
from starlette.responses import Response

from bot.ui.studio.access import Access
from bot.ui.studio.fragment import audience_badge, badge, button, fragment, paragraphs
from bot.ui.studio.tabs import Tab
from kb.markup import Child, node
from kb.records import Entry
from kb.twins import Twin

MOST = 50


class Pairs(Protocol):
    """Finds pairs in the live version."""

    def __call__(self, most: int) -> Sequence[Twin]:
        """At most ``most`` pairs, the closest first.

        Raises:
            StoreError: nothing is live, or it cannot be read.
        """


def twins_tab(pairs: Pairs) -> Tab:
    """The tab, over the live version."""

    def routes(router: APIRouter, access: Access) -> None:
        @router.get("/twins")
        def pane() -> Response:
            return fragment(*_pane(pairs(MOST)))

    return Tab("twins", "易混条目", routes=routes)


def _pane(found: Sequence[Twin]) -> list[Child]:
    if not found:
        return [node("p", "没有过于相近的条目。", class_="soft")]
    count = f"{len(found)} 对" if len(found) < MOST else f"最相近的 {MOST} 对"
    advice = "内容重复就合并；问法含混就改写；确是两回事，就给被误中的条目加“反例”。改好发布以后，这里会重新计算。"
    return [
        node("h2", f"容易混淆的条目（{count}）"),
        node("p", advice, class_="soft"),
        *(_pair(twin) for twin in found),
    ]


def _pair(twin: Twin) -> Element:
    alike = "两条的问法几乎一样" if twin.wording_a == twin.wording_b else f"最像之处：“{twin.wording_a}” ≈ “{twin.wording_b}”"
    return node(
        "section",
        node("p", f"{alike}（相近程度 {twin.cosine:.2f}）", class_="soft"),
        node("div", _side(twin.a), _side(twin.b), class_="pair"),
    )


def _side(entry: Entry) -> Element:
    title = entry.question or " › ".join(entry.place.heading) or entry.place.source
    return node(
        "article",
        node("div", audience_badge(entry.audience), badge(entry.category or entry.place.source, "public"), class_="badges"),
        node("h3", title),
        *paragraphs(entry.text[:200]),
        node("div", button("修改", "/studio/entry/form", ".card", {"id": entry.id}), class_="buttons"),
        class_="card",
    )
