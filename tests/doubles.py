"""Real implementations of the seams, small enough to work out by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone

import numpy as np

from kb.records import Entry, Hit, Place, SearchResult
from kb.text import normalise, terms


class BigramEncoder:
    """Counts hashed character pairs: likeness of two texts is the cosine of their pair counts."""

    name = "bigram"
    dimension = 256
    fingerprint = "bigram:256"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def questions(self, texts: Sequence[str]) -> np.ndarray:
        return self._encode(texts)

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> np.ndarray:
        self.encoded.extend(texts)
        if progress is not None:
            progress(len(texts))
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for term in terms(normalise(text)) or [""]:
                digest = hashlib.sha256(term.encode()).digest()
                vectors[row, int.from_bytes(digest[:2], "big") % self.dimension] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class ScriptedRetriever:
    """Answers what it was told to, and nothing else."""

    def __init__(self, results: Mapping[str, SearchResult] | None = None) -> None:
        self.results = dict(results or {})
        self.asked: list[str] = []

    def search(self, question: str, k: int = 5) -> SearchResult:
        self.asked.append(question)
        return self.results.get(question, SearchResult(question, "none", 0.0, (), "gen-000001"))


def faq(question: str, text: str, *aliases: str, audience: str = "public", **fields: object) -> Entry:
    digest = hashlib.sha256(question.encode()).hexdigest()[:12]
    place = Place("faq.csv", row=2)
    return Entry(digest, "faq", audience, text, place, question=question, aliases=aliases, **fields)  # type: ignore[arg-type]


def passage(text: str, *heading: str, audience: str = "public", **fields: object) -> Entry:
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    place = Place("guide.md", heading=heading, start=0, end=len(text))
    return Entry(digest, "passage", audience, text, place, **fields)  # type: ignore[arg-type]


def hit(entry: Entry, score: float = 1.0) -> Hit:
    return Hit(entry, score, entry.text[:400], {"cosine": score})


class ScriptedBase(ScriptedRetriever):
    """A base with entries, that answers what it was told to; ``broken`` makes every use of it fail."""

    def __init__(self, results: Mapping[str, SearchResult] | None = None, *entries: Entry) -> None:
        super().__init__(results)
        self.entries = entries
        self.encoders = ()
        self.broken: Exception | None = None

    def search(self, question: str, k: int = 5) -> SearchResult:
        if self.broken is not None:
            raise self.broken
        return super().search(question, k)

    def entry(self, identity: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.id == identity), None)


class ScriptedGenerator:
    """Says what it was told to, or fails as it was told to."""

    def __init__(self, says: str | Exception) -> None:
        self.says = says
        self.given: list[tuple[str, tuple[str, ...]]] = []

    def rephrase(self, question: str, evidence: Sequence[str], deadline_s: float) -> str:
        self.given.append((question, tuple(evidence)))
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)
