"""News of tickets on their way to a webhook: written with the ticket, kept until delivered or given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.database import Database, stamp

BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600))
"""Waits between the attempts; the last one is repeated."""
GIVE_UP = timedelta(days=3)
"""Age at which an undelivered piece of news is given up."""


@dataclass(frozen=True, slots=True)
class News:
    """One delivery to make. ``key`` stays the same over all attempts, by which a receiver knows a repetition."""

    key: str
    ticket: str
    at: datetime
    attempts: int


class Outbox:
    """The durable queue. Several processes may look at it: what one has claimed the others leave alone for a while."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def claim(self, lease: timedelta) -> News | None:
        """The next delivery that is due; it is due again after ``lease``, should the one who claimed it die.

        Raises:
            JournalError: the file cannot be used.
        """
        now = self._clock()
        with self._database.read() as connection:
            if not connection.execute("SELECT 1 FROM outbox WHERE due <= ? LIMIT 1", (stamp(now),)).fetchone():
                return None  # nothing to do costs no write
        with self._database.write() as connection:
            row = connection.execute("SELECT * FROM outbox WHERE due <= ? ORDER BY due LIMIT 1", (stamp(now),)).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE outbox SET attempts = attempts + 1, due = ? WHERE key = ?", (stamp(now + lease), row["key"])
            )
        return News(row["key"], row["ticket"], datetime.fromisoformat(row["at"]), row["attempts"] + 1)

    def delivered(self, news: News) -> None:
        """It has arrived."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE outbox SET due = NULL, sent = ?, error = '' WHERE key = ?", (stamp(self._clock()), news.key)
            )

    def failed(self, news: News, error: str) -> bool:
        """It has not arrived; whether it will be tried again."""
        now = self._clock()
        again = now - news.at < GIVE_UP
        due = now + BACKOFF[min(news.attempts, len(BACKOFF)) - 1]
        with self._database.write() as connection:
            connection.execute(
                "UPDATE outbox SET due = ?, error = ? WHERE key = ?",
                (stamp(due) if again else None, error[:200], news.key),
            )
        return again
