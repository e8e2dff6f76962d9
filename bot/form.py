"""What a complaint still needs, one step at a time: the state between two messages, and which step comes next."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from bot.privacy import contacts, mask
from bot.records import Scenario
from bot.tickets import Facts

Step = Literal["what", "order", "name", "contact", "more"]
"""What happened, the order number, how to address the customer, how to reach them, and whether there is more."""

STEPS: tuple[Step, ...] = get_args(Step)

PATIENCE = 2
"""Replies that do not fit a step before it is left out."""

FIELDS: tuple[Step, ...] = ("what", "order", "name", "contact")
"""The steps that are something to fill in."""
CHARS: Mapping[Step, int] = {"what": 500, "order": 40, "name": 20, "contact": 100}
"""Most characters of a field."""
LABELS: Mapping[Step, str] = {"what": "发生了什么", "order": "订单号", "name": "怎么称呼您", "contact": "手机号或邮箱"}


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

    def filled(self, fields: Filled, steps: Sequence[Step]) -> Form:
        """The form after a page showed ``steps`` to fill in: what was left empty is left out for good."""
        told = self.told(Facts(fields.what, fields.order, fields.name), fields.contact)
        return replace(told, done=told.done | set(steps)).onward()

    @property
    def open(self) -> tuple[Step, ...]:
        """What can still be filled in, in order."""
        return tuple(step for step in FIELDS if step not in self.done)

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


@dataclass(frozen=True, slots=True)
class Filled:
    """What a customer wrote into the fields of a page, empty where nothing."""

    what: str = ""
    order: str = ""
    name: str = ""
    contact: str = ""

    def __bool__(self) -> bool:
        return any(getattr(self, step) for step in FIELDS)

    def trimmed(self) -> Filled:
        """Without spaces around and nothing beyond :data:`CHARS`."""
        return Filled(**{step: " ".join(getattr(self, step).split())[: CHARS[step]] for step in FIELDS})

    def problems(self) -> dict[Step, str]:
        """What to look at again, in words for the customer, by field; empty where all can be kept."""
        found: dict[Step, str] = {}
        if self.order and not _ORDER.fullmatch(self.order):
            found["order"] = "订单号一般由数字和字母组成，麻烦您再核对一下；没有也可以不填。"
        if self.name and not _NAME.fullmatch(self.name):
            found["name"] = "称呼请写姓氏或姓名，例如“王女士”。"
        if self.contact and not contacts(self.contact):
            found["contact"] = "这个号码看起来不完整：手机号是 11 位，座机要带区号，邮箱里有 @。麻烦您再核对一下。"
        return found

    def words(self) -> str:
        """The same as a message of the customer, one line a field."""
        return "\n".join(f"{LABELS[step]}：{getattr(self, step)}" for step in FIELDS if getattr(self, step))


_ORDER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_ -]{2,39}")
_NAME = re.compile(r"[\u4e00-\u9fffA-Za-z· .]{1,20}")
