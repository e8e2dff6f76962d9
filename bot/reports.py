"""Wrong or missing answers that agents report to the editors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from bot.database import Database, stamp
from bot.privacy import mask
from kb.errors import InputError

ReportKind = Literal["wrong", "missing"]
"""``wrong``: an entry says what is not so. ``missing``: nothing answers the question."""

MAX_CHARS = 500


@dataclass(frozen=True, slots=True)
class Report:
    """One report, not settled while ``settled_by`` is empty. ``entry``: id of the entry it is about, or empty."""

    id: int
    at: datetime
    who: str
    kind: ReportKind
    question: str
    entry: str
    note: str
    settled_by: str = ""


class Reports:
    """Reached as :attr:`bot.journal.Journal.reports`; the caller has verified ``who``. Texts are masked here.

    All methods raise :class:`bot.errors.JournalError` when the file cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def report(self, who: str, kind: ReportKind, question: str, entry: str = "", note: str = "") -> int:
        """Tell the editors; returns the report's number. The same while it is not settled only takes the newer note.

        Raises:
            InputError: the kind is unknown, or there is neither a question nor an entry.
        """
        if kind not in get_args(ReportKind):
            raise InputError(f"反馈类型“{kind}”不可用；可选：wrong（内容有误）、missing（没有答案）。")
        asked, said = mask(question.strip())[:MAX_CHARS], mask(note.strip())[:MAX_CHARS]
        if not asked and not entry:
            raise InputError("请先输入顾客的问题，再反馈给编辑。")
        with self._database.write() as connection:
            same = connection.execute(
                "SELECT id FROM report WHERE who = ? AND kind = ? AND question = ? AND entry = ? AND settled_at IS NULL",
                (who, kind, asked, entry),
            ).fetchone()
            if same is not None:
                if said:
                    connection.execute("UPDATE report SET note = ? WHERE id = ?", (said, same["id"]))
                return int(same["id"])
            made = connection.execute(
                "INSERT INTO report (at, who, kind, question, entry, note) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                (stamp(self._clock()), who, kind, asked, entry, said),
            )
            return int(made.fetchone()["id"])

    def listed(self, *, settled: bool = False, limit: int = 200) -> list[Report]:
        """Reports that wait, or those that are ``settled``; the latest first."""
        test = "IS NOT NULL" if settled else "IS NULL"
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT * FROM report WHERE settled_at {test} ORDER BY id DESC LIMIT ?", (limit,)
            ).fetchall()
        return [
            Report(
                row["id"], datetime.fromisoformat(row["at"]), row["who"], row["kind"], row["question"], row["entry"],
                row["note"], row["settled_by"] or "",
            )
            for row in rows
        ]  # fmt: skip

    def settle(self, number: int, who: str) -> None:
        """An editor has seen to it; a second time changes nothing.

        Raises:
            InputError: there is no such report.
        """
        with self._database.write() as connection:
            if connection.execute("SELECT 1 FROM report WHERE id = ?", (number,)).fetchone() is None:
                raise InputError(f"没有编号为 {number} 的反馈；请刷新列表。")
            connection.execute(
                "UPDATE report SET settled_at = ?, settled_by = ? WHERE id = ? AND settled_at IS NULL",
                (stamp(self._clock()), who, number),
            )
