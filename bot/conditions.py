"""When a variant of the wording is said: what an editor may ask for, and the moments there are."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping

from bot.opening import FESTIVALS

FESTIVAL = "festival"
"""Holds on the days of every festival, beside the festival's own name."""

AXES: Mapping[str, tuple[str, ...]] = {
    "hours": ("open", "closed"),
    "day": ("ordinary", *FESTIVALS),
    "clock": ("morning", "afternoon"),
    "turn": ("first", "later"),
    "asked": ("new", "again"),
    "band": ("answer", "clarify", "none"),
    "kind": ("faq", "guide"),
    "reply": ("yes", "no"),
    "tone": ("plain", "sorry"),
    "next": ("unoffered", "offered"),
}
"""What may be asked about a moment; of each axis exactly one value holds."""

EVERYWHERE = ("hours", "day", "clock", "turn", "asked")
"""Axes that are known whatever is said."""

KNOWN: Mapping[str, tuple[str, ...]] = {
    "answer.hello": ("band",),
    "answer.waiting": ("tone",),
    "answer.tail": ("kind",),
    "answer.tail_no": ("kind", "next"),
    "answer.tail_trouble": ("kind", "next"),
    "answer.again": ("kind", "reply", "tone", "next"),
    "courtesy.thanks": ("band",),
    "courtesy.customer_apology": ("band",),
    "courtesy.complaint": ("band",),
}
"""Further axes, by situation: these depend on what is being said."""

FIXED: Mapping[str, Mapping[str, str]] = {
    "opening.morning": {"day": "ordinary", "clock": "morning"},
    "opening.day": {"day": "ordinary", "clock": "afternoon"},
    **{f"opening.{festival}": {"day": festival} for festival in FESTIVALS},
    "input.pick": {"turn": "later"},
    "person.human": {"hours": "open"},
    "person.human_closed": {"hours": "closed"},
}
"""What always holds in a situation, because it is what calls for it."""


def names_for(situation: str) -> tuple[str, ...]:
    """The conditions that a variant of ``situation`` may carry."""
    axes = (*EVERYWHERE, *KNOWN.get(situation, ()))
    return tuple(name for axis in axes for name in AXES[axis]) + (FESTIVAL,)


def moments(situation: str, conditions: Collection[str]) -> Iterator[frozenset[str]]:
    """All moments in which ``situation`` may come up, as far as ``conditions`` tell them apart."""
    fixed = FIXED.get(situation, {})
    choices: list[tuple[str, ...]] = []
    for axis in (*EVERYWHERE, *KNOWN.get(situation, ())):
        values = AXES[axis]
        if axis in fixed:
            choices.append((fixed[axis],))
        elif set(values) & set(conditions) or (axis == "day" and FESTIVAL in conditions):
            choices.append(values)
    for values in itertools.product(*choices):
        yield with_festival(values)


def with_festival(facts: Collection[str]) -> frozenset[str]:
    """``facts``, and that it is a festival where they name one."""
    return frozenset(facts) | ({FESTIVAL} if set(facts) & set(FESTIVALS) else set())


def best(variants: Iterable[frozenset[str]], facts: Collection[str]) -> list[int]:
    """Positions of the variants to choose from: all of whose conditions hold, and of those the most demanding.

    A festival's own name demands more than ``festival``.
    """
    holding = [(2 * len(when) - (FESTIVAL in when), row) for row, when in enumerate(variants) if when <= set(facts)]
    most = max((weight for weight, _ in holding), default=0)
    return [row for weight, row in holding if weight == most]
