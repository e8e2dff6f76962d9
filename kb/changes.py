"""What changed between two bases, entry by entry, as an editor sees it: a text that only moved down the file did not."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from kb.records import Entry, Place


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed between two bases.

    ``changed`` pairs the old entry with the new one that says something else, ``moved`` those that say the same in
    another file or under another heading. Pairs have one id, or, where a file was renamed, the same words or question.
    """

    added: tuple[Entry, ...]
    changed: tuple[tuple[Entry, Entry], ...]
    removed: tuple[Entry, ...]
    moved: tuple[tuple[Entry, Entry], ...] = ()

    @property
    def renamed(self) -> dict[str, str]:
        """New ids of entries that got another one, by the old ones."""
        return {old.id: new.id for old, new in (*self.changed, *self.moved) if old.id != new.id}


def diff(before: Iterable[Entry], after: Iterable[Entry]) -> Diff:
    """What ``after`` holds that ``before`` did not, and the other way round, in the order of ``after`` (``before``)."""
    old, new = {entry.id: entry for entry in before}, {entry.id: entry for entry in after}
    pairs = {identity: old[identity] for identity in new if identity in old}
    gone = {entry.id: entry for entry in old.values() if entry.id not in new}
    for key in (_said, _asked):
        waiting: dict[Hashable, list[str]] = {}
        for entry in gone.values():
            waiting.setdefault(key(entry), []).append(entry.id)
        for entry in new.values():
            if entry.id not in pairs and key(entry) and (ids := waiting.get(key(entry))):
                pairs[entry.id] = gone.pop(ids.pop(0))
    changed = tuple((pairs[key], entry) for key, entry in new.items() if key in pairs and _said(pairs[key]) != _said(entry))
    moved = tuple(
        (pairs[key], entry)
        for key, entry in new.items()
        if key in pairs and _said(pairs[key]) == _said(entry) and _stands(pairs[key]) != _stands(entry)
    )
    return Diff(tuple(entry for key, entry in new.items() if key not in pairs), changed, tuple(gone.values()), moved)


def moves(pairs: Sequence[tuple[Entry, Entry]]) -> dict[tuple[str, str], int]:
    """How many entries went from which file to which, most first; within one file where the names are equal."""
    counts: dict[tuple[str, str], int] = {}
    for old, new in pairs:
        files = (old.place.source, new.place.source)
        counts[files] = counts.get(files, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def _said(entry: Entry) -> Entry:
    """An entry without its name and place."""
    return replace(entry, id="", place=_NOWHERE)


def _asked(entry: Entry) -> Hashable:
    return entry.question and (entry.kind, entry.question)


def _stands(entry: Entry) -> Hashable:
    return entry.place.source, entry.place.heading


_NOWHERE = Place("")
