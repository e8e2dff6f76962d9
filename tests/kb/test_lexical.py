from __future__ import annotations

import math

import numpy as np
import pytest

from kb.lexical import K1, B, LexicalIndex
from kb.text import terms

TEXTS = ["可以货到付款吗", "货到付款的地区有限制", "电子发票在哪里下载", ""]


def brute_force(question: str) -> list[float]:
    """Lucene's BM25, straight from the formula."""
    documents = [terms(text) for text in TEXTS]
    mean = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        score = 0.0
        for term in terms(question):
            n = sum(term in other for other in documents)
            idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
            tf = document.count(term)
            score += idf * tf / (tf + K1 * (1 - B + B * len(document) / mean))
        scores.append(score)
    return scores


@pytest.mark.parametrize("question", ["货到付款", "发票下载", "货到货到付款", "没有这些字", "x"])
def test_scores_follow_the_formula(question):
    assert LexicalIndex.build(TEXTS).scores(question) == pytest.approx(brute_force(question), abs=1e-5)


def test_bytes_are_the_same_and_read_back():
    data = LexicalIndex.build(TEXTS).to_bytes()
    assert data == LexicalIndex.build(TEXTS).to_bytes()
    again = LexicalIndex.from_bytes(data)
    assert np.array_equal(again.scores("货到付款"), LexicalIndex.build(TEXTS).scores("货到付款"))


@pytest.mark.parametrize("texts", [[], ["", "？"]])
def test_nothing_to_index(texts):
    index = LexicalIndex.from_bytes(LexicalIndex.build(texts).to_bytes())
    assert index.rows == len(texts) and not index.scores("货到付款").any()


@pytest.mark.parametrize("data", [b"", b"PK", b"garbage" * 100])
def test_foreign_bytes_are_refused(data):
    with pytest.raises(ValueError, match="lexical index"):
        LexicalIndex.from_bytes(data)


@pytest.mark.parametrize("question", ["货到付款", "电子发票在哪里下载", "麒麟"])
def test_no_score_exceeds_the_ceiling(question):
    index = LexicalIndex.build(TEXTS)
    assert 0 <= index.scores(question).max() <= index.ceiling(question)


def test_unknown_terms_raise_the_ceiling():
    index = LexicalIndex.build(TEXTS)
    assert index.ceiling("货到付款麒麟") > index.ceiling("货到付款") > index.ceiling("") == 0
