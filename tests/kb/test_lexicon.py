"""Words of the dictionary that a base's pairs of characters make up."""

from __future__ import annotations

import random

import pytest

from kb import lexicon


@pytest.mark.parametrize("count", [0, 3, 400, 20_000])
def test_the_words_made_of_pairs_are_those_of_the_definition_in_their_order(count):
    words = list(lexicon.words())
    drawn = random.Random(count).sample(words, count)
    pairs = {word[at : at + 2] for word in drawn for at in range(len(word) - 1)}
    wanted = [
        word
        for word in words
        if 2 <= len(word) <= 4 and all(word[at : at + 2] in pairs for at in range(len(word) - 1))
    ]
    assert lexicon.made_of(pairs, 4) == wanted


def test_two_pairs_of_one_number_are_not_taken_for_each_other():
    by_number: dict[int, str] = {}
    for word in lexicon.words():
        if len(word) == 2:
            number = int(lexicon._numbers([word])[0])
            other = by_number.setdefault(number, word)
            if other != word:
                assert word not in lexicon.made_of({other}, 4) and other not in lexicon.made_of({word}, 4)
                return
    pytest.fail("no two pairs share a number: the check is not needed")
