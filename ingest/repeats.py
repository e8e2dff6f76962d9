"""The same text again, in other words of no weight: found by sketches of its shingles, judged by what differs.

A sketch is the smallest hashes of all pieces of four characters (bottom-k sketch: A. Broder, On the resemblance and
containment of documents, 1997). Texts that share much of it are compared character by character.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass

SKETCH = 12
MIN_SHARED = 5
"""So many hashes of the sketches must agree before two texts are compared."""
MOST_COMPARED = 3
MOST_PER_HASH = 8
"""A piece that occurs in more texts tells nothing."""
MIN_CHARS = 40
"""Shorter texts say different things under different headings, and a few characters make too much of them."""
MIN_VARIETY = 8
"""Texts of fewer different characters are no sentences."""
MOST_REMEMBERED = 50_000
"""So many texts are held against new ones for resemblance; equality is found without limit."""

_NO_WORD = re.compile(r"[\W_]+")
_WEIGHTY = re.compile(r"[\dA-Za-z一二三四五六七八九十百千万两半不没无未非勿禁仅只免可能全部至超满]")
_MOST_ADDED = 2
_MOST_CHANGED = 0.05


@dataclass(frozen=True, slots=True)
class Print:
    """What is compared of a text: its letters and digits, and their sketch."""

    bare: str
    sketch: tuple[int, ...]


class Repeats:
    """Texts seen so far, by a key of the caller's."""

    def __init__(self) -> None:
        self._equal: dict[int, int] = {}
        self._by_hash: dict[int, list[int]] = {}
        self._prints: dict[int, Print] = {}

    def add(self, key: int, seen: Print) -> None:
        """Remember a text under ``key``."""
        self._equal.setdefault(hash(seen.bare), key)
        if len(self._prints) < MOST_REMEMBERED:
            self._prints[key] = seen
            for value in seen.sketch:
                keys = self._by_hash.setdefault(value, [])
                if len(keys) < MOST_PER_HASH:
                    keys.append(key)

    def find(self, seen: Print) -> tuple[int, ...]:
        """Keys of remembered texts that say all that this one says, the most alike first."""
        equal = self._equal.get(hash(seen.bare))
        if equal is not None:
            return (equal,)
        found = [key for value in seen.sketch for key in self._by_hash.get(value, ())]
        if len(found) < MIN_SHARED:
            return ()
        alike = sorted((-count, key) for key, count in Counter(found).items() if count >= MIN_SHARED)
        return tuple(key for _, key in alike[:MOST_COMPARED] if says_no_more(self._prints[key], seen))

    def first(self, key: int, text: str) -> int | None:
        """The key of an earlier text that says all that ``text`` says; otherwise ``text`` is remembered."""
        seen = print_of(text)
        if seen is None:
            return None
        found = self.find(seen)
        if not found:
            self.add(key, seen)
            return None
        return found[0]


def print_of(text: str) -> Print | None:
    """What is compared of ``text``; None if it is too short or too uniform to be told from others."""
    bare = _NO_WORD.sub("", text)
    if len(bare) < MIN_CHARS or len(set(bare)) < MIN_VARIETY:
        return None
    return Print(bare, sketch(bare))


def sketch(bare: str) -> tuple[int, ...]:
    """The ``SKETCH`` smallest hashes of the pieces of four characters of ``bare``, which has at least as many."""
    import numpy as np

    data = bare.encode("utf-16-le", "surrogatepass")
    # Four characters are eight bytes, so that every piece can be read as one number, two bytes after the one before.
    pieces = np.ndarray((len(data) // 2 - 3,), dtype="<u8", buffer=data, strides=(2,))
    hashes = pieces * np.uint64(0x9E3779B97F4A7C15)
    hashes ^= hashes >> np.uint64(29)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes.partition(min(SKETCH, len(hashes)) - 1)
    return tuple(set(hashes[:SKETCH].tolist()))


def says_no_more(kept: Print, other: Print) -> bool:
    """Whether ``other`` says nothing that ``kept`` does not: it may leave out words and differ in single characters,
    but not in figures, names in letters, or words like 不 and 可."""
    if len(other.bare) > len(kept.bare) * 1.1 or _weighty(other.bare) not in _weighty(kept.bare):
        return False
    changed = 0
    matcher = difflib.SequenceMatcher(None, kept.bare, other.bare, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        left, new = kept.bare[a:b], other.bare[c:d]
        if kind == "delete":
            if _WEIGHTY.search(left) and a > 0 and b < len(kept.bare):
                return False
            continue
        if len(new) > _MOST_ADDED or kind == "replace" and len(left) > _MOST_ADDED or _WEIGHTY.search(left + new):
            return False
        changed += len(new)
    return changed <= _MOST_CHANGED * len(other.bare)


def _weighty(bare: str) -> str:
    return "".join(_WEIGHTY.findall(bare))
