"""How like a sentence is to the examples of the house rules, whatever its words: a small linear model.

A logistic regression, fitted by ``scripts/fit_checker.py`` to the ``like`` and ``unlike`` examples and the polite
sentences in ``bot/rules``, tells sentences that break a rule from those that do not by their words, pairs of words and
runs of one to three characters, hashed (Weinberger et al. 2009) and weighed by tf-idf. A sentence takes a tenth of a
millisecond. The weights travel with the product, so nothing is fitted at run time.

Vectors of the encoder e5 were tried beside it: fitted to the same examples they found less alone, and added to the
margin they changed nothing on the development drafts, so no encoder is asked.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.folded import HIDDEN
from kb import lexicon

BITS = 16
"""Hashed terms fall into ``2 ** BITS`` places."""
SENTENCE_CHARS = 80
"""Longer sentences are looked at in their beginning; few people write them."""
WEIGHTS = "likeness.safetensors"

_LATIN_NAME = re.compile(r"(?:\w+://|www\.)[!-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[a-z]{7,}", re.ASCII)
"""Addresses and Latin names say nothing about manners, and their letters look like slang."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """The fitted weights; ``digest`` names the examples they were fitted to."""

    idf: Sequence[float]
    letters: Sequence[float]
    bias: float
    digest: str

    def margin(self, sentence: str) -> float:
        """Above zero where a folded ``sentence`` looks more like breaking a rule than not."""
        return self.bias + sum(self.letters[place] * weight for place, weight in self.weighed(sentence).items())

    def weighed(self, sentence: str) -> dict[int, float]:
        """The hashed terms of ``sentence`` with their tf-idf weights, of unit length."""
        row = {place: (1 + math.log(count)) * self.idf[place] for place, count in hashed(plain(sentence)).items()}
        length = math.sqrt(sum(weight * weight for weight in row.values())) or 1.0
        return {place: weight / length for place, weight in row.items()}


@functools.cache
def load_likeness() -> Likeness:
    """The packaged weights."""
    from safetensors import safe_open

    with importlib.resources.as_file(importlib.resources.files("bot.rules").joinpath(WEIGHTS)) as path, safe_open(
        path, framework="numpy"
    ) as file:
        parts = {name: file.get_tensor(name).astype(float).tolist() for name in ("idf", "letters", "bias")}
        return Likeness(parts["idf"], parts["letters"], parts["bias"][0], file.metadata()["digest"])


def plain(sentence: str) -> str:
    """A folded sentence as the model compares it: one word for the customer, nothing hidden, no names, not too long."""
    text = _LATIN_NAME.sub("", sentence.replace(HIDDEN, "").replace("你", "您").replace("妳", "您")).strip(" ，,~")
    return text[:SENTENCE_CHARS]


def hashed(text: str) -> Counter[int]:
    """How often each place of the hash table is hit by a term of ``text``."""
    return Counter(zlib.crc32(term.encode("utf-8", "replace")) & ((1 << BITS) - 1) for term in terms(text))


def terms(text: str) -> Iterator[str]:
    """Words, pairs of neighbouring words, and runs of one to three characters."""
    found = words(text)
    yield from (f"w{word}" for word in found)
    yield from (f"b{first}_{second}" for first, second in zip(found, found[1:], strict=False))
    for size in (1, 2, 3):
        yield from (text[at : at + size] for at in range(len(text) - size + 1))


def words(text: str) -> list[str]:
    """``text`` cut into the words of the dictionary that together are most probable; strangers one by one."""
    known = lexicon.words()
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(text) + 1):
        options = [(best[end - 1][0] + lexicon.cost(text[end - 1]), end - 1)]
        for start in range(max(0, end - lexicon.LONGEST), end - 1):
            if text[start:end] in known:
                options.append((best[start][0] + lexicon.cost(text[start:end]), start))
        best.append(min(options))
    cut: list[str] = []
    end = len(text)
    while end:
        start = best[end][1]
        cut.append(text[start:end])
        end = start
    return cut[::-1]


def digest_of(like: Iterable[str], unlike: Iterable[str]) -> str:
    """A digest of the examples a model is fitted to."""
    text = "\n".join([*sorted(like), "", *sorted(unlike)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
