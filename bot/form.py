"""What a complaint still needs, one step at a time: the state between two messages, and which step comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from bot.privacy import mask
from bot.records import Scenario
from bot.tickets import Facts

Step = Literal["what", "order", "name", "contact", "more"]
"""What happened, the order number, how to address the customer, how to reach them, and whether there is more."""

STEPS: tuple[Step, ...] = get_args(Step)

PATIENCE = 2
"""Replies that do not fit a step before it is left out."""


@dataclass(frozen=True, slots=True)
class Form:
    """A complaint of ``kind`` being taken down.

    ``step`` was asked last; ``done`` are the steps told or left out. ``facts`` and ``contact`` are for repeating
    them: masked. ``missed`` counts the replies to this step that did not fit; ``doubted`` is whether a number was once
    asked to be checked.
    """

    kind: Scenario
    step: Step = "what"
    facts: Facts = Facts()
    contact: str = ""
    done: frozenset[Step] = frozenset()
    missed: int = 0
    doubted: bool = False

    def told(self, facts: Facts, contact: str = "") -> Form:
        """The form with what was told just now, as it is kept."""
        safe = Facts(mask(facts.what), f"尾号{facts.order[-4:]}" if facts.order else "", facts.name)
        joined = self.facts.joined(safe)
        reached = "、".join(mask(way) for way in contact.split("；")) if contact else self.contact
        known: dict[Step, str] = {"what": joined.what, "order": joined.order, "name": joined.name, "contact": reached}
        return replace(
            self, facts=joined, contact=reached, done=self.done | {step for step, value in known.items() if value}
        )

    def without(self) -> Form:
        """The form with the present step left out."""
        return replace(self, done=self.done | {self.step})

    def onward(self) -> Form:
        """The form at the first step that is not done; at the same one as before where that is still open."""
        step: Step = next((step for step in STEPS if step not in self.done), "more")
        return replace(self, step=step, missed=self.missed if step == self.step else 0)

    def as_json(self) -> dict[str, Any]:
        """The form for the database."""
        return {**asdict(self), "done": sorted(self.done)}

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Form:
        """The form that :meth:`as_json` gave."""
        return cls(**{**data, "facts": Facts(**data["facts"]), "done": frozenset(data["done"])})
