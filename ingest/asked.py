"""Questions to try a draft out on: the home's question set, what was really asked, or a file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.config import JournalSettings, load
from kb.errors import InputError
from kb.records import Audience
from kb.text import normalise

if TYPE_CHECKING:
    from kb.config import Home

DAYS = 30
"""What was asked within so many days is tried."""
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question somebody asks, and how often."""

    text: str
    audience: Audience = "public"
    times: int = 1


def questions_of(home: Home, file: Path | None, days: int, report: Callable[[str], None]) -> tuple[Asked, ...]:
    """The question set of ``home`` and, from ``file`` or else from the journal of the last ``days``, what is asked.

    ``report`` gets a Chinese line where the journal cannot be read: the question set is tried all the same.

    Raises:
        SourceError: the question set cannot be read. InputError: ``file`` cannot be read.
    """
    from ingest.gate import read_questions

    wanted = [Asked(question.text, question.audience) for question in read_questions(home.question_set)]
    real = read_asked(file) if file else _from_journal(home, days, report)
    unique: dict[tuple[str, Audience], Asked] = {}
    for asked in (*real, *wanted):
        unique.setdefault((normalise(asked.text), asked.audience), asked)
    return tuple(unique.values())


def _from_journal(home: Home, days: int, report: Callable[[str], None]) -> tuple[Asked, ...]:
    """What ``python -m bot questions`` prints: the journal is the bot's own, and read by it alone."""
    if not days or not (home.journal.exists() or load(JournalSettings, home).url):
        return ()
    command = [sys.executable, "-m", "bot", "questions", "--days", str(days), "--home", str(home.path)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        report(f"读不到最近 {days} 天的真实问题（{error}），只用问题集试问。")
        return ()
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        report(f"读不到最近 {days} 天的真实问题（{reason[-1] if reason else done.returncode}），只用问题集试问。")
        return ()
    return parse_asked(done.stdout, "对话记录")


def read_asked(file: Path) -> tuple[Asked, ...]:
    """Questions from a file: JSON Lines of ``python -m bot questions``, or plain text with one question a line.

    Raises:
        InputError: it cannot be read, or a line says nothing usable; the text names the line.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"问题文件 {file} 读不出来（{error.strerror}）；请检查路径和权限。") from error
    if data.lstrip().startswith(b"{"):
        return parse_asked(data, f"问题文件 {file}")
    lines = data.decode("utf-8-sig", "replace").splitlines()
    return tuple(Asked(line.strip()) for line in lines if line.strip())


def parse_asked(data: bytes, name: str) -> tuple[Asked, ...]:
    """Questions from lines ``{"text","audience","times"}``; ``name`` is what errors call them.

    Raises:
        InputError: a line says nothing usable; the text names the line.
    """
    from kb import jsonlines

    asked: dict[tuple[str, Audience], Asked] = {}
    for number, row in jsonlines.parse(data, name):
        text, audience, times = row.get("text"), row.get("audience", "public"), row.get("times", 1)
        if not isinstance(text, str) or not text.strip() or audience not in ("public", "internal"):
            raise InputError(f"{name} 第 {number} 行缺少文字字段 text，或 audience 不是 public、internal；请改正后重试。")
        asked.setdefault((normalise(text), audience), Asked(text, audience, int(times)))
    return tuple(asked.values())
