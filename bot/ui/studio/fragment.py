"""Pieces of the studio's pages as HTML: built as a tree, so that nothing in them can be anything but text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element, tostring

from fastapi.responses import HTMLResponse

from kb.markup import Child, node

AUDIENCES = {"public": "公开", "internal": "仅内部"}


def fragment(*parts: Child, say: str = "") -> HTMLResponse:
    """The answer that the studio's script puts in its place; ``say`` is read out and shown for a moment."""
    html = "".join(part if isinstance(part, str) else markup(part) for part in parts if part is not None)
    return HTMLResponse(html, headers={"x-say": quote(say)} if say else None)


def markup(element: Element) -> str:
    """``element`` as HTML."""
    return tostring(element, encoding="unicode", method="html")


def badge(text: str, class_: str | None = None) -> Element:
    """A small mark."""
    return node("span", text, class_=class_)


def audience_badge(audience: str) -> Element:
    """Who may see it."""
    return badge(AUDIENCES[audience], audience)


def paragraphs(text: str) -> list[Element]:
    """The lines of a text."""
    return [node("p", line) for line in text.splitlines() if line.strip()]


def button(name: str, address: str, into: str | None = None, query: Mapping[str, object] | None = None) -> Element:
    """A button that fetches ``address`` and puts the answer into ``into`` (see studio.js)."""
    where = f"{address}?{urlencode(query)}" if query else address
    return node("button", name, type="button", data_get=where, data_into=into)


def post(
    name: str,
    address: str,
    hidden: Mapping[str, str],
    into: str | None = None,
    sure: str | None = None,
    class_: str | None = None,
) -> Element:
    """A button that changes something: a form of hidden fields; ``sure`` is what it says before the second press."""
    fields = [node("input", type="hidden", name=key, value=value) for key, value in hidden.items()]
    return node(
        "form",
        *fields,
        node("button", name, type="submit", data_sure=sure, class_=class_),
        data_post=address,
        data_into=into,
    )


def field(
    name: str, label: str, value: str = "", hint: str = "", kind: str = "text", at: str = "", **more: object
) -> list[Element]:
    """A labelled field; ``kind`` is that of the input, or ``textarea``; ``at`` tells it from others of that name."""
    identity = f"f-{name}-{at}" if at else f"f-{name}"
    title = node("label", label, node("span", f"（{hint}）", class_="soft") if hint else None, for_=identity)
    if kind == "textarea":
        return [title, node("textarea", value, id=identity, name=name, **more)]
    return [title, node("input", id=identity, name=name, type=kind, value=value, **more)]


def choice(
    name: str, label: str, options: Mapping[str, str], chosen: str, at: str = "", **more: object
) -> list[Element]:
    """A labelled choice of a few."""
    identity = f"f-{name}-{at}" if at else f"f-{name}"
    made = [
        node("option", title, value=value, selected="selected" if value == chosen else None)
        for value, title in options.items()
    ]
    return [node("label", label, for_=identity), node("select", *made, id=identity, name=name, **more)]


def pages(address: str, page: int, count: int, query: Mapping[str, object]) -> Element | None:
    """Links to the pages of a list, None where there is one; ``page`` counts from 1."""
    if count <= 1:
        return None
    back = button("上一页", address, query={**query, "page": page - 1}) if page > 1 else None
    on = button("下一页", address, query={**query, "page": page + 1}) if page < count else None
    return node("nav", back, f"第 {page} 页，共 {count} 页", on, class_="pages", aria_label="翻页")


def cut(items: Sequence[object], page: int, size: int) -> tuple[int, int, int]:
    """The page that is shown when ``page`` is asked for, how many there are, and where it begins."""
    count = max(1, -(-len(items) // size))
    page = min(max(1, page), count)
    return page, count, (page - 1) * size
