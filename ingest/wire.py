"""What the reading child and its parent say to each other: JSON lines, one request, then entries, then an end line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.entries import EntryStream, FileResult
from kb.index import entry_from_json, entry_to_json
from kb.records import Entry


def lines_of(stream: EntryStream) -> Iterator[dict[str, Any]]:
    """The lines that carry a file: one for each entry, then one for the rest."""
    for entry in stream:
        yield {"entry": entry_to_json(entry)}
    yield end_line(stream.result(()))


def end_line(result: FileResult) -> dict[str, Any]:
    """The line behind the entries of a file."""
    return {
        "done": {
            "source": result.source,
            "sha256": result.sha256,
            "size": result.size,
            "audience": result.audience,
            "reason": result.reason,
            "warnings": result.warnings,
            "steps": result.steps,
            "encoding": result.encoding,
            "questions": result.questions,
        }
    }


def entry_of(line: Mapping[str, Any]) -> Entry:
    """The entry in an entry line."""
    return entry_from_json(line["entry"])


def result_of(line: Mapping[str, Any], entries: Sequence[Entry]) -> FileResult:
    """The result whose last line is ``line``."""
    values = dict(line["done"])
    return FileResult(
        entries=tuple(entries), warnings=tuple(values.pop("warnings")), steps=tuple(values.pop("steps")), **values
    )
