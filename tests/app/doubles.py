"""Doubles of what stands behind the pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from bot.form import Filled, Step
from bot.records import SKIP, Reply, TurnView
from kb.errors import InputError
from kb.knowledge import BaseStatus
from kb.records import Entry, SearchResult
from kb.text import normalise, terms
from tests.doubles import hit


class ScriptedAssistant:
    """Says what it was told to, and remembers each session apart."""

    def __init__(self, replies: Mapping[str, Reply] | None = None, fail: Exception | None = None) -> None:
        self.replies = dict(replies or {})
        self.fail = fail
        self.said: dict[str, list[TurnView]] = {}
        self.in_vain: list[str] = []
        self.fields: tuple[Step, ...] = ()
        self.filled: list[Filled] = []

    def reply(self, session: str, text: str) -> Reply:
        if self.fail is not None:
            raise self.fail
        reply = self.replies.get(text, Reply(f"您好，您问的是：{text}。", "scripted", "question"))
        return self._remember(session, text, reply)

    def welcome(self, session: str) -> Reply:
        reply = Reply("您好，很高兴为您服务！", "scripted", "greeting", choices=("可以货到付款吗？",))
        if not self.said.get(session):
            self.said[session] = [TurnView("bot", reply.text, (), reply.choices)]
        return reply

    def hand_off(self, session: str) -> Reply:
        reply = Reply("好的，这就为您转接客服专员。", "handoff", "human_agent", ticket="T261122-000001")
        return self._remember(session, "转人工", reply)

    def unsolved(self, session: str, turn: str) -> Reply:
        if not turn or turn not in [view.turn for view in self.said.get(session, [])]:
            raise InputError("这条回复不属于当前对话。")
        self.in_vain.append(turn)
        reply = Reply("很抱歉没能帮到您，您想问的是不是下面这些？", "clarify", "question", choices=("怎么退货？",))
        return self._remember(session, "没解决", reply)

    def fill(self, session: str, fields: Filled) -> Reply:
        if self.fail is not None:
            raise self.fail
        self.filled.append(fields)
        self.fields = ()
        return self._remember(session, fields.words() or SKIP, Reply("好的，已经记下了。", "scripted", "complaint_other"))

    def wanted(self, session: str) -> tuple[Step, ...]:
        return self.fields

    def transcript(self, session: str) -> list[TurnView]:
        return list(self.said.get(session, []))

    def _remember(self, session: str, text: str, reply: Reply) -> Reply:
        turns = self.said.setdefault(session, [])
        reply = dataclasses.replace(reply, turn=f"turn-{len(turns)}")
        turns.append(TurnView("customer", text))
        turns.append(TurnView("bot", reply.text, reply.citations, reply.choices, reply.turn))
        return reply


class KeptRatings:
    """Ratings in a list."""

    def __init__(self) -> None:
        self.ratings: list[tuple[str, str, str]] = []
        self.given: list[tuple[str, str, str, str, tuple[str, ...]]] = []

    def rate(self, turn_id: str, session: str, value: str, comment: str = "", reasons: Sequence[str] = ()) -> None:
        self.ratings.append((turn_id, session, value))
        self.given.append((turn_id, session, value, comment, tuple(reasons)))


class ShelfBase:
    """A base that finds entries by shared character pairs; ``problem`` makes it an outage."""

    encoders = ()

    def __init__(self, *entries: Entry, problem: str | None = None) -> None:
        self.entries = entries
        self.problem = problem

    def entry(self, identity: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.id == identity), None)

    def status(self) -> BaseStatus:
        return BaseStatus(None if self.problem else "gen-000001", self.problem)

    def search(self, question: str, k: int = 5) -> SearchResult:
        words = set(terms(normalise(question)))
        scores = {
            e.id: len(words & set(terms(normalise(e.question + e.text)))) / max(1, len(words)) for e in self.entries
        }
        found = sorted((e for e in self.entries if scores[e.id]), key=lambda e: -scores[e.id])[:k]
        best = scores[found[0].id] if found else 0.0
        band = "answer" if best > 0.6 else "clarify" if best > 0.3 else "none"
        return SearchResult(question, band, best, tuple(hit(e, scores[e.id]) for e in found), "gen-000001")


@dataclasses.dataclass(frozen=True)
class Found:
    rule: str
    span: tuple[int, int]
    message: str
    suggestion: str = ""


class WordChecker:
    """Finds fault with the words it was given."""

    def __init__(self, **faults: str) -> None:
        self.faults = faults

    def check(self, text: str, scenario: str | None = None) -> tuple[Found, ...]:
        return tuple(
            Found("forbidden", (text.index(word), text.index(word) + len(word)), f"“{word}”听起来像是在推脱。", better)
            for word, better in self.faults.items()
            if word in text
        )
