"""The values that travel between the assistant and those who show what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["answer", "clarify", "handoff", "scripted", "refused"]
"""``answer``: said from knowledge. ``clarify``: choices offered. ``handoff``: a person takes over. ``scripted``: a
prescribed line for the situation. ``refused``: nothing can or may be said to this input."""

Scenario = Literal[
    "greeting",
    "thanks",
    "customer_apology",
    "suggestion",
    "praise",
    "complaint_slow",
    "complaint_attitude",
    "complaint_error",
    "complaint_other",
    "abusive",
    "human_agent",
    "goodbye",
    "no_more_questions",
    "question",
]
"""What kind of moment a message makes."""

SCENARIOS: tuple[Scenario, ...] = Scenario.__args__  # type: ignore[attr-defined]

COMPLAINTS: frozenset[Scenario] = frozenset(
    {"complaint_slow", "complaint_attitude", "complaint_error", "complaint_other"}
)

HUMAN, UNSOLVED, SKIP = "转人工", "没解决", "跳过"
"""What the buttons of a page say for the customer: a person is wanted; the last answer did not help; what is asked for
is not told."""

Role = Literal["customer", "agent"]
"""Whom a reply is for; an agent may see internal knowledge."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a piece of a reply comes from.

    ``id`` is the entry's id, ``source`` its file, ``heading`` the path of headings joined with `` › ``, ``text`` the
    words the reply rests on.
    """

    id: str
    source: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said to one message.

    ``text`` is plain text with line breaks (never markup; whoever shows it escapes it). ``confidence`` is in [0, 1]:
    the search's for outcomes that come from knowledge, the classifier's otherwise. ``choices`` are questions to click.
    ``generation`` is the id of the knowledge that answered, None where none was asked. ``ms`` is the time taken.
    ``turn`` is the id of the stored turn, for ratings; empty when it could not be stored. ``ticket`` is the number of
    the ticket that is durable, else None.
    """

    text: str
    outcome: Outcome
    scenario: Scenario
    confidence: float = 0.0
    citations: tuple[Citation, ...] = ()
    choices: tuple[str, ...] = ()
    generation: str | None = None
    ms: float = 0.0
    turn: str = ""
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class TurnView:
    """One bubble of a conversation, for pages that are opened again. ``turn`` is empty for the customer's words."""

    role: Literal["customer", "bot"]
    text: str
    citations: tuple[Citation, ...] = ()
    choices: tuple[str, ...] = ()
    turn: str = ""
