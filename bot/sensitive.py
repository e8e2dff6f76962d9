"""Sensitive words: lists of what is not talked about, with the line that is said instead."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.checker import Checker
from bot.datafiles import parse_toml, read_text
from bot.errors import SensitiveError
from kb.text import normalise, sentences

FILE = "sensitive.toml"
Direction = Literal["input", "output"]

_KEYS = {"name", "applies", "words", "patterns", "harmless", "unless", "line"}
_HAN = "[\u3400-\u9fff]"
_BETWEEN = re.compile(rf"(?<={_HAN})[\s.·•*_\-~^|#@&+=/\\$%'\"`]+(?={_HAN})")
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class WordList:
    """One list of the file, which explains what each part means."""

    name: str
    applies: Literal["input", "output", "both"]
    line: str
    pattern: re.Pattern[str]
    harmless: re.Pattern[str]
    unless: re.Pattern[str]

    def found(self, folded: str) -> str | None:
        """The words of ``folded`` that are on this list; None if there are none."""
        left = self.harmless.sub(" ", folded)
        for match in self.pattern.finditer(left):
            around = next(left[start:end] for start, end in sentences(left) if start <= match.start() < end)
            if not self.unless.search(around):
                return match[0]
        return None


@dataclass(frozen=True, slots=True)
class Hit:
    """A list that was hit, by which words, and the line to say."""

    list: str
    words: str
    line: str


class SensitiveWords:
    """The lists. Pure and safe to use from several threads; a tenth of a millisecond a message."""

    def __init__(self, lists: tuple[WordList, ...] = ()) -> None:
        self.lists = lists

    def hit(self, text: str, direction: Direction) -> Hit | None:
        """The first list for ``direction`` that ``text`` hits; None if it hits none."""
        folded = _BETWEEN.sub("", normalise(text))
        for one in self.lists:
            if one.applies in (direction, "both"):
                words = one.found(folded)
                if words is not None:
                    return Hit(one.name, words, one.line)
        return None


def load_sensitive(checker: Checker, own: Path | None = None) -> SensitiveWords:
    """The packaged lists, or those of the file ``own`` where it exists.

    Raises:
        SensitiveError: the file cannot be used, or a line breaks the house rules; the text names the list.
    """
    if own is None or not own.exists():
        return _packaged(checker)
    text, shown = read_text(FILE, own, SensitiveError)
    return parse_sensitive(parse_toml(text, shown, SensitiveError), checker, shown)


def parse_sensitive(data: Mapping[str, Any], checker: Checker, shown: str = FILE) -> SensitiveWords:
    """The lists in the tables of a file.

    Raises:
        SensitiveError: a part is missing, unknown, of the wrong type or malformed, or a line breaks the house rules.
    """
    lists = data.get("list", [])
    if set(data) - {"list"} or not isinstance(lists, list):
        raise SensitiveError(f"敏感词文件 {shown} 里只能有 [[list]]；请对照自带的文件改正。")
    return SensitiveWords(tuple(_word_list(row, checker, f"敏感词文件 {shown} 的第 {n} 个词表") for n, row in enumerate(lists, 1)))


def _word_list(row: Mapping[str, Any], checker: Checker, where: str) -> WordList:
    where += f"“{row.get('name', '')}”"
    unknown = set(row) - _KEYS
    if unknown:
        raise SensitiveError(f"{where}里有不认识的 {'、'.join(sorted(unknown))}；可用的是 {'、'.join(sorted(_KEYS))}。")
    texts = {key: row.get(key, "") for key in _KEYS - {"patterns"}}
    patterns = row.get("patterns", [])
    if not all(isinstance(value, str) for value in (*texts.values(), *(patterns if isinstance(patterns, list) else [0]))):
        raise SensitiveError(f"{where}的 patterns 要写成文字的列表，其余各项要写成文字；请改正。")
    if texts["applies"] not in ("input", "output", "both"):
        raise SensitiveError(f"{where}的 applies 是“{texts['applies']}”；请写成 input、output 或 both。")
    if not texts["name"].strip() or not texts["line"].strip():
        raise SensitiveError(f"{where}缺少 name 或 line；请补上名称和命中后要说的话。")
    findings = checker.check(texts["line"])
    if findings:
        raise SensitiveError(f"{where}的 line 不合服务规范（{findings[0].rule}）：{findings[0].message}；建议：{findings[0].suggestion}")
    sources = [_of_word(word) for word in _lines(texts["words"])] + patterns
    return WordList(
        texts["name"], texts["applies"], texts["line"],
        _compiled(sources, f"{where}的 patterns"),
        _compiled([normalise(line) for line in _lines(texts["harmless"])], f"{where}的 harmless"),
        _compiled([texts["unless"]] if texts["unless"] else [], f"{where}的 unless"),
    )  # fmt: skip


def _of_word(word: str) -> str:
    folded = _BETWEEN.sub("", normalise(word))
    escaped = re.escape(folded)
    return rf"(?<![a-z0-9]){escaped}(?![a-z0-9])" if folded.isascii() else escaped


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _compiled(sources: list[str], where: str) -> re.Pattern[str]:
    for source in sources:
        try:
            compiled = re.compile(source)
        except re.error as error:
            raise SensitiveError(f"{where}里的“{source[:40]}”不是正确的表达式（{error}）；请改正。") from error
        if compiled.search(""):
            raise SensitiveError(f"{where}里的“{source[:40]}”会命中任何文字；请改正。")
    return re.compile("|".join(f"(?:{source})" for source in sources)) if sources else _NEVER


@functools.lru_cache(maxsize=2)
def _packaged(checker: Checker) -> SensitiveWords:
    return parse_sensitive(parse_toml(*read_text(FILE, None, SensitiveError), SensitiveError), checker)
