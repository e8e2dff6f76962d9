"""When people are there, when an answer is due, and how that is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.opening import is_open

STEP = timedelta(minutes=10)
LONGEST_CLOSED = timedelta(days=8)
"""A shop that does not open within this time is taken to be always there."""


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """``text`` as written for customers ("每天 8:00–24:00"); ``now`` is the shop's time."""

    text: str
    now: Callable[[], datetime]

    def closed(self) -> bool:
        """Whether nobody is there now; not where the hours cannot be read."""
        return is_open(self.text, self.now()) is False

    def opened(self) -> datetime:
        """The first moment from now on at which people are there, to within ten minutes."""
        now = self.now()
        if not self.closed():
            return now
        moment = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
        while moment - now < LONGEST_CLOSED:
            moment += STEP
            if is_open(self.text, moment):
                return moment
        return now

    def in_words(self, due: datetime) -> str:
        """A promised time: ``今天18:30前``, ``明天9:05前``, ``11月30日15:20前``."""
        now = self.now()
        due = due.astimezone(now.tzinfo)
        days = (due.date() - now.date()).days
        day = {0: "今天", 1: "明天", 2: "后天"}.get(days, f"{due.month}月{due.day}日")
        return f"{day}{due.hour}:{due.minute:02}前"
