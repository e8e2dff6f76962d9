"""``python -m ingest``: from files to published knowledge, and the care of its versions."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest import impact_commands, version_commands
from kb.config import Home, ShopSettings, load
from kb.console import emit, home_option, json_option, run, say, step_back
from kb.errors import PARTIAL_SUCCESS, SourceError, StoreDamaged

if TYPE_CHECKING:
    from ingest.entries import FileResult
    from kb.records import Audience

paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
audience_option = click.option(
    "--audience", type=click.Choice(["public", "internal"]), help="For all files, whatever they say themselves."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Turn files into published knowledge, and look after its versions.

    \b
    Examples:
      python -m ingest preview manual.md
      python -m ingest build knowledge/public knowledge/internal
      python -m ingest versions
      python -m ingest rollback

    \b
    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 locked by another build,
    4 store damaged, 5 done but some files were rejected, 6 refused by the gate.
    """


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH...]")
@audience_option
@click.option("--no-publish", is_flag=True, help="Keep the new version as a draft; the gate is not run.")
@click.option("--full", is_flag=True, help="Make all vectors anew instead of reusing unchanged ones.")
@version_commands.override_option
@home_option
@json_option
def build(
    paths: tuple[Path, ...],
    audience: Audience | None,
    no_publish: bool,
    full: bool,
    override: str,
    home: Home,
    as_json: bool,
) -> int:
    """Build a new version from files and folders, and publish it.

    The new version holds what PATH... hold and nothing else: give all folders of the base every time. Without any it
    holds what editors keep in the studio (HOME/sources), with their changes. Before it goes
    live it is compared with the live version on HOME/questions.csv (columns 问题, 期望, 可见范围), if there is one.

    \b
    Examples:
      python -m ingest build knowledge/public knowledge/internal
      python -m ingest build manuals --audience internal --no-publish
      python -m ingest build
    """
    from ingest.build import build as run_build
    from ingest.progress import ProgressDisplay
    from ingest.report import render

    display, before = ProgressDisplay(), _live(home)
    publish = not no_publish
    try:
        report = run_build(
            paths, home, audience=audience, publish=publish, full=full, override=override, progress=display, report=say
        )
    except KeyboardInterrupt:
        display.close()
        say(_where_we_are(home, before))
        raise
    finally:
        display.close()
    emit(report.as_json() if as_json else render(report))
    return PARTIAL_SUCCESS if report.rejected else 0


@cli.command()
@paths_argument
@audience_option
@home_option
@json_option
def preview(paths: tuple[Path, ...], audience: Audience | None, home: Home, as_json: bool) -> int:
    """Show what a build would take from files, piece by piece; nothing is written.

    \b
    Examples:
      python -m ingest preview manual.md faq.xlsx
      python -m ingest preview knowledge --json > passages.jsonl
    """
    from ingest.preview import preview_lines, show

    read, rejected = 0, 0
    for result in _results(paths, home, audience):
        if result is None:
            rejected += 1
            continue
        read += 1
        if as_json:
            for line in preview_lines(result):
                emit(line)
        else:
            emit(show(result))
    return _exit_code(read, rejected)


@cli.command()
@paths_argument
@home_option
@json_option
def text(paths: tuple[Path, ...], home: Home, as_json: bool) -> int:
    """Print the cleaned full text of files, the text that offsets of passages count in.

    \b
    Example:
      python -m ingest text manual.txt --json
    """
    from ingest.reading import FileReader
    from ingest.sources import find_sources

    read, rejected = 0, 0
    with FileReader(load(ShopSettings, home)) as reader:
        for source in find_sources(paths).sources:
            try:
                content = reader.text(source)
            except SourceError as error:
                say(f"{source.name}：{error}")
                rejected += 1
                continue
            read += 1
            emit({"source": source.name, "text": content} if as_json else content)
    return _exit_code(read, rejected)


for command in (*version_commands.COMMANDS, *impact_commands.COMMANDS):
    cli.add_command(command)


LONG = ("build", "preview", "text", "impact", "diff")
"""These step back behind the servers on the machine; whoever rolls back or publishes is waited for."""


def main() -> int:
    """Entry point of ``kb-ingest`` and ``python -m ingest``."""
    if sys.argv[1:2] and sys.argv[1] in LONG:
        step_back()
    return run(cli)


def _live(home: Home) -> str | None:
    from kb.generations import Generations

    with contextlib.suppress(StoreDamaged):
        return Generations(home.store).current()
    return None


def _where_we_are(home: Home, before: str | None) -> str:
    """What an interrupted build leaves."""
    live = _live(home)
    if live != before:
        return f"新版本 {live} 已经发布，只是没有来得及给出报告。"
    kept = "已经算好的向量会留给下一次生成。"
    return f"正式版仍是 {live}，没有变动；{kept}" if live else f"还没有发布任何版本；{kept}"


def _results(paths: tuple[Path, ...], home: Home, audience: Audience | None) -> Iterator[FileResult | None]:
    """Results of readable files; None for a rejected one, whose verdict goes to stderr."""
    from ingest.reading import FileReader, Rejected
    from ingest.sources import find_sources

    found = find_sources(paths)
    for name, reason in found.skipped:
        say(f"{name}：略过（{reason}）")
    with FileReader(load(ShopSettings, home)) as reader:
        for source in found.sources:
            outcome = reader.entries(source, audience)
            if isinstance(outcome, Rejected):
                say(f"{outcome.source}：{outcome.reason}")
                yield None
                continue
            for warning in outcome.warnings:
                say(f"{outcome.source}：{warning}")
            if outcome.questions:
                say(f"{outcome.source}：发布检查用的问题集，{outcome.questions} 题，不作为知识收录。")
            yield outcome


def _exit_code(read: int, rejected: int) -> int:
    if not rejected:
        return 0
    return PARTIAL_SUCCESS if read else SourceError.exit_code
