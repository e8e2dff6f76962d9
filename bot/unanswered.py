"""What was asked in vain, for the editors: grouped by meaning, counted, with what became of it.

A question counts as asked in vain if a person had to take over, if none of the offered choices was taken, if the reply
was rated down, or if the customer said that it did not help (没解决).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, get_args

from bot import followup
from bot.database import Connection, Database, Row, stamp
from bot.privacy import mask
from kb.errors import InputError
from kb.text import letters, normalise

if TYPE_CHECKING:
    from kb.encoder import Encoder

Reason = Literal["none", "clarify", "down", "unsolved"]
"""``none``: no answer was found. ``clarify``: no offered choice was taken. ``down``: the reply was rated down.
``unsolved``: the customer said that it did not help."""

State = Literal["open", "handled", "ignored"]
"""``handled``: the knowledge was mended; the question is open again if it is asked in vain afterwards."""

CLOSE = 0.88
"""Questions of this mean cosine are one: a wrong merge hides a question, a missed one costs a line. For e5; measured by
benchmarks/bot/grouping.py."""
MOST_TURNS = 50_000
"""Most turns that are looked at, the last ones."""
MOST_GROUPED = 1_500
"""Most different wordings that are grouped by meaning (memory grows with the square); rarer ones stand alone."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that was asked in vain ``times`` times, in the wording asked most.

    ``reasons``: how often what happened to it. ``wordings``: all of them, the most frequent first. ``who`` set the
    state, at ``at``.
    """

    question: str
    times: int
    last: datetime
    reasons: dict[Reason, int]
    wordings: tuple[str, ...]
    state: State = "open"
    who: str = ""
    at: datetime | None = None


@dataclass(slots=True)
class _Wording:
    """One question as it is compared, with all its askings."""

    question: str
    last: str
    reasons: Counter[Reason]

    @property
    def times(self) -> int:
        return sum(self.reasons.values())


def unanswered(
    database: Database, *, since: datetime | None = None, encoder: Encoder | None = None, limit: int = 100
) -> list[Unanswered]:
    """Questions asked in vain, the most frequent first; with an encoder, those that mean the same count as one.

    Raises:
        JournalError: the file cannot be read.
    """
    with database.read() as connection:
        wordings = _wordings(connection, stamp(since) if since else "")
        states = {row["folded"]: row for row in connection.execute("SELECT * FROM question_state")}
    found = [_told(group, wordings, states) for group in _groups(wordings, encoder)]
    return sorted(found, key=lambda one: (one.times, one.last), reverse=True)[:limit]


def settle(
    database: Database, questions: Iterable[str], state: State, who: str, clock: Callable[[], datetime]
) -> None:
    """Say what became of a question, in all the wordings given (the ``wordings`` of a group); ``open`` takes it back.

    Raises:
        InputError: the state is unknown, or nobody's name is given. JournalError: the file cannot be written.
    """
    if state not in get_args(State):
        raise InputError(f"状态“{state}”不可用；可选：{'、'.join(get_args(State))}。")
    if not who.strip():
        raise InputError("请写明是谁处理的。")
    now = stamp(clock())
    with database.write() as connection:
        for question in questions:
            key = compared(mask(question))
            connection.execute("DELETE FROM question_state WHERE folded = ?", (key,))
            if state != "open":
                connection.execute("INSERT INTO question_state VALUES (?, ?, ?, ?)", (key, state, now, who))
        connection.execute(
            "INSERT INTO audit (at, who, action, detail) VALUES (?, ?, 'settle_question', ?)", (now, who, state)
        )


def compared(question: str) -> str:
    """A question as it is counted: two that differ in script or signs are one."""
    folded = normalise(question)
    return letters(folded) or folded


def _wordings(connection: Connection, since: str) -> dict[str, _Wording]:
    rows = connection.execute(
        """
        SELECT session, turn.at, question, outcome, choices, value, unsolved.turn IS NOT NULL AS unsolved
        FROM turn LEFT JOIN rating ON rating.turn = turn.id LEFT JOIN unsolved ON unsolved.turn = turn.id
        WHERE turn.at >= ? AND scenario = 'question' AND question != '' ORDER BY turn.rowid DESC LIMIT ?
        """,
        (since, MOST_TURNS),
    ).fetchall()
    conversations: dict[str, list[Row]] = defaultdict(list)
    for row in reversed(rows):
        conversations[row["session"]].append(row)
    found: dict[str, _Wording] = {}
    for turns in conversations.values():
        offered: list[str] = []
        for row, following in zip(turns, [*turns[1:], None], strict=True):
            question = followup.chosen(row["question"], offered) or row["question"]
            offered = json.loads(row["choices"])
            reason = None if followup.rejects(question) else _reason(row, following, offered)
            if reason is None:
                continue
            wording = found.setdefault(compared(question), _Wording(question, row["at"], Counter()))
            wording.last = max(wording.last, row["at"])
            wording.reasons[reason] += 1
    return found


def _reason(row: Row, following: Row | None, offered: list[str]) -> Reason | None:
    """What happened to the question of a turn, the worst first; None if it was answered."""
    rejected = following is not None and followup.rejects(following["question"])
    if row["unsolved"] or rejected and row["outcome"] == "answer":
        return "unsolved"
    if row["value"] == "down":
        return "down"
    if row["outcome"] == "handoff":
        return "none"
    taken = following is not None and followup.chosen(following["question"], offered) is not None
    return "clarify" if row["outcome"] == "clarify" and not taken else None


def _groups(wordings: dict[str, _Wording], encoder: Encoder | None) -> list[list[str]]:
    """Keys that belong together, in each group the most frequent first."""
    keys = sorted(wordings, key=lambda key: (-wordings[key].times, key))
    if encoder is None or len(keys) < 2:
        return [[key] for key in keys]
    near, rest = keys[:MOST_GROUPED], keys[MOST_GROUPED:]
    labels = alike([wordings[key].question for key in near], encoder)
    groups: dict[int, list[str]] = defaultdict(list)
    for key, label in zip(near, labels, strict=True):
        groups[label].append(key)
    return [*groups.values(), *([key] for key in rest)]


def alike(questions: Sequence[str], encoder: Encoder, close: float = CLOSE) -> list[int]:
    """The group that each question falls into, by average linkage over cosines."""
    from sklearn.cluster import AgglomerativeClustering

    clustering = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - close
    )
    return [int(label) for label in clustering.fit_predict(encoder.questions([normalise(one) for one in questions]))]


def _told(group: list[str], wordings: dict[str, _Wording], states: dict[str, Row]) -> Unanswered:
    members = [wordings[key] for key in group]
    reasons: Counter[Reason] = sum((one.reasons for one in members), Counter())
    last = max(one.last for one in members)
    set_by = max((states[key] for key in group if key in states), key=lambda row: row["at"], default=None)
    over = set_by is not None and (set_by["state"] == "ignored" or set_by["at"] >= last)
    return Unanswered(
        members[0].question, reasons.total() if hasattr(reasons, "total") else sum(reasons.values()),
        datetime.fromisoformat(last), dict(reasons.most_common()), tuple(one.question for one in members),
        set_by["state"] if over and set_by else "open", set_by["who"] if over and set_by else "",
        datetime.fromisoformat(set_by["at"]) if over and set_by else None,
    )  # fmt: skip
