"""All rows of one journal put into another, whatever databases they are: a backup of a server, and moving to one."""

from __future__ import annotations

from bot.database import Connection

TABLES = (
    "account", "login", "login_failure", "turn", "rating", "unsolved", "question_state", "conversation", "ticket",
    "ticket_note", "outbox", "favourite", "looked_up", "report", "audit",
)  # fmt: skip
"""All tables, each after those that it refers to."""
NUMBERED = ("ticket_note", "report", "audit")
"""Those whose rows the database numbers."""
ROWS = 1_000
"""So many rows are held at a time."""


def empty(target: Connection) -> None:
    """Delete everything."""
    for table in reversed(TABLES):
        target.execute(f"DELETE FROM {table}")


def transfer(source: Connection, target: Connection) -> int:
    """Put all rows of ``source`` into ``target``, which is empty, in their order; returns how many.

    Both have the schema of this program. The caller holds a transaction on each.
    """
    moved = 0
    for table in TABLES:
        order = "id" if table in NUMBERED else "rowid"
        last = -1
        while rows := source.execute(
            f"SELECT {order} AS place, {table}.* FROM {table} WHERE {order} > ? ORDER BY {order} LIMIT ?", (last, ROWS)
        ).fetchall():
            names = [name for name in dict.fromkeys(rows[0].keys()) if name not in ("place", "rowid")]
            statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            for row in rows:
                target.execute(statement, [row[name] for name in names])
            last = rows[-1]["place"]
            moved += len(rows)
    return moved
