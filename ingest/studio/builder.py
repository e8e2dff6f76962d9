"""The child process that builds the studio's draft: ``python -m ingest.studio.builder --home DIR``.

Writes JSON lines to standard output: ``{"stage", "done", "total"}`` while it works, at the end one with ``state``. It steps
back behind everything else on the machine, so that look-ups of agents stay quick.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import asdict
from typing import Any

import click

from kb.config import Home, SearchSettings, load
from kb.console import home_option, run, say, step_back
from kb.errors import GateRefused, KBError
from kb.publishing import BuildStatus

MOST_CHANGES = 500
"""So many changed entries are named."""


@click.command()
@home_option
def main(home: Home) -> int:
    """Build what the studio keeps as a draft, try it out, and tell what it changes; nothing is published."""
    step_back()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        status = _build(home)
    except KBError as error:
        status = BuildStatus("failed", lines=(str(error),))
    _tell(asdict(status))
    return 0


def _build(home: Home) -> BuildStatus:
    from ingest.build import build
    from ingest.impact_report import render, render_diff
    from kb.encoder import load_encoders
    from kb.store import open_store

    _tell({"stage": "start", "done": 0, "total": 0})
    encoders = load_encoders(load(SearchSettings, home), say)
    report = build(
        [],
        home,
        publish=False,
        encoders=encoders,
        report=say,
        progress=lambda stage, done, total: _tell({"stage": stage, "done": done, "total": total}),
    )
    lines = tuple(f"没有套用的修改：{line}" for line in report.stale)
    lines += tuple(f"同一问题有不同答案：{first} ≠ {second}" for first, second in report.conflicts[:20])
    files = tuple(f"{file.source}：{file.reason}" for file in report.rejected)
    counts = {"entries": report.entries, **asdict(report.changes)}
    if report.unchanged:
        return BuildStatus("unchanged", lines=lines, files=files, counts=counts)
    _tell({"stage": "check", "done": 0, "total": 0})
    store = open_store(home)
    live = store.current()
    found = store.diff(live, report.generation) if live else None
    changes = tuple(render_diff(found).split("\n")[1:]) if found else ()
    refused, checked = _gate(home, store, encoders, report.generation, live)
    impact = tuple(render(_impact(home, store, encoders, report.generation, live)).split("\n"))
    return BuildStatus("ready", draft=report.generation, lines=(*lines, *checked), changes=changes[:MOST_CHANGES], impact=impact, files=files, counts=counts, refused=refused)  # fmt: skip


def _gate(home: Home, store: Any, encoders: Any, draft: str, live: str | None) -> tuple[str, tuple[str, ...]]:
    """Why the gate refuses the draft (empty if it does not), and what it found in a line."""
    from ingest.gate import Gate

    try:
        result = Gate(store, encoders, home.question_set, report=say).check(draft, live)
    except GateRefused as refused:
        return str(refused), ()
    if not result.questions:
        return "", ("还没有问题集，发布前无法自动检查答案；请准备 questions.csv。",)
    before = "" if result.passed_live is None else f"（正式版 {result.passed_live} 题）"
    return "", (f"发布检查：{result.questions} 题里通过 {result.passed} 题{before}。", *result.worse)


def _impact(home: Home, store: Any, encoders: Any, draft: str, live: str | None) -> Any:
    from ingest.asked import DAYS, questions_of
    from ingest.impact import impact_of

    return impact_of(store, encoders, draft, live if live != draft else None, questions_of(home, None, DAYS, say))


def _end_with_parent() -> None:
    """Standard input closes when the server has gone, however it went: nobody waits for this any more."""
    sys.stdin.buffer.read()
    os._exit(1)


def _tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run(main))
