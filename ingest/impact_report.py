"""The impact of a version in words, and what another one holds entry by entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ingest.impact import Impact, Kind, Said, Shift
from ingest.naming import listed, name_of, place_of
from kb.changes import Diff, moves
from kb.records import Band, Entry

KINDS: Mapping[Kind, str] = {
    "lost": "原来能答，换版后答不了",
    "found": "原来答不了，换版后能答",
    "answer": "答案会变",
    "source": "答案不变，来源文件会变",
    "band": "答案不变，把握会变",
}
BANDS: Mapping[Band, str] = {"answer": "直接回答", "clarify": "请顾客选择", "none": "转人工"}


def render(impact: Impact) -> str:
    """The impact as Chinese text of several lines."""
    beside = f"和 {impact.live} 相比，试问 {impact.questions} 题" if impact.live else "还没有可以相比的版本"
    lines = [f"版本 {impact.draft} 的影响（{beside}）"]
    if impact.live and not impact.questions:
        lines.append("没有问题可试：请准备 questions.csv，或用 --questions 给出顾客真实问过的问题。")
    for kind, said in KINDS.items():
        shifts = [shift for shift in impact.shifts if shift.kind == kind]
        lines.extend(listed(said, _files(shifts) if kind == "source" else list(map(_shift, shifts)), len(shifts)))
    lines.extend(listed("原来回答过这些问题，换版后一题也不再回答的条目", impact.silent))
    lines.extend(listed("用自己的标准问也找不到的条目", impact.unreachable))
    lines.extend(listed("新出现的易混条目", [f"{a} ≈ {b}" for a, b in impact.twins]))
    lines.extend(listed("已经过期的条目", impact.expired))
    lines.extend(listed("30 天内到期的条目", impact.expiring))
    if len(lines) == 1:
        lines.append("没有发现会变的答案、找不到的条目或快到期的内容。")
    return "\n".join(lines)


def summary(impact: Impact) -> str:
    """The impact as one Chinese line, empty if there is nothing to tell."""
    kinds = Counter(shift.kind for shift in impact.shifts)
    parts = [f"{said} {kinds[kind]} 题" for kind, said in KINDS.items() if kinds[kind]]
    counts = {
        "用自己的标准问也找不到的条目": impact.unreachable,
        "新出现的易混条目": impact.twins if impact.live else (),
        "已经过期的条目": impact.expired,
        "30 天内到期的条目": impact.expiring,
    }
    parts += [f"{said} {len(items)} {'对' if items is impact.twins else '条'}" for said, items in counts.items() if items]
    if not parts:
        return ""
    more = f"ingest diff {impact.live} {impact.draft}" if impact.live else f"ingest impact {impact.draft}"
    return f"影响：{'；'.join(parts)}（详情请运行 python -m {more}）"


def render_diff(found: Diff) -> str:
    """What changed between two versions as Chinese text of several lines."""
    counts = f"新增 {len(found.added)} 条，修改 {len(found.changed)} 条，删除 {len(found.removed)} 条"
    lines = [f"{counts}，移动 {len(found.moved)} 条" if found.moved else counts]
    for mark, entries in (("+", found.added), ("~", [now for _, now in found.changed]), ("-", found.removed)):
        lines.extend(f"{mark} {_entry(entry)}" for entry in entries)
    for (old, new), count in moves(found.moved).items():
        lines.append(f"→ {old} 内换了标题：{count} 条" if old == new else f"→ {old} 移到 {new}：{count} 条")
    return "\n".join(lines)


def _shift(shift: Shift) -> str:
    times = f"（{shift.times} 次）" if shift.times > 1 else ""
    lines = f"“{shift.question}”{times}", f"原来：{_words(shift.before)}", f"换版后：{_words(shift.after)}"
    return "\n      ".join(lines)


def _files(shifts: Sequence[Shift]) -> list[str]:
    counts = Counter((shift.before.source, shift.after.source) for shift in shifts)
    return [f"{old} → {new}：{count} 题" for (old, new), count in counts.most_common()]


def _words(said: Said) -> str:
    if said.band == "none":
        return BANDS["none"]
    line = " ".join(said.text.split())
    return f"{BANDS[said.band]}“{said.title}”（{said.source}）：{line if len(line) <= 40 else line[:39] + '…'}"


def _entry(entry: Entry) -> str:
    if entry.question:
        return f"{name_of(entry)}（{place_of(entry)}）"
    return f"{' '.join(entry.text.split())[:40]}（{place_of(entry)}）"
