"""The rating at the end of a conversation: asked once, given by a button or in words, kept for the last answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.journal import Rating
from bot.records import TurnView
from kb.text import normalise

CHOICES = ("满意", "不满意")
"""What is offered under the line that asks."""

_UP = re.compile(r"^(?:我|很|非常|挺|十分|还|比较|都|基本)*(?:满意|好评)")
_DOWN = re.compile(r"^(?:我|很|非常|挺|太|真)*(?:不(?:太|是很|怎么|够|大)?满意|差评)")


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating to be kept: of which ``turn``, and in which words."""

    turn: str
    value: Rating
    words: str


def rated(words: str, bubbles: Iterable[TurnView]) -> Rated | None:
    """The rating that ``words`` give, if the bot has just asked for one; what was answered last is rated."""
    said = [bubble for bubble in bubbles if bubble.role == "bot"]
    if not said or said[-1].choices != CHOICES:
        return None
    folded = normalise(words)
    if not (_UP.match(folded) or _DOWN.match(folded)):
        return None
    answers = [bubble.turn for bubble in said if bubble.turn and bubble.citations] or [said[-1].turn]
    comment = "" if folded in CHOICES else words
    return Rated(answers[-1], "down" if _DOWN.match(folded) else "up", comment) if answers[-1] else None
