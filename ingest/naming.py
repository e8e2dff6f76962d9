"""What entries are called, and how many of a list are written out, where people read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kb.records import Entry

MOST_LINES = 20
"""So many items of a list are written out for people; JSON has them all."""


def place_of(entry: Entry) -> str:
    """Where an entry stands."""
    place = entry.place
    if place.row is not None:
        return f"{place.source} 第 {place.row} 行"
    return " › ".join((place.source, *place.heading))


def name_of(entry: Entry) -> str:
    """Its question, else its place."""
    return entry.question or place_of(entry)


def listed(heading: str, items: Sequence[str], count: int | None = None) -> Iterator[str]:
    """Lines of a list, none if it is empty; ``count`` is what the heading says if not the number of items."""
    if items:
        yield f"{heading}（{len(items) if count is None else count}）："
        yield from (f"  · {item}" for item in items[:MOST_LINES])
        if len(items) > MOST_LINES:
            yield f"  …… 还有 {len(items) - MOST_LINES} 条，用 --json 可以看到全部"
