"""What a build did, for programs (``as_json``) and for people (``render``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ingest.clean import STEPS, steps_for
from ingest.duplicates import Duplicate
from ingest.impact import Impact
from ingest.impact_report import summary
from ingest.naming import listed, name_of, place_of
from kb.config import ShopSettings
from kb.records import Entry

if TYPE_CHECKING:
    from kb.changes import Diff
    from kb.twins import Twin

Status = Literal["read", "rejected", "skipped", "questions"]

_STATUS = {"read": "已收录", "rejected": "未收录", "skipped": "略过", "questions": "问题集"}
_KIND = {"faq": "问答", "passage": "段落", "script": "话术"}
_AUDIENCE = {"public": "公开", "internal": "内部"}


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file. ``reason`` says why it was rejected or skipped, or why it has its audience; ``lost`` counts entries of
    the live version that a rejected file no longer gives."""

    source: str
    status: Status
    reason: str = ""
    audience: str = ""
    entries: int = 0
    questions: int = 0
    lost: int = 0
    encoding: str = ""
    warnings: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """Entries against the live version, see :class:`kb.changes.Diff`."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0

    @classmethod
    def of(cls, diff: Diff) -> Changes:
        """The counts of ``diff``."""
        return cls(len(diff.added), len(diff.changed), len(diff.removed), len(diff.moved))


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The outcome of a build.

    ``generation`` is the one written, or the live one if ``unchanged``; ``kinds`` and ``audiences`` count entries,
    ``embedded`` and ``reused`` count vectors, ``twins`` names the closest pairs of entries (:func:`kb.twins.twins`, none
    if ``unchanged``), ``impact`` tells what it changes, as far as the question set shows, ``figures`` are the gate's, ``override`` is the reason why it was published although the gate
    refused it. ``edited`` and ``hidden`` count entries that editors changed in the studio, ``stale`` are Chinese lines of
    changes that did not fit any more. ``seconds`` is the time it all took.
    """

    generation: str
    published: bool
    unchanged: bool
    files: tuple[FileReport, ...]
    kinds: Mapping[str, int]
    audiences: Mapping[str, int]
    duplicates: tuple[tuple[str, str], ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()
    changes: Changes = Changes()
    embedded: int = 0
    reused: int = 0
    twins: tuple[tuple[str, str], ...] = ()
    impact: Impact | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    override: str = ""
    edited: int = 0
    hidden: int = 0
    stale: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def entries(self) -> int:
        """Entries in the generation."""
        return sum(self.kinds.values())

    @property
    def rejected(self) -> tuple[FileReport, ...]:
        """Files of which nothing was taken."""
        return tuple(file for file in self.files if file.status == "rejected")

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        values = asdict(self)
        values.update(
            entries=self.entries,
            passages=self.kinds.get("passage", 0),
            rejected=len(self.rejected),
            seconds=round(self.seconds, 2),
            duplicates=[{"kept": kept, "dropped": dropped} for kept, dropped in self.duplicates],
            conflicts=[{"first": first, "second": second} for first, second in self.conflicts],
            twins=[{"a": first, "b": second} for first, second in self.twins],
            impact=self.impact and self.impact.as_json(),
        )
        return values


def counts_of(entries: Iterable[Entry]) -> tuple[dict[str, int], dict[str, int]]:
    """Entries by kind and by audience."""
    entries = tuple(entries)
    kinds, audiences = Counter(entry.kind for entry in entries), Counter(entry.audience for entry in entries)
    return dict(sorted(kinds.items())), dict(sorted(audiences.items()))


def pairs_of(duplicates: Sequence[Duplicate]) -> tuple[tuple[str, str], ...]:
    """Places of both entries of each duplicate."""
    return tuple((place_of(duplicate.kept), place_of(duplicate.other)) for duplicate in duplicates)


def twins_of(pairs: Sequence[Twin]) -> tuple[tuple[str, str], ...]:
    """Both entries of each pair: the question, or the place of a text without."""
    return tuple((name_of(pair.a), name_of(pair.b)) for pair in pairs)


def render(report: BuildReport) -> str:
    """The report as Chinese text of several lines."""
    lines = [_headline(report), ""]
    read = [file for file in report.files if file.status == "read"]
    lines.append(f"文件：读取 {len(read)} 个，未收录 {len(report.rejected)} 个")
    lines.extend(f"  × {file.source}：{file.reason}{_lost(file)}" for file in report.rejected)
    lines.extend(
        f"  · {file.source}：{_STATUS[file.status]}（{file.reason}）" for file in report.files if file.status == "skipped"
    )
    lines.extend(
        f"  · {file.source}：发布检查用的问题集，{file.questions} 题，不作为知识收录"
        for file in report.files
        if file.status == "questions"
    )
    lines.append(f"条目：{report.entries} 条（{_counts(report.kinds, _KIND)}；{_counts(report.audiences, _AUDIENCE)}）")
    changes = report.changes
    if changes != Changes():
        moved = f"，移动 {changes.moved}" if changes.moved else ""
        lines.append(f"与正式版相比：新增 {changes.added}，修改 {changes.changed}，删除 {changes.removed}{moved}")
    if report.edited or report.hidden:
        lines.append(f"知识工作室里改过 {report.edited} 条，其中隐藏 {report.hidden} 条")
    lines.extend(listed("没有套用的修改，请核对", report.stale))
    if not report.unchanged:
        lines.append(f"向量：新算 {report.embedded} 个，沿用 {report.reused} 个")
    lines.extend(_audiences(read))
    lines.extend(_cleaning(read))
    lines.extend(listed("提醒", [f"{file.source}：{line}" for file in read for line in file.warnings]))
    lines.extend(listed("重复内容（保留前者）", [f"{kept}  ＝  {other}" for kept, other in report.duplicates]))
    lines.extend(listed("同一问题有不同答案，请核对", [f"{first}  ≠  {second}" for first, second in report.conflicts]))
    if report.twins:
        closest = "；".join(f"{first} ≈ {second}" for first, second in report.twins[:3])
        lines.append(f"容易混淆的条目：{len(report.twins)} 对，例如 {closest}（逐对查看请运行 python -m kb twins）")
    if report.impact and (line := summary(report.impact)):
        lines.append(line)
    if report.figures:
        lines.append(_gate(report.figures))
    if report.override:
        lines.append(f"发布检查没有通过，按理由放行：{report.override}")
    lines.append(f"用时 {report.seconds:.1f} 秒")
    return "\n".join(lines)


def _headline(report: BuildReport) -> str:
    if report.unchanged:
        return f"内容与正式版 {report.generation} 相同，无需生成新版本。"
    if report.published:
        return f"已发布版本 {report.generation}。"
    return f"已生成版本 {report.generation}（尚未发布；发布请运行 python -m ingest publish {report.generation}）。"


def _lost(file: FileReport) -> str:
    return f"（正式版里来自它的 {file.lost} 条内容不再包含）" if file.lost else ""


def _counts(counts: Mapping[str, int], names: Mapping[str, str]) -> str:
    return "、".join(f"{names[key]} {count}" for key, count in counts.items()) or "无"


def _audiences(files: Sequence[FileReport]) -> list[str]:
    """Files that were taken for internal ones, with the reason: the proposal that most needs a person's look."""
    groups = Counter(file.reason for file in files if file.audience == "internal")
    return [f"作为内部资料：{count} 个文件（{reason}）" for reason, count in groups.items()]


def _cleaning(files: Sequence[FileReport]) -> list[str]:
    about = {step.name: step.about for step in (*STEPS, *steps_for(ShopSettings()))}
    counts = Counter(step for file in files for step in file.steps)
    if not counts:
        return []
    return ["清理：" + "，".join(f"{about.get(name, name)}（{count} 个文件）" for name, count in counts.items())]


def _gate(figures: Mapping[str, float]) -> str:
    line = f"发布检查：{figures['gate_questions']:.0f} 题，通过 {figures['gate_passed']:.1%}"
    live = figures.get("gate_passed_live")
    return line if live is None else f"{line}（正式版 {live:.1%}）"
