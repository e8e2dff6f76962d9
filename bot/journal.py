"""The lasting memory: what was asked and said, how it was rated, and what a person still has to answer."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone, tzinfo
from typing import TYPE_CHECKING, Any, Literal, get_args

from bot.dashboard import Figures, figures
from bot.database import Connection, Where, digest, open_database, stamp
from bot.notebook import Notebook
from bot.outbox import Outbox
from bot.privacy import mask
from bot.records import Citation, Reply, Role, TurnView
from bot.reports import Reports
from bot.retention import retain
from bot.settings import RetentionSettings
from bot.tickets import Tickets
from bot.unanswered import State, Unanswered, settle, unanswered
from bot.visitor import Visitors
from kb.errors import InputError
from kb.text import normalise

if TYPE_CHECKING:
    from kb.encoder import Encoder

Rating = Literal["up", "down"]

Reason = Literal["irrelevant", "wrong", "incomplete", "unclear", "tone", "other"]
"""Why a reply was rated as it was; :data:`REASONS` are the words for it."""

REASONS: dict[Reason, str] = {
    "irrelevant": "答非所问", "wrong": "内容有误或过时", "incomplete": "不够完整", "unclear": "看不明白",
    "tone": "语气不好", "other": "其他",
}  # fmt: skip

MAX_COMMENT_CHARS = 500


class Journal:
    """Conversations, ratings and tickets in one file; every method that writes returns after the write is durable.

    :attr:`tickets` are in the same file. All methods raise :class:`bot.errors.JournalError` when the file cannot be
    used; nothing of the step is then stored. Personal numbers are masked here, so that no caller can forget it.
    """

    def __init__(self, where: Where, clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> None:
        self._database = open_database(where)
        self._clock = clock
        self.tickets = Tickets(self._database, clock)
        self.outbox = Outbox(self._database, clock)
        self.notebook = Notebook(self._database, clock)
        self.reports = Reports(self._database, clock)

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
            key, self._now(), digest(session), role, masked, normalise(masked), _said(reply), reply.outcome,
            reply.scenario, reply.confidence, reply.generation, reply.citations[0].id if reply.citations else None,
            json.dumps([asdict(citation) for citation in reply.citations], ensure_ascii=False),
            json.dumps(reply.choices, ensure_ascii=False), reply.ms, reply.ticket,
        )  # fmt: skip
        with self._database.write() as connection:
            connection.execute(f"INSERT INTO turn VALUES ({','.join('?' * len(row))})", row)
        return key

    def rate(
        self, turn_id: str, session: str, value: Rating, comment: str = "", reasons: Sequence[Reason] = ()
    ) -> None:
        """Rate a reply; a second rating replaces the first.

        Raises:
            InputError: ``value`` or a reason is unknown, or the turn does not belong to ``session``.
        """
        if value not in get_args(Rating):
            raise InputError(f"评价“{value}”不可用；可选：up（满意）、down（不满意）。")
        for reason in reasons:
            if reason not in REASONS:
                raise InputError(f"评价原因“{reason}”不可用；可选：{'、'.join(REASONS)}。")
        with self._database.write() as connection:
            _own_turn(connection, turn_id, session)
            connection.execute(
                "INSERT INTO rating (turn, at, value, comment, reasons) VALUES (?, ?, ?, ?, ?) ON CONFLICT (turn) DO UPDATE SET"
                " at = excluded.at, value = excluded.value, comment = excluded.comment, reasons = excluded.reasons",
                (
                    turn_id, self._now(), value, mask(comment)[:MAX_COMMENT_CHARS],
                    json.dumps(list(dict.fromkeys(reasons))),
                ),
            )  # fmt: skip

    def mark_unsolved(self, turn_id: str, session: str) -> bool:
        """Note that a reply did not solve what was asked; False if that had been noted before.

        Raises:
            InputError: the turn does not belong to ``session``.
        """
        with self._database.write() as connection:
            _own_turn(connection, turn_id, session)
            return bool(
                connection.execute("INSERT INTO unsolved VALUES (?, ?) ON CONFLICT DO NOTHING", (turn_id, self._now())).rowcount
            )

    def turns(self, session: str, since: datetime | None = None) -> list[TurnView]:
        """The bubbles of a conversation, oldest first, as stored (numbers masked)."""
        views: list[TurnView] = []
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM turn WHERE session = ? AND at >= ? ORDER BY rowid",
                (digest(session), stamp(since) if since else ""),
            ).fetchall()
        for row in rows:
            if row["question"]:
                views.append(TurnView("customer", row["question"]))
            citations = tuple(Citation(**citation) for citation in json.loads(row["citations"]))
            views.append(TurnView("bot", row["reply"], citations, tuple(json.loads(row["choices"])), row["id"]))
        return views

    def remember(self, session: str, state: Mapping[str, Any]) -> None:
        """Keep what a conversation stands at, instead of what was kept before; the caller has masked it."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO conversation VALUES (?, ?, ?)"
                " ON CONFLICT (session) DO UPDATE SET at = excluded.at, state = excluded.state",
                (digest(session), self._now(), json.dumps(state, ensure_ascii=False)),
            )

    def remembered(self, session: str, since: datetime) -> dict[str, Any]:
        """What :meth:`remember` kept of a conversation, if that was after ``since``; else nothing."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT state FROM conversation WHERE session = ? AND at >= ?", (digest(session), stamp(since))
            ).fetchone()
        return dict(json.loads(row["state"])) if row else {}

    def unanswered(
        self, limit: int = 100, since: datetime | None = None, encoder: Encoder | None = None
    ) -> list[Unanswered]:
        """Questions asked in vain, the most frequent first; see :func:`bot.unanswered.unanswered`."""
        return unanswered(self._database, since=since, encoder=encoder, limit=limit)

    def settle(self, questions: Iterable[str], state: State, who: str) -> None:
        """Say what became of a question asked in vain; see :func:`bot.unanswered.settle`."""
        settle(self._database, questions, state, who, self._clock)

    def most_asked(self, limit: int = 5, since: datetime | None = None) -> list[str]:
        """Ids of the entries that answered customers most often, the most frequent first."""
        with self._database.read() as connection:
            rows = connection.execute(
                """
                SELECT entry FROM turn
                WHERE outcome = 'answer' AND role = 'customer' AND at >= ? AND entry IS NOT NULL
                GROUP BY entry ORDER BY count(*) DESC, entry LIMIT ?
                """,
                (stamp(since) if since else "", limit),
            ).fetchall()
        return [row["entry"] for row in rows]

    def figures(self, days: int, zone: tzinfo) -> Figures:
        """How customers were served in the last ``days`` days; see :func:`bot.dashboard.figures`."""
        return figures(self._database, days, self._clock(), zone)

    def retain(self, settings: RetentionSettings, *, dry_run: bool = False) -> dict[str, int]:
        """Delete what is past its time; see :func:`bot.retention.retain`."""
        return retain(self._database, settings, self._clock(), dry_run=dry_run)

    @property
    def visitors(self) -> Visitors:
        """One visitor's data, to be handed out or deleted."""
        return Visitors(self._database, self._clock)

    def close(self) -> None:
        """Give the file back; the next use opens it again."""
        self._database.close()

    def _now(self) -> str:
        return stamp(self._clock())


def _said(reply: Reply) -> str:
    """A reply as it is stored: what the knowledge says is public, everything else is masked."""
    return mask(reply.text, public="\n".join(citation.text for citation in reply.citations))


def _own_turn(connection: Connection, turn_id: str, session: str) -> None:
    owner = connection.execute("SELECT session FROM turn WHERE id = ?", (turn_id,)).fetchone()
    if owner is None or not secrets.compare_digest(owner["session"], digest(session)):
        raise InputError("这条回复不属于当前对话，暂时无法评价；请刷新页面后再试。")
