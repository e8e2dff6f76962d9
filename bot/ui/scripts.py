"""What agents say in each situation, one click away, and the steps that the house prescribes for it.

The words are those of the wording file, so that editors change them in one place. The steps follow the trade's rules for
complaints and refusals: listen and apologise, take down the facts, repeat them, ask for more, name who answers by when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.opening import Spans, opening_at
from bot.records import Scenario
from bot.wording import Wording

SITUATIONS: dict[Scenario, str] = {
    "greeting": "打招呼",
    "thanks": "顾客致谢",
    "customer_apology": "顾客致歉",
    "suggestion": "建议",
    "praise": "表扬",
    "complaint_slow": "投诉：慢",
    "complaint_attitude": "投诉：态度",
    "complaint_error": "投诉：差错",
    "complaint_other": "投诉",
    "abusive": "情绪激动",
    "human_agent": "要求人工",
    "goodbye": "道别",
    "no_more_questions": "没有其他问题",
    "question": "咨询",
}

_COMPLAINT = (
    "先致歉，表示理解，不解释、不争辩",
    "请顾客说说经过，记下订单号和联系方式",
    "把记下的内容复述一遍，请顾客核对",
    "问一句：请问您还有其他要补充的吗",
    "告诉顾客谁来处理、什么时候答复，登记工单",
)
STEPS: Mapping[Scenario, Sequence[str]] = {
    "complaint_slow": _COMPLAINT,
    "complaint_attitude": _COMPLAINT,
    "complaint_error": _COMPLAINT,
    "complaint_other": _COMPLAINT,
    "abusive": ("保持平和，不接情绪、不重复难听的话", "说一句能帮上忙的话，问清楚要解决什么", "仍然激动时，请主管或另一位同事接手"),
    "suggestion": ("感谢顾客的建议", "如实记下并转给负责的同事", "不承诺是否采纳、何时采纳"),
    "human_agent": ("马上接待，不要求顾客先说明理由", "先看工单里已经登记的内容，不重复询问"),
    "praise": ("表示感谢，不居功", "问一句还有什么可以帮到您"),
}

_TO_A_PROGRAM = "回复“"
"""Lines that tell what to answer a program (回复“跳过”即可) are not what a person says."""

_SHELVES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("开场", ("@opening",)),
    ("安抚", ("complaint.calm", "moment.abusive")),
    ("致歉", ("courtesy.complaint", "moment.complaint_slow", "moment.complaint_attitude", "moment.complaint_error")),
    ("久等", ("answer.waiting",)),
    ("不能马上答复", ("person.cannot_answer", "complaint.cannot_answer")),
    ("登记投诉", ("complaint.ask_order", "complaint.ask_contact", "complaint.ask_more")),
    ("感谢", ("moment.thanks", "moment.suggestion", "moment.praise")),
    ("结束", ("moment.goodbye", "moment.no_more_questions", "moment.rating")),
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Lines for one occasion, ready to be said."""

    title: str
    lines: tuple[str, ...]


def shelves(wording: Wording, now: datetime, festivals: Spans, name: str) -> tuple[Shelf, ...]:
    """The lines by occasion, as they are spoken at ``now``; ``{name}`` is the agent's own.

    A line that names things only a ticket has (its number, its time) is not among them.
    """
    found = []
    for title, situations in _SHELVES:
        lines: dict[str, None] = {}
        for situation in situations:
            if situation == "@opening":
                situation = opening_at(now, festivals)
            try:
                said = wording.variants(situation, name=name)
            except KeyError:  # names something that only a ticket has
                continue
            lines.update(dict.fromkeys(line for line in said if _TO_A_PROGRAM not in line))
        if lines:
            found.append(Shelf(title, tuple(lines)))
    return tuple(found)
