"""What to do with a message: pure decisions from the situation and what the base says."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import Literal

from bot.records import COMPLAINTS, Outcome, Role, Scenario
from bot.tickets import TicketKind
from kb.records import Hit, SearchResult
from kb.text import normalise

_MARKS = re.compile(r"[\W_]+")

_ASKING = re.compile(r"^(?:请问|我想|我要|想|要)?(?:怎么|如何|怎样|咋)?(?:办理|申请)?|(?:怎么|咋)?(?:办|弄|搞|整)?(?:吗|呢|啊|呀)?$")

Act = Literal["answer", "clarify", "cannot_answer", "outage", "human", "complaint", "suggestion", "abuse", "moment"]
"""What is said: the composer knows one shape for each."""

Due = Literal["deadline", "callback"]
"""Which of the two promised times holds: for an answer, or for being called back."""

VERBATIM = 0.99
"""Confidence where the question is, word for word, a standard question or an alias."""
TOPIC_CHARS = 6
"""Longest topic that may be asked about bare."""
PATIENCE = 1
"""Insults that are met with an offer of help; the next brings a person."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do.

    ``hits`` are what to say (``answer``: the first) or to choose from (``clarify``), ``confidence`` the probability in
    [0, 1] that the first answers. ``ticket`` is the kind of ticket
    to open for a person, None for none; ``due`` the time promised with it, None for no promise.
    """

    outcome: Outcome
    act: Act
    hits: tuple[Hit, ...] = ()
    confidence: float = 0.0
    ticket: TicketKind | None = None
    due: Due | None = None


def decide(
    scenario: Scenario, result: SearchResult | None, role: Role, *, words: str = "", insults: int = 0
) -> Decision:
    """The decision for a message of ``scenario``.

    ``result`` is what the base found, None when it could not be asked, and ``words`` what it was asked (only questions
    look at them). ``insults`` counts the abuse met in this conversation, this message included.
    """
    if scenario == "question":
        return _answer_or_not(result, role, bare(words))
    if role == "agent":
        # An agent looks up what to say; nothing is promised to anybody.
        return replace(decide(scenario, None, "customer", insults=insults), ticket=None, due=None)
    if scenario == "human_agent":
        return Decision("handoff", "human", ticket="human", due="callback")
    if scenario == "abusive":
        if insults > PATIENCE:
            return Decision("handoff", "abuse", ticket="abusive", due="callback")
        return Decision("scripted", "abuse")
    if scenario == "suggestion":
        return Decision("scripted", "suggestion", ticket="suggestion")
    if scenario in COMPLAINTS:
        return Decision("scripted", "complaint", ticket=scenario, due="deadline")  # type: ignore[arg-type]
    return Decision("scripted", "moment")


def usable(hits: tuple[Hit, ...], role: Role) -> tuple[Hit, ...]:
    """The hits that may be shown to ``role``; a customer sees neither internal entries nor scripts."""
    if role == "agent":
        return hits
    return tuple(hit for hit in hits if hit.entry.audience == "public" and hit.entry.kind != "script")


@functools.lru_cache(maxsize=8_192)
def bare(words: str) -> str:
    """``words`` as they are compared with a standard question: folded, without marks and spaces."""
    return _MARKS.sub("", normalise(words))


def _answer_or_not(result: SearchResult | None, role: Role, words: str) -> Decision:
    ticket: TicketKind | None = "question" if role == "customer" else None
    due: Due | None = "deadline" if role == "customer" else None
    if result is None:
        return Decision("handoff", "outage", ticket=ticket, due=due)
    hits = usable(result.hits, role)
    verbatim = [hit for hit in hits if words and words in map(bare, (hit.entry.question, *hit.entry.aliases))]
    if verbatim:
        # Asked in the very words that an editor wrote for it: nothing is surer, whatever the scores say.
        return Decision("answer", "answer", (verbatim[0], *(hit for hit in hits if hit is not verbatim[0])), VERBATIM)
    if hits and result.band == "answer" and hits[0] is result.hits[0]:
        return Decision("answer", "answer", hits, result.confidence)
    if hits and result.band != "none":
        # Also when the best hit may not be shown: what remains was not what the confidence spoke of.
        return Decision("clarify", "clarify", hits, result.confidence)
    topic = _ASKING.sub("", words)
    named = tuple(hit for hit in hits if topic and topic in bare(hit.entry.question))
    if named and len(topic) <= TOPIC_CHARS:
        # A bare "退款" or "怎么退货" asks nothing in particular, but the questions about it are worth offering.
        return Decision("clarify", "clarify", named, result.confidence)
    return Decision("handoff", "cannot_answer", (), result.confidence, ticket=ticket, due=due)
