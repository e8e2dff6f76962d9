"""HTML as a tree: every text and attribute is escaped when it is written, nothing can be passed through."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, tostring

Child = Element | str | None


def node(tag: str, *children: Child, **attributes: object) -> Element:
    """An element with its children in order, None left out.

    Attribute names are Python's: ``class_`` is class, ``stroke_width`` is stroke-width. Those that are None are left out.
    """
    made = Element(tag)
    for name, value in attributes.items():
        if value is not None:
            made.set(name.rstrip("_").replace("_", "-"), str(value))
    last: Element | None = None
    for child in children:
        if child is None:
            continue
        if not isinstance(child, str):
            made.append(child)
            last = child
        elif last is None:
            made.text = (made.text or "") + child
        else:
            last.tail = (last.tail or "") + child
    return made


def table(caption: str, head: Sequence[Child], rows: Sequence[Sequence[Child]], class_: str | None = None) -> Element:
    """A table with named columns, whose first cell names its row, in a frame that scrolls sideways by itself.

    A cell that is a ``td`` already is taken as it is.
    """
    columns = node("tr", *(node("th", title, scope="col") for title in head))
    body = [node("tr", node("th", row[0], scope="row"), *map(_cell, row[1:])) for row in rows]
    made = node("table", node("caption", caption), node("thead", columns), node("tbody", *body), class_=class_)
    return node("div", made, class_="wide", tabindex="0", role="region", aria_label=caption)


def document(root: Element) -> str:
    """The text of a page whose ``html`` element is ``root``."""
    return f"<!doctype html>\n{tostring(root, encoding='unicode', method='html')}\n"


def _cell(inside: Child) -> Element:
    return inside if isinstance(inside, Element) and inside.tag == "td" else node("td", inside)
