"""What editors changed in entries, laid over what the files say when the studio's sources are built.

An edit names the entry by its id and what the entry said when it was made. Where the file says something else since,
the edit is not applied but told as stale; only what it took away from sight stays away until somebody has looked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from kb.durable import replace_file
from kb.editing import FIELDS, original_of
from kb.errors import SourceError
from kb.records import Entry

_DATES = ("valid_from", "valid_to")
_LISTS = ("aliases", "counter_examples")


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of one entry.

    ``entry`` is its id and ``made_for`` the digest of what it said (:func:`kb.editing.original_of`); ``hidden`` takes it
    out of the base, ``changes`` replaces fields. ``source`` and ``name`` tell people which one it was when it is gone;
    ``who`` did it ``when`` (ISO 8601).
    """

    entry: str
    made_for: str
    hidden: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    name: str = ""
    who: str = ""
    when: str = ""

    @property
    def restricts(self) -> bool:
        """Whether it keeps something from customers."""
        return self.hidden or self.changes.get("audience") == "internal"

    def apply(self, entry: Entry) -> Entry:
        """``entry`` with the changes; a changed text no longer ends where the file's did."""
        changed = replace(entry, **self.changes)
        return changed if changed.text == entry.text else replace(changed, place=replace(entry.place, end=None))


@dataclass(frozen=True, slots=True)
class Stale:
    """An edit whose original says something else (``changed``) or is not there any more (``gone``)."""

    edit: Edit
    reason: Literal["changed", "gone"]

    def __str__(self) -> str:
        what = "隐藏" if self.edit.hidden else "修改"
        why = "原文后来变了" if self.reason == "changed" else "原文已经不在了"
        kept = "；它暂时仍不对外显示" if self.reason == "changed" and self.edit.restricts else ""
        return f"{self.edit.source}“{self.edit.name}”的{what}没有套用：{why}{kept}。请在知识工作室里核对。"


@dataclass(frozen=True, slots=True)
class Applied:
    """Entries with the edits laid over them, those hidden, and the edits that did not fit."""

    entries: tuple[Entry, ...]
    hidden: tuple[Entry, ...] = ()
    edited: int = 0
    stale: tuple[Stale, ...] = ()


def apply(entries: Iterable[Entry], edits: Mapping[str, Edit]) -> Applied:
    """Lay ``edits`` (by entry id) over ``entries``."""
    shown: list[Entry] = []
    hidden: list[Entry] = []
    stale: list[Stale] = []
    met: set[str] = set()
    for entry in entries:
        edit = edits.get(entry.id)
        if edit is None:
            shown.append(entry)
            continue
        met.add(entry.id)
        fits = edit.made_for == original_of(entry)
        if not fits:
            stale.append(Stale(edit, "changed"))
        if edit.hidden:
            hidden.append(entry)
        elif fits:
            shown.append(edit.apply(entry))
        else:
            shown.append(replace(entry, audience="internal") if edit.restricts else entry)
    stale.extend(Stale(edit, "gone") for identity, edit in edits.items() if identity not in met)
    return Applied(tuple(shown), tuple(hidden), len(met) - sum(one.reason == "changed" for one in stale), tuple(stale))


def read_edits(path: Path) -> dict[str, Edit]:
    """The edits in a file, by the id of their entry; none where there is no file.

    Raises:
        SourceError: it is damaged; nothing is applied then, so that nothing hidden is shown.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"编辑记录 {path} 读不出来（{error}）；请检查磁盘，或从备份里恢复这个文件。") from error
    edits = {}
    for number, line in enumerate(lines, 1):
        try:
            edit = _from_json(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SourceError(f"编辑记录 {path} 第 {number} 行已损坏（{error}）；请从备份里恢复这个文件。") from error
        edits[edit.entry] = edit
    return edits


def write_edits(path: Path, edits: Iterable[Edit]) -> None:
    """Replace the file in one step.

    Raises:
        OSError: the disk is full or failing; the old content stands.
    """
    lines = [json.dumps(_to_json(edit), ensure_ascii=False) + "\n" for edit in edits]
    replace_file(path, "".join(lines).encode())


def _to_json(edit: Edit) -> dict[str, Any]:
    changes = {key: value.isoformat() if isinstance(value, date) else value for key, value in edit.changes.items()}
    names = ("entry", "made_for", "hidden", "source", "name", "who", "when")
    return {**{name: getattr(edit, name) for name in names}, "changes": changes}


def _from_json(values: Mapping[str, Any]) -> Edit:
    changes = dict(values["changes"])
    if not set(changes) <= set(FIELDS):
        raise ValueError(f"unknown fields {sorted(set(changes) - set(FIELDS))}")
    for name in _DATES:
        if changes.get(name) is not None:
            changes[name] = date.fromisoformat(changes[name])
    for name in _LISTS:
        if name in changes:
            changes[name] = tuple(changes[name])
    return Edit(**{**values, "changes": changes})
