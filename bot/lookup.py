"""The surest of the questions that a message may mean: each is looked up, and what the base says decides."""

from __future__ import annotations

import logging
import re
from collections import Counter
from dataclasses import dataclass, replace

from bot import followup
from bot.followup import Reading
from bot.plan import Base
from bot.policy import VERBATIM, Decision, decide
from bot.records import Role
from bot.session import Conversation
from kb.records import Entry, Hit

logger = logging.getLogger(__name__)

HITS = 8
"""Hits asked of the base: choices that say the same fall away."""
SURE = 0.85
"""Confidence from which no other reading of a message is tried."""
LEANING = 0.15
"""What the bare words of a message count less where they lean on the last question."""
NAMED = 0.6
"""Least confidence in an entry that names the very thing a follow-up puts in the place of the last one."""
DOUBT = 0.75
"""What each further reading that finds the same entry leaves of the doubt about it."""
WORTH_A_VOTE = 0.3
"""Less confidence is no ground to agree on."""
LOOKED_AT = 3
"""Hits among which it is looked for."""

MARKUP = re.compile(r"<[^<>]{1,200}>")


@dataclass(frozen=True, slots=True)
class Found:
    """What to do, the question that was looked up, and the knowledge it was looked up in (None in an outage)."""

    decision: Decision
    asked: str
    generation: str | None


def surest(base: Base, matter: str, conversation: Conversation, role: Role) -> Found:
    """What the base says to the surest reading of ``matter``, said in ``conversation``. Never raises."""
    leaning, options = followup.leans(matter), followup.readings(matter, conversation)
    found: list[tuple[Reading, Found]] = []
    votes: Counter[str] = Counter()
    by_itself: Found | None = None
    for reading in options:
        try:
            result = base.search(MARKUP.sub(" ", reading.text), HITS)
        except Exception:  # whatever is broken below, the visitor gets an honest line and the log the trace
            logger.exception("the base could not be searched")
            return Found(decide("question", None, role), matter, None)
        plain = decide("question", result, role, words=reading.text)
        by_itself = by_itself or Found(plain, reading.text, result.generation)
        if len(options) > 1:
            votes.update(_vote(plain, reading.about or matter, conversation.answered))
        decision = _going_on(plain, reading, conversation.answered) if reading.about else plain
        if decision is None:
            continue
        found.append((reading, Found(decision, reading.text, result.generation)))
        if decision.act == "answer" and decision.confidence >= SURE and (reading.about or not leaning or len(options) == 1):
            break
    agreed = [(reading, replace(one, decision=_agreed(one.decision, reading, votes))) for reading, one in found]

    def rank(pair: tuple[Reading, Found]) -> tuple[bool, float]:
        reading, decision = pair[0], pair[1].decision
        bare = not reading.about and leaning and len(options) > 1 and decision.confidence < VERBATIM
        return decision.act == "answer", decision.confidence - (LEANING if bare else 0.0)

    if agreed:
        return max(agreed, key=rank)[1]
    return by_itself or Found(decide("question", None, role), matter, None)


def _vote(decision: Decision, about: str, answered: str) -> list[str]:
    """The entry that a reading speaks for, as an id, if any: the first besides the one that was said already."""
    hit = next((hit for hit in decision.hits if hit.entry.id != answered), None)
    return [hit.entry.id] if hit is not None and followup.concerns(about, _words(hit.entry)) else []


def _agreed(decision: Decision, reading: Reading, votes: Counter[str]) -> Decision:
    """A doubtful decision, made sure where several readings speak for the same entry."""
    if decision.act != "clarify" or not reading.about or decision.confidence < WORTH_A_VOTE:
        return decision
    confidence = 1 - (1 - decision.confidence) * DOUBT ** (votes[decision.hits[0].entry.id] - 1)
    return _answer(decision.hits[0], decision.hits, confidence) if confidence >= NAMED else decision


def _going_on(decision: Decision, reading: Reading, answered: str) -> Decision | None:
    """A decision in the light of what was just said: who goes on asks for something else. None: that is no reading."""
    hits = tuple(hit for hit in decision.hits if hit.entry.id != answered)
    if not hits or decision.act not in ("answer", "clarify"):
        return None
    named = next((hit for hit in hits[:LOOKED_AT] if followup.names(reading.about, hit.entry.question)), None)
    if named is not None and reading.text != reading.about:
        confidence = max(NAMED, decision.confidence if named is decision.hits[0] else 0.0)
        return _answer(named, hits, confidence)
    if decision.hits[0] is not hits[0] or not followup.concerns(reading.about, _words(hits[0].entry)):
        return None
    if decision.act == "clarify" and len(decision.hits) > 1 and decision.hits[1].entry.id == answered:
        # Half of the doubt was about what was answered already.
        confidence = 2 * decision.confidence / (1 + decision.confidence)
        if confidence >= NAMED:
            return _answer(hits[0], hits, confidence)
    return replace(decision, hits=hits)


def _answer(hit: Hit, hits: tuple[Hit, ...], confidence: float) -> Decision:
    others = tuple(other for other in hits if other is not hit)
    return Decision("answer", "answer", (hit, *others), confidence)


def _words(entry: Entry) -> str:
    return "".join((entry.question, *entry.aliases, entry.text))
