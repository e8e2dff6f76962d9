"""The assistant: one message in, one checked and stored reply out."""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.checker import Checker
from bot.compose import Draft, waited
from bot.conditions import with_festival
from bot.deadline import ServiceHours
from bot.errors import JournalError
from bot.form import Filled, Step
from bot.generate import Generator, Rewording
from bot.journal import Journal
from bot.opening import festival_on, is_morning, opening_at, parse_overrides
from bot.plan import Base, Plan, Spoken, Wish
from bot.policy import Due
from bot.privacy import mask
from bot.records import HUMAN, SKIP, UNSOLVED, Citation, Outcome, Reply, Role, Scenario, TurnView
from bot.responder import Responder
from bot.scenario import Classifier, Situation
from bot.sensitive import SensitiveWords
from bot.session import Conversation, Sessions
from bot.settings import BotSettings, RetentionSettings
from bot.tickets import Ticket
from bot.wording import Wording
from kb.config import ShopSettings
from kb.cores import cores
from kb.errors import InputError
from kb.records import Entry
from kb.text import letters, normalise

__all__ = ["Assistant", "Base", "Citation", "Outcome", "Reply", "Role", "Scenario", "TurnView"]

logger = logging.getLogger(__name__)

BESIDE = 1
"""So many more replies than there are cores are worked on at once: one is always about to wait for something. With sixteen
clients at once all sixteen side by side get a tenth to a third less done, as they take the caches from each other."""

STORED_CHARS = 2_000
"""Most characters of a message that are kept."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


class Assistant:
    """Answers the messages of many visitors; safe to call from many threads.

    ``base`` is opened with the audience of ``role``: customers' assistants never hold internal knowledge. ``clock``
    gives aware times; ``timer`` measures seconds. What is said rests on ``wording`` and the base alone; ``texts`` gives
    the wording and the sensitive words of the moment, where editors may change them meanwhile.
    """

    def __init__(
        self,
        base: Base,
        wording: Wording,
        checker: Checker,
        journal: Journal,
        sessions: Sessions,
        settings: BotSettings,
        shop: ShopSettings,
        clock: Callable[[], datetime],
        generator: Generator | None = None,
        *,
        classifier: Classifier,
        role: Role = "customer",
        generator_s: float = 5.0,
        retention: RetentionSettings | None = None,
        sensitive: SensitiveWords | None = None,
        texts: Callable[[], tuple[Wording, SensitiveWords]] | None = None,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._base = base
        self._wording = wording
        self._checker = checker
        self._journal = journal
        self._sessions = sessions
        self._settings = settings
        self._clock = clock
        self._role: Role = role
        self._retention = retention or RetentionSettings()
        self._timer = timer
        self._festivals = parse_overrides(settings.festivals)
        self._zone = ZoneInfo(shop.timezone)
        self._hours = ServiceHours(shop.service_hours, self._now)
        self._storing = True
        self._purged: date | None = None
        self._sensitive = sensitive or SensitiveWords()
        self._texts = texts
        rewording = Rewording(generator, checker, generator_s, settings.answer_chars) if generator is not None else None
        self._made = functools.partial(
            Responder, base, checker=checker, classifier=classifier, settings=settings, role=role, opening=self._opening,
            hours=self._hours, rewording=rewording,
        )  # fmt: skip
        self._responder = self._made(wording=wording, sensitive=self._sensitive)
        # Whoever waits for a language model on the network keeps no core busy, so nobody has to wait for him.
        self._computing: AbstractContextManager[object] = (
            threading.Semaphore(cores() + BESIDE) if rewording is None else contextlib.nullcontext()
        )

    def warm_up(self) -> None:
        """Load what the first reply would wait for: the base with its encoders, the calendar, and the checker's examples.

        Raises:
            StoreError, ModelError: the base cannot be used; replies are still given, with an honest line.
        """
        self._opening()
        self._responder.warm_up()
        self._checker.check("这种小事也要来烦我们吗")  # wrong by its likeness to examples, which are read for that
        self._base.search("您好，请问怎么付款？", 1)

    @property
    def sessions(self) -> Sessions:
        """The conversations under way; ``sessions.open()`` makes an id for a new visitor."""
        return self._sessions

    def reply(self, session: str, text: str) -> Reply:
        """The reply to ``text`` of the visitor ``session``. Never raises for any text.

        An outage of the base gives the outcome ``handoff`` and a line of its own, and is logged; a journal that cannot
        be written gives ``turn == ""`` and words that claim nothing was recorded.
        """
        return self._exchange(session, _tidy(text), Responder.plan)

    def hand_off(self, session: str) -> Reply:
        """The reply to the 转人工 button."""
        wish = Situation("human_agent", 1.0, (), HUMAN)
        return self._exchange(session, HUMAN, lambda responder, words, held: responder.act(wish, words, held))

    def wanted(self, session: str) -> tuple[Step, ...]:
        """What the customer was asked for last and can be given in fields; mostly nothing."""
        if self._sessions.bubbles(session) is None:
            return ()
        with self._sessions.use(session) as conversation:
            return conversation.wanted

    def fill(self, session: str, fields: Filled) -> Reply:
        """The reply to the fields of a page, all of them empty where the customer passes them over.

        Raises:
            InputError: a field cannot be kept as it is; nothing was stored. The text names the first one.
        """
        fields = fields.trimmed()
        problems = fields.problems()
        if problems:
            raise InputError(next(iter(problems.values())))
        words = _tidy(fields.words())
        return self._exchange(
            session, words or SKIP, lambda responder, words, held: responder.filled(words, fields, held)
        )

    def unsolved(self, session: str, turn: str) -> Reply:
        """The reply to 没解决 under the answer ``turn``: other questions it may have been, and a person.

        The first time is kept for the editors' list of questions asked in vain; pressed again, the same is said.

        Raises:
            InputError: the turn does not belong to ``session``.
        """
        try:
            first = self._journal.mark_unsolved(turn, session)
        except JournalError as error:
            self._stored(False, error)
            first = True
        said = self.transcript(session)
        places = [place for place, view in enumerate(said) if view.turn == turn]
        following = said[places[-1] + 1 :][:2] if places and not first else []
        if len(following) == 2 and following[0].text == UNSOLVED:
            again = following[1]
            return Reply(again.text, "scripted", "question", 1.0, again.citations, again.choices, turn=again.turn)
        return self._exchange(session, UNSOLVED, lambda responder, words, held: responder.unsolved(words, held))

    def welcome(self, session: str) -> Reply:
        """The opening line by clock and calendar; ``choices`` are the most asked questions. Nothing is stored.

        On the first visit of a day, conversations older than the settings keep them are deleted.
        """
        started = self._timer()
        self._take_over()
        self._purge_daily()
        line = self._wording.during(*self._facts()).line(self._opening(), session)
        choices = self._most_asked()
        with self._sessions.use(session) as conversation:
            if not conversation.bubbles:
                conversation.bubbles.append(TurnView("bot", line, (), choices))
        return Reply(line, "scripted", "greeting", 1.0, choices=choices, ms=self._since(started))

    def transcript(self, session: str) -> list[TurnView]:
        """What was said so far, oldest first, for a page that is opened again.

        From memory; after a restart of the server from the journal, as far back as a conversation may last.
        """
        bubbles = self._sessions.bubbles(session)
        return self._earlier(session) if bubbles is None else bubbles

    def _earlier(self, session: str) -> list[TurnView]:
        """What the journal holds of a conversation that memory does not."""
        try:
            return self._journal.turns(session, self._clock() - self._sessions.age)
        except JournalError as error:
            logger.error("transcript not available: %s", error)
            return []

    def _exchange(self, session: str, words: str, think: Callable[[Responder, str, Conversation], Plan]) -> Reply:
        """Think, check, store, remember. Ticket and turn become durable together, before anything claims so."""
        started = self._timer()
        self._take_over()
        with self._sessions.use(session) as conversation:
            if not conversation.turns:
                self._recall(conversation)
            conversation.turns += 1
            before = conversation.form
            with self._computing:
                plan = think(self._responder.during(*self._facts(words, conversation)), words, conversation)
                # Before the journal is taken, where others wait for it; what names a ticket can be said only inside.
                reply = self._finished(plan.spoken, started) if plan.confirmed is None else None
            stored = mask(words[: 2 * STORED_CHARS])[:STORED_CHARS]  # a number is not cut before it is masked
            ticket, spoken = None, plan.spoken
            try:
                with self._journal.together():
                    if plan.wish is not None:
                        ticket = self._granted(plan.wish, conversation)
                        spoken = plan.confirmed(ticket) if plan.confirmed is not None else spoken
                    reply = reply or self._finished(spoken, started)
                    reply = replace(reply, ticket=ticket.id if ticket is not None else None)
                    turn = self._journal.turn(session, self._role, stored, reply)
                    if plan.rating is not None:
                        self._journal.rate(plan.rating.turn, session, plan.rating.value, plan.rating.words)
                    if plan.wish is not None and ticket is not None and ticket.kind != "suggestion":
                        pending = ticket.state != "closed" and not plan.wish.ends
                        conversation.ticket = ticket.id if pending else None
                        conversation.ticket_kind = ticket.kind if pending else ""
                        conversation.reached = bool(ticket.contact)
                    self._journal.remember(session, conversation.state())
                if ticket is not None and ticket.kind == "suggestion":
                    conversation.suggested.add(normalise(words))
                reply = replace(reply, turn=turn)
                self._stored(True)
            except JournalError as error:
                self._stored(False, error)
                conversation.form = before  # the step is asked again
                reply = self._finished(plan.unstored or spoken, started)
            if words:
                conversation.bubbles.append(TurnView("customer", stored))
            conversation.bubbles.append(TurnView("bot", reply.text, reply.citations, reply.choices, reply.turn))
            return replace(reply, ms=self._since(started))

    def _recall(self, conversation: Conversation) -> None:
        """Go on where an earlier life of this server stopped, as far back as a conversation may last."""
        if not conversation.bubbles:
            conversation.bubbles.extend(self._earlier(conversation.session))
        try:
            conversation.restore(self._journal.remembered(conversation.session, self._clock() - self._sessions.age))
        except JournalError as error:
            logger.error("conversation begins anew: %s", error)

    def _stored(self, stored: bool, error: JournalError | None = None) -> None:
        """Log when storing begins to fail and when it works again, not every single time."""
        if stored is not self._storing:
            self._storing = stored
            logger.log(logging.INFO if stored else logging.ERROR, "turns stored again" if stored else f"not stored: {error}")

    def _purge_daily(self) -> None:
        today = self._now().date()
        if self._purged != today:
            self._purged = today
            try:
                gone = self._journal.retain(self._retention)
                logger.info("past their time and deleted: %s", gone)
            except JournalError as error:
                logger.error("old conversations not deleted: %s", error)

    def _granted(self, wish: Wish, conversation: Conversation) -> Ticket:
        """The ticket that a wish was written to."""
        due, session = self._due(wish.due), conversation.session
        if wish.joins and conversation.ticket is not None:
            try:
                if wish.withdraws:
                    return self._journal.tickets.withdraw(conversation.ticket, session)
                return self._journal.tickets.add(
                    conversation.ticket, session, contact=wish.contact, detail=wish.words, facts=wish.facts, due=due
                )
            except InputError:
                pass  # a colleague has closed it meanwhile; what comes now deserves a new one
        return self._journal.tickets.open(
            session, wish.kind, wish.words or wish.facts.what, contact=wish.contact, facts=wish.facts, due=due
        )

    def _due(self, due: Due | None) -> datetime | None:
        """The promised time; a call back counts from when people are there."""
        if due is None:
            return None
        if due == "callback":
            return self._hours.opened() + timedelta(hours=self._settings.callback_hours)
        return self._clock() + timedelta(hours=self._settings.reply_deadline_hours)

    def _finished(self, spoken: Spoken, started: float) -> Reply:
        draft = spoken.draft
        if self._timer() - started > self._settings.wait_apology_s:
            draft = waited(self._wording.during(*self._facts()), draft)
        text = self._checked(draft, spoken)
        listed = self._sensitive.hit(text, "output") if self._role == "customer" else None
        if listed is not None:
            ids = "、".join(citation.id for citation in spoken.citations)
            logger.error("reply not said, list %s is hit by %s (entries %s)", listed.list, listed.words, ids)
            return Reply(
                listed.line, "refused", spoken.scenario, spoken.confidence, generation=spoken.generation,
                ms=self._since(started),
            )  # fmt: skip
        return Reply(
            text, spoken.outcome, spoken.scenario, spoken.confidence, spoken.citations,
            spoken.choices, spoken.generation, self._since(started),
        )  # fmt: skip

    def _checked(self, draft: Draft, spoken: Spoken) -> str:
        """The text that may leave: a finding in curated words is for the editors, one in our own brings the fallback."""
        broken = False
        start, end = draft.curated
        for finding in self._checker.check(draft.text, spoken.scenario):
            if start <= finding.span[0] and finding.span[1] <= end:
                ids = "、".join(citation.id for citation in spoken.citations)
                logger.warning("knowledge breaks rule %s (entries %s): %s", finding.rule, ids, finding.message)
            else:
                broken = True
                logger.error("own words break rule %s (%s, %s)", finding.rule, spoken.scenario, spoken.outcome)
        return spoken.fallback if broken and spoken.fallback else draft.text

    def _most_asked(self) -> tuple[str, ...]:
        """Questions to begin with: what customers asked most, filled up with one of each category."""
        wanted = self._settings.choices
        try:
            asked = self._journal.most_asked(4 * wanted)
        except JournalError as error:
            logger.error("most asked questions not available: %s", error)
            asked = []
        try:
            entries = [entry for entry in map(self._base.entry, asked) if entry is not None]
            entries += _one_a_category(self._base.entries)
        except Exception:  # the page opens even while the base is out; the first question will say so
            logger.exception("the base could not be read")
            return ()
        public = (entry.question for entry in entries if entry.kind == "faq" and entry.audience == "public")
        return tuple(dict.fromkeys(public))[:wanted]

    def _take_over(self) -> None:
        """What editors have changed since the last message holds from this one on."""
        if self._texts is None:
            return
        wording, sensitive = self._texts()
        if wording is not self._wording or sensitive is not self._sensitive:
            self._wording, self._sensitive = wording, sensitive
            self._responder = self._made(wording=wording, sensitive=sensitive)

    def _facts(self, words: str = "", conversation: Conversation | None = None) -> Iterable[str]:
        """What holds at this moment of a conversation, for the conditions of the wording."""
        now = self._now()
        before = conversation.bubbles if conversation is not None else ()
        asked = {_compared(view.text) for view in before if view.role == "customer"}
        return with_festival({
            "closed" if self._hours.closed() else "open",
            festival_on(now.date(), self._festivals) or "ordinary",
            "morning" if is_morning(now) else "afternoon",
            "later" if asked else "first",
            "again" if _compared(words) in asked else "new",
        })  # fmt: skip

    def _opening(self) -> str:
        return opening_at(self._now(), self._festivals)

    def _now(self) -> datetime:
        return self._clock().astimezone(self._zone)

    def _since(self, started: float) -> float:
        return round((self._timer() - started) * 1000, 2)


def _compared(text: str) -> str:
    """``text`` as two messages are told to be the same."""
    return letters(normalise(text))


def _tidy(text: str) -> str:
    """``text`` without control and invisible characters; half characters, which cannot be stored, become ``?``."""
    return _CONTROL.sub("", text.encode("utf-8", "replace").decode("utf-8")).strip()


def _one_a_category(entries: Iterable[Entry]) -> list[Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.question:
            found.setdefault(entry.category or entry.place.source, entry)
    return list(found.values())
