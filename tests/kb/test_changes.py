from __future__ import annotations

from dataclasses import replace

from kb.changes import diff, moves
from kb.records import Place
from tests.doubles import faq, passage

COD = replace(faq("可以货到付款吗？", "部分地区可以货到付款。"), id="a", place=Place("付款.csv", row=2))
RETURN = replace(faq("退货如何申请？", "签收后七天内在订单页提交。"), id="b", place=Place("售后.csv", row=2))
GUIDE = replace(passage("退货请保留包装。", "售后"), id="c", place=Place("指南.md", ("售后",), 0, 8))


def test_a_text_that_only_moved_down_its_file_did_not_change():
    lower = [replace(COD, place=Place("付款.csv", row=9)), replace(GUIDE, place=Place("指南.md", ("售后",), 50, 58))]
    found = diff([COD, GUIDE], lower)
    assert (found.added, found.changed, found.removed, found.moved) == ((), (), (), ())


def test_another_file_or_heading_is_a_move_whatever_the_id():
    elsewhere = replace(COD, id="z", place=Place("新/付款.csv", row=2))
    below = replace(GUIDE, place=Place("指南.md", ("退货",), 0, 8))
    found = diff([COD, RETURN, GUIDE], [elsewhere, RETURN, below])
    assert found.moved == ((COD, elsewhere), (GUIDE, below)) and found.added == found.removed == found.changed == ()
    assert found.renamed == {"a": "z"}
    assert moves(found.moved) == {("付款.csv", "新/付款.csv"): 1, ("指南.md", "指南.md"): 1}


def test_an_answer_that_changed_in_a_renamed_file_is_still_a_change():
    changed = replace(COD, id="z", text="全国都可以。", place=Place("新.csv", row=2))
    found = diff([COD, RETURN], [changed, RETURN])
    assert found.changed == ((COD, changed),) and found.added == found.removed == () and found.renamed == {"a": "z"}


def test_one_old_entry_is_paired_once():
    copies = [replace(COD, id=name, place=Place(f"{name}.csv")) for name in ("x", "y")]
    found = diff([COD], copies)
    assert found.moved == ((COD, copies[0]),) and found.added == (copies[1],)
    assert diff(copies, [COD]).removed == (copies[1],)


def test_passages_without_a_question_are_not_paired_by_it():
    other = replace(GUIDE, id="d", text="换货请保留包装。", place=Place("别的.md"))
    found = diff([GUIDE], [other])
    assert (found.added, found.removed, found.changed) == ((other,), (GUIDE,), ())
