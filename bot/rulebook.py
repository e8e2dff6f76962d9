"""The rules of the reply checker: what a rule is, and reading and validating the files they are written in."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.datafiles import parse_toml, read_text
from bot.errors import RulesError
from bot.folded import fold
from bot.likeness import plain
from bot.records import SCENARIOS

TEXTS = ("id", "message", "suggestion", "requires", "unless", "unless_text", "like", "unlike")
LISTS = ("patterns", "scenarios", "bad", "good")
KEYS = {*TEXTS, *LISTS, "rewrites", "replace"}
"""What a ``[[rule]]`` may hold; ``bot/rules/README.md`` says what each means."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One house rule; ``bot/rules/README.md`` says what each part means."""

    id: str
    message: str
    suggestion: str
    pattern: re.Pattern[str] | None = None
    requires: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    unless_text: re.Pattern[str] | None = None
    scenarios: frozenset[str] = frozenset()
    rewrites: tuple[tuple[re.Pattern[str], str], ...] = ()
    replace: tuple[tuple[re.Pattern[str], str], ...] = ()
    bad: tuple[str, ...] = field(default=(), repr=False)
    good: tuple[str, ...] = field(default=(), repr=False)
    like: tuple[str, ...] = field(default=(), repr=False)
    unlike: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of a home. ``own``: ids of those that the editors wrote; ``allowed``: words that are never looked at;
    ``polite``: ordinary sentences that no rule may take for a fault."""

    rules: tuple[Rule, ...]
    own: frozenset[str] = frozenset()
    allowed: tuple[str, ...] = ()
    polite: tuple[str, ...] = field(default=(), repr=False)

    @property
    def like(self) -> tuple[str, ...]:
        """Sentences that break a rule, as the model compares them."""
        return _plain(line for rule in self.rules for line in rule.like)

    @property
    def unlike(self) -> tuple[str, ...]:
        """Sentences that break none."""
        return _plain([*(line for rule in self.rules for line in rule.unlike), *self.polite])


def load_rulebook(own: Path | None = None) -> Rulebook:
    """The packaged rules, with those of the editors' file ``own`` added where it exists.

    A rule with an id of a packaged one takes its place; ``off`` lists ids that are not to be held.

    Raises:
        RulesError: a file cannot be used; the text names file and rule.
    """
    packaged = _packaged()
    if own is None or not own.exists():
        return packaged
    text, shown = read_text("rules.toml", own, RulesError)
    data = parse_toml(text, shown, RulesError)
    unknown = set(data) - {"words", "rule", "off", "allowed"}
    if unknown:
        raise RulesError(f"规则文件 {shown} 里有不认识的“{sorted(unknown)[0]}”；可用：words、rule、off、allowed。")
    rules = parse_rules({**data, "words": {**_words(), **data.get("words", {})}}, shown)
    ids = {rule.id for rule in packaged.rules}
    off = _strings(data.get("off", []), f"规则文件 {shown} 的 off")
    if set(off) - ids:
        raise RulesError(f"规则文件 {shown} 的 off 里有不认识的规则“{sorted(set(off) - ids)[0]}”；请对照自带的编号改正。")
    allowed = _strings(data.get("allowed", []), f"规则文件 {shown} 的 allowed")
    written = {rule.id for rule in rules}
    kept = tuple(rule for rule in packaged.rules if rule.id not in written and rule.id not in off)
    return replace(
        packaged, rules=kept + rules, own=frozenset(written), allowed=tuple(fold(word)[0] for word in allowed if word)
    )


def parse_rules(data: Mapping[str, Any], shown: str) -> tuple[Rule, ...]:
    """Rules out of the tables of a file; every example is held against its own rule.

    Raises:
        RulesError: a rule lacks a part, has an unknown one, a malformed expression, or misses an example of its own.
    """
    words = data.get("words", {})
    rules = tuple(
        _rule(row, words, f"规则文件 {shown} 的 {row.get('id') or f'第 {number} 条'}")
        for number, row in enumerate(data.get("rule", ()), 1)
    )
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise RulesError(f"规则文件 {shown} 里 {rule.id} 写了两次；请改用不同的编号。")
        seen.add(rule.id)
    return rules


def _rule(row: Mapping[str, Any], words: Mapping[str, str], where: str) -> Rule:
    unknown = set(row) - KEYS
    if unknown:
        raise RulesError(f"{where} 里有不认识的“{sorted(unknown)[0]}”；可用：{'、'.join(sorted(KEYS))}。")
    for name in TEXTS:
        if name in row and not isinstance(row[name], str):
            raise RulesError(f"{where} 的 {name} 要写成一段文字；请改正。")
    lists = {name: _strings(row.get(name, []), f"{where} 的 {name}") for name in LISTS}
    blocks = {name: tuple(line.strip() for line in row.get(name, "").splitlines() if line.strip()) for name in ("like", "unlike")}
    missing = [name for name in ("id", "message", "suggestion") if not row.get(name)]
    if missing:
        raise RulesError(f"{where} 缺少 {missing[0]}；请补上。")
    if set(lists["scenarios"]) - set(SCENARIOS):
        wrong = sorted(set(lists["scenarios"]) - set(SCENARIOS))[0]
        raise RulesError(f"{where} 的 scenarios 里有不认识的情形“{wrong}”；可用：{'、'.join(SCENARIOS)}。")
    if bool(lists["patterns"] or blocks["like"]) == ("requires" in row):
        raise RulesError(f"{where} 需要 patterns（或 like）与 requires 两者之一；请改正。")

    def pattern(source: str | None) -> re.Pattern[str] | None:
        if source is None:
            return None
        for name, value in words.items():
            source = source.replace(f"{{{name}}}", value)
        try:
            return re.compile(source)
        except re.error as error:
            raise RulesError(f"{where} 里的表达式“{source[:40]}”有误（{error}）；请改正。") from error

    def sure(source: str) -> re.Pattern[str]:
        compiled = pattern(source)
        assert compiled is not None
        return compiled

    try:
        whole = pattern("|".join(f"(?:{part})" for part in lists["patterns"]) or None)
    except RulesError:
        for part in lists["patterns"]:
            pattern(part)  # names the one that is wrong
        raise
    try:
        rewrites = tuple((sure(row_["when"]), str(row_["say"])) for row_ in row.get("rewrites", ()))
        swaps = tuple((sure(old), str(new)) for old, new in row.get("replace", {}).items())
    except (KeyError, TypeError, AttributeError) as error:
        raise RulesError(f"{where} 的 rewrites 要写成 {{ when = '…', say = '…' }}，replace 要写成 {{ '旧' = '新' }}。") from error
    rule = Rule(
        row["id"], row["message"], row["suggestion"],
        whole, pattern(row.get("requires")),
        pattern(row.get("unless")), pattern(row.get("unless_text")), frozenset(lists["scenarios"]), rewrites, swaps,
        lists["bad"], lists["good"], blocks["like"], blocks["unlike"],
    )  # fmt: skip
    _hold_to_examples(rule, where)
    return rule


def _hold_to_examples(rule: Rule, where: str) -> None:
    for text in rule.bad:
        if not _breaks(rule, text):
            raise RulesError(f"{where} 没有查出自己的反例“{text}”；请补充 patterns，或把这个例子移到 like。")
    for text in rule.good:
        if _breaks(rule, text):
            raise RulesError(f"{where} 误伤了自己的正例“{text}”；请收窄 patterns，或补充 unless。")


def _breaks(rule: Rule, text: str) -> bool:
    folded = fold(text)[0]
    if rule.requires is not None:
        return bool(folded.strip()) and not rule.requires.search(folded)
    if rule.pattern is None or (rule.unless_text is not None and rule.unless_text.search(folded)):
        return False
    return any(
        rule.pattern.search(part) and not (rule.unless is not None and rule.unless.search(part))
        for part in [*re.findall(r"[^。！？!?;；\n]+[。！？!?;；]*", folded), folded]
    )


def _strings(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise RulesError(f"{where} 要写成文字的列表；请改正。")
    return tuple(value)


def _plain(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(plain(fold(line)[0]) for line in lines))


@functools.cache
def _files() -> Mapping[str, Mapping[str, Any]]:
    folder = importlib.resources.files("bot.rules")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return {name: parse_toml(read_text(f"rules/{name}", None, RulesError)[0], name, RulesError) for name in names}


@functools.cache
def _words() -> Mapping[str, str]:
    return {name: value for data in _files().values() for name, value in data.get("words", {}).items()}


@functools.cache
def _packaged() -> Rulebook:
    rules = tuple(rule for name, data in _files().items() for rule in parse_rules({**data, "words": _words()}, name))
    polite = [line for data in _files().values() for block in data.get("polite", {}).values() for line in block.splitlines()]
    return Rulebook(rules, polite=tuple(line for line in polite if line))
