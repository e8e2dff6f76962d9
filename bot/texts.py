"""The files that editors change as text: wording, sensitive words, synonyms, the question set.

A text that does not pass its check is never stored, the one before is kept beside it, and of two editors who began with
the same text only the first one stores.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.checker import Checker
from bot.datafiles import parse_toml, read_text
from bot.errors import SensitiveError
from bot.sensitive import FILE as SENSITIVE_FILE
from bot.sensitive import parse_sensitive
from bot.wording_file import read_lines
from kb.config import Home
from kb.durable import disk_errors, replace_file
from kb.editing import Conflict
from kb.errors import InputError, KBError
from kb.synonyms import FILE as SYNONYMS_FILE
from kb.text import normalise

MOST_BYTES = 512 * 1024
SHOWN = 20
"""So many problems are told at once."""


@dataclass(frozen=True, slots=True)
class Text:
    """One file: what it is called, where it is, what comes with the program, and what is wrong with a text.

    ``check`` gives Chinese sentences that name the place, none where the text can be used. ``effect`` says when a change
    takes effect.
    """

    key: str
    title: str
    about: str
    effect: str
    path: Path
    packaged: str
    check: Callable[[str], list[str]]

    def now(self) -> str:
        """What holds now.

        Raises:
            InputError: the file cannot be read.
        """
        return _read(self.path, self.packaged)

    def before(self) -> str | None:
        """What was replaced last; None where nothing was."""
        return _read(_aside(self.path), "") if _aside(self.path).exists() else None

    def save(self, text: str, version: str) -> str:
        """Store ``text`` in place of the one that ``version`` names; returns the new version.

        Raises:
            InputError: it does not pass its check; the text names what is wrong. Conflict: somebody was quicker.
            StoreError: the disk is full or failing; what was there stays.
        """
        text = text.replace("\r\n", "\n").rstrip() + "\n"
        data = text.encode("utf-8", "replace")
        if len(data) > MOST_BYTES:
            raise InputError(f"内容有 {len(data) // 1024} KB，最多 {MOST_BYTES // 1024} KB；请精简后再保存。")
        problems = self.check(text)
        if problems:
            more = f"\n…… 还有 {len(problems) - SHOWN} 处" if len(problems) > SHOWN else ""
            raise InputError("\n".join(problems[:SHOWN]) + more)
        old = self.now()
        if version_of(old) != version:
            raise Conflict(f"“{self.title}”已被别人改过；请复制您的改动，刷新以后再改。")
        with disk_errors(self.path.parent, needed=len(data)):
            replace_file(_aside(self.path), old.encode("utf-8"))
            replace_file(self.path, data)
        return version_of(text)


def version_of(text: str) -> str:
    """A digest that names a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def texts_of(home: Home, checker: Checker, check_questions: Callable[[bytes], object]) -> Mapping[str, Text]:
    """The four files of ``home``; ``check_questions`` raises a KBError where a question set cannot be used."""

    def wording(text: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            tried = Path(folder, "wording.toml")
            tried.write_text(text, encoding="utf-8")
            try:
                problems = read_lines(checker, tried)[1]
            except KBError as error:
                problems = [str(error)]
            return [problem.replace(str(tried), "wording.toml") for problem in problems]

    def sensitive(text: str) -> list[str]:
        try:
            parse_sensitive(parse_toml(text, SENSITIVE_FILE, SensitiveError), checker)
        except KBError as error:
            return [str(error)]
        return []

    def questions(text: str) -> list[str]:
        try:
            check_questions(text.encode("utf-8"))
        except KBError as error:
            return [str(error)]
        return []

    def packaged(name: str) -> str:
        return read_text(name, None, SensitiveError)[0]

    at_once, published = "保存后几秒内生效，不用重启。", "下次生成并发布版本时生效。"
    made = (
        Text("wording", "话术", "机器人说的每一句话。花括号里的词会自动替换；每一句都要通过用语检查。", at_once,
             home.wording, packaged("wording.toml"), wording),
        Text("sensitive", "敏感词", "命中后不作答、只说规定的一句话的词表。", at_once, home.sensitive, packaged(SENSITIVE_FILE), sensitive),
        Text("synonyms", "同义词", "一行一组，词之间用空格隔开，第一个是资料里的说法，后面是顾客的说法。", published,
             home.path / SYNONYMS_FILE, "# 例如：货到付款 hdfk 到付\n", synonym_problems),
        Text("questions", "问题集", "发布前逐题检查的问题：列名是 问题,期望,可见范围；不该回答的，期望写“不回答”。", published,
             home.question_set, "问题,期望,可见范围\n", questions),
    )  # fmt: skip
    return {text.key: text for text in made}


def synonym_problems(text: str) -> list[str]:
    """What is wrong with lines of words that mean the same."""
    problems: list[str] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = normalise(line).split()
        if not words or line.lstrip().startswith("#"):
            continue
        if len(set(words)) < 2:
            problems.append(f"第 {number} 行只有一个词“{line.strip()[:20]}”；请在后面加上顾客的说法，用空格隔开。")
        for word in dict.fromkeys(words[1:]):
            if word in seen:
                problems.append(f"第 {number} 行的“{word}”在第 {seen[word]} 行已经写过；一个说法只能在一组里。")
            seen.setdefault(word, number)
    return problems


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.before")


def _read(path: Path, otherwise: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return otherwise
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"文件 {path.name} 读不出来（{error}）；请检查文件权限，并保存为 UTF-8 编码。") from error
