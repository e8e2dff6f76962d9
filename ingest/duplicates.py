"""The same knowledge twice: exact repeats are kept once; one question with two answers is told to the editor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kb.records import Entry
from kb.text import normalise


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two entries that say the same (``kept`` stays), or that answer one question differently (both stay)."""

    kept: Entry
    other: Entry


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """What is left, what was dropped beside what, and questions with different answers."""

    entries: tuple[Entry, ...]
    dropped: tuple[Duplicate, ...]
    conflicts: tuple[Duplicate, ...]


def drop_duplicates(entries: Iterable[Entry]) -> Deduplicated:
    """Keep one of every group of entries of the same kind, question and text (compared normalised) and same validity.

    A public one is kept before an internal one, else the first. Aliases of dropped FAQ entries go to the kept one.
    """
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        key = (entry.kind, normalise(entry.question), normalise(entry.text), entry.valid_from, entry.valid_to)
        groups.setdefault(key, []).append(entry)
    kept: list[Entry] = []
    dropped: list[Duplicate] = []
    for group in groups.values():
        chosen = min(group, key=lambda entry: entry.audience != "public")
        others = [entry for entry in group if entry is not chosen]
        if others:
            aliases = dict.fromkeys(alias for entry in (chosen, *others) for alias in entry.aliases)
            chosen = replace(chosen, aliases=tuple(aliases))
            dropped.extend(Duplicate(chosen, entry) for entry in others)
        kept.append(chosen)
    return Deduplicated(tuple(kept), tuple(dropped), tuple(_conflicts(kept)))


def _conflicts(entries: Sequence[Entry]) -> Iterable[Duplicate]:
    """Answers to one question that may be given on the same day to the same people."""
    by_question: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.kind == "faq":
            by_question.setdefault((entry.audience, normalise(entry.question)), []).append(entry)
    for group in by_question.values():
        for number, first in enumerate(group):
            for second in group[number + 1 :]:
                if _overlap(first, second):
                    yield Duplicate(first, second)


def _overlap(first: Entry, second: Entry) -> bool:
    starts = max(first.valid_from or date.min, second.valid_from or date.min)
    ends = min(first.valid_to or date.max, second.valid_to or date.max)
    return starts <= ends
