"""What people say in each situation: the packaged lines and rules, and those that a home adds."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.datafiles import parse_toml, read_text
from bot.errors import ExamplesError
from bot.records import SCENARIOS, Scenario
from kb.text import normalise

FILE = "scenarios.toml"
_RULES = ("courtesy", "question", "refusal")
_OF_LABEL = {"examples", "emoji"}


@dataclass(frozen=True, slots=True)
class Examples:
    """``lines``: utterances with their situation. ``emoji``: what a sign means alone. ``rules``: expressions by table.

    ``shown`` is the file to name when a rule turns out to be malformed.
    """

    lines: tuple[tuple[Scenario, str], ...]
    emoji: Mapping[str, Scenario]
    rules: Mapping[str, Mapping[str, str]]
    shown: str = FILE


def load_examples(own: Path | None = None) -> Examples:
    """The packaged examples and, where the file ``own`` exists, its lines beside them.

    A line that is packaged under another label moves to the label it has in ``own``; rules and emoji of ``own``
    replace the packaged ones of the same name.

    Raises:
        ExamplesError: the file cannot be used; the text names file, line and remedy.
    """
    packaged = _packaged()
    if own is None or not own.exists():
        return packaged
    text, shown = read_text(FILE, own, ExamplesError)
    added = parse_examples(text, shown)
    taken = {normalise(line) for _, line in added.lines}
    kept = tuple((label, line) for label, line in packaged.lines if normalise(line) not in taken)
    rules = {table: {**packaged.rules[table], **added.rules.get(table, {})} for table in _RULES}
    return Examples(kept + added.lines, {**packaged.emoji, **added.emoji}, rules, shown)


def parse_examples(text: str, shown: str) -> Examples:
    """The examples that the TOML ``text`` of the file ``shown`` holds.

    Raises:
        ExamplesError: unknown tables, labels or keys, values that are no text, or one line under two labels.
    """
    data = parse_toml(text, shown, ExamplesError)
    labels = data.pop("label", {})
    rules: dict[str, dict[str, str]] = {}
    for table, content in data.items():
        if table not in _RULES or not _texts(content):
            known = "、".join(f"[{name}]" for name in (*_RULES, "label.…"))
            raise ExamplesError(f"文件 {shown} 的 [{table}] 不认识，或里面有不是文字的值；可用的表是 {known}，请改正。")
        rules[table] = content
    found: dict[str, tuple[Scenario, str]] = {}
    emoji: dict[str, Scenario] = {}
    contents: dict[str, Any] = labels if isinstance(labels, dict) else {str(labels): {}}
    for label, content in contents.items():
        if label not in SCENARIOS:
            raise ExamplesError(f"文件 {shown} 的 [label.{label}] 不是已有的情形；可用的有 {'、'.join(SCENARIOS)}，请改正。")
        if not _texts(content) or set(content) - _OF_LABEL:
            raise ExamplesError(f"文件 {shown} 的 [label.{label}] 里只能写 examples 和 emoji，值都是文字；请改正。")
        emoji.update(dict.fromkeys(content.get("emoji", ""), label))
        for line in map(str.strip, content.get("examples", "").splitlines()):
            if not line:
                continue
            before = found.setdefault(normalise(line), (label, line))
            if before[0] != label:
                number = 1 + max(n for n, written in enumerate(text.splitlines()) if written.strip() == line)
                raise ExamplesError(
                    f"文件 {shown} 第 {number} 行“{line[:30]}”同时写在 {before[0]} 和 {label} 下面；请只保留一处。"
                )
    return Examples(tuple(found.values()), emoji, rules, shown)


def _texts(content: Any) -> bool:
    return isinstance(content, dict) and all(isinstance(value, str) for value in content.values())


@functools.cache
def _packaged() -> Examples:
    return parse_examples(*read_text(FILE, None, ExamplesError))
