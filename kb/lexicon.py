"""Common Chinese words with their frequencies: what is ordinary writing, whatever a base says."""

from __future__ import annotations

import functools
import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

LONGEST = 6
"""Longer words are left out; phrases are made of shorter ones."""


@functools.cache
def words() -> Mapping[str, int]:
    """Word → how often it was seen: the dictionary of jieba (MIT licence), some 330,000 words, read as data.

    Importing the package instead would build its own index and cost a second.

    Raises:
        ModuleNotFoundError: jieba is not installed.
    """
    spec = importlib.util.find_spec("jieba")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise ModuleNotFoundError("jieba, whose dictionary of Chinese words is needed, is not installed")
    # Each line is word, frequency and part of speech; read in one go, it takes a quarter of the time.
    fields = Path(folders[0], "dict.txt").read_text(encoding="utf-8").split()
    pairs = zip(fields[::3], fields[1::3], strict=True)
    known = {word: int(frequency) for word, frequency in pairs if len(word) <= LONGEST}
    return MappingProxyType(known)


@functools.cache
def total() -> int:
    """Sum of all frequencies."""
    return sum(words().values())


def cost(word: str) -> float:
    """Negative logarithm of the probability of ``word`` in a unigram model; a stranger counts as half seen."""
    return -math.log((words().get(word, 0) or 0.5) / total())
