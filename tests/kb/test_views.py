from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kb.views import LONG_CHARS, WINDOW_CHARS, views_of, windows
from tests.doubles import faq, passage


def test_a_faq_is_found_by_its_question_its_aliases_and_its_answer():
    views = views_of([faq("可以货到付款吗？", "部分地区可以。", "能不能貨到付款", "能不能货到付款")])
    assert [(view.kind, view.text) for view in views] == [
        ("question", "可以货到付款吗?"),
        ("alias", "能不能货到付款"),  # the Traditional and the Simplified alias are one text
        ("whole", "可以货到付款吗? 部分地区可以。"),
    ]


def test_a_long_passage_gets_windows_under_its_heading():
    text = "质量问题由我们承担运费。" * 40
    views = views_of([passage(text, "售后", "退货运费")])
    assert views[0].kind == "whole"
    inner = views[1:]
    assert inner and all(view.kind == "window" and view.text.startswith("售后 退货运费") for view in inner)
    assert all(view.end - view.start <= 2 * WINDOW_CHARS for view in inner)


def test_wrong_wordings_are_never_indexed():
    from dataclasses import replace

    entry = replace(faq("客户问能否便宜", "很抱歉，价格已经是优惠价。"), kind="script", wrong=("爱买不买",))
    assert not any("爱买" in view.text for view in views_of([entry]))


def test_views_are_grouped_by_entry_and_every_entry_has_one():
    entries = [faq("甲？", "乙"), passage("丙"), passage("丁。" * LONG_CHARS)]
    rows = [view.row for view in views_of(entries)]
    assert rows == sorted(rows) and set(rows) == {0, 1, 2}


@given(st.text(alphabet="退货。！\n ，a", max_size=900))
def test_windows_cover_the_text_in_order(text):
    spans = windows(text)
    assert all(left[1] <= right[0] for left, right in zip(spans, spans[1:], strict=False))
    covered = "".join(text[a:b] for a, b in spans)
    assert "".join(covered.split()) == "".join(text.split())
