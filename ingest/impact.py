"""What would change if a draft went live: for questions people ask, for entries, and for what is about to expire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ingest.gate import Prepared, ask, title
from ingest.report import MOST_LINES, place_of
from kb.errors import InputError
from kb.records import Audience, Entry, SearchResult
from kb.text import normalise

if TYPE_CHECKING:
    from kb.encoder import Encoder
    from kb.index import Index
    from kb.store import Store

SOON = timedelta(days=30)
"""An entry that expires within this time is told."""
MOST_CANDIDATES = 300
"""So many new or changed entries are asked by their own question at most."""
SEEN = 5
"""An entry that its own question does not bring among so many hits cannot be found."""

Kind = Literal["lost", "found", "answer", "source", "band"]
_KINDS: Mapping[Kind, str] = {
    "lost": "原来能答，发布后找不到",
    "found": "原来找不到，发布后能答",
    "answer": "答案会变",
    "source": "答案不变，来源会变",
    "band": "答案不变，把握会变",
}
_BANDS = {"answer": "直接回答", "clarify": "请顾客选择", "none": "转人工"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question somebody asks, and how often."""

    text: str
    audience: Audience = "public"
    times: int = 1


@dataclass(frozen=True, slots=True)
class Shift:
    """A question that gets something else; ``before`` and ``after`` name the answer, its source and what is done with it."""

    question: str
    audience: Audience
    times: int
    kind: Kind
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Impact:
    """What publishing ``draft`` in the place of ``live`` would change.

    ``silent``: entries that answered some of the questions and still exist, but answer none of them any more.
    ``unreachable``: new, changed or newly confusable entries that their own question does not find. ``twins``: pairs of
    entries that are newly taken for one another. ``expired`` and ``expiring`` (within 30 days): of the draft. Entries
    are named by question or place.
    """

    draft: str
    live: str | None
    questions: int
    shifts: tuple[Shift, ...] = ()
    silent: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    twins: tuple[tuple[str, str], ...] = ()
    expired: tuple[str, ...] = ()
    expiring: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "twins": [{"a": a, "b": b} for a, b in self.twins]}


def impact_of(
    store: Store,
    encoders: Sequence[Encoder],
    draft: str,
    live: str | None,
    questions: Sequence[Asked],
    today: Callable[[], date] = date.today,
) -> Impact:
    """The impact of ``draft`` beside ``live`` (None: there is nothing to compare with).

    Raises:
        StoreError: one of them does not exist. StoreDamaged, EncoderMismatch: one of them cannot be asked.
    """
    from kb.search import HybridRetriever

    index = store.load(draft, "internal")
    old = store.load(live, "internal") if live else None
    prepared = [Prepared(encoder, [question.text for question in questions]) for encoder in encoders]
    shifts: list[Shift] = []
    silent: list[str] = []
    if live is not None:
        pairs = [(question.text, question.audience) for question in questions]
        before = ask(store, live, pairs, prepared, today)
        after = ask(store, draft, pairs, prepared, today)
        for question, was, now in zip(questions, before, after, strict=True):
            kind = _kind(was, now)
            if kind is not None:
                said = (question.text, question.audience, question.times, kind, _said(was), _said(now))
                shifts.append(Shift(*said))
        spoke, speaks = _speakers(before), _speakers(after)
        silent = [_name(entry) for entry in index.entries if entry.id in spoke and entry.id not in speaks]
    twins = _new_twins(index, old)
    suspects = _suspects(index, old, twins)
    retriever = HybridRetriever(index, encoders, generation=draft, today=today)
    day = today()
    return Impact(
        draft,
        live,
        len(questions) if live else 0,
        tuple(sorted(shifts, key=lambda shift: (list(_KINDS).index(shift.kind), -shift.times))),
        tuple(silent),
        tuple(_name(entry) for entry in suspects if entry.is_valid_on(day) and not _found(retriever.search, entry)),
        tuple((_name(a), _name(b)) for a, b in twins),
        tuple(_until(entry) for entry in index.entries if entry.valid_to and entry.valid_to < day),
        tuple(_until(entry) for entry in index.entries if entry.valid_to and day <= entry.valid_to <= day + SOON),
    )


def _kind(before: SearchResult, after: SearchResult) -> Kind | None:
    was, now = _speaker(before), _speaker(after)
    if was is None or now is None:
        return None if was is now else "found" if was is None else "lost"
    if was.text != now.text:
        return "answer"
    if was.place.source != now.place.source:
        return "source"
    return "band" if before.band != after.band else None


def _speaker(result: SearchResult) -> Entry | None:
    """The entry that answers, or would be offered first."""
    return result.hits[0].entry if result.band != "none" and result.hits else None


def _speakers(results: Sequence[SearchResult]) -> set[str]:
    return {entry.id for entry in map(_speaker, results) if entry is not None}


def _said(result: SearchResult) -> str:
    entry = _speaker(result)
    if entry is None:
        return _BANDS["none"]
    return f"{_BANDS[result.band]}“{title(result)}”（{entry.place.source}）：{_short(entry.text)}"


def _new_twins(index: Index, old: Index | None) -> list[tuple[Entry, Entry]]:
    from kb.twins import twins

    known = {frozenset((pair.a.id, pair.b.id)) for pair in twins(old, most=1_000)} if old is not None else set()
    return [(pair.a, pair.b) for pair in twins(index, most=1_000) if frozenset((pair.a.id, pair.b.id)) not in known]


def _suspects(index: Index, old: Index | None, twins: Sequence[tuple[Entry, Entry]]) -> list[Entry]:
    """Entries with a question that a change may have put out of reach: themselves new or changed, or newly confusable."""
    before = {entry.id: entry for entry in old.entries} if old is not None else {}
    close = {entry.id for pair in twins for entry in pair}
    suspects = [
        entry for entry in index.entries if entry.question and (entry.id in close or before.get(entry.id) != entry)
    ]
    return suspects[:: max(1, -(-len(suspects) // MOST_CANDIDATES))]


def _found(search: Callable[[str, int], SearchResult], entry: Entry) -> bool:
    return any(hit.entry.id == entry.id for hit in search(entry.question, SEEN).hits)


def _name(entry: Entry) -> str:
    return entry.question or place_of(entry)


def _until(entry: Entry) -> str:
    return f"{_name(entry)}（{entry.valid_to} 到期，{entry.place.source}）"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"


def render(impact: Impact) -> str:
    """The impact as Chinese text of several lines."""
    beside = f"与正式版 {impact.live} 相比" if impact.live else "还没有正式版可比"
    lines = [f"草稿 {impact.draft} 的影响（{beside}，试问 {impact.questions} 题）"]
    if impact.live and not impact.questions:
        lines.append("没有问题可试：请准备 questions.csv，或用 --questions 给出顾客真实问过的问题。")
    for kind, said in _KINDS.items():
        shifts = [shift for shift in impact.shifts if shift.kind == kind]
        items = [
            f"“{shift.question}”{f'（{shift.times} 次）' if shift.times > 1 else ''}\n      原来：{shift.before}\n      发布后：{shift.after}"
            for shift in shifts
        ]
        lines.extend(_listed(f"{said}", items))
    lines.extend(_listed("原来回答过这些问题、发布后一题也不再回答的条目", impact.silent))
    lines.extend(_listed("用自己的标准问也找不到的条目", impact.unreachable))
    lines.extend(_listed("新出现的易混条目", [f"{a} ≈ {b}" for a, b in impact.twins]))
    lines.extend(_listed("已经过期的条目", impact.expired))
    lines.extend(_listed("30 天内到期的条目", impact.expiring))
    if len(lines) == 1:
        lines.append("没有发现会变的答案、找不到的条目或快到期的内容。")
    return "\n".join(lines)


def _listed(heading: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield f"{heading}（{len(items)}）："
        yield from (f"  · {item}" for item in items[:MOST_LINES])
        if len(items) > MOST_LINES:
            yield f"  …… 还有 {len(items) - MOST_LINES} 条，用 --json 可以看到全部"


def read_asked(file: Path) -> tuple[Asked, ...]:
    """Questions from a file: JSON Lines of ``python -m bot questions``, or plain text with one question a line.

    Raises:
        InputError: it cannot be read, or a line says nothing usable; the text names the line.
    """
    from kb import jsonlines

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"问题文件 {file} 读不出来（{error.strerror}）；请检查路径和权限。") from error
    if not data.lstrip().startswith(b"{"):
        lines = data.decode("utf-8-sig", "replace").splitlines()
        return tuple(Asked(line.strip()) for line in lines if line.strip())
    asked: dict[tuple[str, Audience], Asked] = {}
    for number, row in jsonlines.parse(data, f"问题文件 {file}"):
        text, audience, times = row.get("text"), row.get("audience", "public"), row.get("times", 1)
        if not isinstance(text, str) or not text.strip() or audience not in ("public", "internal"):
            raise InputError(f"问题文件 {file} 第 {number} 行缺少文字字段 text，或 audience 不是 public、internal；请改正后重试。")
        asked.setdefault((normalise(text), audience), Asked(text, audience, int(times)))
    return tuple(asked.values())
