"""How plausible a wording is: words of a dictionary with their frequencies, and what the document itself says elsewhere.

Used to choose between the few texts that damaged bytes may have been; loaded only when there is such a choice.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence

from ingest.gbk import narrow, to_bytes
from kb import lexicon
from kb.text import is_han, to_simplified

MOST_EVIDENCE = 1_000_000
"""So many characters of a document are searched for the same wording."""
_OWN_WEIGHT = 3.0
# Signs are not in the dictionary. Occurrences in as much text as it was counted in, roughly.
_SIGNS = {
    **{",": 3_000_000, "。": 1_500_000, "、": 800_000, "\n": 500_000, ":": 300_000, "“": 200_000, "”": 200_000},
    **{"(": 200_000, ")": 200_000, " ": 200_000, ";": 150_000, "?": 150_000, "!": 100_000, "《": 80_000, "》": 80_000},
}
_LETTER = 50_000
_OTHER_SIGN = 2_000
# The dictionary was counted in words, which leaves the particle far behind its share of running text.
_PARTICLE = {"的": 4_500_000}
_PER_SIGN = 4.0
_TWO_STOPS = re.compile("[,。、;:?!][,。、;:?!]|[、“《](?:\n|[0-9]+[.][0-9])")
_LIST = re.compile("、[^,。;:?!、的]{1,6}等")
_UNKNOWN = 0.01
_COMMON_LEADS = range(0xB0, 0xD8)
"""Rows of GB 2312 with its 3,755 common characters."""
_PRIVATE = 1e-6


class Judge:
    """Compares wordings for one document; ``document`` is its text, Simplified and without annotations."""

    def __init__(self, document: str) -> None:
        self._document = narrow(document[:MOST_EVIDENCE])

    def score(self, wording: str, doubtful: Sequence[int], before: str = "") -> float:
        """A logarithm, higher is more plausible.

        ``doubtful`` are the places in ``wording`` that are in question; ``before`` is what leads up to it.
        """
        plain = narrow(wording)
        simplified = to_simplified(plain)
        own = 0.0
        if len(simplified) == len(plain):
            for at in doubtful:
                for start in (at - 1, at):
                    pair = simplified[max(0, start) : start + 2]
                    if len(pair) == 2:
                        own += math.log1p(self._document.count(pair))
        return _log_probability(simplified) + _OWN_WEIGHT * own + _signs(to_simplified(narrow(before)) + simplified)

    @functools.lru_cache(maxsize=20_000)  # noqa: B019 - a judge lives as long as its document
    def frequency(self, char: str) -> float:
        """How often ``char`` stands alone as a word, roughly; below 1 if hardly anybody writes it."""
        return _frequency(to_simplified(narrow(char)), lexicon.words())

    def believes(self, wording: str) -> bool:
        """Whether every Han character of ``wording`` is a common one, or part of a word."""
        text = to_simplified(narrow(wording))
        words = lexicon.words()
        for at, char in enumerate(text):
            code = to_bytes(char) or b""
            if not is_han(char) or (code and code[0] in _COMMON_LEADS and code[-1] > 0xA0):
                continue
            spans = ((start, start + size) for size in (2, 3, 4) for start in range(max(0, at - size + 1), at + 1))
            if not any(text[start:end] in words for start, end in spans if end <= len(text)):
                return False
        return True

    def before(self, wording: str) -> frozenset[str]:
        """The characters that stand before ``wording`` elsewhere in the document."""
        wording = to_simplified(narrow(wording))
        found = set()
        at = self._document.find(wording, 1)
        while wording and at > 0:
            found.add(self._document[at - 1])
            at = self._document.find(wording, at + 1)
        return frozenset(found)


def _log_probability(text: str) -> float:
    """Of the best way to cut ``text`` into words, each independent of the others (a unigram model)."""
    words, total = lexicon.words(), lexicon.total()
    best = [0.0]
    for end in range(1, len(text) + 1):
        options = [best[end - 1] + math.log(_frequency(text[end - 1], words) / total)]
        for start in range(max(0, end - lexicon.LONGEST), end - 1):
            frequency = words.get(text[start:end], 0)
            if frequency:
                options.append(best[start] + math.log(frequency / total))
        best.append(max(options))
    return best[-1]


def _frequency(char: str, words: Mapping[str, int]) -> float:
    if char in _SIGNS:
        return _SIGNS[char]
    if char in _PARTICLE:
        return _PARTICLE[char]
    if char.isascii():
        return _LETTER if char.isalnum() else _OTHER_SIGN
    if "\ue000" <= char <= "\uf8ff" or char == "\ufffd":
        return _PRIVATE
    return words.get(char, 0) or _UNKNOWN


def _signs(text: str) -> float:
    """What is against the signs in ``text``: two stops in a row, a 、 before the end of a line or a heading's number, a closing quotation mark without an opening one."""
    against = 2 * len(_TWO_STOPS.findall(text))
    for opening, closing in ("“”", "《》"):
        opened = False
        for char in text:
            if char == opening:
                against += opened
                opened = True
            elif char == closing:
                against += not opened
                opened = False
    # 的 and 等 are the commonest of those that look alike; after items with 、 between them it is 等.
    return _PER_SIGN * (len(_LIST.findall(text)) - against)
