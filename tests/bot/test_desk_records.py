"""Favourites, what was looked up, and reports to the editors."""

from __future__ import annotations

import pytest

from bot.accounts import Accounts
from bot.journal import Journal
from bot.notebook import MOST_RECENT
from kb.errors import InputError

PHONE = "13812345678"


@pytest.fixture
def journal(where, clock) -> Journal:
    accounts = Accounts(where, clock)
    for name in ("小王", "小李"):
        accounts.add(name, "agent", "12345678")
    return Journal(where, clock)


def test_favourites_are_kept_for_each_by_himself(journal, clock):
    notebook = journal.notebook
    for entry in ("a", "b", "b"):
        notebook.favour("小王", entry, True)
        clock.pass_(minutes=1)
    notebook.favour("小李", "c", True)
    assert notebook.favourites("小王") == ("b", "a") and notebook.favourites("小李") == ("c",)
    notebook.favour("小王", "b", False)
    notebook.favour("小王", "b", False)
    assert notebook.favourites("小王") == ("a",)


def test_what_was_looked_up_is_masked_and_bounded(journal, clock):
    notebook = journal.notebook
    for number in range(MOST_RECENT + 5):
        notebook.looked_up("小王", f"问题{number}")
        clock.pass_(minutes=1)
    notebook.looked_up("小王", f"电话{PHONE}能改吗")
    notebook.looked_up("小王", "  ")
    recent = notebook.recent("小王")
    assert len(recent) == MOST_RECENT and recent[0].startswith("电话138****") and "问题0" not in recent
    assert notebook.recent("小李") == ()


def test_a_report_reaches_the_editors_and_is_settled(journal):
    reports = journal.reports
    number = reports.report("小王", "wrong", f"运费谁出？我是{PHONE}", "faq-1", "金额变了")
    (found,) = reports.listed()
    assert (found.who, found.kind, found.entry, found.note) == ("小王", "wrong", "faq-1", "金额变了")
    assert PHONE not in found.question
    reports.settle(number, "小编")
    reports.settle(number, "另一位")
    assert not reports.listed() and [one.settled_by for one in reports.listed(settled=True)] == ["小编"]


def test_a_double_click_reports_once(journal):
    reports = journal.reports
    first = reports.report("小王", "missing", "能刷花呗吗")
    assert reports.report("小王", "missing", "能刷花呗吗", note="顾客问了三次") == first
    assert [one.note for one in reports.listed()] == ["顾客问了三次"]


@pytest.mark.parametrize(("kind", "question"), [("odd", "问"), ("missing", "  ")])
def test_an_empty_report_is_refused(journal, kind, question):
    with pytest.raises(InputError):
        journal.reports.report("小王", kind, question)
    with pytest.raises(InputError, match="没有编号"):
        journal.reports.settle(99, "小编")
    assert not journal.reports.listed()
