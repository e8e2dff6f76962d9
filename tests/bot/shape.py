"""The shape of a reply as rules that can be run over any reply, and a base of real entries to get replies from."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bot.checker import Checker
from bot.records import Reply
from ingest.entries import read_entries
from ingest.sources import find_sources
from kb.config import ShopSettings
from kb.records import Entry, Hit, SearchResult
from kb.text import normalise, terms
from tests.doubles import hit

PHONE_CHARS = 430
"""An excerpt of 300 characters with greeting, heading and closing line; a FAQ's answer may be 350 itself."""

_QUOTED = re.compile(r"“[^”]*”|「[^」]*」|‘[^’]*’|【[^】]*】|\[[^\]]*\]")
_GREETING = re.compile(r"您好|你好|早上好|新年好")
_DOUBLED = re.compile(r"[，。；：、]{2,}|[，；：、][！？]|！！|？？|  ")
_ITEM = re.compile(r"(?P<number>\d{1,2})[.、](?!\d)|(?P<dash>[-·•×√])|[（(](?P<inner>\d{1,2})[)）]")


def problems(reply: Reply, checker: Checker, *, customer: bool = True) -> list[str]:
    """What is wrong with the shape of ``reply``; a finding within curated words is the editors' and does not count."""
    text = reply.text
    plain = _QUOTED.sub(lambda match: "\x01" * len(match[0]), text)
    found = []
    if customer:
        greetings = [match.start() for match in _GREETING.finditer(plain)]
        if len(greetings) > 1 or any(greetings):
            found.append(f"greeted at {greetings}")
        if "你" in plain:
            found.append("你 instead of 您")
    if doubled := _DOUBLED.search(plain):
        found.append(f"double mark {doubled[0]!r}")
    if text != text.strip() or "\n\n\n" in text or any(line != line.rstrip() for line in text.split("\n")):
        found.append("stray white space")
    if "{" in plain or "}" in plain or re.search(r"(?<!\*)\*\*(?!\*)", plain):
        found.append("braces or markup")
    last = plain.rstrip("\x01").split("\n")[-1] if plain.endswith("\x01") else plain.split("\n")[-1]
    if plain[-1] not in "。！？）\x01" and not (plain[-1] in ";；.!?" or _ITEM.match(last)):
        found.append(f"ends in the middle: {text[-12:]!r}")
    if re.search(r"[：:]\n*$", text):
        found.append("announces what does not come")
    found += _markers(plain)
    curated = "\n".join(citation.text for citation in reply.citations)
    for finding in checker.check(text, reply.scenario):
        if text[slice(*finding.span)] not in curated:
            found.append(f"rule {finding.rule}: {text[slice(*finding.span)]!r}")
    return found


def too_long(reply: Reply, entries: Sequence[Entry]) -> bool:
    """Whether a reply is longer than a phone shows, though what it says could have been cut."""
    cited = {citation.id for citation in reply.citations}
    whole = [entry.text for entry in entries if entry.id in cited and entry.kind != "passage"]
    return len(reply.text) > max(PHONE_CHARS, 130 + sum(map(len, whole))) and reply.text.count("【") < 2


def _markers(text: str) -> list[str]:
    """Lists whose marks are mixed or do not count up."""
    found, before = [], None
    for line in text.split("\n"):
        match = _ITEM.match(line)
        kind = match.lastgroup if match else None
        if match and before and kind == before.lastgroup and kind == "number" and int(match[kind]) != int(before[kind]) + 1:
            found.append(f"counts {before[0]} then {match[0]}")
        if match and before and kind != before.lastgroup and "inner" not in (kind, before.lastgroup):
            found.append(f"mixes {before[0]} with {match[0]}")
        before = match
    return found


class Shelf:
    """A base of entries that finds by shared words: what is said does not hang on how well an encoder finds."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        texts = [(row, text) for row, entry in enumerate(self.entries) for text in self._views(entry)]
        self._views_of = [(row, frozenset(terms(normalise(text)))) for row, text in texts]
        self._common = Counter(term for _, found in self._views_of for term in found)

    @staticmethod
    def _views(entry: Entry) -> list[str]:
        own = [entry.question, *entry.aliases] if entry.question else [" ".join(entry.place.heading[-2:])]
        return [*own, f"{own[0]} {entry.text}"]

    def search(self, question: str, k: int = 5) -> SearchResult:
        wanted = frozenset(terms(normalise(question)))
        weight = {term: 1 / (1 + self._common[term]) ** 0.5 for term in wanted}
        total = math.fsum(weight.values()) or 1.0
        scores: dict[int, float] = {}
        for row, found in self._views_of:
            shared = math.fsum(weight[term] for term in wanted & found) / total
            scores[row] = max(scores.get(row, 0.0), shared * (1 - 0.001 * abs(len(found) - len(wanted)) ** 0.5))
        best = sorted(scores, key=lambda row: (-scores[row], row))[:k]
        hits: tuple[Hit, ...] = tuple(hit(self.entries[row], scores[row]) for row in best if scores[row] > 0)
        top = min(1.0, scores[best[0]]) if hits else 0.0
        return SearchResult(question, "answer" if top > 0.5 else "clarify" if top > 0.25 else "none", top, hits, "gen-000001")

    def entry(self, identity: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.id == identity), None)


def entries_of(*paths: Path, audience: str | None = None) -> list[Entry]:
    """The entries that a build takes from files and folders."""
    shop, found = ShopSettings(), []
    for source in find_sources(paths).sources:
        if source.name.rpartition("/")[2] in ("README.md", "questions.csv"):
            continue
        data = source.path.read_bytes()
        found += read_entries(data, source.name, shop, folders=source.folders, audience=audience).entries  # type: ignore[arg-type]
    return found
