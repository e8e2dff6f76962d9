from __future__ import annotations

from dataclasses import replace
from datetime import date

from ingest.duplicates import drop_duplicates
from kb.records import Place
from tests.doubles import faq, passage


def at(entry, source):
    return replace(entry, id=source, place=Place(source))


COD = at(faq("可以货到付款吗？", "部分地区可以。", "能到付吗"), "a.csv")


def test_repeats_are_kept_once_and_aliases_are_not_lost():
    again = at(faq("可以貨到付款嗎?", "部分地区可以。", "到付行吗"), "b.csv")
    result = drop_duplicates([COD, again])
    (kept,) = result.entries
    assert (kept.id, kept.aliases) == ("a.csv", ("能到付吗", "到付行吗"))
    assert [(pair.kept.id, pair.other.id) for pair in result.dropped] == [("a.csv", "b.csv")]


def test_a_public_one_is_kept_before_an_internal_one():
    inner = at(passage("满99元包邮。", audience="internal"), "内部.md")
    outer = at(passage("满99元包邮。"), "公开.md")
    assert [entry.audience for entry in drop_duplicates([inner, outer]).entries] == ["public"]


def test_what_differs_in_kind_text_or_validity_is_no_repeat():
    spring = replace(COD, id="1", valid_to=date(2025, 2, 1))
    other = replace(COD, id="2", text="全国可以。", valid_from=date(2025, 2, 2))
    as_passage = replace(COD, id="3", kind="passage", question="")
    result = drop_duplicates([spring, other, as_passage])
    assert len(result.entries) == 3 and result.dropped == () and result.conflicts == ()


def test_two_answers_to_one_question_on_the_same_day_are_told():
    result = drop_duplicates([COD, at(faq("可以货到付款吗", "全国可以。"), "b.csv"), at(faq("可以货到付款吗？", "全国可以。"), "c.csv")])
    assert len(result.entries) == 3
    assert [(pair.kept.id, pair.other.id) for pair in result.conflicts][:1] == [("a.csv", "c.csv")]


def test_order_is_kept():
    entries = [at(passage(text), text) for text in ("甲。", "乙。", "甲。", "丙。")]
    assert [entry.text for entry in drop_duplicates(entries).entries] == ["甲。", "乙。", "丙。"]
