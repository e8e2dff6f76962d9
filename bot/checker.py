"""The house rules of speaking, applied to a text: what breaks them, where, why, and how to say it better."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.folded import HIDDEN, Folded, fold, read
from bot.likeness import Likeness, load_likeness, plain
from bot.rulebook import Rule, Rulebook, load_rulebook

CHECKED_CHARS = 12_000
"""Longer drafts are checked in their beginning only: nobody says more in one message."""
SENTENCES = 200
"""So many sentences of a draft are compared with the examples."""
MARGIN = 0.1
"""Margin above which a sentence breaks a rule: chosen on development drafts for few false alarms
(``benchmarks/bot/drafts.py``)."""
SHORT_CHARS, SHORT_MARGIN = 6, 1.0
"""A sentence of so few characters says little: it needs this margin."""
SAME = 0.75
"""Likeness (cosine) to an example of the editors' own from which it decides."""

_BOUNDARY = "，。！？,.!?;；\n~"
"""Marks that a rule may match as the edge of a phrase; they are no part of what is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that breaks a rule. ``span`` are character offsets into the text as given."""

    rule: str
    span: tuple[int, int]
    message: str
    suggestion: str


class Checker:
    """Checks texts against the house rules. Safe to use from several threads.

    ``likeness`` finds what is said in other words than the patterns know.
    """

    def __init__(self, book: Rulebook, likeness: Likeness | None = None) -> None:
        self.book = book
        self._likeness = likeness
        self._cached = functools.lru_cache(maxsize=2048)(self._check)
        self._margin = functools.lru_cache(maxsize=4096)(likeness.margin) if likeness is not None else None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules held."""
        return self.book.rules

    def check(self, text: str, scenario: str | None = None) -> tuple[Finding, ...]:
        """What is wrong with ``text`` as a reply, in order of place; empty means that it may be sent.

        ``scenario`` is the situation replied to: some rules hold only there.
        """
        return self._cached(text[:CHECKED_CHARS], scenario)

    def _check(self, text: str, scenario: str | None) -> tuple[Finding, ...]:
        folded = read(text)
        for word in self.book.allowed:
            folded = Folded(folded.text, folded.visible.replace(word, HIDDEN * len(word)), folded.places)
        findings = list(self._by_pattern(text, folded, scenario))
        if self._likeness is not None:
            findings += self._by_likeness(text, folded, findings)
        return tuple(sorted(findings, key=lambda finding: finding.span))

    def _by_pattern(self, text: str, folded: Folded, scenario: str | None) -> Iterator[Finding]:
        visible = folded.visible
        for rule in self.rules:
            if rule.scenarios and scenario not in rule.scenarios:
                continue
            if rule.requires is not None:
                if folded.text.strip() and not rule.requires.search(folded.text):
                    yield Finding(rule.id, (0, len(text)), rule.message, rule.suggestion)
                continue
            if rule.pattern is None or (rule.unless_text is not None and rule.unless_text.search(visible)):
                continue
            first = last = -1
            better: str | None = None
            for match in rule.pattern.finditer(visible):
                start, end = match.span()
                place = min(start + 1, max(end - 1, start))
                if not first <= place < last:  # once a sentence, however often the rule is broken in it
                    first, last = folded.sentence_at(place)
                    spared = rule.unless is not None and rule.unless.search(visible[first:last])
                    better = None if spared else _rewritten(rule, text, folded, first, last)
                if better is None:
                    continue
                while start < end and visible[start] in _BOUNDARY:
                    start += 1
                while end > start + 1 and visible[end - 1] in _BOUNDARY:
                    end -= 1
                span = folded.span(start, end) if start < end else (0, len(text))
                yield Finding(rule.id, span, rule.message, better)

    def _by_likeness(self, text: str, folded: Folded, findings: Sequence[Finding]) -> Iterator[Finding]:
        """Sentences that no pattern has found and that are like the examples of a rule."""
        assert self._likeness is not None and self._margin is not None
        found = [finding.span for finding in findings]
        sentences: list[tuple[int, int]] = []
        for start, end in list(folded.sentences())[:SENTENCES]:
            if len(plain(folded.visible[start:end])) < 2:
                continue
            first, last = folded.span(start, end)
            if not any(first < end_ and start_ < last for start_, end_ in found):
                sentences.append((start, end))
        for start, end in sentences:
            sentence = folded.visible[start:end]
            least = SHORT_MARGIN if len(plain(sentence)) <= SHORT_CHARS else MARGIN
            margin = self._margin(sentence)
            row = self._likeness.weighed(sentence) if margin > least or self._own else {}
            near = max((_cosine(row, example), rule) for example, rule in self._own) if self._own else (0.0, -1)
            own = near[0] >= SAME
            if (near[1] < 0 and own) or not (margin > least or own):
                continue  # the editors say that this may be said
            rule = self.rules[near[1]] if own else self.rules[self._nearest(row)]
            if rule.unless_text is not None and rule.unless_text.search(folded.visible):
                continue
            if rule.unless is not None and rule.unless.search(sentence):
                continue
            span = self._worst(folded, start, end)
            yield Finding(rule.id, span, rule.message, _rewritten(rule, text, folded, start, end))

    def _worst(self, folded: Folded, start: int, end: int) -> tuple[int, int]:
        """Span of the clauses of a sentence that make it a fault."""
        assert self._margin is not None
        margins = [(self._margin(folded.visible[first:last]), first, last) for first, last in folded.clauses(start, end)]
        kept = [row for row in margins if row[0] > 0] or [max(margins)] if margins else [(0.0, start, end)]
        first, last = kept[0][1], kept[-1][2]
        while first < last - 1 and folded.visible[first] in _BOUNDARY + " " + HIDDEN:
            first += 1
        while last > first + 1 and folded.visible[last - 1] in _BOUNDARY + " " + HIDDEN:
            last -= 1
        return folded.span(first, last)

    def _nearest(self, row: dict[int, float]) -> int:
        """Which rule has the examples most like a sentence: the sum over the three nearest."""
        nearest = sorted(((_cosine(row, example), rule) for example, rule in self._examples), reverse=True)[:3]
        votes: dict[int, float] = {}
        for likeness, rule in nearest:
            votes[rule] = votes.get(rule, 0.0) + likeness
        return max(votes, key=lambda rule: votes[rule])

    @functools.cached_property
    def _examples(self) -> list[tuple[dict[int, float], int]]:
        return self._weighed((text, number) for number, rule in enumerate(self.rules) for text in rule.like + rule.bad)

    @functools.cached_property
    def _own(self) -> list[tuple[dict[int, float], int]]:
        """Examples of the editors' own rules; -1 for what may be said."""
        own = [(number, rule) for number, rule in enumerate(self.rules) if rule.id in self.book.own]
        return self._weighed(
            (text, number_) for number, rule in own
            for number_, texts in ((number, rule.like), (-1, rule.unlike)) for text in texts
        )  # fmt: skip

    def _weighed(self, rows: Iterator[tuple[str, int]]) -> list[tuple[dict[int, float], int]]:
        assert self._likeness is not None
        return [(self._likeness.weighed(fold(text)[0]), rule) for text, rule in rows if text.strip()]


def load_checker(own: Path | None = None) -> Checker:
    """The checker over the packaged rules and those of the editors' file ``own``, where it exists.

    Raises:
        RulesError: the file cannot be used; the text names the rule.
    """
    return _packaged() if own is None or not own.exists() else Checker(load_rulebook(own), load_likeness())


@functools.cache
def _packaged() -> Checker:
    return Checker(load_rulebook(), load_likeness())


def _rewritten(rule: Rule, text: str, folded: Folded, start: int, end: int) -> str:
    """How a sentence is better said: by what it is about, by exchanging words, or as the rule says."""
    sentence = folded.visible[start:end]
    for when, say in rule.rewrites:
        if when.search(sentence):
            return say
    # Words are exchanged in what was written; where they stand in another script or width, in what was read.
    for words in (text[slice(*folded.span(start, end))] if start < end else "", sentence):
        better = words
        for old, new in rule.replace:
            better = old.sub(new, better)
        if better != words:
            return better.strip()
    return rule.suggestion


def _cosine(one: dict[int, float], other: dict[int, float]) -> float:
    if len(other) < len(one):
        one, other = other, one
    return sum(weight * other[place] for place, weight in one.items() if place in other)
