"""The house rules of speaking, applied to a text: what breaks them, where, why, and how to say it better."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.datafiles import parse_toml, read_text
from bot.errors import RulesError
from bot.records import SCENARIOS
from kb.text import is_han, normalise

CHECKED_CHARS = 5_000
"""Longer drafts are checked in their beginning only: nobody says more in one message."""

_QUOTES = re.compile(r"“[^”]{0,200}”|「[^」]{0,200}」|『[^』]{0,200}』|‘[^’]{0,200}’|\"[^\"\n]{0,200}\"")
_TITLES = re.compile(r"《[^》]{0,100}》|【[^】]{0,40}】|(?m:^\d{1,2}[.、)][^\n]{0,80}\?$)")
_REPORTED = re.compile(
    r"(?:说|了解|想知道|反映|提到|提及|提出|问|询问|写|留言|投诉|描述|关于|例如|比如|标题|页面|点击|点|选择|按钮|名为|回复|输入|搜索|发送"
    r"|复述|就是|内容|情况|问题)(?:的|了|到|过|是|为)*[：:，, ]?$"
)
_SENTENCES = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]?")
_PADDING = re.compile(r"[\s.·•*_\-~^|]")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_BOUNDARY = "，。！？,.!?;；\n~"
"""Marks that a rule may match as the edge of a phrase; they are no part of what is wrong."""
_HIDDEN = "\x01"


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that breaks a rule. ``span`` are character offsets into the text as given."""

    rule: str
    span: tuple[int, int]
    message: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One house rule; see ``rules.toml`` for what each part means."""

    id: str
    message: str
    suggestion: str
    pattern: re.Pattern[str] | None = None
    requires: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    unless_text: re.Pattern[str] | None = None
    scenarios: frozenset[str] = frozenset()
    bad: tuple[str, ...] = field(default=(), repr=False)
    good: tuple[str, ...] = field(default=(), repr=False)


class Checker:
    """Checks texts against the house rules. Pure and safe to use from several threads."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._cached = functools.lru_cache(maxsize=2048)(self._check)

    def check(self, text: str, scenario: str | None = None) -> tuple[Finding, ...]:
        """What is wrong with ``text`` as a reply, in order of place; empty means that it may be sent.

        ``scenario`` is the situation replied to: some rules hold only there.
        """
        return self._cached(text[:CHECKED_CHARS], scenario)

    def _check(self, text: str, scenario: str | None) -> tuple[Finding, ...]:
        folded, places = fold(text)
        visible = _without_quotations(folded)
        findings: list[Finding] = []
        for rule in self.rules:
            if rule.scenarios and scenario not in rule.scenarios:
                continue
            if rule.requires is not None:
                if folded.strip() and not rule.requires.search(folded):
                    findings.append(Finding(rule.id, (0, len(text)), rule.message, rule.suggestion))
                continue
            if rule.pattern is None or (rule.unless_text is not None and rule.unless_text.search(visible)):
                continue
            for match in rule.pattern.finditer(visible):
                start, end = match.span()
                if rule.unless is not None and rule.unless.search(_sentence_at(visible, start)):
                    continue
                while start < end and visible[start] in _BOUNDARY:
                    start += 1
                while end > start + 1 and visible[end - 1] in _BOUNDARY:
                    end -= 1
                span = (places[start], places[end - 1] + 1) if start < end else (0, len(text))
                findings.append(Finding(rule.id, span, rule.message, rule.suggestion))
        return tuple(sorted(findings, key=lambda finding: finding.span))


def load_checker(replacement: Path | None = None) -> Checker:
    """The checker over the packaged rules, or over ``replacement`` where that file exists.

    Raises:
        RulesError: the file cannot be used; the text names the rule.
    """
    if replacement is None or not replacement.exists():
        return _packaged()
    text, shown = read_text("rules.toml", replacement, RulesError)
    return Checker(parse_rules(parse_toml(text, shown, RulesError), shown))


def parse_rules(data: Mapping[str, Any], shown: str = "rules.toml") -> tuple[Rule, ...]:
    """Rules out of the tables of a rules file.

    Raises:
        RulesError: a rule lacks a part or its expression is malformed.
    """
    words = data.get("words", {})

    def pattern(source: str | None) -> re.Pattern[str] | None:
        if source is None:
            return None
        for name, value in words.items():
            source = source.replace(f"{{{name}}}", value)
        return re.compile(source)

    rules: list[Rule] = []
    for number, row in enumerate(data.get("rule", ()), 1):
        name = row.get("id", f"第 {number} 条")
        try:
            unknown = set(row.get("scenarios", ())) - set(SCENARIOS)
            if unknown or ("patterns" in row) == ("requires" in row):
                raise RulesError(f"规则文件 {shown} 的 {name} 有误：需要 patterns 或 requires 之一，且 scenarios 须是已有情形。")
            alternatives = "|".join(f"(?:{part})" for part in row["patterns"]) if "patterns" in row else None
            rules.append(
                Rule(
                    row["id"], row["message"], row["suggestion"], pattern(alternatives), pattern(row.get("requires")),
                    pattern(row.get("unless")), pattern(row.get("unless_text")), frozenset(row.get("scenarios", ())),
                    tuple(row.get("bad", ())), tuple(row.get("good", ())),
                )  # fmt: skip
            )
        except (KeyError, TypeError, re.error) as error:
            raise RulesError(f"规则文件 {shown} 的 {name} 缺少一项或表达式有误（{error}）；请对照自带的文件改正。") from error
    if not rules:
        raise RulesError(f"规则文件 {shown} 里没有规则；请对照自带的文件补上 [[rule]]。")
    return tuple(rules)


def fold(text: str) -> tuple[str, list[int]]:
    """``text`` as rules look at it, and for each of its characters the offset it came from.

    Lower case, Simplified, half width, without invisible characters and without what is put between Han characters to
    slip through ("不 归.我*管").
    """
    pieces: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        for part in _folded(sign):
            pieces.append(part)
            places.append(place)
    simplified = "".join(pieces)
    if not _PADDING.search(simplified):
        return simplified, places
    kept = [row for row in range(len(simplified)) if not _is_padding(simplified, row)]
    return "".join(simplified[row] for row in kept), [places[row] for row in kept]


@functools.lru_cache(maxsize=8192)
def _folded(sign: str) -> str:
    return "".join(_simplified(part) for part in _INVISIBLE.sub("", unicodedata.normalize("NFKC", sign).lower()))


def _is_padding(text: str, row: int) -> bool:
    if not _PADDING.match(text[row]) or text[row] == "\n":
        return False
    before, after = row - 1, row + 1
    while before >= 0 and text[before] != "\n" and _PADDING.match(text[before]):
        before -= 1
    while after < len(text) and text[after] != "\n" and _PADDING.match(text[after]):
        after += 1
    return before >= 0 and after < len(text) and is_han(text[before]) and is_han(text[after])


def _simplified(sign: str) -> str:
    if "\ud800" <= sign <= "\udfff":
        return "?"  # half a character, which nothing can encode
    converted = normalise(sign)
    return converted if len(converted) == 1 else sign


def _without_quotations(text: str) -> str:
    """``text`` with titles, listed questions and reported words blotted out, at equal length."""

    def blot(match: re.Match[str]) -> str:
        return _HIDDEN * len(match[0])

    text = _TITLES.sub(blot, text)
    pieces, at = [], 0
    for match in _QUOTES.finditer(text):
        pieces.append(text[at : match.start()])
        reported = _REPORTED.search(text[max(0, match.start() - 16) : match.start()])
        pieces.append(blot(match) if reported else match[0])
        at = match.end()
    return "".join([*pieces, text[at:]])


def _sentence_at(text: str, place: int) -> str:
    for match in _SENTENCES.finditer(text):
        if match.end() > place:
            return match[0]
    return text


@functools.cache
def _packaged() -> Checker:
    text, shown = read_text("rules.toml", None, RulesError)
    return Checker(parse_rules(parse_toml(text, shown, RulesError), shown))
