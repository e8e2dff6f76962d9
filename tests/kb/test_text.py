from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text import has_words, normalise, sentences, terms


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("貨到付款嗎？", "货到付款吗?"),
        ("ＷｅＣｈａｔ　支付", "wechat 支付"),
        ("７天無理由", "7天无理由"),
        ("货\u200b到\ufeff付款", "货到付款"),
        ("A\x00B", "a b"),
        ("货\ud800到付款", "货到付款"),
        ("", ""),
    ],
)
def test_what_people_type_meets_what_is_written(written, compared):
    assert normalise(written) == compared


@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


def test_terms_are_characters_pairs_and_whole_words():
    assert terms("货到付 cod 7天") == ["货", "到", "付", "货到", "到付", "cod", "7", "天"]


@pytest.mark.parametrize(("text", "found"), [("？！…", False), ("😀", False), ("", False), ("退", True), ("ok", True)])
def test_has_words(text, found):
    assert has_words(text) is found


@given(st.text(alphabet="退货。！？；\n ，”a1", max_size=60))
def test_sentences_cover_everything_but_white_space(text):
    spans = sentences(text)
    assert all(start < end for start, end in spans)
    assert all(left[1] <= right[0] for left, right in zip(spans, spans[1:], strict=False))
    kept = "".join(text[start:end] for start, end in spans)
    assert kept.replace(" ", "").replace("\n", "") == text.replace(" ", "").replace("\n", "")


def test_a_closing_quote_stays_with_its_sentence():
    text = "请说：“您好！”然后等待。"
    assert [text[a:b] for a, b in sentences(text)] == ["请说：“您好！”", "然后等待。"]
