"""All lines the bot says of its own, out of one file that editors may replace."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.checker import Checker
from bot.conditions import best
from bot.errors import WordingError

BRACES = re.compile(r"\{([^{}]*)\}")
"""A word in braces: a place that is filled in."""

NAMELESS = "本店"
"""Said for ``{brand}`` by a shop without a name."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to say a line, and the conditions (:mod:`bot.conditions`) under which it is said."""

    text: str
    when: frozenset[str] = frozenset()


Lines = Mapping[str, tuple[Variant, ...]]
"""The variants by situation, e.g. ``"moment.thanks"``."""


class Wording:
    """The lines by situation, with what all of them may name filled in.

    A line is said for a ``place`` (what it replies to): equal places get equal words on every machine. Of the variants
    whose conditions hold the most demanding ones are chosen from.
    """

    def __init__(self, lines: Lines, common: Mapping[str, str], facts: frozenset[str] = frozenset()) -> None:
        self._lines = lines
        self._facts = facts
        self.common: Mapping[str, str] = {**common, "brand": common.get("brand", "").strip() or NAMELESS}

    def during(self, *facts: str) -> Wording:
        """The same wording in a moment of which ``facts`` hold too."""
        return Wording(self._lines, self.common, self._facts | set(facts))

    def line(self, situation: str, place: str, **words: str) -> str:
        """What to say in ``situation``; ``words`` fill the braces that only this situation has."""
        variants = self.variants(situation, **words)
        return variants[_turn(situation, place) % len(variants)]

    def another(self, situation: str, place: str, last: str) -> str:
        """As :meth:`line`, but not ``last``; empty if there is nothing else to say."""
        variants = [line for line in self.variants(situation) if line != last]
        chosen = self.line(situation, place)
        return chosen if chosen != last else variants[_turn(situation, place) % len(variants)] if variants else ""

    def variants(self, situation: str, **words: str) -> tuple[str, ...]:
        """All variants to choose from in this moment, filled in."""
        variants = self._lines[situation]
        rows = best([variant.when for variant in variants], self._facts)
        return tuple(fill(variants[row].text, {**self.common, **words}) for row in rows)

    @property
    def situations(self) -> Lines:
        """Every situation with its variants as they are written."""
        return self._lines


def load_wording(checker: Checker, replacement: Path | None = None, **common: str) -> Wording:
    """The packaged wording, or that of ``replacement`` where the file exists; every line is checked.

    Raises:
        WordingError: something cannot be spoken; the text names file, situation, variant and line of everything found.
    """
    from bot.wording_file import read_lines

    lines, problems = read_lines(checker, replacement)
    if problems:
        raise WordingError("\n".join(problems))
    return Wording(lines, common)


def fill(line: str, words: Mapping[str, str]) -> str:
    """``line`` with its braces filled in; braces within the words are left alone."""
    return BRACES.sub(lambda match: words[match[1]], line)


def _turn(situation: str, place: str) -> int:
    return hashlib.sha256(f"{situation}\n{place}".encode("utf-8", "replace")).digest()[0]
