"""The same knowledge twice: repeats are kept once, also nearly equal passages; one question with two answers is told
to the editor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ingest.repeats import MIN_CHARS, Repeats, print_of
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

    Passages of few words count as the same only under the same heading; of longer ones those are dropped too that say
    no more than another one, see :mod:`ingest.repeats`. A public entry is kept before an internal one, else the first.
    Aliases of dropped FAQ entries go to the kept one.
    """
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        text = normalise(entry.text)
        under = entry.place.heading[-1:] if entry.kind == "passage" and len(text) < MIN_CHARS else ()
        key = (entry.kind, normalise(entry.question), text, under, entry.valid_from, entry.valid_to)
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
    nearly = list(_near(kept))
    gone = {duplicate.other.id for duplicate in nearly}
    kept = [entry for entry in kept if entry.id not in gone]
    return Deduplicated(tuple(kept), (*dropped, *nearly), tuple(_conflicts(kept)))


def _near(entries: Sequence[Entry]) -> Iterable[Duplicate]:
    """Running passages that say no more than one that stays."""
    repeats = Repeats()
    for position in sorted(
        range(len(entries)), key=lambda position: (entries[position].audience != "public", position)
    ):
        entry = entries[position]
        if entry.kind != "passage" or entry.place.row is not None:
            continue
        seen = print_of(normalise(entry.text))
        if seen is None:
            continue
        same_time = [
            kept
            for kept in map(entries.__getitem__, repeats.find(seen))
            if (kept.valid_from, kept.valid_to) == (entry.valid_from, entry.valid_to)
        ]
        if same_time:
            yield Duplicate(same_time[0], entry)
        else:
            repeats.add(position, seen)


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
