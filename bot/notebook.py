"""What a member of staff keeps at hand: favourite entries, and what was looked up last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.database import Database, stamp
from bot.privacy import mask

MOST_FAVOURITES = 50
MOST_RECENT = 10
QUESTION_CHARS = 200


class Notebook:
    """One for all of staff, each with pages of their own; the caller has verified ``who``.

    Reached as :attr:`bot.journal.Journal.notebook`. All methods raise :class:`bot.errors.JournalError` when the file
    cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def favourites(self, who: str) -> tuple[str, ...]:
        """Ids of the favourite entries of ``who``, the latest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT entry FROM favourite WHERE account = ? ORDER BY at DESC, entry LIMIT ?", (who, MOST_FAVOURITES)
            ).fetchall()
        return tuple(row["entry"] for row in rows)

    def favour(self, who: str, entry: str, on: bool) -> None:
        """Put an entry among the favourites of ``who``, or take it away; twice the same changes nothing."""
        with self._database.write() as connection:
            if on:
                connection.execute("INSERT INTO favourite VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (who, entry, stamp(self._clock())))
            else:
                connection.execute("DELETE FROM favourite WHERE account = ? AND entry = ?", (who, entry))

    def recent(self, who: str) -> tuple[str, ...]:
        """What ``who`` looked up last, the latest first, each wording once; numbers masked."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT question FROM looked_up WHERE account = ? ORDER BY at DESC LIMIT ?", (who, MOST_RECENT)
            ).fetchall()
        return tuple(row["question"] for row in rows)

    def looked_up(self, who: str, question: str) -> None:
        """Note that ``who`` looked ``question`` up; the oldest beyond :data:`MOST_RECENT` are forgotten."""
        kept = mask(" ".join(question.split()))[:QUESTION_CHARS]
        if not kept:
            return
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO looked_up VALUES (?, ?, ?) ON CONFLICT (account, question) DO UPDATE SET at = excluded.at",
                (who, kept, stamp(self._clock())),
            )
            connection.execute(
                "DELETE FROM looked_up WHERE account = ? AND question NOT IN"
                " (SELECT question FROM looked_up WHERE account = ? ORDER BY at DESC LIMIT ?)",
                (who, who, MOST_RECENT),
            )
