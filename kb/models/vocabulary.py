"""Which pieces of the multilingual vocabulary a Chinese shop needs, and the tokenizer over them.

96 of the 118 million parameters of multilingual-e5-small are its vocabulary of a hundred languages. Pieces written in
Han, kana, bopomofo, Latin, digits, punctuation, signs or emoji stay; the rest go, and texts in other scripts come out
as unknown words. A text that needs no dropped piece gets exactly the same pieces as before: the best path through a
unigram lattice does not depend on pieces that are not on it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPACE = "▁"
"""Stands for a space, and begins the first word."""

# Written out rather than asked of unicodedata, so that every Python version cuts the same vocabulary.
_KEPT = (
    (0x0020, 0x036F),  # ASCII, Latin with accents, phonetic letters, combining accents
    (0x1AB0, 0x1AFF),  # further combining accents
    (0x1D00, 0x1EFF),  # phonetic letters, combining accents, Latin with further accents
    (0x2000, 0x2BFF),  # punctuation, raised and lowered digits, currency, arrows, mathematics, boxes, symbols
    (0x2C60, 0x2C7F),  # Latin extended C
    (0x2E00, 0x312F),  # punctuation, radicals, CJK punctuation, kana, bopomofo
    (0x3190, 0x9FFF),  # bopomofo extended, strokes, enclosed CJK, Han and its extension A
    (0xA700, 0xA7FF),  # tone letters, Latin extended D
    (0xAB30, 0xAB6F),  # Latin extended E
    (0xE000, 0xFAFF),  # private use (the bullets of Word and PDF files), Han compatibility
    (0xFE00, 0xFE6F),  # variation selectors, vertical and small forms
    (0xFF00, 0xFFEF),  # full-width and half-width forms
    (0x1F000, 0x1FAFF),  # emoji and pictographs
    (0x20000, 0x3FFFF),  # Han extensions B and later
)
_STARTS = [start for start, _ in _KEPT]
_GREEK = range(0x0370, 0x0400)


def keeps(piece: str) -> bool:
    """Whether ``piece`` may be needed by Chinese or English text; single Greek letters stay, as signs (μ, Ω, α)."""
    letters = piece.removeprefix(SPACE)
    if len(letters) == 1 and ord(letters) in _GREEK:
        return True
    return all(_is_kept(ord(character)) for character in piece)


def _is_kept(codepoint: int) -> bool:
    row = bisect_right(_STARTS, codepoint) - 1
    return row >= 0 and codepoint <= _KEPT[row][1]


def build_tokenizer(
    pieces: Sequence[str], scores: Sequence[float], *, bos: int, eos: int, pad: int, unk: int
) -> Tokenizer:
    """The unigram tokenizer of XLM-RoBERTa over ``pieces``; ids are positions, the four specials are ids too.

    Normalisation is that of the original: control characters vanish, every kind of space becomes a space, NFKC except
    for the full-width tilde (its vocabulary knows ～ by itself), runs of spaces become one. Consecutive unknown
    characters give one unknown token, as in sentencepiece.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=unk))
    # A code point that is never a character carries the tilde past NFKC.
    tilde, carrier = "～", "\ufdd0"
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"[\x00-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"), ""),
            normalizers.Replace(Regex(r"[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"), " "),
            normalizers.Replace(tilde, carrier),
            normalizers.NFKC(),
            normalizers.Replace(carrier, tilde),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement=SPACE, prepend_scheme="always")
    begin, end = pieces[bos], pieces[eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(begin, bos), (end, eos)],
    )
    tokenizer.add_special_tokens(
        [AddedToken(pieces[special], normalized=False, special=True) for special in (bos, pad, eos, unk)]
    )
    return tokenizer
