"""One normalisation for questions and knowledge, used for matching only; the shown text stays as written."""

from __future__ import annotations

import functools
import operator
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

MAX_QUESTION_CHARS = 2_000
"""Longer questions are cut for matching: an encoder reads some 500 tokens, and a wall of text must not cost seconds."""

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\ud800-\udfff\U000e0000-\U000e007f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACE = re.compile(r"\s+")
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_ONE_HAN = re.compile(f"[{_HAN}]")
_SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]+[”’」』）)】]*|[^。！？!?；;\n]+$")


def normalise(text: str) -> str:
    """``text`` as it is compared: NFKC, no invisible characters, Simplified, lower case, single spaces.

    Idempotent. Lengths change, so offsets into the result mean nothing in the original.
    """
    text = unicodedata.normalize("NFKC", _CONTROL.sub(" ", _INVISIBLE.sub("", text)))
    # Conversion can give characters that NFKC folds again (compatibility forms), hence NFKC once more.
    text = unicodedata.normalize("NFKC", to_simplified(text).lower())
    return _SPACE.sub(" ", text).strip()


def to_simplified(text: str) -> str:
    """``text`` in Simplified characters, otherwise as it is."""
    return str(_converter().convert(text))


def terms(text: str) -> list[str]:
    """Terms for lexical matching: Han characters and pairs of neighbouring ones, other words and numbers whole.

    Expects normalised text. Pairs need no dictionary and beat its words on most Chinese question sets; single
    characters catch what is said in other words of the same root (退货 and 退回; see docs/retrieval.md).
    """
    found: list[str] = []
    for run in _RUN.findall(text):
        if is_han(run[0]):
            found.extend(run)
            found.extend(map(operator.add, run, run[1:]))
        else:
            found.append(run)
    return found


def letters(text: str) -> str:
    """Only the letters, digits and Han characters of ``text``: two wordings that differ in signs are one."""
    return "".join(_RUN.findall(text))


def is_han(character: str) -> bool:
    """Whether ``character`` is a Han character (any extension)."""
    return _ONE_HAN.fullmatch(character) is not None


def has_words(text: str) -> bool:
    """Whether ``text`` holds anything that can be looked up: a letter, a digit or a Han character."""
    return _RUN.search(text) is not None


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of ``text``, in order, without surrounding white space; empty ones left out."""
    spans = []
    for match in _SENTENCE.finditer(text):
        start, end = match.span()
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if end > start:
            spans.append((start, end))
    return spans


@functools.cache
def _converter() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")
