"""Many questions at once: brought in from a table after a look at what it would change, and taken away as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ingest.reading import Rejected
from ingest.sources import Source
from ingest.studio.drafts import Draft, Drafts
from ingest.studio.entries import Entries
from ingest.studio.files import Upload
from ingest.studio.table import as_csv, as_xlsx, form_of
from kb.editing import Fields, Invalid, heart_of, read_fields
from kb.errors import InputError, SourceError
from kb.records import Entry
from kb.shelf import Import

SUFFIXES = (".csv", ".xlsx", ".xls", ".ods", ".tsv")
_TOKEN = re.compile(r"[0-9a-f]{16}(?:\.[a-z]{3,4})")


class Exchange:
    """See :class:`bot.ui.studio.seams.Exchange`."""

    def __init__(self, drafts: Drafts, entries: Entries) -> None:
        self._drafts = drafts
        self._entries = entries
        self._folder = drafts.workspace.root / ".incoming"

    def try_import(self, upload: Upload) -> Import:
        """What a table would change; nothing is changed yet."""
        path = upload.close()
        suffix = Path(upload.name).suffix.lower()
        kept = path.with_name(path.name + suffix)
        path.rename(kept)
        try:
            return self._weigh(kept, self._drafts.now())[0]
        except SourceError:
            kept.unlink(missing_ok=True)
            raise

    def do_import(self, token: str, who: str) -> Import:
        """Take a table that was tried."""
        path = self._folder / token
        if not _TOKEN.fullmatch(token) or not path.is_file():
            raise InputError("这次导入已经过期或已经完成；请重新选择表格。")
        with self._drafts.workspace.changing():
            outcome, changed, added = self._weigh(path, self._drafts.now())
            self._entries.take_rows(changed, added, who)
        path.unlink(missing_ok=True)
        return outcome

    def export(self, kind: Literal["csv", "xlsx"]) -> bytes:
        """All questions of the draft but the hidden ones."""
        pieces = [piece for piece in self._entries.questions() if piece.state != "hidden"]
        rows = [(Fields.of(piece.entry), piece.entry.place.source) for piece in pieces]
        return as_xlsx(rows) if kind == "xlsx" else as_csv(rows)

    def _weigh(self, path: Path, draft: Draft) -> tuple[Import, dict[str, Fields], list[Fields]]:
        result = self._drafts.read(Source(path, f"导入{path.suffix}", ("public",)))
        if isinstance(result, Rejected):
            raise SourceError(f"这张表格不能导入：{result.reason}")
        asked = [entry for entry in result.entries if entry.kind == "faq"]
        if not asked:
            raise SourceError("这张表格里没有问答；第一行请写上列名“问题”和“答案”，也可以先导出一份照着填。")
        known: dict[tuple[str, str], list[Entry]] = {}
        for piece in draft.questions():
            if piece.state != "hidden":
                known.setdefault((heart_of(piece.entry.question), piece.entry.audience), []).append(piece.entry)
        refused = list(result.warnings)
        changed: dict[str, Fields] = {}
        added: dict[tuple[str, str], Fields] = {}
        same, names = 0, []
        for entry in asked:
            try:
                fields = read_fields(form_of(Fields.of(entry)))
            except Invalid as invalid:
                refused.append(f"第 {entry.place.row} 行“{entry.question[:20]}”没有导入：{invalid}")
                continue
            key = (heart_of(fields.question), fields.audience)
            match = _match(known.get(key, ()), fields)
            if match is not None:
                fields = _filled(fields, match)
            if match is not None and Fields.of(match) == fields:
                same += 1
            elif match is not None and match.id not in changed:
                changed[match.id] = fields
                names.append(fields.question)
            elif match is not None or key in added:
                refused.append(f"第 {entry.place.row} 行“{entry.question[:20]}”没有导入：表里有两行问的是同一件事。")
            else:
                added[key] = fields
        new = list(added.values())
        outcome = Import(path.name, tuple(one.question for one in new), tuple(names), same, tuple(refused))
        return outcome, changed, new


def _filled(fields: Fields, entry: Entry) -> Fields:
    """``fields`` with what their row leaves empty, or has no column for, as ``entry`` says it."""
    empty = {name: getattr(entry, name) for name, value in fields.changed().items() if not value}
    return replace(fields, **empty)


def _match(entries: Sequence[Entry], fields: Fields) -> Entry | None:
    """The entry that asks the same: the one for the same time first."""
    for entry in entries:
        if (entry.valid_from, entry.valid_to) == (fields.valid_from, fields.valid_to):
            return entry
    return entries[0] if len(entries) == 1 else None
