"""What an editor may write into an entry, and how an entry is told from what it was when the editor saw it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kb.errors import KBError
from kb.index import entry_to_json
from kb.records import Audience, Entry
from kb.text import normalise

QUESTION_CHARS = 200
TEXT_CHARS = 5_000
CATEGORY_CHARS = 50
ALIASES = 100
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")
_SEPARATOR = re.compile(r"[|｜;；\r\n]+")
"""What parts the questions in one cell of a table, and so cannot stand in one."""
FIELDS = ("question", "aliases", "counter_examples", "text", "category", "audience", "valid_from", "valid_to")
"""What an edit may change."""


class Invalid(KBError):
    """What was written into a form cannot be kept; ``problems`` has a Chinese line for each field that is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("；".join(problems.values()))
        self.problems = dict(problems)


class Conflict(KBError):
    """Somebody else changed the thing since it was shown; nothing was done."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of an entry as an editor writes them, checked."""

    question: str
    text: str
    aliases: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    category: str = ""
    audience: Audience = "public"
    valid_from: date | None = None
    valid_to: date | None = None

    @classmethod
    def of(cls, entry: Entry) -> Fields:
        """Those of an entry."""
        return cls(**{name: getattr(entry, name) for name in FIELDS})

    def put_into(self, entry: Entry) -> Entry:
        """``entry`` with these fields."""
        return replace(entry, **self.changed())

    def changed(self, entry: Entry | None = None) -> dict[str, Any]:
        """The fields by name, only those that are not what ``entry`` says if one is given."""
        values = {name: getattr(self, name) for name in FIELDS}
        return (
            values if entry is None else {key: value for key, value in values.items() if value != getattr(entry, key)}
        )


def read_fields(form: Mapping[str, str], *, asked: bool = True) -> Fields:
    """The fields in what was written into a form: one alias a line, dates as 2026-01-31.

    ``asked``: whether there must be a question (a passage has none).

    Raises:
        Invalid: something is missing, too long or contradicts itself.
    """
    problems: dict[str, str] = {}
    form = {key: _UNSEEN.sub("", value) for key, value in form.items()}
    question = " ".join(form.get("question", "").split())
    text = re.sub("\r+\n?", "\n", form.get("text", "")).strip()
    category = " ".join(form.get("category", "").split())
    if asked and not question:
        problems["question"] = "请写上问题。"
    elif len(question) > QUESTION_CHARS:
        problems["question"] = f"问题有 {len(question)} 个字，最多 {QUESTION_CHARS} 个；请写短一些。"
    if not text:
        problems["text"] = "请写上答案。" if asked else "内容不能是空的；不想用这一条，请用“隐藏”。"
    elif len(text) > TEXT_CHARS:
        problems["text"] = f"内容有 {len(text)} 个字，最多 {TEXT_CHARS} 个；请分成几条。"
    if len(category) > CATEGORY_CHARS:
        problems["category"] = f"分类有 {len(category)} 个字，最多 {CATEGORY_CHARS} 个。"
    lists = {name: _lines(form.get(name, ""), question) for name in ("aliases", "counter_examples")}
    for name, title in (("aliases", "相似问"), ("counter_examples", "反例")):
        if len(lists[name]) > ALIASES:
            problems[name] = f"{title}有 {len(lists[name])} 条，最多 {ALIASES} 条。"
        long = next((line for line in lists[name] if len(line) > QUESTION_CHARS), None)
        if long:
            problems[name] = f"{title}“{long[:20]}…”有 {len(long)} 个字，最多 {QUESTION_CHARS} 个；请一行写一个问法。"
    both = next((line for line in lists["aliases"] if line in lists["counter_examples"]), None)
    if both:
        problems["counter_examples"] = f"“{both}”同时写在相似问和反例里；请去掉一处。"
    audience: Audience = "internal" if form.get("audience") == "internal" else "public"
    if form.get("audience", "public") not in ("public", "internal"):
        problems["audience"] = "可见范围请选“公开”或“仅内部”。"
    dates: dict[str, date | None] = {}
    for name, title in (("valid_from", "生效日期"), ("valid_to", "失效日期")):
        try:
            dates[name] = date.fromisoformat(form.get(name, "").strip()) if form.get(name, "").strip() else None
        except ValueError:
            dates[name] = None
            problems[name] = f"{title}“{form[name].strip()[:20]}”不是日期；请写成 2026-01-31 的样子。"
    start, end = dates["valid_from"], dates["valid_to"]
    if start and end and start > end:
        problems["valid_to"] = f"失效日期 {end} 早于生效日期 {start}；请核对这两个日期。"
    if problems:
        raise Invalid(problems)
    return Fields(question, text, lists["aliases"], lists["counter_examples"], category, audience, start, end)


def heart_of(question: str) -> str:
    """What two questions share that ask the same in the same words: letters and digits, folded, without signs."""
    return "".join(mark for mark in normalise(question) if mark.isalnum())


def version_of(entry: Entry) -> str:
    """A digest of all that an entry says and of who may see it: it changes when anything of that does."""
    return _digest({key: value for key, value in entry_to_json(entry).items() if key not in ("id", "place")})


def original_of(entry: Entry) -> str:
    """A digest of what an entry says, whoever may see it: what an edit was made for."""
    return _digest(
        {key: value for key, value in entry_to_json(entry).items() if key not in ("id", "place", "audience")}
    )


def _digest(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _lines(text: str, but: str) -> tuple[str, ...]:
    lines = (" ".join(line.split()) for line in _SEPARATOR.split(text))
    return tuple(dict.fromkeys(line for line in lines if line and line != but))
