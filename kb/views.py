"""The texts by which an entry can be found: its question, its aliases, the whole of it, and windows into it.

People ask in the words of a question, so a FAQ is matched question to question first; guides are matched as a whole
for their subject and by windows of a few sentences for their details. The best view of an entry speaks for it; a
counter-example, a question that sounds like the entry's but is not, speaks against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kb.records import Entry
from kb.text import normalise, sentences

ViewKind = Literal["question", "alias", "whole", "window", "counter"]

WINDOW_CHARS = 80
"""Target length of a window, in characters; a sentence or two: people ask for one thing."""
LONG_CHARS = 120
"""Texts longer than this get windows beside the whole."""
HEADING_LEVELS = 2
"""How many of the innermost headings are put before a text as context."""


@dataclass(frozen=True, slots=True)
class View:
    """One text that stands for an entry.

    ``row`` is the entry's position in the list given to :func:`views_of`; ``start`` and ``end`` are the span in the
    entry's ``text`` that this view shows (0, 0 for a question or alias); ``text`` is normalised, ready to be encoded.
    """

    row: int
    kind: ViewKind
    text: str
    start: int = 0
    end: int = 0


def views_of(entries: Sequence[Entry]) -> list[View]:
    """All views of all entries, grouped by entry in the given order; every entry gets at least one."""
    return [view for row, entry in enumerate(entries) for view in _views(row, entry)]


def _views(row: int, entry: Entry) -> Iterator[View]:
    seen: set[str] = set()

    def view(kind: ViewKind, text: str, start: int = 0, end: int = 0) -> Iterator[View]:
        normalised = normalise(text)
        if normalised not in seen:
            seen.add(normalised)
            yield View(row, kind, normalised, start, end)

    if entry.question:
        yield from view("question", entry.question)
    for alias in entry.aliases:
        if alias.strip():
            yield from view("alias", alias)
    context = entry.question or " ".join(entry.place.heading[-HEADING_LEVELS:])
    lead = f"{context}\n" if context else ""
    yield from view("whole", lead + entry.text, 0, len(entry.text))
    if len(entry.text) > LONG_CHARS:
        for start, end in windows(entry.text):
            yield from view("window", lead + entry.text[start:end], start, end)
    for example in entry.counter_examples:
        if example.strip():
            yield from view("counter", example)


def windows(text: str, size: int = WINDOW_CHARS) -> list[tuple[int, int]]:
    """Spans of whole sentences of about ``size`` characters that cover ``text`` without overlap.

    A sentence longer than twice ``size`` is cut into equal pieces.
    """
    pieces: list[tuple[int, int]] = []
    for start, end in sentences(text):
        parts = max(1, -(-(end - start) // (2 * size)))
        step = -(-(end - start) // parts)
        pieces.extend((at, min(at + step, end)) for at in range(start, end, step))
    spans: list[tuple[int, int]] = []
    for start, end in pieces:
        if spans and end - spans[-1][0] <= size * 1.2:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans
