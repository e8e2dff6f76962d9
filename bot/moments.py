"""What is said in every situation but a question: courtesies, wishes for a person, suggestions, complaints, abuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from bot import compose
from bot.checker import Checker
from bot.compose import Draft
from bot.opening import is_open
from bot.plan import Moment, Plan, Spoken, Wish
from bot.policy import decide
from bot.privacy import contacts
from bot.records import COMPLAINTS, Role, Scenario
from bot.tickets import TicketKind
from kb.text import normalise

_NUMBERED = re.compile(r"[A-Za-z]{0,4}\d{6,}")


class Moments:
    """Says the prescribed lines; ``opening`` names the one that the clock asks for, ``now`` is the shop's time."""

    def __init__(
        self, checker: Checker, role: Role, opening: Callable[[], str], now: Callable[[], datetime], service_hours: str
    ) -> None:
        self._checker = checker
        self._role: Role = role
        self._opening = opening
        self._now = now
        self._service_hours = service_hours

    def act(self, moment: Moment) -> Plan:
        """What is said in every situation but a question."""
        situation, conversation = moment.situation, moment.conversation
        scenario, place = situation.scenario, f"{normalise(moment.words)}\n{conversation.turns}"
        conversation.choices = {}
        conversation.insults += scenario == "abusive"
        decision = decide(scenario, None, self._role, insults=conversation.insults)
        wish = Wish(decision.ticket, moment.words, decision.due) if decision.ticket is not None else None
        if decision.act == "complaint":
            return self._complaint(moment, place, wish)
        if decision.act == "human":
            closed = is_open(self._service_hours, self._now()) is False
            line, unstored = "person.human_closed" if closed else "person.human", "person.human_unrecorded"
        elif decision.act == "abuse" and wish is not None:
            line, unstored = "moment.abusive_again", "moment.abusive_unrecorded"
        elif scenario == "greeting":
            conversation.greeted = True
            line = unstored = self._opening()
        else:
            line = unstored = f"moment.{scenario}"
        if decision.act == "suggestion":
            unstored = "moment.suggestion_unrecorded"

        def spoken(name: str) -> Spoken:
            text = moment.wording.line(name, place)
            if scenario in ("goodbye", "no_more_questions") and conversation.turns > 1:
                text += "\n" + moment.wording.line("moment.rating", place)
            return Spoken(decision.outcome, scenario, Draft(text), situation.confidence)

        if scenario in ("goodbye", "no_more_questions"):
            conversation.ticket, conversation.ticket_kind = None, ""
        return Plan(spoken(line), wish, spoken(unstored) if wish is not None else None)

    def _complaint(self, moment: Moment, place: str, wish: Wish | None) -> Plan:
        scenario, confidence = moment.situation.scenario, moment.situation.confidence
        sorry = moment.wording.line(f"moment.{scenario}", place)

        def spoken(line: str, **filled: str) -> Spoken:
            text = f"{sorry}\n{moment.wording.line(line, place, **filled)}"
            return Spoken("scripted", scenario, Draft(text), confidence)

        quote = compose.quoted(moment.words)
        # No insult is handed back.
        if not quote or any(finding.rule == "slang.insult" for finding in self._checker.check(quote)):
            quote = moment.wording.line(f"complaint_kind.{scenario}", place)
        recorded = spoken("moment.complaint_recorded", question=quote)
        return Plan(recorded, wish, spoken("moment.complaint_unrecorded"))

    def addition(self, moment: Moment) -> Plan | None:
        """The plan for a message that adds to the open ticket: a way to be reached, a number, or that this was all."""
        words, situation, conversation = moment.words, moment.situation, moment.conversation
        if conversation.ticket is None:
            return None
        if situation.scenario == "no_more_questions":
            conversation.ticket, conversation.ticket_kind = None, ""
            return moment.line("person.all_told", "scripted", scenario="no_more_questions")
        ways = contacts(words)
        further = situation.scenario in COMPLAINTS and conversation.ticket_kind in COMPLAINTS
        asks = situation.scenario == "question" and "?" in normalise(words)
        number = situation.scenario == "question" and not asks and _NUMBERED.search(words) is not None
        if not (ways or further or number):
            return None
        scenario: Scenario = situation.scenario if further else "question"
        lead = moment.wording.line(f"moment.{scenario}", words) + "\n" if further else ""

        def spoken(line: str) -> Spoken:
            return Spoken("scripted", scenario, Draft(lead + moment.wording.line(line, words)), situation.confidence)

        kind: TicketKind = conversation.ticket_kind or "question"  # type: ignore[assignment]
        wish = Wish(kind, words, "deadline", "；".join(ways), joins=True)
        return Plan(spoken("person.contact_saved" if ways else "person.detail_saved"), wish, spoken("person.not_saved"))
