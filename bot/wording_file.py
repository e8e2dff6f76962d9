"""The wording file: read, and held against everything that would make a line wrong once it is spoken."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.checker import Checker
from bot.conditions import AXES, best, moments, names_for
from bot.datafiles import parse_toml, read_text
from bot.errors import WordingError
from bot.records import SCENARIOS
from bot.wording import BRACES, Lines, Variant, fill

COMMON = frozenset({"brand", "hours", "deadline", "callback"})
"""Words in braces that every line may use."""

SPECIAL: Mapping[str, frozenset[str]] = {
    "answer.topic": frozenset({"topic"}),
    "answer.more": frozenset({"rest", "title"}),
    "complaint.recorded": frozenset({"question"}),
    "complaint.check_number": frozenset({"count"}),
    "complaint.repeat": frozenset({"summary"}),
    "complaint.confirmed": frozenset({"address", "ticket", "due"}),
    "complaint.left": frozenset({"ticket", "due"}),
    "complaint.to_person": frozenset({"ticket", "due"}),
    "complaint.to_person_contact": frozenset({"ticket", "due"}),
    "person.contact_saved": frozenset({"ticket", "due"}),
    "person.human_again": frozenset({"ticket", "due"}),
    "person.all_told": frozenset({"ticket", "due"}),
    "person.check_number": frozenset({"count"}),
    "agent.script": frozenset({"reply"}),
    "agent.never": frozenset({"name", "phrases"}),
}
"""Words in braces that only these lines may use, and must."""

SAMPLE = {
    "brand": "示例小店", "hours": "每天 9:00–22:00", "deadline": "24", "callback": "2",
    "question": "等了三天还没有发货", "topic": "退货", "reply": "您好，可以退货。",
    "name": "催促顾客", "phrases": "× （示例）", "rest": "3", "title": "售后服务政策",
    "summary": "· 您反映的是：“等了三天还没有发货”", "ticket": "T261123-012345", "due": "明天15:20前", "address": "王女士，",
    "count": "10",
}  # fmt: skip
"""What braces are filled with to try a line."""

_DOUBLED = re.compile(r"[，。！？；：、,!?;:]{2,}|\s$|^\s")


def read_lines(checker: Checker, replacement: Path | None = None) -> tuple[Lines, list[str]]:
    """The lines of the packaged file, or of ``replacement`` where it exists, and what is wrong with them.

    Each problem is one sentence in Chinese that names file, situation, variant and line of the file.

    Raises:
        WordingError: the file cannot be read or is not TOML.
    """
    text, shown = read_text("wording.toml", replacement, WordingError)
    lines, problems = _parsed(text, shown)
    expected = _situations()
    named = {f"{table}.{name}" for table, name, _ in _entries(parse_toml(text, shown, WordingError))}
    for problem, names in (("缺少情形", expected - named), ("有不认识的情形", named - expected)):
        if names:
            problems.append(f"话术文件 {shown} {problem} {'、'.join(sorted(names))}；请对照自带的文件改正。")
    for situation in sorted(expected & set(lines), key=list(lines).index):
        for number, variant in enumerate(lines[situation], 1):
            where = f"话术文件 {shown} 的 {situation} 第 {number} 条（{_position(text, situation, variant.text)}“{_start(variant.text)}”）"
            problems.extend(where + problem for problem in _wrong(situation, variant, checker))
        where = f"话术文件 {shown} 的 {situation}（{_position(text, situation)}共 {len(lines[situation])} 条）"
        problems.extend(where + problem for problem in _uncovered(situation, lines[situation]))
    return lines, problems


def _parsed(text: str, shown: str) -> tuple[dict[str, tuple[Variant, ...]], list[str]]:
    lines: dict[str, tuple[Variant, ...]] = {}
    problems = []
    for table, name, value in _entries(parse_toml(text, shown, WordingError)):
        try:
            lines[f"{table}.{name}"] = tuple(map(_variant, value if isinstance(value, list) and value else [None]))
        except (KeyError, TypeError, ValueError):
            position = _position(text, f"{table}.{name}")
            problems.append(
                f"话术文件 {shown} 的 [{table}] {name}（{position.rstrip('，')}）要写成至少一条非空文字的列表，"
                '每条写成 "…" 或 { text = "…", when = ["…"] }；请改正。'
            )
    return lines, problems


def _entries(data: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    """Table, name and value of every situation; what stands outside the tables counts as an unknown one."""
    for table, situations in data.items():
        if isinstance(situations, dict):
            for name, value in situations.items():
                yield table, name, value
        else:
            yield "", table, situations


def _variant(value: object) -> Variant:
    if isinstance(value, str):
        value = {"text": value}
    if not isinstance(value, dict) or set(value) - {"text", "when"}:
        raise TypeError(value)
    text, when = value["text"], value.get("when", [])
    if not isinstance(text, str) or not text.strip():
        raise ValueError(text)
    if not isinstance(when, list) or not all(isinstance(name, str) for name in when):
        raise ValueError(when)
    return Variant(text, frozenset(when))


def _wrong(situation: str, variant: Variant, checker: Checker) -> Iterator[str]:
    """What is wrong with one variant by itself; a line with braces that cannot be filled is not looked at further."""
    known = names_for(situation)
    unknown = sorted(variant.when - set(known))
    if unknown:
        yield f"的条件 {unknown[0]} 在这里用不上；可用的条件有 {'、'.join(known)}。"
    for values in AXES.values():
        both = sorted(variant.when & set(values))
        if len(both) > 1:
            yield f"的条件 {' 和 '.join(both)} 不会同时成立；请只留一个，或拆成两条。"
    special = SPECIAL.get(situation, frozenset())
    used = set(BRACES.findall(variant.text))
    if used - COMMON - special:
        allowed = "、".join(f"{{{name}}}" for name in sorted(COMMON | special))
        yield f"里有不认识的 {{{sorted(used - COMMON - special)[0]}}}；这里可用 {allowed}。"
        return
    if special - used:
        yield f"里缺少 {{{sorted(special - used)[0]}}}；请补上。"
    bare = BRACES.sub("", variant.text)
    if "{" in bare or "}" in bare:
        yield "里的花括号不成对；请改正。"
        return
    if _DOUBLED.search(variant.text):
        yield "里有连着的标点，或首尾有空白；请改正。"
    name = situation.partition(".")[2]
    scenario = name if situation.startswith("moment.") and name in SCENARIOS else None
    for finding in checker.check(fill(variant.text, SAMPLE), scenario):
        yield f"不合服务规范（{finding.rule}）：{finding.message}；建议：{finding.suggestion}"


def _uncovered(situation: str, variants: tuple[Variant, ...]) -> Iterator[str]:
    """What is wrong with the conditions of a situation as a whole: a moment without a line, or a line without one."""
    conditions = [variant.when for variant in variants]
    known = set(names_for(situation))
    if any(when - known or any(len(when & set(values)) > 1 for values in AXES.values()) for when in conditions):
        return  # told already
    said: set[int] = set()
    for moment in moments(situation, frozenset().union(*conditions)):
        rows = best(conditions, moment)
        said.update(rows)
        if not rows:
            yield f"在 {'、'.join(sorted(moment)) or '平时'} 的时候没有话可说；请加一条不带条件的。"
            return
    for row in sorted(set(range(len(variants))) - said):
        yield f"的第 {row + 1} 条（“{_start(variants[row].text)}”）永远说不到，它的条件与这个情形不符或总有更合适的一条；请改条件或删去。"


def _start(line: str) -> str:
    return line if len(line) <= 20 else f"{line[:20]}…"


def _position(text: str, situation: str, line: str = "") -> str:
    """Where in the file a situation, or a line of it, stands, as ``第 n 行，``; nothing where that is not to be seen."""
    table, _, name = situation.rpartition(".")
    header = re.search(rf"^\s*\[{re.escape(table)}\]", text, re.M) if table else None
    key = re.compile(rf"^\s*{re.escape(name)}\s*=", re.M).search(text, header.end() if header else 0)
    if key is None:
        return ""
    at = key.start() + len(key[0]) - len(key[0].lstrip())
    for written in (line, line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")):
        found = text.find(written, at) if written else -1
        if found >= 0:
            return f"第 {text.count(chr(10), 0, found) + 1} 行，"
    return f"第 {text.count(chr(10), 0, at) + 1} 行，"


@functools.cache
def _situations() -> frozenset[str]:
    """The situations of the packaged file, which is the list of those there must be."""
    text, shown = read_text("wording.toml", None, WordingError)
    return frozenset(f"{table}.{name}" for table, name, _ in _entries(parse_toml(text, shown, WordingError)))
