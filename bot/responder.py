"""What is said to a message: which part of the house answers it, but nothing stored yet."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace

from bot import followup
from bot.checker import Checker
from bot.closing import rated
from bot.complaint import Complaints, announces, withdraws
from bot.compose import Draft
from bot.deadline import ServiceHours
from bot.form import Filled
from bot.generate import Rewording
from bot.moments import Moments
from bot.plan import Base, Moment, Plan, Spoken, Wish
from bot.questions import Questions
from bot.records import COMPLAINTS, Role
from bot.scenario import Classifier, Situation
from bot.sensitive import SensitiveWords
from bot.session import Conversation
from bot.settings import BotSettings
from bot.wording import Wording
from kb.text import has_words, normalise

UNKNOWN = Situation("question", 0.0)
"""Of a message that has not been looked at yet."""
_DIGITS = re.compile(r"[0-9]")
STORY_CHARS = 2_000
"""Longest message that is read where it tells of a complaint."""


class Responder:
    """Plans replies; what it remembers it writes into the conversation it is given."""

    def __init__(
        self,
        base: Base,
        wording: Wording,
        checker: Checker,
        classifier: Classifier,
        settings: BotSettings,
        role: Role,
        opening: Callable[[], str],
        hours: ServiceHours,
        rewording: Rewording | None = None,
        sensitive: SensitiveWords | None = None,
    ) -> None:
        self._wording = wording
        self._classifier = classifier
        self._settings = settings
        self._sensitive = sensitive or SensitiveWords()
        self._role: Role = role
        self._questions = Questions(base, settings, role, rewording)
        self._moments = Moments(role, opening, hours)
        self._complaints = Complaints(checker, self._answered, hours)

    def warm_up(self) -> None:
        """Learn the situations now instead of with the first message."""
        self._classifier.classify("您好，请问怎么付款？")

    def during(self, *facts: str) -> Responder:
        """The same, in a moment of which ``facts`` (:mod:`bot.conditions`) hold."""
        other = copy.copy(self)
        other._wording = self._wording.during(*facts)
        return other

    def plan(self, words: str, conversation: Conversation) -> Plan:
        """What to say to ``words`` (without control characters), and what has to be stored for it."""
        moment = Moment(words, UNKNOWN, conversation, self._wording)
        if not words:
            return moment.line("input.empty", "scripted")
        customer = self._role == "customer"
        if len(words) > self._settings.question_chars and not (customer and self._complains_at_length(moment)):
            return moment.line("input.too_long", "refused")
        refused = self._refused(moment) if customer else None
        if refused is not None:
            return refused
        picked = followup.chosen(words, conversation.choices)
        if picked is not None:
            return self._complaints.resumed(self._questions.picked(picked, moment), moment)
        rating = rated(words, conversation.bubbles) if customer else None
        if rating is not None:
            return self._moments.rated(moment, rating)
        situation = self._classifier.classify(words)
        if conversation.question and followup.means(words):
            situation = replace(situation, scenario="question")  # 我的意思是投诉快递员 asks how that is done
        elif customer and situation.scenario == "question" and announces(words):
            situation = replace(situation, scenario="complaint_other")
        elif situation.scenario in COMPLAINTS and not has_words(_DIGITS.sub("", normalise(words))):
            situation = replace(situation, scenario="question")  # a bare number complains of nothing
        moment = replace(moment, situation=situation)
        return (self._under_way(moment) if customer else None) or self._answered(moment)

    def act(self, situation: Situation, words: str, conversation: Conversation) -> Plan:
        """What is said in a situation that is known, without looking at the words."""
        moment = Moment(words, situation, conversation, self._wording)
        return (self._under_way(moment) if self._role == "customer" else None) or self._answered(moment)

    def filled(self, words: str, fields: Filled, conversation: Conversation) -> Plan:
        """What is said to ``fields`` that a page showed; ``words`` are the same as a message."""
        form = conversation.form
        if form is None and fields:
            return self.plan(words, conversation)
        moment = Moment(words, Situation(form.kind if form else "no_more_questions", 1.0), conversation, self._wording)
        if form is None:
            conversation.reached = True  # asked once is enough
            return self._moments.addition(moment) or self._answered(moment)
        return self._refused(moment) or self._complaints.filled(moment, form, fields)

    def unsolved(self, words: str, conversation: Conversation) -> Plan:
        """What is said when an answer did not help."""
        return self._questions.unsolved(Moment(words, UNKNOWN, conversation, self._wording))

    def _refused(self, moment: Moment) -> Plan | None:
        """The reply to words that nobody here may answer, or that only a person may."""
        refusal = self._classifier.refusal(moment.words)
        if refusal == "care":
            wish = Wish("human", moment.words, "callback", joins=moment.conversation.form is not None)
            return moment.line("refusal.care", "handoff", wish=wish)
        if refusal is not None:
            return moment.line(f"refusal.{refusal}", "refused")
        listed = self._sensitive.hit(moment.words, "input")
        return Plan(Spoken("refused", "question", Draft(listed.line))) if listed is not None else None

    def _under_way(self, moment: Moment) -> Plan | None:
        """The reply to what goes on with something: a complaint being taken down, an open ticket, a plan given up."""
        conversation, scenario = moment.conversation, moment.situation.scenario
        if conversation.form is not None:
            return self._complaints.go_on(moment, conversation.form)
        complained = conversation.ticket is not None and conversation.ticket_kind in COMPLAINTS
        if withdraws(moment.words):
            return self._complaints.withdrawn(moment) if complained else self._moments.changed_mind(moment)
        if complained and scenario == "human_agent":
            return self._complaints.to_person(moment)
        if scenario in COMPLAINTS:
            return self._complaints.begin(moment)
        if followup.gives_up(moment.words):
            return self._moments.changed_mind(moment)
        return self._moments.addition(moment)

    def _answered(self, moment: Moment) -> Plan:
        """The reply to a message by itself."""
        words, conversation = moment.words, moment.conversation
        if moment.situation.scenario != "question":
            return self._moments.act(moment)
        if followup.points_beyond(words) or not has_words(normalise(words)):
            return moment.line("input.pick" if conversation.choices else "input.unclear", "scripted")
        if followup.rejects(words) and conversation.question and self._role == "customer":
            return self._questions.others(moment)
        return self._questions.asked(moment)

    def _complains_at_length(self, moment: Moment) -> bool:
        """Whether a long message tells of a trouble; who is upset is not asked to be brief."""
        if len(moment.words) > STORY_CHARS:
            return False
        form = moment.conversation.form
        return form is not None or self._classifier.classify(moment.words).scenario in COMPLAINTS
