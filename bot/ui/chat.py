"""The conversation behind the customer page: what each event does, apart from where it is shown.

Everything comes from the server's own memory of the visitor; of what the browser sends, only new words are used.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Protocol

from bot.form import Filled, Step
from bot.journal import Rating, Reason
from bot.records import SKIP, UNSOLVED, Reply, TurnView
from bot.ui.views import (
    HUMAN,
    Message,
    bot_message,
    conversation,
    customer_message,
    growing,
    waiting_message,
    without_choices,
)
from bot.ui.visitors import TOO_FAST, Allowance
from kb.errors import KBError

log = logging.getLogger(__name__)

PAUSE_S = 0.04
"""Between two pieces of a growing reply: fast, yet one sees it being said."""
CROWD = 12
"""With more replies under way at once none of them grows: every piece costs the server as much as a short reply."""
APOLOGY = "非常抱歉，系统刚才出了一点问题，没能答复您。请您稍后再发一次，或点“转人工”，由客服专员为您服务。"
HISTORY_LOST = "您好，之前的对话暂时无法显示，给您添麻烦了。您可以直接提问，我们照常为您解答。"
STOPPED = "好的，已经停下。您可以换个说法再问，或点“转人工”，由客服专员为您服务。"
THANKS = "感谢您的评价，很高兴帮到您。"
SORRY = "谢谢您告诉我们，没能帮到您非常抱歉，我们会据此改进。"
NOT_KEPT = "很抱歉，您的评价这次没有记下，请稍后再点一次。"
NOTHING_TO_RATE = "您先提一个问题，再来评价吧。"


class Speaker(Protocol):
    """The part of :class:`bot.assistant.Assistant` a page talks to."""

    def reply(self, session: str, text: str) -> Reply:
        """The reply to ``text``."""

    def welcome(self, session: str) -> Reply:
        """The opening line."""

    def hand_off(self, session: str) -> Reply:
        """The reply to the 转人工 button."""

    def unsolved(self, session: str, turn: str) -> Reply:
        """The reply to the 没解决 button under the answer ``turn``."""

    def fill(self, session: str, fields: Filled) -> Reply:
        """The reply to the fields of a page, all empty where they were passed over."""

    def wanted(self, session: str) -> tuple[Step, ...]:
        """What the customer was asked for last and can be given in fields."""

    def transcript(self, session: str) -> list[TurnView]:
        """What was said so far, oldest first."""


class Ratings(Protocol):
    """The part of :class:`bot.journal.Journal` a page talks to."""

    def rate(
        self, turn_id: str, session: str, value: Rating, comment: str = "", reasons: Sequence[Reason] = ()
    ) -> None:
        """Rate a reply of this session."""


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows: ``messages`` in order, whether a reply is ``busy`` coming, whether the last can be rated.

    ``fields`` are to be filled in below, with ``problem`` where what was sent cannot be kept yet; ``why`` is whether the
    visitor may say why an answer did not help.
    """

    messages: list[Message]
    busy: bool = False
    rateable: bool = False
    fields: tuple[Step, ...] = ()
    problem: str = ""
    why: bool = False


class Chat:
    """One for all visitors; a visitor is a session name, which the caller takes from the visitor's own cookie."""

    def __init__(
        self,
        speaker: Speaker,
        ratings: Ratings,
        allowance: Allowance,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.speaker = speaker
        self.ratings = ratings
        self.allowance = allowance
        self.sleep = sleep
        self._under_way: dict[str, object] = {}
        self._lock = Lock()

    def opened(self, session: str, offering: bool = True) -> View:
        """The page as it is opened, or opened again; with the last choices to click if ``offering``."""
        try:
            turns = self.speaker.transcript(session)
            if turns:
                return View(
                    conversation(turns, offering), rateable=bool(_last_answer(turns)), fields=self.speaker.wanted(session)
                )
            welcome = self.speaker.welcome(session)
        except KBError as error:
            log.error("history of a visitor cannot be shown: %s", error)
            return View([bot_message(HISTORY_LOST)])
        return View([bot_message(welcome.text, choices=welcome.choices if offering else ())])

    def asked(self, session: str, text: str) -> Iterator[View]:
        """The page while ``text`` is answered: the question and a waiting mark, the growing reply, the whole of it.

        Nothing for empty words, and nothing while an earlier reply to this visitor is under way and was not stopped.
        """
        if not text.strip():
            return
        yield from self._exchange(session, text, lambda: self.speaker.reply(session, text))

    def handed_off(self, session: str) -> Iterator[View]:
        """The page after 转人工 was pressed."""
        yield from self._exchange(session, HUMAN, lambda: self.speaker.hand_off(session), "正在为您转接")

    def unsolved(self, session: str) -> Iterator[View]:
        """The page after 没解决 was pressed under the last answer: what else it may have been, and a person."""

        def work() -> Reply:
            return self.speaker.unsolved(session, _last_answer(self.speaker.transcript(session)))

        yield from self._exchange(session, UNSOLVED, work, "正在为您想办法")

    def filled(self, session: str, fields: Filled) -> Iterator[View]:
        """The page after fields were sent, or passed over with all of them empty."""
        fields = fields.trimmed()
        problems = fields.problems()
        if problems:
            text = "\n".join(problems.values())
            yield replace(self.opened(session), fields=self._wanted(session), problem=text)
            return
        yield from self._exchange(
            session, fields.words() or SKIP, lambda: self.speaker.fill(session, fields), "正在为您登记"
        )

    def explained(self, session: str, reasons: Sequence[Reason], words: str) -> str:
        """Note why the answer that was marked 没解决 last did not help; a line to show."""
        try:
            turn = _last_unsolved(self.speaker.transcript(session))
            if not turn:
                return NOTHING_TO_RATE
            self.ratings.rate(turn, session, "down", words, reasons)
        except KBError as error:
            log.error("a rating was not stored: %s", error)
            return NOT_KEPT
        return SORRY

    def stopped(self, session: str, asked: str) -> View:
        """The page after a reply was stopped; ``asked`` is the question it was for. The visitor can ask on at once."""
        with self._lock:
            self._under_way.pop(session, None)
        messages = self.opened(session, offering=False).messages
        question = customer_message(asked)
        if asked.strip() and question not in messages[-2:]:
            messages.append(question)
        return View([*messages, bot_message(STOPPED, choices=(HUMAN,))])

    def praised(self, session: str) -> str:
        """Note that the last answer helped this visitor; a line to show."""
        try:
            turn = _last_answer(self.speaker.transcript(session))
            if not turn:
                return NOTHING_TO_RATE
            self.ratings.rate(turn, session, "up")
        except KBError as error:
            log.error("a rating was not stored: %s", error)
            return NOT_KEPT
        return THANKS

    def _exchange(
        self, session: str, words: str, work: Callable[[], Reply], waiting: str = "正在为您查找"
    ) -> Iterator[View]:
        mark = object()
        with self._lock:
            if self._under_way.setdefault(session, mark) is not mark:
                return
        try:
            yield from self._reply(session, words, work, waiting)
        finally:
            with self._lock:
                if self._under_way.get(session) is mark:
                    del self._under_way[session]

    def _reply(self, session: str, words: str, work: Callable[[], Reply], waiting: str) -> Iterator[View]:
        before = [*self.opened(session, offering=False).messages, customer_message(words)]
        wait = self.allowance.take(session)
        if wait:
            yield View([*before, bot_message(TOO_FAST.format(seconds=wait))], fields=self._wanted(session))
            return
        yield View([*before, waiting_message(waiting)], busy=True)
        try:
            reply = work()
        except Exception:  # the border: whatever happens, the visitor is told and can go on; the log gets the trace
            log.exception("a reply failed")
            yield View([*before, bot_message(APOLOGY, choices=(HUMAN,))])
            return
        for piece in growing(without_choices(reply.text, reply.choices))[:-1] if self._calm() else ():
            yield View([*before, bot_message(piece)], busy=True)
            self.sleep(PAUSE_S)
        whole = bot_message(reply.text, reply.citations, reply.choices)
        # What the server remembers by now may hold a stopped reply that was finished meanwhile; after a restart of the
        # server it may hold less than the page.
        told = self.opened(session).messages
        messages = told if told[-1] == whole and len(told) > len(before) else [*before, whole]
        yield View(
            messages,
            rateable=reply.outcome == "answer" and bool(reply.turn),
            fields=self._wanted(session),
            why=words == UNSOLVED and bool(_last_unsolved(self.speaker.transcript(session))),
        )

    def _calm(self) -> bool:
        """Whether so few are being answered that there is time to let a reply grow; else it comes whole, and sooner."""
        with self._lock:
            return len(self._under_way) <= CROWD

    def _wanted(self, session: str) -> tuple[Step, ...]:
        try:
            return self.speaker.wanted(session)
        except KBError as error:
            log.error("what a visitor was asked for is not known: %s", error)
            return ()


def _last_unsolved(turns: list[TurnView]) -> str:
    """Id of the answer under which 没解决 was pressed last, else empty."""
    for place in range(len(turns) - 1, 0, -1):
        if turns[place].role == "customer" and turns[place].text == UNSOLVED:
            return turns[place - 1].turn
    return ""


def _last_answer(turns: list[TurnView]) -> str:
    """Id of the last turn when it is an answer from knowledge, else empty."""
    last = turns[-1] if turns else None
    return last.turn if last and last.role == "bot" and last.citations and not last.choices else ""
