"""The verbs of ``python -m ingest`` that tell what a version changes, before it goes live or after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ingest.asked import DAYS, questions_of
from kb.config import Home, SearchSettings, load
from kb.console import emit, home_option, json_option, say
from kb.errors import EncoderMismatch, ModelError, StoreEmpty

if TYPE_CHECKING:
    from kb.records import Audience, Entry

questions_option = click.option(
    "--questions",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Questions to try instead of those of the journal: output of python -m bot questions, or one a line.",
)
days_option = click.option(
    "--days",
    default=DAYS,
    show_default=True,
    type=click.IntRange(0),
    help="Try what was really asked in so many days, masked, beside HOME/questions.csv. 0: only that.",
)


@click.command()
@click.argument("what", nargs=-1, metavar="[ID | PATH...]")
@click.option("--against", metavar="ID", help="The version to compare with. Default: the live one.")
@questions_option
@days_option
@click.option("--audience", type=click.Choice(["public", "internal"]), help="For all files, whatever they say themselves.")
@home_option
@json_option
def impact(
    what: tuple[str, ...],
    against: str | None,
    file: Path | None,
    days: int,
    audience: Audience | None,
    home: Home,
    as_json: bool,
) -> None:
    """Show what would change if a draft went live: answers, entries out of reach, new twins, what expires.

    ID is a version (default: the newest); for PATH... a draft is built first, and not published.

    \b
    Examples:
      python -m ingest impact knowledge/public knowledge/internal
      python -m ingest impact gen-000007 --days 7
    """
    from ingest.build import build
    from ingest.impact import impact_of
    from ingest.impact_report import render
    from ingest.progress import ProgressDisplay
    from kb.encoder import load_encoders
    from kb.store import open_store

    asked = questions_of(home, file, days, say)
    store, encoders = open_store(home), load_encoders(load(SearchSettings, home), say)
    if len(what) == 1 and what[0].startswith("gen-"):
        draft = what[0]
    elif what:
        display = ProgressDisplay()
        try:
            paths = [Path(path) for path in what]
            built = build(paths, home, audience=audience, publish=False, progress=display, report=say, encoders=encoders)
        finally:
            display.close()
        draft = built.generation
    elif store.ids():
        draft = store.ids()[0]
    else:
        raise StoreEmpty("还没有任何版本；请先运行 python -m ingest build 资料文件夹。")
    live = against or store.current()
    found = impact_of(store, encoders, draft, live if live != draft else None, asked)
    emit(found.as_json() if as_json else render(found))


@click.command()
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option("--entries", "only_entries", is_flag=True, help="Only the entries; no question is tried.")
@questions_option
@days_option
@home_option
@json_option
def diff(
    old: str, new: str, only_entries: bool, file: Path | None, days: int, home: Home, as_json: bool
) -> None:
    """Show what version B holds that A did not, the other way round, and what that changes for who asks.

    \b
    Examples:
      python -m ingest diff gen-000006 gen-000007
      python -m ingest diff gen-000006 gen-000007 --entries --json
    """
    from ingest.impact import impact_of
    from ingest.impact_report import render, render_diff
    from kb.encoder import load_encoders
    from kb.store import open_store

    store = open_store(home)
    changes, found = store.diff(old, new), None
    if not only_entries:
        try:
            encoders = load_encoders(load(SearchSettings, home), say)
            found = impact_of(store, encoders, new, old, questions_of(home, file, days, say))
        except (EncoderMismatch, ModelError) as error:  # the entries can be told all the same
            say(f"无法试问，只比较条目：{error}")
    if as_json:
        values: dict[str, Any] = {
            "added": list(map(_json, changes.added)),
            "changed": [{"before": _json(before), "after": _json(after)} for before, after in changes.changed],
            "removed": list(map(_json, changes.removed)),
            "moved": [{"before": _json(before), "after": _json(after)} for before, after in changes.moved],
        }
        emit(values if only_entries else {**values, "impact": found and found.as_json()})
        return
    emit(render_diff(changes))
    if found is not None:
        emit(f"\n{render(found)}")


COMMANDS = (impact, diff)
"""Added to the group in :mod:`ingest.cli`."""


def _json(entry: Entry) -> dict[str, Any]:
    from kb.index import entry_to_json

    return entry_to_json(entry)
