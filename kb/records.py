"""The values that travel through the product: entries of knowledge, and what a search says about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Audience = Literal["public", "internal"]
"""``public``: customers may see it. ``internal``: staff only. Staff see both."""

Kind = Literal["faq", "passage", "script"]
"""``faq``: a standard question with its answer. ``passage``: a piece of a guide. ``script``: a situation with its
prescribed wording (√) and the wordings to avoid (×)."""

Band = Literal["answer", "clarify", "none"]
"""What the calibrated confidence allows: say it, offer choices, or hand over to a person."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands in its source, exactly enough to open it there.

    ``source`` is the file's path as given to the build, relative to the folder that was named, with ``/``.
    ``heading`` is the path of headings above it, outermost first. ``start`` and ``end`` are character offsets into
    the cleaned text of the file (``text[start:end]`` is the entry's text), ``page`` and ``row`` count from 1.
    """

    source: str
    heading: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    page: int | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of knowledge that can answer by itself.

    ``question`` is the standard question of a ``faq``, the situation of a ``script`` and empty for a ``passage``.
    ``text`` is what is shown: the answer, the passage, or the prescribed wording. ``wrong`` holds the wordings to
    avoid; they are never indexed and never offered as an answer. ``valid_from`` and ``valid_to`` are both inclusive.
    """

    id: str
    kind: Kind
    audience: Audience
    text: str
    place: Place
    question: str = ""
    aliases: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    category: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def only_wrong(self) -> bool:
        """Whether it is a list of wordings to avoid without a right one: its text is no more than its name."""
        return self.kind == "script" and bool(self.wrong) and self.text == self.question

    def is_valid_on(self, day: date) -> bool:
        """Whether the entry may answer on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry found for a question.

    ``text`` is what a person reads at a glance: at most 400 characters, the most fitting piece of the entry.
    ``score`` orders hits (higher is better; comparable within one search only). ``signals`` keeps the parts it was
    made of, by name, so that agents and editors can see why it matched.
    """

    entry: Entry
    score: float
    text: str
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What the base has to say to one question.

    ``confidence`` is the calibrated probability in [0, 1] that ``hits[0]`` answers the question, 0.0 without hits.
    ``hits`` is ordered best first. ``generation`` is the id of the generation that answered, e.g. ``gen-000012``.
    """

    question: str
    band: Band
    confidence: float
    hits: tuple[Hit, ...]
    generation: str
