"""How customers were served, from the journal: a day at a time, and what stands out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, get_args

from bot.database import stamp
from bot.records import Outcome

if TYPE_CHECKING:
    from bot.database import Database

MOST = 8
"""So many questions and slow replies are named."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day where the shop is: how often each outcome, and the ratings given."""

    day: date
    outcomes: Mapping[Outcome, int]
    up: int = 0
    down: int = 0

    @property
    def questions(self) -> int:
        """Messages of customers."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Slow:
    """A reply that took long: seconds, and to what."""

    seconds: float
    question: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """What the dashboard shows of some days, oldest first, without a gap.

    ``top``: ids of the entries that answered most, with how often. ``reasons``: why replies were rated
    down, with how often. ``p50`` and ``p95``: seconds of a reply.
    """

    days: tuple[Day, ...]
    top: tuple[tuple[str, int], ...]
    slowest: tuple[Slow, ...]
    reasons: tuple[tuple[str, int], ...]
    p50: float
    p95: float

    def total(self, outcome: Outcome | None = None) -> int:
        """Messages in all, or those of one outcome."""
        return sum(day.questions if outcome is None else day.outcomes[outcome] for day in self.days)

    @property
    def satisfaction(self) -> float | None:
        """Share of good ratings in [0, 1]; None without a rating."""
        up, down = sum(day.up for day in self.days), sum(day.down for day in self.days)
        return up / (up + down) if up + down else None


def figures(database: Database, days: int, now: datetime, zone: tzinfo) -> Figures:
    """Of the last ``days`` days up to ``now``, by the calendar of ``zone``; agents' own look-ups are not counted.

    Raises:
        JournalError: the file cannot be read.
    """
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    since = stamp(datetime(first.year, first.month, first.day, tzinfo=zone))
    with database.read() as connection:
        rows = connection.execute(
            "SELECT turn.at, question, outcome, entry, ms, value, reasons FROM turn"
            " LEFT JOIN rating ON rating.turn = turn.id WHERE role = 'customer' AND turn.at >= ? ORDER BY turn.at",
            (since,),
        ).fetchall()
    counts: dict[date, Counter[Outcome]] = {first + timedelta(days=number): Counter() for number in range(days)}
    up: Counter[date] = Counter()
    down: Counter[date] = Counter()
    answers: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for row in rows:
        day = datetime.fromisoformat(row["at"]).astimezone(zone).date()
        if day not in counts:
            continue
        counts[day][row["outcome"]] += 1
        up[day] += row["value"] == "up"
        down[day] += row["value"] == "down"
        reasons.update(json.loads(row["reasons"] or "[]"))
        if row["outcome"] == "answer" and row["entry"]:
            answers[row["entry"]] += 1
    times = sorted(row["ms"] / 1000 for row in rows)
    slow = sorted(rows, key=lambda row: -row["ms"])[:MOST]
    return Figures(
        tuple(
            Day(day, {outcome: found[outcome] for outcome in get_args(Outcome)}, up[day], down[day])
            for day, found in counts.items()
        ),
        tuple(answers.most_common(MOST)),
        tuple(Slow(row["ms"] / 1000, row["question"], datetime.fromisoformat(row["at"])) for row in slow),
        tuple(reasons.most_common()),
        _at(times, 0.5),
        _at(times, 0.95),
    )


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
