"""A ticket and what belongs to it, as values; :mod:`bot.tickets` keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from bot.records import Outcome

TicketKind = Literal[
    "question", "human", "suggestion", "complaint_slow", "complaint_attitude", "complaint_error", "complaint_other",
    "abusive",
]  # fmt: skip

State = Literal["open", "in_progress", "waiting", "closed"]
"""``open``: nobody has taken it. ``in_progress``: ``taken_by`` works on it. ``waiting``: for the customer."""

STATES: tuple[State, ...] = get_args(State)
PENDING: tuple[State, ...] = ("open", "in_progress", "waiting")

Action = Literal["note", "take", "release", "wait", "close", "reopen", "withdraw", "add"]
"""What happened to a ticket: ``withdraw`` and ``add`` are the customer's, the others are done by staff."""

@dataclass(frozen=True, slots=True)
class Facts:
    """What was collected for a ticket besides the contact, empty where it was not told.

    ``what``: what happened, masked. ``order``: order number, of which the last four are kept. ``name``: how to address
    the customer (surname, with 先生 or 女士 where told).
    """

    what: str = ""
    order: str = ""
    name: str = ""

    def joined(self, newer: Facts) -> Facts:
        """These facts with what ``newer`` tells put over them."""
        return Facts(newer.what or self.what, newer.order or self.order, newer.name or self.name)


UNTOLD = Facts()


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket.

    ``question`` is what the customer said, masked; ``contact`` how to reach them, as given; ``details`` what they
    added since. ``due`` is None where no answer was promised (suggestions). ``result``: how it was settled.
    """

    id: str
    at: datetime
    kind: TicketKind
    question: str
    contact: str
    details: tuple[str, ...]
    due: datetime | None
    state: State
    facts: Facts = UNTOLD
    taken_by: str | None = None
    taken_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    result: str = ""

    def overdue(self, now: datetime) -> bool:
        """Whether the promised time has passed at ``now`` and the ticket is not closed."""
        return self.due is not None and self.state != "closed" and self.due <= now


@dataclass(frozen=True, slots=True)
class Note:
    """One line of a ticket's history; ``who`` is empty where the customer did it."""

    at: datetime
    who: str
    action: Action
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message and its reply, as stored (masked)."""

    at: datetime
    question: str
    reply: str
    outcome: Outcome
    ticket: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """All that is known of a ticket: itself, its history, and the conversation it came from, both oldest first."""

    ticket: Ticket
    notes: tuple[Note, ...]
    transcript: tuple[Exchange, ...]

    @property
    def answered(self) -> tuple[Exchange, ...]:
        """What had been answered from knowledge before the ticket was opened."""
        return tuple(one for one in self.transcript if one.outcome == "answer" and one.at <= self.ticket.at)
