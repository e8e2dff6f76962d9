"""What a reply is going to be, between thinking of it and storing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.compose import Draft
from bot.policy import Due
from bot.records import Citation, Outcome, Scenario
from bot.tickets import TicketKind
from kb.records import Entry, SearchResult


class Base(Protocol):
    """What is needed of a knowledge base; :class:`kb.knowledge.KnowledgeBase` is one."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries of the audience."""
        ...

    def search(self, question: str, k: int = 5) -> SearchResult:
        """See :class:`kb.search.Retriever`."""
        ...

    def entry(self, identity: str) -> Entry | None:
        """The entry with that id."""
        ...


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words to be checked and said. ``fallback`` is said where our own part of ``draft`` breaks a rule."""

    outcome: Outcome
    scenario: Scenario
    draft: Draft
    confidence: float = 0.0
    fallback: str = ""
    citations: tuple[Citation, ...] = ()
    choices: tuple[str, ...] = ()
    generation: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A ticket that the words rest on. ``joins``: add to the conversation's open ticket, if there is one."""

    kind: TicketKind
    words: str
    due: Due | None = None
    contact: str = ""
    joins: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """``spoken`` is said once ``wish`` is stored; ``unstored`` where that failed, None if it makes no difference."""

    spoken: Spoken
    wish: Wish | None = None
    unstored: Spoken | None = None
