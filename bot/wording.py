"""All lines the bot says of its own, out of one file that editors may replace."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from bot.checker import Checker
from bot.datafiles import parse_toml, read_text
from bot.errors import WordingError
from bot.records import SCENARIOS

COMMON = frozenset({"brand", "hours", "deadline", "callback"})
"""Words in braces that every line may use."""

SPECIAL: Mapping[str, frozenset[str]] = {
    "answer.topic": frozenset({"topic"}),
    "moment.complaint_recorded": frozenset({"question"}),
    "agent.script": frozenset({"reply"}),
    "agent.never": frozenset({"name", "phrases"}),
}
"""Words in braces that only these lines may use, and must."""

_SAMPLE = {
    "brand": "示例小店", "hours": "每天 9:00–22:00", "deadline": "24", "callback": "2",
    "question": "等了三天还没有发货", "topic": "退货", "reply": "您好，可以退货。",
    "name": "催促顾客", "phrases": "× （示例）",
}  # fmt: skip
_BRACES = re.compile(r"\{([^{}]*)\}")


class Wording:
    """The lines by situation (``"moment.thanks"``), with what all of them may name filled in."""

    def __init__(self, lines: Mapping[str, tuple[str, ...]], **common: str) -> None:
        self._lines = dict(lines)
        self._common = common

    def line(self, situation: str, place: str, **words: str) -> str:
        """The variant of ``situation`` for ``place``: equal places get equal words on every machine."""
        variants = self._lines[situation]
        if len(variants) == 1:
            return _fill(variants[0], {**self._common, **words})
        digest = hashlib.sha256(f"{situation}\n{place}".encode("utf-8", "replace")).digest()
        return _fill(variants[digest[0] % len(variants)], {**self._common, **words})

    def variants(self, situation: str, **words: str) -> tuple[str, ...]:
        """All variants of ``situation``, filled in."""
        return tuple(_fill(line, {**self._common, **words}) for line in self._lines[situation])


def load_wording(checker: Checker, replacement: Path | None = None, **common: str) -> Wording:
    """The packaged wording, or that of ``replacement`` where the file exists; every line is checked.

    Raises:
        WordingError: a situation is missing or unknown, a word in braces is unknown or missing, or a line breaks a
            house rule; the text names file, situation, variant and line.
    """
    text, shown = read_text("wording.toml", replacement, WordingError)
    data = parse_toml(text, shown, WordingError)
    lines: dict[str, tuple[str, ...]] = {}
    for table, situations in data.items():
        for name, variants in situations.items() if isinstance(situations, dict) else ():
            if not isinstance(variants, list) or not variants or not all(_spoken(line) for line in variants):
                raise WordingError(f"话术文件 {shown} 的 [{table}] {name} 要写成至少一条非空文字的列表；请改正。")
            lines[f"{table}.{name}"] = tuple(variants)
    expected = _situations()
    for problem, names in (("缺少情形", expected - set(lines)), ("有不认识的情形", set(lines) - expected)):
        if names:
            raise WordingError(f"话术文件 {shown} {problem} {'、'.join(sorted(names))}；请对照自带的文件改正。")
    for situation, variants in lines.items():
        for number, line in enumerate(variants, 1):
            where = f"话术文件 {shown} 的 {situation} 第 {number} 条（{_position(text, line)}“{line[:20]}…”）"
            _check_line(situation, line, where, checker)
    return Wording(lines, **common)


def _spoken(line: object) -> bool:
    return isinstance(line, str) and bool(line.strip())


def _check_line(situation: str, line: str, where: str, checker: Checker) -> None:
    special = SPECIAL.get(situation, frozenset())
    used = set(_BRACES.findall(line))
    if used - COMMON - special:
        known = "、".join(f"{{{name}}}" for name in sorted(COMMON | special))
        raise WordingError(f"{where}里有不认识的 {{{sorted(used - COMMON - special)[0]}}}；这里可用 {known}。")
    if special - used:
        raise WordingError(f"{where}里缺少 {{{sorted(special - used)[0]}}}；请补上。")
    if "{" in _BRACES.sub("", line) or "}" in _BRACES.sub("", line):
        raise WordingError(f"{where}里的花括号不成对；请改正。")
    name = situation.partition(".")[2]
    scenario = name if situation.startswith("moment.") and name in SCENARIOS else None
    findings = checker.check(_fill(line, _SAMPLE), scenario)
    if findings:
        first = findings[0]
        raise WordingError(f"{where}不合服务规范（{first.rule}）：{first.message}；建议：{first.suggestion}")


def _fill(line: str, words: Mapping[str, str]) -> str:
    return _BRACES.sub(lambda match: words[match[1]], line)


def _position(text: str, line: str) -> str:
    """Where in the file the line stands, as ``第 n 行，``; nothing when it is written with escapes."""
    start = text.find(line.replace("\n", "\\n"))
    return f"第 {text.count(chr(10), 0, start) + 1} 行，" if start >= 0 else ""


@functools.cache
def _situations() -> frozenset[str]:
    """The situations of the packaged file, which is the list of those there must be."""
    text, shown = read_text("wording.toml", None, WordingError)
    return frozenset(
        f"{table}.{name}" for table, situations in parse_toml(text, shown, WordingError).items() for name in situations
    )
