"""What a person has to see to: opened by the assistant, added to by the customer, worked on and closed by staff.

    open --take--> in_progress --wait--> waiting --(the customer writes, or take)--> in_progress --close--> closed

A ticket may be closed from every state, given back (``release``) and opened again (``reopen``). Reached as
:attr:`bot.journal.Journal.tickets`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from datetime import datetime, timedelta, timezone

from bot.database import Connection, Database, Row, digest, stamp
from bot.privacy import mask
from bot.ticket import PENDING, STATES, UNTOLD, Action, Card, Exchange, Facts, Note, State, Ticket, TicketKind
from kb.errors import InputError

__all__ = [
    "PENDING", "STATES", "UNTOLD", "Action", "Card", "Exchange", "Facts", "Note", "State", "Ticket", "TicketKind", "Tickets",
]  # fmt: skip

MAX_TEXT_CHARS = 2_000
"""Most characters kept of a note, a result or something a customer added."""
MAX_DETAILS = 100
"""Most additions kept of one customer to one ticket; the last one is replaced then."""


class Tickets:
    """The tickets in the journal's database; every method that writes returns after the write is durable.

    Methods of the customer's side (``open``, ``add``, ``withdraw``) take the session and touch its own tickets only;
    those of the staff's side take the name of who does it, which the caller has verified. Texts are masked here.
    All methods raise :class:`bot.errors.JournalError` when the file cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self.announced = False
        """Whether new tickets are put into the outbox for a webhook; see :mod:`bot.webhook`."""

    # ------------------------------------------------------------------ the customer's side

    def open(
        self,
        session: str,
        kind: TicketKind,
        question: str,
        *,
        contact: str = "",
        facts: Facts = UNTOLD,
        due: datetime | None = None,
    ) -> Ticket:
        """A new ticket; an answer is promised until ``due``, None promises none."""
        now = self._clock()
        with self._database.write() as connection:
            made = 0
            while not made:
                key = f"T{now.astimezone(timezone.utc):%y%m%d}-{secrets.randbelow(10**6):06d}"
                made = connection.execute(
                    "INSERT INTO ticket (id, at, session, kind, question, contact, facts, due)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                    (
                        key, stamp(now), digest(session), kind, _kept(question), contact, _json(_safe(facts)),
                        stamp(due) if due else None,
                    ),
                ).rowcount  # fmt: skip
            if self.announced:
                connection.execute(
                    "INSERT INTO outbox (key, ticket, at, due) VALUES (?, ?, ?, ?)",
                    (secrets.token_urlsafe(16), key, stamp(now), stamp(now)),
                )
            return _ticket(_row(connection, key))

    def add(
        self,
        ticket_id: str,
        session: str,
        *,
        contact: str = "",
        detail: str = "",
        facts: Facts = UNTOLD,
        due: datetime | None = None,
    ) -> Ticket:
        """Add what the customer told since: a way to reach them, facts, or words not said before.

        ``due`` moves the promised time forward, never back. Whoever waited for the customer works on it again.

        Raises:
            InputError: the ticket is closed, or does not belong to ``session``.
        """
        with self._database.write() as connection:
            row = _own(connection, ticket_id, session, PENDING)
            details, new = json.loads(row["details"]), _kept(detail)
            if new and new not in (row["question"], *details):
                details = [*details[: MAX_DETAILS - 1], new]
            contacts = [part for part in row["contact"].split("；") if part]
            contacts += [part for part in contact.split("；") if part and part not in contacts]
            sooner = min(filter(None, (row["due"], stamp(due) if due else None)), default=None)
            connection.execute(
                "UPDATE ticket SET contact = ?, details = ?, facts = ?, due = ?,"
                " state = CASE state WHEN 'waiting' THEN 'in_progress' ELSE state END WHERE id = ?",
                (
                    "；".join(contacts), _json(details),
                    _json(Facts(**json.loads(row["facts"])).joined(_safe(facts))), sooner, ticket_id,
                ),
            )  # fmt: skip
            return _ticket(_row(connection, ticket_id))

    def withdraw(self, ticket_id: str, session: str) -> Ticket:
        """Close a ticket because the customer no longer wants it seen to; one that is closed stays as it is.

        Raises:
            InputError: the ticket does not belong to ``session``.
        """
        with self._database.write() as connection:
            row = _own(connection, ticket_id, session)
            if row["state"] != "closed":
                connection.execute(
                    "UPDATE ticket SET state = 'closed', closed_at = ?, result = '顾客已撤回' WHERE id = ?",
                    (self._now(), ticket_id),
                )
                self._noted(connection, ticket_id, "", "withdraw", "")
            return _ticket(_row(connection, ticket_id))

    # ------------------------------------------------------------------ the staff's side

    def take(self, ticket_id: str, who: str) -> None:
        """``who`` works on it from now on.

        Raises:
            InputError: it is closed, or somebody else works on it.
        """
        with self._database.write() as connection:
            row = _pending(connection, ticket_id)
            if row["taken_by"] not in (None, who):
                raise InputError(f"登记号 {ticket_id} 已由 {row['taken_by']} 在处理；需要接手的话，请先请对方退回。")
            connection.execute(
                "UPDATE ticket SET state = 'in_progress', taken_by = ?, taken_at = coalesce(taken_at, ?) WHERE id = ?",
                (who, self._now(), ticket_id),
            )
            self._noted(connection, ticket_id, who, "take", "")

    def release(self, ticket_id: str, who: str, text: str = "") -> None:
        """Give it back to everybody.

        Raises:
            InputError: it is closed.
        """
        with self._database.write() as connection:
            _pending(connection, ticket_id)
            connection.execute(
                "UPDATE ticket SET state = 'open', taken_by = NULL, taken_at = NULL WHERE id = ?", (ticket_id,)
            )
            self._noted(connection, ticket_id, who, "release", text)

    def wait(self, ticket_id: str, who: str, text: str = "") -> None:
        """The customer was asked for something; ``text`` says what.

        Raises:
            InputError: it is closed, or somebody else works on it.
        """
        with self._database.write() as connection:
            self.take(ticket_id, who)
            connection.execute("UPDATE ticket SET state = 'waiting' WHERE id = ?", (ticket_id,))
            self._noted(connection, ticket_id, who, "wait", text)

    def close(self, ticket_id: str, who: str, result: str = "") -> None:
        """It is settled; ``result`` says how.

        Raises:
            InputError: it is closed already.
        """
        with self._database.write() as connection:
            _pending(connection, ticket_id)
            connection.execute(
                "UPDATE ticket SET state = 'closed', closed_at = ?, closed_by = ?, result = ? WHERE id = ?",
                (self._now(), who, _kept(result), ticket_id),
            )
            self._noted(connection, ticket_id, who, "close", result)

    def reopen(self, ticket_id: str, who: str, text: str = "") -> None:
        """It was not settled after all; ``who`` works on it.

        Raises:
            InputError: it is not closed.
        """
        with self._database.write() as connection:
            if _row(connection, ticket_id)["state"] != "closed":
                raise InputError(f"登记号 {ticket_id} 还没有办结，不需要重新打开；请刷新列表。")
            connection.execute(
                "UPDATE ticket SET state = 'in_progress', taken_by = ?, taken_at = ?, closed_at = NULL,"
                " closed_by = NULL WHERE id = ?",
                (who, self._now(), ticket_id),
            )
            self._noted(connection, ticket_id, who, "reopen", text)

    def note(self, ticket_id: str, who: str, text: str) -> None:
        """Write something down for colleagues; also on a closed ticket.

        Raises:
            InputError: there is no such ticket, or nothing is written.
        """
        if not text.strip():
            raise InputError("备注还是空的；请写好内容再保存。")
        with self._database.write() as connection:
            _row(connection, ticket_id)
            self._noted(connection, ticket_id, who, "note", text)

    def listed(
        self,
        states: Collection[State] = PENDING,
        *,
        kinds: Collection[TicketKind] = (),
        taken_by: str | None = None,
        overdue: bool = False,
        limit: int = 200,
    ) -> list[Ticket]:
        """Tickets in one of ``states``, those due first at the front, ``limit`` at most.

        ``kinds``: only of these kinds, empty for all. ``taken_by``: only those that this member of staff works on.
        ``overdue``: only those whose promised time has passed.
        """
        query = f"SELECT * FROM ticket WHERE state IN ({_marks(states)})"
        values: list[object] = [*states]
        if kinds:
            query += f" AND kind IN ({_marks(kinds)})"
            values += kinds
        if taken_by is not None:
            query += " AND taken_by = ?"
            values.append(taken_by)
        if overdue:
            query += " AND due <= ? AND state != 'closed'"
            values.append(self._now())
        with self._database.read() as connection:
            rows = connection.execute(f"{query} ORDER BY due IS NULL, due, at, id LIMIT ?", (*values, limit)).fetchall()
        return [_ticket(row) for row in rows]

    def viewed(self, ticket_ids: Collection[str], who: str) -> None:
        """Write to the audit that ``who`` was shown how to reach the customers of these tickets."""
        if ticket_ids:
            with self._database.write() as connection:
                connection.execute(
                    "INSERT INTO audit (at, who, action, detail) VALUES (?, ?, 'view_contact', ?)",
                    (self._now(), who, " ".join(ticket_ids)),
                )

    def counts(self) -> dict[State, int]:
        """How many tickets are in each state."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT state, count(*) AS number FROM ticket GROUP BY state").fetchall()
        found = {row["state"]: row["number"] for row in rows}
        return {state: found.get(state, 0) for state in STATES}

    def card(self, ticket_id: str, before: timedelta = timedelta(hours=1)) -> Card:
        """All that is known of a ticket; the conversation from ``before`` its opening on.

        Raises:
            InputError: there is no such ticket.
        """
        with self._database.read() as connection:
            row = _row(connection, ticket_id)
            ticket = _ticket(row)
            notes = connection.execute("SELECT * FROM ticket_note WHERE ticket = ? ORDER BY id", (ticket_id,)).fetchall()
            turns = connection.execute(
                "SELECT at, question, reply, outcome, ticket FROM turn"
                " WHERE session = ? AND at >= ? AND at <= ? ORDER BY rowid",
                (row["session"], stamp(ticket.at - before), row["closed_at"] or self._now()),
            ).fetchall()
        return Card(
            ticket,
            tuple(Note(datetime.fromisoformat(one["at"]), one["who"], one["action"], one["text"]) for one in notes),
            tuple(
                Exchange(datetime.fromisoformat(turn["at"]), turn["question"], turn["reply"], turn["outcome"], turn["ticket"])
                for turn in turns
            ),
        )

    def _noted(self, connection: Connection, ticket_id: str, who: str, action: Action, text: str) -> None:
        connection.execute(
            "INSERT INTO ticket_note (ticket, at, who, action, text) VALUES (?, ?, ?, ?, ?)",
            (ticket_id, self._now(), who, action, _kept(text)),
        )

    def _now(self) -> str:
        return stamp(self._clock())


def _row(connection: Connection, ticket_id: str) -> Row:
    row: Row | None = connection.execute("SELECT * FROM ticket WHERE id = ?", (ticket_id,)).fetchone()
    if row is None:
        raise InputError(f"没有登记号 {ticket_id}；请核对号码，或刷新列表后再试。")
    return row


def _pending(connection: Connection, ticket_id: str) -> Row:
    row = _row(connection, ticket_id)
    if row["state"] == "closed":
        who = row["closed_by"] or "顾客本人"
        raise InputError(f"登记号 {ticket_id} 已由 {who} 办结；请刷新列表，需要继续处理时请重新打开。")
    return row


def _own(
    connection: Connection, ticket_id: str, session: str, states: Collection[State] = STATES
) -> Row:
    row: Row | None = connection.execute(
        f"SELECT * FROM ticket WHERE id = ? AND session = ? AND state IN ({_marks(states)})",
        (ticket_id, digest(session), *states),
    ).fetchone()
    if row is None:
        raise InputError(f"登记号 {ticket_id} 已经处理完毕或不属于当前对话，未能补充；请重新告诉我们一次。")
    return row


def _kept(text: str) -> str:
    return mask(text.strip())[:MAX_TEXT_CHARS]


def _safe(facts: Facts) -> Facts:
    return replace(facts, what=_kept(facts.what), order=f"****{facts.order[-4:]}" if facts.order else "")


def _json(value: Facts | list[str]) -> str:
    return json.dumps(asdict(value) if isinstance(value, Facts) else value, ensure_ascii=False)


def _marks(values: Collection[str]) -> str:
    return ",".join("?" * len(values))


def _ticket(row: Row) -> Ticket:
    def moment(value: str | None) -> datetime | None:
        return datetime.fromisoformat(value) if value else None

    return Ticket(
        row["id"], datetime.fromisoformat(row["at"]), row["kind"], row["question"], row["contact"],
        tuple(json.loads(row["details"])), moment(row["due"]), row["state"], Facts(**json.loads(row["facts"])),
        row["taken_by"], moment(row["taken_at"]), moment(row["closed_at"]), row["closed_by"], row["result"],
    )  # fmt: skip
