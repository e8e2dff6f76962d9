"""What a build would take from a file, before it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingest.doubts import doubts
from ingest.entries import FileResult
from ingest.report import counts_of
from kb.records import Entry

_KIND = {"faq": "问答", "passage": "段落", "script": "话术"}
_AUDIENCE = {"public": "公开", "internal": "内部"}


def preview_lines(result: FileResult) -> Iterator[dict[str, Any]]:
    """One object for each entry of a file, in order; ``start`` and ``end`` count in the cleaned full text."""
    for entry in result.entries:
        yield {
            "source": entry.place.source,
            "heading": " › ".join(entry.place.heading),
            "kind": entry.kind,
            "question": entry.question,
            "text": entry.text,
            "audience": entry.audience,
            "start": entry.place.start,
            "end": entry.place.end,
            "id": entry.id,
            "row": entry.place.row,
            "page": entry.place.page,
            "category": entry.category,
            "aliases": list(entry.aliases),
            "wrong": list(entry.wrong),
            "warnings": list(doubts(entry)),
            "reason": result.reason if entry.audience == result.audience else "由表格里的可见范围一列指定",
        }


def show(result: FileResult) -> str:
    """A file and its entries as Chinese text of several lines."""
    kinds, _ = counts_of(result.entries)
    counts = "、".join(f"{_KIND[kind]} {count}" for kind, count in kinds.items()) or "没有条目"
    head = f"== {result.source}：{counts}；{_AUDIENCE[result.audience]}（{result.reason}）"
    return "\n".join([head, *(_show_entry(entry) for entry in result.entries)]) + "\n"


def _show_entry(entry: Entry) -> str:
    title = entry.question or " › ".join(entry.place.heading)
    lines = [f"[{_KIND[entry.kind]}·{_AUDIENCE[entry.audience]}] {title}", *entry.text.split("\n")]
    lines.extend(f"× {wording}" for wording in entry.wrong)
    lines.extend(f"（请留意：{doubt}）" for doubt in doubts(entry))
    return "\n    ".join(lines)
