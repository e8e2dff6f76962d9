"""An evaluation taken apart: which lot each question had, by how it is asked, and the ones worth a look."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kb.evaluate import Dataset, Figures, Query, share
from kb.records import Band, SearchResult
from kb.text import to_simplified

if TYPE_CHECKING:
    pass

Lot = Literal["first", "among", "wrong", "absent"]
"""Of the right entry: it came first, it is among the first five, it is not, or the corpus holds none."""

AMONG = 5
SHORT, LONG = 8, 40
"""Questions of fewer characters than SHORT count as short, of more than LONG as long."""

_LATIN = re.compile(r"[A-Za-zＡ-Ｚａ-ｚ]")


@dataclass(frozen=True, slots=True)
class Case:
    """A question and what came of it. ``rank`` is that of the first right hit, from 1; None if there is none."""

    query: Query
    result: SearchResult
    rank: int | None

    @property
    def lot(self) -> Lot:
        """See :data:`Lot`."""
        if not self.query.has_answer:
            return "absent"
        if self.rank is None or self.rank > AMONG:
            return "wrong"
        return "first" if self.rank == 1 else "among"


@dataclass(frozen=True, slots=True)
class Run:
    """One dataset with its results, in the order of its questions, and their figures."""

    dataset: Dataset
    figures: Figures
    results: tuple[SearchResult, ...]

    def cases(self) -> list[Case]:
        """Every question with its lot."""
        return [_case(query, result) for query, result in zip(self.dataset.queries, self.results, strict=True)]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens if everything from the confidence ``threshold`` on is answered.

    ``answered`` is the share of the answerable questions that are, ``false`` that of the unanswerable ones (None if
    there are none), ``wrong`` the share of all answers whose first hit is not right.
    """

    threshold: float
    answered: float
    false: float | None
    wrong: float


def styles(query: Query) -> tuple[str, ...]:
    """How a question is asked: the dataset's own word for it, else every form that can be told from its text."""
    if query.style:
        return (query.style,)
    text = query.text.encode("utf-8", "ignore").decode()  # half a character, as damaged input has them, cannot be converted
    forms = {
        "繁体字": to_simplified(text) != text,
        "含字母": _LATIN.search(text) is not None,
        f"短（少于 {SHORT} 字）": len(text) < SHORT,
        f"长（超过 {LONG} 字）": len(text) > LONG,
    }
    return tuple(name for name, told in forms.items() if told) or ("其余",)


def grouped(cases: Iterable[Case], names: Callable[[Query], Iterable[str]]) -> dict[str, list[Case]]:
    """Cases by name, largest group first; a case may be in several groups."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        for name in names(case.query):
            groups.setdefault(name, []).append(case)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


def crossed(cases: Sequence[Case]) -> dict[tuple[Band, Lot], int]:
    """How many questions had each band and lot."""
    counts: dict[tuple[Band, Lot], int] = {}
    for case in cases:
        counts[case.result.band, case.lot] = counts.get((case.result.band, case.lot), 0) + 1
    return counts


def steps(cases: Sequence[Case]) -> list[Step]:
    """One step for every confidence that occurs, highest first; none without answerable questions."""
    answerable = sum(case.lot != "absent" for case in cases)
    absent = len(cases) - answerable
    found: list[Step] = []
    answered = false = right = 0
    ordered = sorted(cases, key=lambda case: -case.result.confidence)
    for number, case in enumerate(ordered, 1):
        answered += case.lot != "absent"
        false += case.lot == "absent"
        right += case.lot == "first"
        confidence = case.result.confidence
        if number < len(ordered) and ordered[number].result.confidence == confidence:
            continue
        if answerable:
            found.append(Step(confidence, answered / answerable, false / absent if absent else None, (number - right) / number))
    return found


def at_bands(cases: Sequence[Case]) -> Step | None:
    """The step that the bands really take; None if nothing was answered or nothing can be."""
    answers = [case for case in cases if case.result.band == "answer"]
    answered = share([case.result.band == "answer" for case in cases if case.lot != "absent"])
    if not answers or answered is None:
        return None
    false = share([case.result.band == "answer" for case in cases if case.lot == "absent"])
    wrong = sum(case.lot != "first" for case in answers) / len(answers)
    return Step(min(case.result.confidence for case in answers), answered, false, wrong)


def missed(cases: Sequence[Case]) -> list[Case]:
    """Answerable questions whose first hit is wrong, the surest first."""
    return _surest(case for case in cases if case.lot in ("among", "wrong") and case.result.hits)


def refused(cases: Sequence[Case]) -> list[Case]:
    """Questions handed over although their answer was among the first five, the most decidedly refused first."""
    found = (case for case in cases if case.lot in ("first", "among") and case.result.band == "none")
    return sorted(found, key=lambda case: case.result.confidence)


def invented(cases: Sequence[Case]) -> list[Case]:
    """Questions that were answered although the corpus holds no answer, the surest first."""
    return _surest(case for case in cases if case.lot == "absent" and case.result.band == "answer")


def _surest(cases: Iterable[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: -case.result.confidence)


def _case(query: Query, result: SearchResult) -> Case:
    ranks = (rank for rank, hit in enumerate(result.hits, 1) if query.has_answer and hit.entry.id in query.relevant)
    return Case(query, result, next(ranks, None))
