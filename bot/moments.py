"""What is said in every situation but a question and a complaint: courtesies, wishes for a person, suggestions, abuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.closing import CHOICES, Rated
from bot.compose import Draft
from bot.deadline import ServiceHours
from bot.facts import told
from bot.plan import Moment, Plan, Spoken, Wish
from bot.policy import decide
from bot.records import Role
from bot.tickets import Facts, Ticket, TicketKind
from kb.text import normalise

_ASKED = re.compile(r"\?|吗|呢$")


class Moments:
    """Says the prescribed lines; ``opening`` names the one that the clock asks for."""

    def __init__(self, role: Role, opening: Callable[[], str], hours: ServiceHours) -> None:
        self._role: Role = role
        self._opening = opening
        self._hours = hours

    def rated(self, moment: Moment, rating: Rated) -> Plan:
        """Thanks for a rating, with an apology and a person on offer where it is a bad one."""
        moment.conversation.choices = {}
        thanks, unstored = (
            Spoken("scripted", "no_more_questions", Draft(moment.wording.line(line, moment.place)))
            for line in (f"moment.rated_{rating.value}", "moment.rated_unrecorded")
        )
        return Plan(thanks, unstored=unstored, rating=rating)

    def act(self, moment: Moment) -> Plan:
        """What is said in every situation but a question."""
        situation, conversation = moment.situation, moment.conversation
        scenario, place = situation.scenario, moment.place
        conversation.choices = {}
        conversation.insults += scenario == "abusive"
        decision = decide(scenario, None, self._role, insults=conversation.insults)
        wish = Wish(decision.ticket, moment.words, decision.due) if decision.ticket is not None else None
        if scenario == "human_agent" and wish is not None and conversation.ticket is not None:
            return self._person_again(moment, wish)
        if decision.act == "human":
            line, unstored = "person.human_closed" if self._hours.closed() else "person.human", "person.human_unrecorded"
        elif decision.act == "abuse" and wish is not None:
            line, unstored = "moment.abusive_again", "moment.abusive_unrecorded"
            wish = replace(wish, joins=True)
        elif scenario == "greeting":
            conversation.greeted = True
            line = unstored = self._opening()
        else:
            line = unstored = f"moment.{scenario}"
        if decision.act == "suggestion":
            unstored = "moment.suggestion_unrecorded"
            if normalise(moment.words) in conversation.suggested:
                wish = None  # the same idea twice is one idea

        def spoken(name: str) -> Spoken:
            text = moment.wording.line(name, place)
            rating = moment.wording.line("moment.rating", place)
            asked = any(rating in bubble.text for bubble in conversation.bubbles)
            choices: tuple[str, ...] = ()
            if scenario in ("goodbye", "no_more_questions") and conversation.turns > 1 and not asked:
                text += "\n" + rating
                choices = CHOICES if self._role == "customer" else ()
            if name == "moment.abusive_again" and self._hours.closed():
                text += "\n" + moment.wording.line("person.closed_now", place)
            return Spoken(decision.outcome, scenario, Draft(text), situation.confidence, choices=choices)

        if scenario in ("goodbye", "no_more_questions"):
            conversation.ticket, conversation.ticket_kind = None, ""
        return Plan(spoken(line), wish, spoken(unstored) if wish is not None else None)

    def changed_mind(self, moment: Moment) -> Plan:
        """The customer gave up what was spoken of."""
        moment.conversation.choices = {}
        return moment.line("moment.changed_mind", "scripted", moment.place, scenario="no_more_questions")

    def addition(self, moment: Moment) -> Plan | None:
        """The plan for a message that adds to the open ticket: a way to be reached, a number, or that this was all."""
        words, situation, conversation = moment.words, moment.situation, moment.conversation
        if conversation.ticket is None:
            return None
        kind: TicketKind = conversation.ticket_kind or "question"  # type: ignore[assignment]
        if situation.scenario == "no_more_questions":
            return self._all_told(moment, Wish(kind, "", joins=True, ends=True))
        if situation.scenario != "question" or _ASKED.search(normalise(words)):
            found = told(words)
        else:
            found = told(words, "contact")
        contact = found.contact
        if found.doubtful and not found.more:
            if not conversation.doubted:
                conversation.doubted = True
                text = moment.wording.line("person.check_number", words, count=str(len(found.doubtful)))
                return Plan(Spoken("scripted", "question", Draft(text), situation.confidence))
            contact = found.doubtful
        if not contact and (not found.order or situation.scenario != "question" or _ASKED.search(normalise(words))):
            return None
        facts = Facts("", found.order, found.name)
        wish = Wish(kind, words if found.more else "", "deadline", contact, joins=True, facts=facts)

        def saved(ticket: Ticket) -> Spoken:
            line = "person.contact_saved" if contact else "person.detail_saved"
            return Spoken("scripted", "question", Draft(moment.promise(line, ticket, self._hours)))

        failed = Spoken("scripted", "question", Draft(moment.wording.line("person.not_saved", words)))
        return Plan(failed, wish, failed, saved)

    def _all_told(self, moment: Moment, wish: Wish) -> Plan:
        """The customer has nothing to add to the open ticket: its number and time once more, and farewell."""
        failed = Spoken("scripted", "no_more_questions", Draft(moment.wording.line("person.not_saved", moment.place)))

        def told_all(ticket: Ticket) -> Spoken:
            return replace(failed, draft=Draft(moment.promise("person.all_told", ticket, self._hours)))

        return Plan(failed, wish, failed, told_all)

    def _person_again(self, moment: Moment, wish: Wish) -> Plan:
        """A wish for a person by somebody whose case is open already: the same case, the shorter of both times."""
        kind: TicketKind = moment.conversation.ticket_kind  # type: ignore[assignment]
        wish = replace(wish, kind=kind, joins=True)
        failed = Spoken("handoff", "human_agent", Draft(moment.wording.line("person.human_unrecorded", moment.place)))

        def again(ticket: Ticket) -> Spoken:
            text = moment.promise("person.human_again", ticket, self._hours)
            return Spoken("handoff", "human_agent", Draft(text), moment.situation.confidence)

        return Plan(failed, wish, failed, again)
