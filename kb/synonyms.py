"""Words that mean the same: what customers type beside what the knowledge says. Editors extend the list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kb.text import is_han, normalise

if TYPE_CHECKING:
    from kb.config import Home

FILE = "synonyms.txt"
_LATIN = re.compile(r"(?<![a-z0-9])[a-z][a-z0-9]*(?![a-z0-9])")


class Synonyms:
    """Groups of words; the first of a group is how the knowledge says it, the others how people do.

    A word stands in one group only: the first that names it.
    """

    def __init__(self, groups: Iterable[tuple[str, ...]] = ()) -> None:
        self.groups = tuple(groups)
        self._first: dict[str, str] = {}
        for first, *others in self.groups:
            for word in others:
                self._first.setdefault(word, first)
        written = sorted((word for word in self._first if is_han(word[0])), key=lambda word: (-len(word), word))
        self._written = re.compile("|".join(map(re.escape, written))) if written else None

    def spelt_out(self, words: str) -> str:
        """``words`` (normalised) with abbreviations and foreign words replaced by what the knowledge says."""
        return _LATIN.sub(lambda match: self._first.get(match[0], match[0]), words)

    def beside(self, words: str) -> str:
        """What the knowledge says for the Han words in ``words`` (normalised), one after the other; often nothing."""
        if self._written is None:
            return ""
        found = dict.fromkeys(self._first[match[0]] for match in self._written.finditer(words))
        return " ".join(first for first in found if first not in words)

    def to_bytes(self) -> bytes:
        """The groups as lines."""
        return "".join(" ".join(group) + "\n" for group in self.groups).encode("utf-8")

    @classmethod
    def from_bytes(cls, data: bytes) -> Synonyms:
        """Groups from lines of words between white space; lines that begin with ``#`` are remarks.

        Raises:
            ValueError: it is not UTF-8.
        """
        lines = map(normalise, data.decode("utf-8-sig").splitlines())
        groups = (tuple(dict.fromkeys(line.split())) for line in lines if not line.startswith("#"))
        return cls(group for group in groups if len(group) > 1)


def load_synonyms(home: Home | None = None) -> Synonyms:
    """The shop's own groups (``HOME/synonyms.txt``, if there is one), before those that come with the program.

    Raises:
        InputError: the shop's file cannot be read.
    """
    from kb.errors import InputError

    groups = Synonyms.from_bytes(Path(__file__).with_name(FILE).read_bytes()).groups
    path = home.path / FILE if home is not None else None
    if path is None or not path.is_file():
        return Synonyms(groups)
    try:
        own = Synonyms.from_bytes(path.read_bytes()).groups
    except (OSError, ValueError) as error:
        raise InputError(f"同义词文件 {path} 读不出来（{error}）；请存为 UTF-8 编码的文本后重试。") from error
    return Synonyms((*own, *groups))
