"""What another version changes: for questions people ask, for entries, and for what is about to expire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from ingest.asked import Asked
from ingest.gate import Prepared, ask, title
from ingest.naming import name_of
from kb.changes import Diff, diff
from kb.records import Audience, Band, Entry, SearchResult

if TYPE_CHECKING:
    from kb.encoder import Encoder
    from kb.generations import Generations
    from kb.index import Index
    from kb.twins import Twin

SOON = timedelta(days=30)
"""An entry that expires within this time is told."""
MOST_CANDIDATES = 300
"""So many new or changed entries are asked by their own question at most."""
SEEN = 5
"""An entry that its own question does not bring among so many hits cannot be found."""

Kind = Literal["lost", "found", "answer", "source", "band"]
"""A question is not answered any more, newly answered, answered in other words, in the same words from another file,
or in the same words less or more surely. In order of weight."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a version says to a question: name, file and words of the entry; empty where a person has to answer."""

    band: Band
    title: str = ""
    source: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """A question, asked ``times`` times, that gets something else."""

    question: str
    audience: Audience
    times: int
    kind: Kind
    before: Said
    after: Said


@dataclass(frozen=True, slots=True)
class Impact:
    """What ``draft`` in the place of ``live`` changes (None: nothing to compare with).

    ``questions``: how many were tried. ``silent``: entries that answered some of them and still exist, but answer none
    any more. ``unreachable``: new, changed or newly confusable entries that their own question does not find. ``twins``:
    pairs that are taken for one another, one of them new or asked differently. ``expired`` and ``expiring`` (within
    ``SOON``): of the draft. Entries are named by question or place.
    """

    draft: str
    live: str | None
    questions: int
    shifts: tuple[Shift, ...] = ()
    silent: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    twins: tuple[tuple[str, str], ...] = ()
    expired: tuple[str, ...] = ()
    expiring: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "twins": [{"a": a, "b": b} for a, b in self.twins]}


@dataclass(frozen=True, slots=True)
class Trial:
    """A question, and what both versions say to it."""

    asked: Asked
    before: SearchResult
    after: SearchResult


def impact_of(
    store: Generations,
    encoders: Sequence[Encoder],
    draft: str,
    live: str | None,
    questions: Sequence[Asked],
    today: Callable[[], date] = date.today,
) -> Impact:
    """The impact of ``draft`` beside ``live``, tried on ``questions``.

    Raises:
        StoreError: one of them does not exist. StoreDamaged, EncoderMismatch: one of them cannot be asked.
    """
    from kb.twins import twins

    trials: list[Trial] = []
    if live is not None:
        prepared = [Prepared(encoder, [question.text for question in questions]) for encoder in encoders]
        pairs = [(question.text, question.audience) for question in questions]
        before, after = ask(store, live, pairs, prepared, today), ask(store, draft, pairs, prepared, today)
        trials = [Trial(*of) for of in zip(questions, before, after, strict=True)]
    old = store.load(live, "internal").entries if live else ()
    index = store.load(draft, "internal")
    changes = diff(old, index.entries)
    return weighed(index, encoders, (draft, live), changes, trials, twins(index, most=1_000), today)


def weighed(
    index: Index,
    encoders: Sequence[Encoder],
    versions: tuple[str, str | None],
    changes: Diff,
    trials: Sequence[Trial],
    alike: Sequence[Twin],
    today: Callable[[], date] = date.today,
) -> Impact:
    """The impact of ``index`` (id first in ``versions``) beside another one, from what is known of both already.

    ``changes``: its entries beside the other's, ``trials``: what both say, ``alike``: the twins of ``index``.
    """
    shifts = [
        Shift(trial.asked.text, trial.asked.audience, trial.asked.times, kind, _said(trial.before), _said(trial.after))
        for trial in trials
        if (kind := _kind(trial.before, trial.after)) is not None
    ]
    day = today()
    anew = _asked_anew(changes)
    close = [pair for pair in alike if pair.a.id in anew or pair.b.id in anew]
    suspects = [entry for entry in _suspects(changes, close) if entry.is_valid_on(day)]
    spoke = {changes.renamed.get(key, key) for key in _speakers(trial.before for trial in trials)}
    silent = spoke - _speakers(trial.after for trial in trials)
    return Impact(
        *versions,
        len(trials),
        tuple(sorted(shifts, key=lambda shift: (get_args(Kind).index(shift.kind), -shift.times))),
        tuple(name_of(entry) for entry in index.entries if entry.id in silent),
        tuple(name_of(entry) for entry in _unreachable(index, encoders, suspects, today)),
        tuple((name_of(pair.a), name_of(pair.b)) for pair in close),
        tuple(_until(entry) for entry in index.entries if entry.valid_to and entry.valid_to < day),
        tuple(_until(entry) for entry in index.entries if entry.valid_to and day <= entry.valid_to <= day + SOON),
    )


def _kind(before: SearchResult, after: SearchResult) -> Kind | None:
    was, now = _speaker(before), _speaker(after)
    if was is None or now is None:
        return None if was is now else "found" if was is None else "lost"
    if was.text != now.text:
        return "answer"
    if was.place.source != now.place.source:
        return "source"
    return "band" if before.band != after.band else None


def _speaker(result: SearchResult) -> Entry | None:
    """The entry that answers, or would be offered first."""
    return result.hits[0].entry if result.band != "none" and result.hits else None


def _speakers(results: Iterable[SearchResult]) -> set[str]:
    return {entry.id for entry in map(_speaker, results) if entry is not None}


def _said(result: SearchResult) -> Said:
    entry = _speaker(result)
    return Said("none") if entry is None else Said(result.band, title(result), entry.place.source, entry.text)


def _asked_anew(changes: Diff) -> set[str]:
    """Entries that are new or asked in other words: who is close to another one without was close before, or nearly."""
    anew = {now.id for was, now in changes.changed if _wordings(was) != _wordings(now)}
    return anew | {entry.id for entry in changes.added}


def _wordings(entry: Entry) -> object:
    return (entry.question, entry.aliases, entry.counter_examples) if entry.question else entry.text


def _suspects(changes: Diff, close: Sequence[Twin]) -> list[Entry]:
    """Entries with a question that a change may have put out of reach, at most ``MOST_CANDIDATES``, evenly spread."""
    entries = (*changes.added, *(now for _, now in changes.changed), *(entry for pair in close for entry in (pair.a, pair.b)))
    suspects = list({entry.id: entry for entry in entries if entry.question}.values())
    return suspects[:: max(1, -(-len(suspects) // MOST_CANDIDATES))]


def _unreachable(
    index: Index, encoders: Sequence[Encoder], entries: Sequence[Entry], today: Callable[[], date]
) -> list[Entry]:
    from kb.search import HybridRetriever

    prepared = [Prepared(encoder, [entry.question for entry in entries]) for encoder in encoders]
    retriever = HybridRetriever(index, prepared, generation="", today=today)
    return [
        entry
        for entry in entries
        if all(hit.entry.id != entry.id for hit in retriever.search(entry.question, SEEN).hits)
    ]


def _until(entry: Entry) -> str:
    return f"{name_of(entry)}（{entry.valid_to} 到期，{entry.place.source}）"
