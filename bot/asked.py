"""``python -m bot questions``: what was really asked, masked as it was stored, for trying a draft out on it.

The lines are what ``python -m ingest impact --questions FILE`` reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import click

from kb.config import Home
from kb.console import emit, home_option

if TYPE_CHECKING:
    from bot.database import Database


@click.command("questions")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1), help="How far back.")
@click.option("--limit", default=2000, show_default=True, type=click.IntRange(1), help="Most questions, the most frequent first.")
@home_option
def questions(days: int, limit: int, home: Home) -> None:
    """The questions of the last days as JSON Lines {"text","audience","times"}, the most frequent first.

    \b
    Example:
      python -m bot questions --days 30 > asked.jsonl
      python -m ingest impact knowledge/public knowledge/internal --questions asked.jsonl
    """
    from bot.database import journal_of, open_database

    database = open_database(journal_of(home))
    for line in asked(database, datetime.now(timezone.utc) - timedelta(days=days), limit):
        emit(line)
    database.close()


def asked(database: Database, since: datetime, limit: int) -> Iterator[dict[str, Any]]:
    """Questions asked since then; those that differ in signs or width only are one.

    Raises:
        JournalError: the journal cannot be read.
    """
    from bot.database import stamp

    with database.read() as connection:
        rows = connection.execute(
            """
            SELECT max(question) AS text, role, count(*) AS times FROM turn
            WHERE scenario = 'question' AND question != '' AND at >= ?
            GROUP BY folded, role ORDER BY times DESC, folded LIMIT ?
            """,
            (stamp(since), limit),
        ).fetchall()
    for row in rows:
        audience = "public" if row["role"] == "customer" else "internal"
        yield {"text": row["text"], "audience": audience, "times": row["times"]}
