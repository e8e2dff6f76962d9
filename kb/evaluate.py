"""Measure search on questions with human judgements, through the product's own pipeline.

A dataset is a folder of ``corpus.jsonl {id,text[,question,answer]}``, ``queries.jsonl {id,text[,answerable]
[,candidates][,style][,kind]}`` and ``qrels.jsonl {query,doc,rel}``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kb import jsonlines
from kb.encoder import Encoder
from kb.errors import InputError
from kb.fitting import calibrated
from kb.index import Progress, build_index
from kb.records import Entry, Place, SearchResult
from kb.search import HybridRetriever

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Query:
    """One judged question. ``relevant`` maps entry ids to grades > 0; ``candidates`` restricts what is ranked.

    ``style`` says how it is asked (colloquial, typo, …) and ``kind`` what makes it unanswerable (near, far, …), both in
    the words of the dataset and empty where it says nothing; they only group questions in the report.
    """

    id: str
    text: str
    relevant: Mapping[str, int]
    answerable: bool = True
    candidates: frozenset[str] | None = None
    style: str = ""
    kind: str = ""

    @property
    def has_answer(self) -> bool:
        """Whether the corpus holds an answer."""
        return self.answerable and bool(self.relevant)

    def is_right(self, result: SearchResult) -> bool:
        """Whether the first hit answers it."""
        return bool(result.hits) and result.hits[0].entry.id in self.relevant


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder of judged questions, read."""

    name: str
    entries: tuple[Entry, ...]
    queries: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; shares are in [0, 1], absent figures are None (no unanswerable questions in the set).

    ``answered`` and ``served``: shares of the answerable questions in the band answer, and in answer or clarify.
    ``right_when_answered``: share of all questions in the band answer whose first hit is right. ``not_answered`` and
    ``handed_over``: shares of the unanswerable questions that are not in the band answer, and that are in none.
    """

    dataset: str
    queries: int
    hit1: float
    hit5: float
    mrr10: float
    ndcg10: float
    refusal_auroc: float | None
    false_answer_at_95: float | None
    calibration_error: float
    answered: float | None
    served: float | None
    right_when_answered: float | None
    not_answered: float | None
    handed_over: float | None
    ms_per_question: float
    build_seconds: float

    def as_json(self) -> dict[str, Any]:
        """Plain values, rounded for reading."""
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()}


def read_dataset(folder: Path) -> Dataset:
    """The dataset in ``folder``.

    Raises:
        InputError: a file is missing, or a line is not what it should be.
    """
    entries = []
    for line, row in _rows(folder / "corpus.jsonl"):
        try:
            question = str(row.get("question") or "")
            text = str(row.get("answer") or row["text"])
            place = Place(f"{folder.name}/corpus.jsonl", row=line)
            kind = "faq" if question else "passage"
            entries.append(Entry(str(row["id"]), kind, "public", text, place, question=question))  # type: ignore[arg-type]
        except KeyError as error:
            raise InputError(f"{folder / 'corpus.jsonl'} 第 {line} 行缺少 {error} 字段；请补上后重试。") from error
    relevant: dict[str, dict[str, int]] = {}
    for line, row in _rows(folder / "qrels.jsonl"):
        try:
            if int(row["rel"]) > 0:
                relevant.setdefault(str(row["query"]), {})[str(row["doc"])] = int(row["rel"])
        except KeyError as error:
            raise InputError(f"{folder / 'qrels.jsonl'} 第 {line} 行缺少 {error} 字段；请补上后重试。") from error
    queries = []
    for line, row in _rows(folder / "queries.jsonl"):
        try:
            identity, text = str(row["id"]), str(row["text"])
        except KeyError as error:
            raise InputError(f"{folder / 'queries.jsonl'} 第 {line} 行缺少 {error} 字段；请补上后重试。") from error
        candidates = frozenset(map(str, row["candidates"])) if row.get("candidates") else None
        answerable = bool(row.get("answerable", True))
        style, kind = str(row.get("style") or ""), str(row.get("kind") or "")
        queries.append(Query(identity, text, relevant.get(identity, {}), answerable, candidates, style, kind))
    return Dataset(folder.name, tuple(entries), tuple(queries))


def retriever_for(
    dataset: Dataset, encoders: Sequence[Encoder], progress: Progress | None = None
) -> HybridRetriever:
    """A temporary index over the dataset's corpus, in memory, built as a published one would be."""
    index, _ = build_index(dataset.entries, encoders, progress=progress)
    return HybridRetriever(calibrated(index, encoders), encoders, generation="evaluation")


def evaluate(
    dataset: Dataset,
    encoders: Sequence[Encoder],
    progress: Progress | None = None,
    observe: Callable[[Query, SearchResult], None] | None = None,
) -> Figures:
    """Build a temporary index and put every question to it; ``observe`` sees each result."""
    began = time.perf_counter()
    retriever = retriever_for(dataset, encoders, progress)
    if dataset.queries:
        retriever.search(dataset.queries[0].text)  # the first search loads what later ones share
    built = time.perf_counter()
    results = []
    for query in dataset.queries:
        result = retriever.search(query.text, k=DEPTH, among=query.candidates)
        results.append(result)
        if observe is not None:
            observe(query, result)
    seconds = time.perf_counter() - built
    return measure(dataset, results, ms=1000 * seconds / max(1, len(results)), build_seconds=built - began)


def measure(
    dataset: Dataset, results: Sequence[SearchResult], *, ms: float, build_seconds: float
) -> Figures:
    """Figures of ``results``, which answer ``dataset.queries`` in order."""
    pairs = list(zip(dataset.queries, results, strict=True))
    ranked = [([hit.entry.id for hit in result.hits], query) for query, result in pairs if query.has_answer]
    grades = [[query.relevant.get(identity, 0) for identity in ids] for ids, query in ranked]
    ideals = [sorted(query.relevant.values(), reverse=True) for _, query in ranked]
    confidences = [result.confidence for result in results]
    answerable = [query.has_answer for query in dataset.queries]
    right = [query.is_right(result) for query, result in pairs]
    bands = [result.band for query, result in pairs if query.has_answer]
    refusals = [result.band for query, result in pairs if not query.has_answer]
    count = max(1, len(grades))
    return Figures(
        dataset=dataset.name,
        queries=len(dataset.queries),
        hit1=sum(hit_at(row, 1) for row in grades) / count,
        hit5=sum(hit_at(row, 5) for row in grades) / count,
        mrr10=sum(reciprocal_rank(row, 10) for row in grades) / count,
        ndcg10=sum(ndcg(row, ideal, 10) for row, ideal in zip(grades, ideals, strict=True)) / count,
        refusal_auroc=auroc(confidences, answerable),
        false_answer_at_95=false_positive_rate(confidences, answerable, 0.95),
        calibration_error=expected_calibration_error(confidences, right),
        answered=share([band == "answer" for band in bands]),
        served=share([band != "none" for band in bands]),
        right_when_answered=share([query.is_right(result) for query, result in pairs if result.band == "answer"]),
        not_answered=share([band != "answer" for band in refusals]),
        handed_over=share([band == "none" for band in refusals]),
        ms_per_question=ms,
        build_seconds=build_seconds,
    )


def share(truths: Sequence[bool]) -> float | None:
    """How many are true, in [0, 1]; None of none."""
    return sum(truths) / len(truths) if truths else None


def hit_at(grades: Sequence[int], k: int) -> bool:
    """Whether one of the first ``k`` is relevant."""
    return any(grade > 0 for grade in grades[:k])


def reciprocal_rank(grades: Sequence[int], k: int) -> float:
    """1 / rank of the first relevant within ``k``, else 0 (Voorhees 1999, TREC-8 question answering)."""
    return next((1 / rank for rank, grade in enumerate(grades[:k], 1) if grade > 0), 0.0)


def ndcg(grades: Sequence[int], ideal: Sequence[int], k: int) -> float:
    """Gain (2^grade - 1) discounted by log2(rank + 1), over that of the best order (Burges et al. 2005)."""

    def gain(row: Sequence[int]) -> float:
        return sum((2.0**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(row[:k], 1))

    best = gain(sorted(ideal, reverse=True))
    return gain(grades) / best if best else 0.0


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """Chance that a random positive scores above a random negative, ties half (Mann-Whitney); None without both."""
    import numpy as np

    values, labels = np.asarray(scores, dtype=float), np.asarray(positive, dtype=bool)
    if labels.all() or not labels.any():
        return None
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    wins = ranks[labels].sum() - labels.sum() * (labels.sum() + 1) / 2
    return float(wins / (labels.sum() * (~labels).sum()))


def false_positive_rate(scores: Sequence[float], positive: Sequence[bool], recall: float) -> float | None:
    """Share of negatives at or above the threshold that lets ``recall`` of the positives through; None without both."""
    kept = sorted((score for score, label in zip(scores, positive, strict=True) if label), reverse=True)
    rejected = [score for score, label in zip(scores, positive, strict=True) if not label]
    if not kept or not rejected:
        return None
    threshold = kept[max(0, math.ceil(recall * len(kept)) - 1)]
    return sum(score >= threshold for score in rejected) / len(rejected)


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of about the same confidence: how many, their mean confidence, and the share of right first hits."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


def calibration_bins(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[Bin]:
    """``bins`` equal bins of confidence from 0 to 1, those without questions left out."""
    found = []
    for number in range(bins):
        rows = [i for i, value in enumerate(confidences) if min(int(value * bins), bins - 1) == number]
        if rows:
            mean = sum(confidences[i] for i in rows) / len(rows)
            correct = sum(right[i] for i in rows) / len(rows)
            found.append(Bin(number / bins, (number + 1) / bins, len(rows), mean, correct))
    return found


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Mean gap between confidence and share right over ``bins`` equal bins, weighted by size (Naeini et al. 2015)."""
    found = calibration_bins(confidences, right, bins)
    return sum(abs(row.confidence - row.right) * row.count for row in found) / max(1, len(confidences))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"找不到 {path}；评测文件夹里要有 corpus.jsonl、queries.jsonl 和 qrels.jsonl。") from error
    except OSError as error:
        raise InputError(f"{path} 读不出来（{error.strerror}）；请检查路径和权限。") from error
    return jsonlines.parse(data, str(path))
