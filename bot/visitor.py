"""One visitor's data: handed out, and deleted (PIPL articles 45 and 47).

A visitor has no account, so who asks has to show that the data is theirs, in one of three ways:

* the id of the session, which only their browser holds;
* a ticket's number together with the contact left with it;
* a ticket's number or a contact alone, once a member of staff has reached the person at that contact and says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.database import Connection, Database, Row, digest, stamp
from bot.numbers import fold
from bot.privacy import contacts, mask
from kb.errors import InputError

_TICKET = re.compile(r"T\d{6}-\d{6}")
REMOVED = "（已应顾客要求删除）"
"""What stands in a ticket instead of the customer's words."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data it is: digests of their sessions and the numbers of their tickets. ``proof``: how that was shown."""

    sessions: tuple[str, ...]
    tickets: tuple[str, ...]
    proof: str


class Visitors:
    """What the journal holds of one visitor; every method is done on behalf of ``who``, a member of staff.

    All methods raise :class:`bot.errors.JournalError` when the file cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def find(self, given: str, *, contact: str = "", verified: str = "") -> Subject:
        """The visitor that ``given`` names: a session id, a ticket's number, or a contact.

        Args:
            contact: the contact left with the ticket, as the person names it.
            verified: how a member of staff made sure who asks, where the rest does not show it.

        Raises:
            InputError: nothing is known under it, or it is not shown that the data is the person's.
        """
        given = given.strip()
        with self._database.read() as connection:
            if _TICKET.fullmatch(given):
                return self._by_ticket(connection, given, contact, verified)
            key = digest(given)
            if (
                connection.execute("SELECT 1 FROM turn WHERE session = ?", (key,)).fetchone()
                or connection.execute("SELECT 1 FROM ticket WHERE session = ?", (key,)).fetchone()
            ):
                return Subject((key,), self._tickets(connection, (key,)), "session")
            wanted = _comparable(given)
            rows = connection.execute("SELECT id, session, contact FROM ticket WHERE contact != ''").fetchall()
            found = [row for row in rows if wanted & _comparable(row["contact"])]
            if not wanted or not found:
                raise InputError("没有找到这位访客的数据；请核对会话编号、登记号或联系方式。数据也可能已经过期删除。")
            if not verified.strip():
                raise InputError("只凭联系方式还不能确认是本人；请先按这个联系方式联系到对方，再用 --verified 写明怎样确认的。")
            return self._subject(connection, found, "contact")

    def export(self, subject: Subject, who: str) -> dict[str, Any]:
        """All that is kept of the visitor, as JSON values; that it was handed out is written to the audit."""
        with self._database.write() as connection:
            data: dict[str, Any] = {"exported_at": stamp(self._clock())}
            for name, statement in _TABLES.items():
                table, keys = name, subject.tickets if name in ("tickets", "ticket_notes") else subject.sessions
                rows = connection.execute(statement.format(marks=_marks(keys)), keys).fetchall()
                data[table] = [{key: _value(row[key]) for key in row.keys() if key not in ("session", "rowid")} for row in rows]  # noqa: SIM118
            self._audit(connection, who, "export_visitor", subject, len(data["turns"]), len(data["tickets"]))
        return data

    def delete(self, subject: Subject, who: str) -> tuple[int, int]:
        """Delete the conversations with their ratings, and the personal parts of the tickets; returns how many of each.

        Of a ticket its number, kind and times stay; one that was open is closed. The audit says that it was done, by
        whom and how often, not of whom. The files hold nothing of the text afterwards.
        """
        now = stamp(self._clock())
        with self._database.write() as connection:
            marks, tickets = _marks(subject.sessions), _marks(subject.tickets)
            folded = connection.execute(
                f"SELECT DISTINCT folded FROM turn WHERE session IN ({marks})", subject.sessions
            ).fetchall()
            turns = connection.execute(f"DELETE FROM turn WHERE session IN ({marks})", subject.sessions).rowcount
            connection.execute(f"DELETE FROM conversation WHERE session IN ({marks})", subject.sessions)
            for row in folded:
                connection.execute(
                    "DELETE FROM question_state WHERE folded = ? AND NOT EXISTS (SELECT 1 FROM turn WHERE folded = ?)",
                    (row["folded"], row["folded"]),
                )
            connection.execute(f"DELETE FROM ticket_note WHERE ticket IN ({tickets})", subject.tickets)
            connection.execute(f"DELETE FROM outbox WHERE ticket IN ({tickets})", subject.tickets)
            connection.execute(
                "UPDATE ticket SET session = '', question = ?, contact = '', details = '[]', facts = '{}', result = '',"
                " closed_at = coalesce(closed_at, ?), closed_by = coalesce(closed_by, ?), state = 'closed'"
                f" WHERE id IN ({tickets})",
                (REMOVED, now, who, *subject.tickets),
            )
            self._audit(connection, who, "delete_visitor", subject, turns, len(subject.tickets))
        self._database.scrub()
        return turns, len(subject.tickets)

    def _by_ticket(self, connection: Connection, number: str, contact: str, verified: str) -> Subject:
        row = connection.execute("SELECT id, session, contact FROM ticket WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise InputError(f"没有登记号 {number}；请核对号码。")
        if contact and _comparable(contact) & _comparable(row["contact"]):
            return self._subject(connection, [row], "ticket and contact")
        if not verified.strip():
            raise InputError(
                f"只凭登记号 {number} 还不能确认是本人；请用 --contact 写上对方当时留下的联系方式，或用 --verified 写明怎样确认的。"
            )
        return self._subject(connection, [row], "ticket")

    def _subject(self, connection: Connection, rows: list[Row], proof: str) -> Subject:
        sessions = tuple(dict.fromkeys(row["session"] for row in rows if row["session"]))
        tickets = dict.fromkeys([*(row["id"] for row in rows), *self._tickets(connection, sessions)])
        return Subject(sessions, tuple(tickets), proof)

    def _tickets(self, connection: Connection, sessions: tuple[str, ...]) -> tuple[str, ...]:
        rows = connection.execute(f"SELECT id FROM ticket WHERE session IN ({_marks(sessions)})", sessions).fetchall()
        return tuple(row["id"] for row in rows)

    def _audit(
        self, connection: Connection, who: str, action: str, subject: Subject, turns: int, tickets: int
    ) -> None:
        detail = f"turns={turns} tickets={tickets} proof={subject.proof}"
        connection.execute(
            "INSERT INTO audit (at, who, action, detail) VALUES (?, ?, ?, ?)",
            (stamp(self._clock()), mask(who), action, detail),
        )


_TABLES = {
    "turns": "SELECT * FROM turn WHERE session IN ({marks}) ORDER BY rowid",
    "ratings": "SELECT rating.* FROM rating JOIN turn ON turn.id = rating.turn WHERE session IN ({marks}) ORDER BY rating.at",
    "unsolved": "SELECT unsolved.* FROM unsolved JOIN turn ON turn.id = unsolved.turn WHERE session IN ({marks})",
    "conversation": "SELECT * FROM conversation WHERE session IN ({marks})",
    "tickets": "SELECT * FROM ticket WHERE id IN ({marks}) ORDER BY at",
    "ticket_notes": "SELECT * FROM ticket_note WHERE ticket IN ({marks}) ORDER BY id",
}


def _comparable(contact: str) -> set[str]:
    """Ways to reach somebody, each in one form: digits of phones, lower case of the rest."""
    ways = contacts(contact) or [part for part in contact.split("；") if part.strip()]
    return {re.sub(r"[^0-9a-z@._]", "", re.sub(r"(?<=\d)[- ](?=\d)", "", fold(way).lower())) for way in ways} - {""}


def _marks(values: tuple[str, ...]) -> str:
    return ",".join("?" * len(values)) or "NULL"  # of none, none is found


def _value(stored: Any) -> Any:
    """A stored value; JSON lists and objects as such."""
    if isinstance(stored, str) and stored[:1] in ("[", "{"):
        try:
            return json.loads(stored)
        except ValueError:
            return stored
    return stored
