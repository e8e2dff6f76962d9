"""What is past its time is deleted, class by class; by the server every day, and by ``python -m bot retain``."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta

from bot.database import Connection, Database, stamp
from bot.settings import RetentionSettings
from kb.errors import SettingsError

CLASSES = {
    "conversations": "对话",
    "ratings": "评价",
    "contacts": "已办结工单的联系方式",
    "tickets": "已办结的工单",
    "audit": "操作记录",
    "login_failures": "登录失败记录",
}
"""The classes, in the order in which they are seen to, and what people call them."""

MEMORY = timedelta(days=1)
"""What a conversation stood at is needed until it is given up (``[bot] session_minutes``), and not kept longer."""

_STATEMENTS: dict[str, tuple[str, ...]] = {
    "conversations": (
        "DELETE FROM turn WHERE at < ?",
        "DELETE FROM question_state WHERE at < ?",
        "DELETE FROM looked_up WHERE at < ?",
        "DELETE FROM report WHERE at < ?",
    ),
    "ratings": ("DELETE FROM rating WHERE at < ?", "DELETE FROM unsolved WHERE at < ?"),
    "tickets": ("DELETE FROM ticket WHERE state = 'closed' AND closed_at < ?",),
    "audit": ("DELETE FROM audit WHERE at < ?",),
    "login_failures": ("DELETE FROM login_failure WHERE at < ?",),
}


class _OnlyLooking(Exception):
    """Ends the transaction of a dry run, so that nothing of it stays."""


def retain(database: Database, settings: RetentionSettings, now: datetime, *, dry_run: bool = False) -> dict[str, int]:
    """Delete what is older than the settings keep it; returns how many rows went, by class.

    Ratings go with their conversation at the latest. Open tickets are never touched. What was deleted is written to the
    audit, as numbers. With ``dry_run`` the same is done and taken back.

    Raises:
        SettingsError: a term is not positive. JournalError: the file cannot be used; then nothing is deleted.
    """
    terms = dataclasses.asdict(settings)
    for name, days in terms.items():
        if days <= 0:
            raise SettingsError(f"[{RetentionSettings.TABLE}] {name} 的值是 {days}，保留天数至少是 1；请改正。")
    gone: dict[str, int] = {}
    try:
        with database.write() as connection:
            for name in CLASSES:
                before = stamp(now - timedelta(days=terms[name]))
                if name == "contacts":
                    gone[name] = _forget_contacts(connection, before)
                    continue
                gone[name] = sum(
                    max(0, connection.execute(statement, (before,)).rowcount) for statement in _STATEMENTS[name]
                )
            connection.execute("DELETE FROM conversation WHERE at < ?", (stamp(now - MEMORY),))
            if dry_run:
                raise _OnlyLooking
            if any(gone.values()):
                detail = " ".join(f"{name}={number}" for name, number in gone.items() if number)
                connection.execute(
                    "INSERT INTO audit (at, who, action, detail) VALUES (?, '', 'retain', ?)", (stamp(now), detail)
                )
    except _OnlyLooking:
        return gone
    if any(gone.values()):
        database.scrub()
    return gone


def _forget_contacts(connection: Connection, before: str) -> int:
    """Take from tickets closed before then how to reach the customer; returns from how many.

    A name to call somebody by is of the same kind as the number to call.
    """
    rows = connection.execute(
        "SELECT id, contact, facts FROM ticket"
        " WHERE state = 'closed' AND closed_at < ? AND (contact <> '' OR facts LIKE '%\"name\"%')",
        (before,),
    ).fetchall()
    gone = 0
    for row in rows:
        facts = json.loads(row["facts"])
        if row["contact"] or facts.get("name"):
            facts.pop("name", None)
            connection.execute(
                "UPDATE ticket SET contact = '', facts = ? WHERE id = ?", (json.dumps(facts, ensure_ascii=False), row["id"])
            )
            gone += 1
    return gone
