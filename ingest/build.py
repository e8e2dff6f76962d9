"""Build a new generation from files, put it through the gate, and publish it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ingest.asked import Asked
from ingest.duplicates import drop_duplicates
from ingest.edits import Applied
from ingest.entries import FileResult
from ingest.gate import Gate, GateResult
from ingest.impact import Trial, weighed
from ingest.reading import FileReader, Rejected
from ingest.report import BuildReport, Changes, FileReport, counts_of, pairs_of, twins_of
from ingest.sources import Found, find_sources
from ingest.workspace import Workspace
from kb.changes import Diff, diff
from kb.config import Home, SearchSettings, ShopSettings, load
from kb.errors import InputError, SourceError, StoreDamaged
from kb.manifest import SourceFile
from kb.records import Audience, Entry

if TYPE_CHECKING:
    from kb.encoder import Encoder
    from kb.store import Store

Stage = Literal["read", "embed"]
Progress = Callable[[Stage, int, int], None]
"""Called with the stage, how much is done and how much there is: files read, texts turned into vectors."""


@dataclass(frozen=True, slots=True)
class _Live:
    """The live generation, as far as a build needs it: ``changes`` are what the new entries change of it."""

    id: str
    content: str
    changes: Diff


def build(
    paths: Sequence[Path],
    home: Home,
    *,
    audience: Audience | None = None,
    publish: bool = True,
    full: bool = False,
    override: str = "",
    progress: Progress = lambda stage, done, total: None,
    report: Callable[[str], None] = lambda line: None,
    encoders: Sequence[Encoder] | None = None,
    today: Callable[[], date] = date.today,
) -> BuildReport:
    """Make the base hold what ``paths`` hold, and nothing else; without any, what the studio keeps for the home.

    ``audience`` overrides the proposals for all files, ``full`` makes all vectors anew, ``override`` is the
    reason to publish even what the gate refuses, ``report`` gets Chinese lines about what is going on, ``encoders`` are those of the settings if not given. Where nothing changed, nothing is
    written. A file that cannot be read is named in the report and left out.

    Raises:
        InputError: a path does not exist, or there is none and the studio keeps nothing. SourceError: nothing can be read at all.
        StoreLocked, StoreError, ModelError, SettingsError: nothing was written.
        GateRefused: the new generation is kept as a draft, the live one stays.
    """
    from kb.draft import content_digest
    from kb.encoder import load_encoders
    from kb.store import open_store
    from kb.synonyms import load_synonyms
    from kb.twins import twins

    begun = time.monotonic()
    shop = load(ShopSettings, home)
    workspace = None if paths else Workspace(home.sources)
    if workspace is not None and not workspace.exists:
        raise InputError("没有给出资料文件夹，知识工作室里也还没有资料；请运行 python -m ingest build 资料文件夹。")
    found = find_sources(paths) if workspace is None else workspace.find()
    store = open_store(home)
    with store.lock("生成新版本"):
        outcomes = list(_read_all(found, shop, audience, progress))
        read = [outcome for outcome in outcomes if isinstance(outcome, FileResult)]
        said = [entry for result in read for entry in result.entries]
        applied = Applied(tuple(said)) if workspace is None else workspace.laid_over(said)
        unique = drop_duplicates(applied.entries)
        if not unique.entries:
            raise SourceError(_nothing(outcomes))
        if encoders is None:
            encoders = load_encoders(load(SearchSettings, home), report)
        live = _live(store, unique.entries, report)
        changes = live.changes if live else diff((), unique.entries)
        kinds, audiences = counts_of(unique.entries)
        outcome = BuildReport(
            generation=live.id if live else "",
            published=False,
            unchanged=True,
            files=tuple(_file_reports(found, outcomes, Counter(entry.place.source for entry in changes.removed))),
            kinds=kinds,
            audiences=audiences,
            duplicates=pairs_of(unique.dropped),
            conflicts=pairs_of(unique.conflicts),
            changes=Changes.of(changes) if live else Changes(),
            edited=applied.edited,
            hidden=len(applied.hidden),
            stale=tuple(map(str, applied.stale)),
        )
        synonyms = load_synonyms(home)
        if live and live.content == content_digest(unique.entries, encoders, synonyms, store.vectors.kind) and not full:
            return replace(outcome, seconds=time.monotonic() - begun)
        manifest = store.write(
            unique.entries,
            encoders,
            synonyms=synonyms,
            sources=tuple(SourceFile(result.source, result.sha256, result.size) for result in read),
            full=full,
            rejected=len(outcomes) - len(read),
            progress=lambda done, total: progress("embed", done, total),
        )
        checked = GateResult(0, 0)
        if publish:
            gate = Gate(store, encoders, home.question_set, today, report, override)
            checked = gate.check(manifest.id, live.id if live else None)
            store.publish(manifest.id, figures=checked.figures(), override=checked.override)
        index = store.load(manifest.id, "internal")
        alike = twins(index, most=1_000)
    trials = [Trial(Asked(question.text, question.audience), *said) for question, *said in checked.tried]
    versions = manifest.id, live.id if live else None
    impact = weighed(index, encoders, versions, changes, trials, alike, today)
    return replace(
        outcome,
        generation=manifest.id,
        published=publish,
        unchanged=False,
        embedded=manifest.counts["embedded"],
        reused=manifest.counts["reused"],
        twins=twins_of(alike),
        impact=impact,
        figures=checked.figures(),
        override=checked.override,
        seconds=time.monotonic() - begun,
    )


def _read_all(
    found: Found, shop: ShopSettings, audience: Audience | None, progress: Progress
) -> Iterator[FileResult | Rejected]:
    with FileReader(shop) as reader:
        for number, source in enumerate(found.sources, 1):
            yield reader.entries(source, audience)
            progress("read", number, len(found.sources))


def _nothing(outcomes: Sequence[FileResult | Rejected]) -> str:
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    named = "；".join(f"{outcome.source}：{outcome.reason}" for outcome in rejected[:3])
    return f"给出的 {len(outcomes)} 个文件里没有可以收录的内容，没有生成新版本。{named}"


def _live(store: Store, entries: Sequence[Entry], report: Callable[[str], None]) -> _Live | None:
    identity = store.current()
    if identity is None:
        return None
    try:
        changes = diff(store.load(identity, "internal").entries, entries)
    except StoreDamaged as error:
        report(f"正式版不能读取，将重新生成全部内容：{error}")
        return None
    return _Live(identity, store.manifest(identity).content, changes)


def _file_reports(
    found: Found, outcomes: Sequence[FileResult | Rejected], lost: Counter[str]
) -> Iterator[FileReport]:
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            yield FileReport(outcome.source, "rejected", outcome.reason, lost=lost[outcome.source])
            continue
        yield FileReport(
            outcome.source,
            "read" if outcome.entries else "questions",
            outcome.reason,
            audience=outcome.audience,
            entries=len(outcome.entries),
            questions=outcome.questions,
            encoding=outcome.encoding,
            warnings=outcome.warnings,
            steps=outcome.steps,
        )
    for name, reason in found.skipped:
        yield FileReport(name, "skipped", reason)
