"""The short memory of a conversation, kept by the server for each visitor."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.form import Form, Step
from bot.privacy import mask
from bot.records import TurnView
from kb.records import Hit

MAX_ID_CHARS = 128

_PLAIN = ("turns", "greeted", "subject", "answered", "ticket", "ticket_kind", "doubted", "insults", "last_tail", "reached")


@dataclass(slots=True)
class Conversation:
    """What is known of one conversation while it lasts.

    ``turns`` counts the customer's messages; ``greeted`` whether 您好 has been said in an answer; ``question`` is the
    last one that was looked up, ``subject`` the standard question that answered it and ``answered`` the id of its entry,
    both empty while none did; ``choices`` are the questions offered last with what answers them, ``others`` those
    kept back behind an answer, both of ``generation``; ``asked`` the folded questions answered so far, ``suggested`` the ideas recorded; ``ticket`` the
    open ticket that the customer is adding to, of ``ticket_kind``, and ``reached`` whether it says how to reach them;
    ``form`` a complaint that is being taken down;
    ``doubted`` whether a number was once asked to be checked; ``insults`` how often abuse was met; ``last_tail`` the
    closing line said last, so that it is not said twice running. ``choices`` taken over from before a restart have no
    hit.
    """

    session: str
    seen: datetime
    bubbles: deque[TurnView]
    turns: int = 0
    greeted: bool = False
    question: str = ""
    subject: str = ""
    answered: str = ""
    choices: Mapping[str, Hit | None] = field(default_factory=dict)
    others: Mapping[str, Hit] = field(default_factory=dict)
    generation: str | None = None
    asked: set[str] = field(default_factory=set)
    suggested: set[str] = field(default_factory=set)
    ticket: str | None = None
    ticket_kind: str = ""
    reached: bool = False
    form: Form | None = None
    doubted: bool = False
    insults: int = 0
    last_tail: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def wanted(self) -> tuple[Step, ...]:
        """What the customer was asked for and a page can show fields for, in order; mostly nothing."""
        if self.form is not None:
            return self.form.open
        return ("contact",) if self.ticket is not None and not self.reached else ()

    def state(self) -> dict[str, Any]:
        """What must outlive a restart of the server, for the database: without personal numbers."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "question": mask(self.question),
            "choices": list(self.choices),
            "form": self.form.as_json() if self.form else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` gave."""
        for name in (*_PLAIN, "question"):
            setattr(self, name, state.get(name, getattr(self, name)))
        self.choices = dict.fromkeys(state.get("choices", ()))
        try:
            self.form = Form.of_json(state["form"]) if state.get("form") else None
        except (KeyError, TypeError, AttributeError):
            self.form = None  # written by another version: what was told is on the ticket


class Sessions:
    """Conversations by id, bounded in number and age; safe to use from several threads.

    Ids are made here (:meth:`open`). An id that is not remembered, because it has aged or the server was restarted,
    opens a conversation anew, so that a page left open goes on working.
    """

    def __init__(
        self, clock: Callable[[], datetime], *, minutes: float = 30, count: int = 10_000, bubbles: int = 80
    ) -> None:
        self._clock = clock
        self.age = timedelta(minutes=minutes)
        self._count = count
        self._bubbles = bubbles
        self._conversations: OrderedDict[str, Conversation] = OrderedDict()
        self._lock = threading.Lock()

    def open(self) -> str:
        """A new random id that nobody can guess."""
        return secrets.token_urlsafe(24)

    @contextlib.contextmanager
    def use(self, session: str) -> Iterator[Conversation]:
        """The conversation of that id, for this thread alone while the block runs.

        Raises:
            ValueError: the id is empty or longer than ids are.
        """
        conversation = self._find(session)
        with conversation.lock:
            yield conversation

    def bubbles(self, session: str) -> list[TurnView] | None:
        """What was said so far, oldest first; None if the conversation is not remembered."""
        with self._lock:
            conversation = self._conversations.get(session)
            if conversation is None or self._clock() - conversation.seen > self.age:
                return None
        with conversation.lock:
            return list(conversation.bubbles)

    def forget(self, session: str) -> None:
        """End a conversation; an unknown id is no error."""
        with self._lock:
            self._conversations.pop(session, None)

    def __len__(self) -> int:
        with self._lock:
            return len(self._conversations)

    def _find(self, session: str) -> Conversation:
        if not 1 <= len(session) <= MAX_ID_CHARS:
            raise ValueError(f"a session id has 1 to {MAX_ID_CHARS} characters, got {len(session)}")
        now = self._clock()
        with self._lock:
            # The order is that of last use, so the aged ones stand in front.
            while self._conversations:
                oldest = next(iter(self._conversations.values()))
                if now - oldest.seen <= self.age:
                    break
                self._conversations.popitem(last=False)
            conversation = self._conversations.pop(session, None)
            if conversation is None:
                conversation = Conversation(session, now, deque(maxlen=self._bubbles))
            conversation.seen = now
            self._conversations[session] = conversation
            while len(self._conversations) > self._count:
                self._conversations.popitem(last=False)
        return conversation
