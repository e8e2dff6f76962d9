"""What is said to a message: which part of the house answers it, but nothing stored yet."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime

from bot import followup
from bot.checker import Checker
from bot.generate import Rewording
from bot.moments import Moments
from bot.plan import Base, Moment, Plan, Wish
from bot.questions import Questions
from bot.records import Role
from bot.scenario import Classifier, Situation
from bot.session import Conversation
from bot.settings import BotSettings
from bot.wording import Wording
from kb.text import has_words, normalise

UNKNOWN = Situation("question", 0.0)
"""Of a message that has not been looked at yet."""


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
        now: Callable[[], datetime],
        service_hours: str,
        rewording: Rewording | None = None,
    ) -> None:
        self._wording = wording
        self._classifier = classifier
        self._settings = settings
        self._role: Role = role
        self._questions = Questions(base, settings, role, rewording)
        self._moments = Moments(checker, role, opening, now, service_hours)

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
        if len(words) > self._settings.question_chars:
            return moment.line("input.too_long", "refused")
        refusal = self._classifier.refusal(words) if self._role == "customer" else None
        if refusal == "care":
            return moment.line("refusal.care", "handoff", wish=Wish("human", words, "callback"))
        if refusal is not None:
            return moment.line(f"refusal.{refusal}", "refused")
        picked = followup.chosen(words, conversation.choices)
        if picked is not None:
            return self._questions.picked(picked, moment)
        moment = Moment(words, self._classifier.classify(words), conversation, self._wording)
        added = self._moments.addition(moment)
        if added is not None:
            return added
        if moment.situation.scenario != "question":
            return self._moments.act(moment)
        if followup.points_beyond(words) or not has_words(normalise(words)):
            return moment.line("input.pick" if conversation.choices else "input.unclear", "scripted")
        if followup.rejects(words) and conversation.question and self._role == "customer":
            return self._questions.others(moment)
        return self._questions.asked(moment)

    def act(self, situation: Situation, words: str, conversation: Conversation) -> Plan:
        """What is said in a situation that is known, without looking at the words."""
        return self._moments.act(Moment(words, situation, conversation, self._wording))
