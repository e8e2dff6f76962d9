"""The publish gate: a draft that answers the home's question set worse than the live version is not published.

A question counts as passed if the best hit is the wanted entry and would at least be offered (band ``answer`` or
``clarify``); a question that must not be answered (期望 = 不回答) passes if nothing is said outright.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.columns import parse_audience, roles_of
from ingest.readers.sniff import check_content
from kb.errors import EncoderMismatch, GateRefused, SourceError, StoreDamaged
from kb.records import Audience, SearchResult
from kb.text import normalise

if TYPE_CHECKING:
    from kb.encoder import Encoder, Vectors
    from kb.generations import Generations

NO_ANSWER = "不回答"
TOLERANCE = 0.02
"""Share of all questions that may get worse."""
NAMED = 5
"""So many questions are named in the refusal; the report names all."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class GateQuestion:
    """A question and the standard question (or heading) of the entry that should answer it; empty for none."""

    text: str
    expected: str
    audience: Audience


@dataclass(frozen=True, slots=True)
class GateResult:
    """``passed`` by the draft and by the live version (None: nothing to compare with), and what got worse, in Chinese.

    ``override``: the reason why a draft that is worse beyond the tolerance goes live all the same; empty where it is not.
    ``tried``: what live version and draft said to each question, where both could be asked.
    """

    questions: int
    passed: int
    passed_live: int | None = None
    worse: tuple[str, ...] = ()
    override: str = ""
    tried: tuple[tuple[GateQuestion, SearchResult, SearchResult], ...] = ()

    def figures(self) -> dict[str, float]:
        """What is kept in the manifest: number of questions, shares passed in [0, 1], how many got worse."""
        if not self.questions:
            return {}
        figures = {"gate_questions": float(self.questions), "gate_passed": round(self.passed / self.questions, 4)}
        if self.passed_live is not None:
            figures["gate_passed_live"] = round(self.passed_live / self.questions, 4)
        if self.worse:
            figures["gate_worse"] = float(len(self.worse))
        return figures


@dataclass(frozen=True, slots=True)
class Gate:
    """Compares two generations of a store on the question set in ``file`` (none there: everything passes).

    ``override``: why a draft is to go live even if it is refused.
    """

    store: Generations
    encoders: Sequence[Encoder]
    file: Path
    today: Callable[[], date] = date.today
    report: Report = field(default=lambda line: None)
    override: str = ""

    def check(self, draft: str, live: str | None) -> GateResult:
        """Result of ``draft`` beside ``live``.

        Raises:
            GateRefused: more than ``TOLERANCE`` of the questions got worse, and there is no override; the text names
                them.
            SourceError: the question set cannot be read.
        """
        questions = read_questions(self.file)
        if not questions:
            return GateResult(0, 0)
        self.report(f"正在用问题集检查新版本（{len(questions)} 题）……")
        encoders = [Prepared(encoder, [question.text for question in questions]) for encoder in self.encoders]
        pairs = [(question.text, question.audience) for question in questions]
        now = ask(self.store, draft, pairs, encoders, self.today)
        good = [passes(question, result) for question, result in zip(questions, now, strict=True)]
        if live is None or live == draft:
            return GateResult(len(questions), sum(good))
        try:
            before = ask(self.store, live, pairs, encoders, self.today)
        except (EncoderMismatch, StoreDamaged) as error:
            self.report(f"无法和正式版逐题比较：{error}")
            return self._by_figures(draft, live, len(questions), sum(good))
        good_before = [passes(question, result) for question, result in zip(questions, before, strict=True)]
        worse = tuple(
            _in_words(question, result)
            for question, result, is_good, was_good in zip(questions, now, good, good_before, strict=True)
            if was_good and not is_good
        )
        tried = tuple(zip(questions, before, now, strict=True))
        result = GateResult(len(questions), sum(good), sum(good_before), worse, tried=tried)
        if len(worse) > TOLERANCE * len(questions):
            return self._refuse(draft, result)
        return result

    def _by_figures(self, draft: str, live: str, total: int, passed: int) -> GateResult:
        """The comparison that is left when the live version cannot be asked: with what it reached when it was published."""
        figures: Mapping[str, float] = {}
        try:
            figures = self.store.manifest(live).figures
        except StoreDamaged as error:
            self.report(str(error))
        share = figures.get("gate_passed")
        result = GateResult(total, passed, None if share is None else round(share * total))
        if share is not None and share - passed / total > TOLERANCE:
            return self._refuse(draft, result)
        return result

    def _refuse(self, draft: str, result: GateResult) -> GateResult:
        for line in result.worse:
            self.report(line)
        if self.override:
            self.report(f"新版在问题集上不如正式版，按您给出的理由放行：{self.override}")
            return replace(result, override=self.override)
        named = "；".join(result.worse[:NAMED]) + ("……" if len(result.worse) > NAMED else "")
        raise GateRefused(
            f"新版在问题集上不如正式版（{result.questions} 题中通过 {result.passed} 题，正式版 {result.passed_live} 题），没有发布，"
            f"正式版不变。{named + '。' if named else ''}请修改资料后重新生成；如果改动是有意的，请同时更新 {self.file.name}，"
            f"或写明理由放行：python -m ingest publish {draft} --override 理由。草稿版本是 {draft}。"
        )


def ask(
    store: Generations,
    identity: str,
    questions: Sequence[tuple[str, Audience]],
    encoders: Sequence[Encoder],
    today: Callable[[], date],
) -> list[SearchResult]:
    """What a generation says to questions, each asked of the index of its audience."""
    from kb.search import HybridRetriever

    retrievers = {
        audience: HybridRetriever(store.load(identity, audience), encoders, generation=identity, today=today)
        for audience in {audience for _, audience in questions}
    }
    return [retrievers[audience].search(text, k=1) for text, audience in questions]


class Prepared:
    """An encoder that has seen the questions: one batch is several times as fast as questions one by one, twice."""

    def __init__(self, encoder: Encoder, questions: Sequence[str]) -> None:
        self.name, self.dimension, self.fingerprint = encoder.name, encoder.dimension, encoder.fingerprint
        self._encoder = encoder
        texts = list(dict.fromkeys(map(normalise, questions)))
        self._vectors = dict(zip(texts, encoder.questions(texts), strict=True)) if texts else {}

    def questions(self, texts: Sequence[str]) -> Vectors:
        """See :class:`kb.encoder.Encoder`; those it has seen cost nothing."""
        import numpy as np

        if all(text in self._vectors for text in texts):
            return np.stack([self._vectors[text] for text in texts])
        return self._encoder.questions(texts)

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """See :class:`kb.encoder.Encoder`."""
        return self._encoder.passages(texts, progress)


def passes(question: GateQuestion, result: SearchResult) -> bool:
    """Whether a search gave what the question set wants."""
    if not question.expected:
        return result.band != "answer"
    if result.band == "none" or not result.hits:
        return False
    entry = result.hits[0].entry
    wanted = normalise(question.expected)
    return wanted in (normalise(entry.question), normalise(" › ".join(entry.place.heading)))


def _in_words(question: GateQuestion, result: SearchResult) -> str:
    if not question.expected:
        return f"“{question.text}”原来不回答，现在会答“{title(result)}”"
    if result.band == "none" or not result.hits:
        return f"“{question.text}”原来能找到“{question.expected}”，现在找不到"
    return f"“{question.text}”原来找到“{question.expected}”，现在找到“{title(result)}”"


def title(result: SearchResult) -> str:
    """What the best hit is called, for people."""
    entry = result.hits[0].entry
    return entry.question or " › ".join(entry.place.heading) or entry.text[:20]


def read_questions(file: Path) -> tuple[GateQuestion, ...]:
    """The question set in ``file``: columns 问题, 期望, 可见范围; empty if there is no such file.

    Raises:
        SourceError: it cannot be read, lacks a column, or a row says nothing usable; the text names the row.
    """
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SourceError(f"问题集 {file} 读不出来（{error.strerror}）；请检查文件权限。") from error
    return parse_questions(data, file)


def parse_questions(data: bytes, file: Path = Path("questions.csv")) -> tuple[GateQuestion, ...]:
    """The question set in the bytes of ``file``; see :func:`read_questions`."""
    from ingest.readers.delimited import rows_of

    try:
        check_content(data, ".csv")
        rows = rows_of(data)
    except SourceError as error:
        raise SourceError(f"问题集 {file}：{error}") from error
    roles = roles_of(rows[0][1]) if rows else {}
    if "question" not in roles or "expected" not in roles:
        raise SourceError(f"问题集 {file} 的第一行要有“问题”和“期望”两列；请补上后再试。")
    questions = []
    for number, cells in rows[1:]:
        if not any(cells):
            continue
        values = {role: cells[column] if column < len(cells) else "" for role, column in roles.items()}
        if not values["question"] or not values["expected"]:
            raise SourceError(f"问题集 {file} 第 {number} 行缺少问题或期望；不该回答的请写“{NO_ANSWER}”。")
        try:
            audience = parse_audience(values.get("audience", "")) or "public"
        except ValueError as error:
            word = values["audience"]
            raise SourceError(f"问题集 {file} 第 {number} 行的可见范围“{word}”认不出来；请写“公开”或“内部”。") from error
        expected = "" if values["expected"] == NO_ANSWER else values["expected"]
        questions.append(GateQuestion(values["question"], expected, audience))
    return tuple(questions)
