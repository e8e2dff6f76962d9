"""Common Chinese words with their frequencies: what is ordinary writing, whatever a base says."""

from __future__ import annotations

import functools
import importlib.util
import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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


def made_of(pairs: Collection[str], longest: int) -> list[str]:
    """The words of two and up to ``longest`` characters whose every two neighbours are among ``pairs``, in their order.

    A base uses few of the words. Going through all of them takes 30 ms, and every new version of a base needs its own:
    so the first pairs of all words are kept as small numbers, and only words whose number is asked for are looked at.
    """
    import numpy as np

    known, numbers = _by_first_pair()
    asked = np.zeros(_NUMBERS, dtype=bool)
    asked[_numbers(pairs)] = True
    candidates = (known[row] for row in np.flatnonzero(asked[numbers]).tolist())
    return [
        word
        for word in candidates
        if len(word) <= longest and all(word[at : at + 2] in pairs for at in range(len(word) - 1))
    ]


_NUMBERS = 1 << 16


@functools.cache
def _by_first_pair() -> tuple[tuple[str, ...], NDArray[np.uint16]]:
    """All words of two characters and more, and the number of the first two of each."""
    known = tuple(word for word in words() if len(word) > 1)
    return known, _numbers(word[:2] for word in known)


def _numbers(pairs: Iterable[str]) -> NDArray[np.uint16]:
    """A number for each pair of characters; two pairs may share one."""
    import numpy as np

    codes = np.frombuffer("".join(pairs).encode("utf-32-le"), dtype=np.uint32).reshape(-1, 2)
    return (codes[:, 0] * 40_503 + codes[:, 1]).astype(np.uint16)
