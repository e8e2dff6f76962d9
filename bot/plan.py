"""What a reply is going to be, between thinking of it and storing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.closing import Rated
from bot.compose import Draft
from bot.deadline import ServiceHours
from bot.policy import Due
from bot.records import Citation, Outcome, Scenario
from bot.scenario import Situation
from bot.session import Conversation
from bot.tickets import UNTOLD, Facts, Ticket, TicketKind
from bot.wording import Wording
from kb.records import Entry, SearchResult
from kb.text import normalise


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
    """A ticket that the words rest on.

    ``joins``: add to the conversation's open ticket, if there is one; ``withdraws``: close that; ``ends``: what the
    customer says next is no longer about it. ``words`` are what was said, empty where nothing is to be added but
    ``contact`` and ``facts``.
    """

    kind: TicketKind
    words: str
    due: Due | None = None
    contact: str = ""
    joins: bool = False
    facts: Facts = UNTOLD
    withdraws: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """``spoken`` is said once ``wish`` is stored; ``unstored`` where that failed, None if it makes no difference.

    ``confirmed`` replaces ``spoken`` where the words name the ticket that was written. ``rating`` is kept with the turn.
    """

    spoken: Spoken
    wish: Wish | None = None
    unstored: Spoken | None = None
    confirmed: Callable[[Ticket], Spoken] | None = None
    rating: Rated | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One message, in its conversation: what the parts of the responder are handed.

    ``words`` as typed, without control characters; ``wording`` as it is spoken now.
    """

    words: str
    situation: Situation
    conversation: Conversation
    wording: Wording

    def line(
        self,
        name: str,
        outcome: Outcome,
        place: str = "",
        *,
        lead: str = "",
        wish: Wish | None = None,
        scenario: Scenario = "question",
        confidence: float = 0.0,
        generation: str | None = None,
    ) -> Plan:
        """A line of the wording file; one that rests on a ticket has a second version for when it cannot be stored."""

        def spoken(name: str) -> Spoken:
            draft = Draft(lead + self.wording.line(name, place))
            return Spoken(outcome, scenario, draft, confidence, generation=generation)

        return Plan(spoken(name), wish, spoken(f"{name}_unrecorded") if wish is not None else None)

    @property
    def place(self) -> str:
        """What the variant of a line depends on: the words, and where in the conversation they were said."""
        return f"{normalise(self.words)}\n{self.conversation.turns}"

    def promise(self, name: str, ticket: Ticket, hours: ServiceHours, **words: str) -> str:
        """A line that names a ticket and its due time; with a further one while nobody is there."""
        due = hours.in_words(ticket.due or hours.now())
        text = self.wording.line(name, self.place, ticket=ticket.id, due=due, **words)
        return f"{text}\n{self.wording.line('person.closed_now', self.place)}" if hours.closed() else text
