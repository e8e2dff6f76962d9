"""What a question may have meant by its sounds: 推货 for 退货, hdfk or huodaofukuan for 货到付款.

Most Chinese is typed by its sounds, so most slips are words of the same sound, and people in a hurry type initials.
A slip is taken for one only if the base uses the other word and the writing as it stands is much less likely: a noisy
channel over a unigram model of words (Kernighan, Church and Gale 1990).
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from kb import lexicon
from kb.text import is_han

LEAST = 2
"""A pair of characters must stand in so many texts of the base before a slip is taken for it."""
SLIP = 5.0
"""Cost of one character written for another of the same sound: one in some 150."""
OWN_WORD = 10.5
"""Cost of two characters that stand side by side in the base: as good as a word, though no dictionary has it."""
CLEAR = 2.0
"""A slip must make the question cheaper by so much beyond its own cost."""
_LONGEST = 4
_MOST_CUTS = 32
_LATIN = re.compile(r"(?<![a-z0-9])[a-z]{3,18}(?![a-z0-9])")
# No syllable begins with i, u or v; a, e and o begin few words, and many English words hold them.
_INITIALS = re.compile(r"[bpmfdtnlgkhjqxrzcsyw]{3,6}")
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_BEAM = 40
_TONES = re.compile("[\u0300\u0301\u0304\u030c]")
"""Grave, acute, macron and caron, as combining marks."""


class Sounds:
    """The words that a base uses, found by their sounds.

    ``pairs`` maps every pair of neighbouring Han characters to the number of texts that hold it.
    """

    def __init__(self, pairs: Mapping[str, int]) -> None:
        self._pairs = {pair: holders for pair, holders in pairs.items() if holders >= LEAST}

    def mend(self, words: str) -> str:
        """``words`` as they may have been meant, ``words`` itself if nothing speaks for a slip. Expects normalised text."""
        return _HAN_RUN.sub(lambda match: self._mend_run(match[0]), self.spelt_out(words))

    def spelt_out(self, words: str) -> str:
        """``words`` with pinyin and initials written as the words of the base that they spell. Expects normalised text."""
        return _LATIN.sub(lambda match: self._spelt_out(match[0]) or match[0], words)

    def _mend_run(self, run: str) -> str:
        """The cheapest writing of one run of Han characters (Viterbi over words)."""
        best = [(0.0, "")]
        for end in range(1, len(run) + 1):
            options = []
            for start in range(max(0, end - _LONGEST), end):
                piece = run[start:end]
                cost, writing = best[start]
                if len(piece) == 1 or piece in lexicon.words():
                    options.append((cost + lexicon.cost(piece), writing + piece))
                if piece in self._pairs:
                    options.append((cost + OWN_WORD, writing + piece))
                if len(piece) > 1:
                    for other in self._alike(piece):
                        slips = sum(a != b for a, b in zip(piece, other, strict=True))
                        own = min(lexicon.cost(other), OWN_WORD)
                        options.append((cost + own + slips * SLIP + CLEAR, writing + other))
            best.append(min(options))
        return best[-1][1]

    def _alike(self, piece: str) -> Iterator[str]:
        """Words of the base that sound like ``piece``, others than itself."""
        for sounds in itertools.product(*map(_syllables, piece)):
            for word in self._by_sound.get(sounds, ()):
                if word != piece:
                    yield word

    def _spelt_out(self, letters: str) -> str | None:
        """The words of the base that ``letters`` spell, as syllables or as initials."""
        for syllables in _cuts(letters):
            if len(syllables) < 2:
                continue
            links = [self._pairs_by_sound.get(pair, []) for pair in itertools.pairwise(syllables)]
            # A lone pair is no word: nike is not 你可, although the base says 你可以.
            word = self._best(self._by_sound.get(syllables, ())) or (self._chain(links) if len(links) > 1 else None)
            if word:
                return word
        if _INITIALS.fullmatch(letters):
            links = [self._pairs_by_initials.get(letters[i : i + 2], []) for i in range(len(letters) - 1)]
            return self._best(self._by_initials.get(letters, ())) or (self._chain(links) if len(letters) > 3 else None)
        return None

    def _best(self, words: tuple[str, ...] | list[str]) -> str | None:
        return max(words, key=lambda word: (self._holders(word), word)) if words else None

    def _chain(self, links: list[list[str]]) -> str | None:
        """The best word whose neighbouring characters are one pair of each link: its rarest pair is the commonest."""
        if not links or not all(links):
            return None
        words = {pair: self._pairs[pair] for pair in links[0]}
        for link in links[1:]:
            longer: dict[str, int] = {}
            for word, holders in words.items():
                for pair in link:
                    if pair[0] == word[-1]:
                        longer[word + pair[1]] = min(holders, self._pairs[pair])
            words = dict(sorted(longer.items(), key=lambda item: (-item[1], item[0]))[:_BEAM])
        return max(words, key=lambda word: (words[word], word)) if words else None

    def _holders(self, word: str) -> int:
        return min(self._pairs.get(word[i : i + 2], 0) for i in range(len(word) - 1))

    @functools.cached_property
    def _words(self) -> list[str]:
        """Words of the dictionary that the base uses, as far as its pairs tell."""
        return lexicon.made_of(self._pairs, _LONGEST)

    @functools.cached_property
    def _by_sound(self) -> dict[tuple[str, ...], list[str]]:
        found: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for word in self._words:
            for sounds in itertools.product(*map(_syllables, word)):
                found[sounds].append(word)
        return dict(found)

    @functools.cached_property
    def _by_initials(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for word in self._words:
            for initials in {"".join(sound[0] for sound in sounds) for sounds in itertools.product(*map(_syllables, word))}:
                found[initials].append(word)
        return dict(found)

    @functools.cached_property
    def _pairs_by_sound(self) -> dict[tuple[str, ...], list[str]]:
        found: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for pair in self._pairs:
            for sounds in itertools.product(*map(_syllables, pair)):
                found[sounds].append(pair)
        return dict(found)

    @functools.cached_property
    def _pairs_by_initials(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for (first, second), pairs in self._pairs_by_sound.items():
            found[first[0] + second[0]].extend(pairs)
        return dict(found)


@functools.cache
def _readings() -> Mapping[str, str]:
    """Code point in decimal digits → its readings, the commonest first: pypinyin's dictionary (MIT licence), read as data.

    Importing the package instead would load its 47,000 phrases too, which take 60 MB and half a second.

    Raises:
        ModuleNotFoundError: pypinyin is not installed.
    """
    spec = importlib.util.find_spec("pypinyin")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise ModuleNotFoundError("pypinyin, whose dictionary of readings is needed, is not installed")
    found: dict[str, str] = json.loads(Path(folders[0], "pinyin_dict.json").read_text(encoding="utf-8"))
    return found


@functools.lru_cache(maxsize=30_000)
def _syllables(character: str) -> tuple[str, ...]:
    """Readings of a character without tones, at most the two commonest; the character itself if it has none."""
    letters = unicodedata.normalize("NFD", _readings().get(str(ord(character)), character)).replace("u\u0308", "v")
    plain = unicodedata.normalize("NFC", _TONES.sub("", letters))
    return tuple(dict.fromkeys(reading for reading in plain.split(",") if reading))[:2]


@functools.cache
def _known_syllables() -> frozenset[str]:
    """Every syllable that a common character has, interjections without a vowel (hm, ng) aside."""
    common = sorted((word for word in lexicon.words() if len(word) == 1 and is_han(word)), key=lexicon.cost)[:4_000]
    spoken = {sound for character in common for sound in _syllables(character)}
    return frozenset(sound for sound in spoken if set(sound) & set("aeiouv"))


@functools.lru_cache(maxsize=4_096)
def _cuts(letters: str) -> tuple[tuple[str, ...], ...]:
    """Ways to read ``letters`` as syllables, those with a long first syllable first; at most ``_MOST_CUTS``."""
    if not letters:
        return ((),)
    cuts = (
        (letters[:length], *rest)
        for length in range(min(6, len(letters)), 0, -1)
        if letters[:length] in _known_syllables()
        for rest in _cuts(letters[length:])
    )
    return tuple(itertools.islice(cuts, _MOST_CUTS))
