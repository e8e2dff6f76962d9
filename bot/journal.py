"""The lasting memory: what was asked and said, how it was rated, and what a person still has to answer."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal, get_args

from bot.database import Database
from bot.privacy import mask
from bot.records import Citation, Reply, Role, TurnView
from kb.errors import InputError
from kb.text import normalise

Rating = Literal["up", "down"]

TicketKind = Literal[
    "question", "human", "suggestion", "complaint_slow", "complaint_attitude", "complaint_error", "complaint_other",
    "abusive",
]  # fmt: skip

MAX_COMMENT_CHARS = 500


@dataclass(frozen=True, slots=True)
class Ticket:
    """Something a person has to see to.

    ``question`` is what the customer said, masked; ``contact`` how to reach them, as given; ``details`` what they
    added since. ``due`` is None where no answer was promised (suggestions).
    """

    id: str
    at: datetime
    kind: str
    question: str
    contact: str
    details: tuple[str, ...]
    due: datetime | None
    state: Literal["open", "closed"]
    closed_at: datetime | None = None
    closed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that was asked in vain. ``reason``: the worst that happened to it."""

    question: str
    times: int
    last: datetime
    reason: Literal["none", "clarify", "down"]


class Journal:
    """Conversations, ratings and tickets in one file; every method that writes returns after the write is durable.

    All methods raise :class:`bot.errors.JournalError` when the file cannot be used; nothing of the step is then
    stored. Personal numbers are masked here, so that no caller can forget it.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> None:
        self._database = Database(path)
        self._clock = clock

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside becomes durable at the end of the block, all of it or nothing."""
        with self._database.write():
            yield

    def turn(self, session: str, role: Role, question: str, reply: Reply) -> str:
        """Store one exchange; returns its id, by which it can be rated."""
        key = secrets.token_urlsafe(12)
        masked = mask(question)
        row = (
            key, self._now(), _digest(session), role, masked, normalise(masked), mask(reply.text), reply.outcome,
            reply.scenario, reply.confidence, reply.generation, reply.citations[0].id if reply.citations else None,
            json.dumps([asdict(citation) for citation in reply.citations], ensure_ascii=False),
            json.dumps(reply.choices, ensure_ascii=False), reply.ms, reply.ticket,
        )  # fmt: skip
        with self._database.write() as connection:
            connection.execute(f"INSERT INTO turn VALUES ({','.join('?' * len(row))})", row)
        return key

    def rate(self, turn_id: str, session: str, value: Rating, comment: str = "") -> None:
        """Rate a reply; a second rating replaces the first.

        Raises:
            InputError: ``value`` is unknown, or the turn does not belong to ``session``.
        """
        if value not in get_args(Rating):
            raise InputError(f"评价“{value}”不可用；可选：up（满意）、down（不满意）。")
        with self._database.write() as connection:
            owner = connection.execute("SELECT session FROM turn WHERE id = ?", (turn_id,)).fetchone()
            if owner is None or not secrets.compare_digest(owner["session"], _digest(session)):
                raise InputError("这条回复不属于当前对话，暂时无法评价；请刷新页面后再试。")
            connection.execute(
                "INSERT OR REPLACE INTO rating VALUES (?, ?, ?, ?)",
                (turn_id, self._now(), value, mask(comment[:MAX_COMMENT_CHARS])),
            )

    def turns(self, session: str, since: datetime | None = None) -> list[TurnView]:
        """The bubbles of a conversation, oldest first, as stored (numbers masked)."""
        views: list[TurnView] = []
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM turn WHERE session = ? AND at >= ? ORDER BY rowid",
                (_digest(session), _text(since) if since else ""),
            ).fetchall()
        for row in rows:
            if row["question"]:
                views.append(TurnView("customer", row["question"]))
            citations = tuple(Citation(**citation) for citation in json.loads(row["citations"]))
            views.append(TurnView("bot", row["reply"], citations, tuple(json.loads(row["choices"])), row["id"]))
        return views

    def ticket(
        self, session: str, kind: TicketKind, question: str, *, contact: str = "", due_hours: float | None = None
    ) -> str:
        """Open a ticket for a person; returns its number. An answer is due ``due_hours`` from now; None promises none."""
        now = self._clock()
        due = _text(now + timedelta(hours=due_hours)) if due_hours is not None else None
        with self._database.write() as connection:
            while True:
                key = f"T{now.astimezone(timezone.utc):%y%m%d}-{secrets.randbelow(10**6):06d}"
                try:
                    connection.execute(
                        "INSERT INTO ticket (id, at, session, kind, question, contact, due)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?)",
                        (key, _text(now), _digest(session), kind, mask(question), contact, due),
                    )
                    return key
                except sqlite3.IntegrityError:
                    if connection.execute("SELECT 1 FROM ticket WHERE id = ?", (key,)).fetchone() is None:
                        raise

    def add_to_ticket(self, ticket_id: str, session: str, *, contact: str = "", detail: str = "") -> None:
        """Add what the customer told since: a way to reach them, or facts.

        Raises:
            InputError: the ticket is not open, or does not belong to ``session``.
        """
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT * FROM ticket WHERE id = ? AND session = ? AND state = 'open'", (ticket_id, _digest(session))
            ).fetchone()
            if row is None:
                raise InputError(f"登记号 {ticket_id} 已经处理完毕或不属于当前对话，未能补充；请重新告诉我们一次。")
            details = [*json.loads(row["details"]), *([mask(detail)] if detail else [])]
            contacts = [part for part in row["contact"].split("；") if part]
            if contact and contact not in contacts:
                contacts.append(contact)
            connection.execute(
                "UPDATE ticket SET contact = ?, details = ? WHERE id = ?",
                ("；".join(contacts), json.dumps(details, ensure_ascii=False), ticket_id),
            )

    def close_ticket(self, ticket_id: str, who: str) -> None:
        """Mark a ticket as seen to by ``who``.

        Raises:
            InputError: there is no open ticket of that number.
        """
        with self._database.write() as connection:
            changed = connection.execute(
                "UPDATE ticket SET state = 'closed', closed_at = ?, closed_by = ? WHERE id = ? AND state = 'open'",
                (self._now(), who, ticket_id),
            ).rowcount
            if not changed:
                raise InputError(f"没有找到待处理的登记号 {ticket_id}；它可能已被同事处理，请刷新列表。")
            connection.execute(
                "INSERT INTO audit (at, who, action, detail) VALUES (?, ?, 'close_ticket', ?)",
                (self._now(), who, ticket_id),
            )

    def tickets(self, state: Literal["open", "closed"] | None = "open", limit: int = 200) -> list[Ticket]:
        """Tickets, those due first at the front; ``state`` None gives all."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM ticket WHERE ?1 IS NULL OR state = ?1 ORDER BY due IS NULL, due, at LIMIT ?2",
                (state, limit),
            ).fetchall()
        return [_ticket(row) for row in rows]

    def unanswered(self, limit: int = 100, since: datetime | None = None) -> list[Unanswered]:
        """Questions asked in vain or rated down, the most frequent first."""
        with self._database.read() as connection:
            rows = connection.execute(
                """
                SELECT max(question) AS question, count(*) AS times, max(turn.at) AS last,
                       max(CASE WHEN value = 'down' THEN 2 WHEN outcome = 'handoff' THEN 1 ELSE 0 END) AS reason
                FROM turn LEFT JOIN rating ON rating.turn = turn.id
                WHERE scenario = 'question' AND question != '' AND turn.at >= ?
                      AND (outcome IN ('handoff', 'clarify') OR value = 'down')
                GROUP BY folded ORDER BY times DESC, last DESC LIMIT ?
                """,
                (_text(since) if since else "", limit),
            ).fetchall()
        reasons: tuple[Literal["clarify", "none", "down"], ...] = ("clarify", "none", "down")
        return [
            Unanswered(row["question"], row["times"], datetime.fromisoformat(row["last"]), reasons[row["reason"]])
            for row in rows
        ]

    def most_asked(self, limit: int = 5, since: datetime | None = None) -> list[str]:
        """Ids of the entries that answered customers most often, the most frequent first."""
        with self._database.read() as connection:
            rows = connection.execute(
                """
                SELECT entry FROM turn
                WHERE outcome = 'answer' AND role = 'customer' AND at >= ? AND entry IS NOT NULL
                GROUP BY entry ORDER BY count(*) DESC, entry LIMIT ?
                """,
                (_text(since) if since else "", limit),
            ).fetchall()
        return [row["entry"] for row in rows]

    def purge(self, before: datetime) -> int:
        """Delete conversations, ratings and closed tickets older than ``before``; returns how many turns went."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM ticket WHERE state = 'closed' AND closed_at < ?", (_text(before),))
            return connection.execute("DELETE FROM turn WHERE at < ?", (_text(before),)).rowcount

    def close(self) -> None:
        """Give the file back; the next use opens it again."""
        self._database.close()

    def _now(self) -> str:
        return _text(self._clock())


def _text(moment: datetime) -> str:
    # UTC with fixed width: ISO texts then order as the moments do.
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()[:32]


def _ticket(row: sqlite3.Row) -> Ticket:
    def moment(value: str | None) -> datetime | None:
        return datetime.fromisoformat(value) if value else None

    return Ticket(
        row["id"], datetime.fromisoformat(row["at"]), row["kind"], row["question"], row["contact"],
        tuple(json.loads(row["details"])), moment(row["due"]), row["state"], moment(row["closed_at"]), row["closed_by"],
    )  # fmt: skip
