from __future__ import annotations

import pytest

from bot.policy import decide, usable
from bot.records import COMPLAINTS, SCENARIOS
from tests.bot.conftest import COD, FEE, GUIDE, INVOICE, RETURN, SECRET, found
from tests.doubles import faq, hit

SCRIPT = faq("客户询问货到付款", "√ 您好……")
SCRIPT = type(SCRIPT)(SCRIPT.id, "script", "public", SCRIPT.text, SCRIPT.place, question=SCRIPT.question)


@pytest.mark.parametrize(
    ("band", "entries", "role", "outcome", "first"),
    [
        ("answer", [COD, RETURN], "customer", "answer", COD),
        ("clarify", [COD, RETURN], "customer", "clarify", COD),
        ("none", [COD, RETURN], "customer", "handoff", None),
        ("none", [], "customer", "handoff", None),
        ("answer", [SECRET, FEE], "customer", "clarify", FEE),
        ("answer", [SCRIPT, COD], "customer", "clarify", COD),
        ("answer", [SECRET], "customer", "handoff", None),
        ("clarify", [SECRET], "customer", "handoff", None),
        ("answer", [SECRET, FEE], "agent", "answer", SECRET),
        ("answer", [SCRIPT, COD], "agent", "answer", SCRIPT),
        ("clarify", [GUIDE, SECRET], "agent", "clarify", GUIDE),
    ],
)
def test_bands_decide_and_customers_never_get_what_is_not_for_them(band, entries, role, outcome, first):
    decision = decide("question", found("x", band, 0.5, *entries), role, words="x")
    assert decision.outcome == outcome
    assert (decision.hits[0].entry if decision.hits else None) == first
    if role == "customer":
        assert all(one.entry.audience == "public" and one.entry.kind != "script" for one in decision.hits)


@pytest.mark.parametrize("words", ["可以货到付款吗？", "可以貨到付款嗎", " 可以货到付款吗 ！", "能货到付款不"])
@pytest.mark.parametrize("band", ["clarify", "none"])
def test_a_standard_question_word_for_word_is_answered(band, words):
    decision = decide("question", found(words, band, 0.2, FEE, COD), "customer", words=words)
    assert (decision.outcome, decision.hits[0].entry, decision.hits[1].entry) == ("answer", COD, FEE)
    assert decision.confidence > 0.9


@pytest.mark.parametrize(("words", "outcome"), [("退货", "clarify"), ("怎么退货", "clarify"), ("会下雨吗", "handoff"), ("吗", "handoff")])
def test_a_bare_topic_gets_the_questions_about_it(words, outcome):
    decision = decide("question", found(words, "none", 0.1, COD, FEE, INVOICE), "customer", words=words)
    assert decision.outcome == outcome
    assert [one.entry for one in decision.hits] == ([FEE] if outcome == "clarify" else [])


def test_an_outage_is_neither_an_empty_result_nor_unsureness():
    outage = decide("question", None, "customer")
    empty = decide("question", found("x", "none", 0.0), "customer")
    assert (outage.act, empty.act) == ("outage", "cannot_answer")
    assert outage.ticket == empty.ticket == "question"
    assert decide("question", None, "agent").ticket is None


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_situation_has_a_decision(scenario):
    decision = decide(scenario, None, "customer", insults=1)
    expected = {"question": "handoff", "human_agent": "handoff"}
    assert decision.outcome == expected.get(scenario, "scripted")
    promised = {"question": "deadline", "human_agent": "callback", **dict.fromkeys(COMPLAINTS, "deadline")}
    assert decision.due == promised.get(scenario)
    assert (decision.ticket is not None) == (scenario in (*promised, "suggestion"))


def test_patience_with_abuse_ends_in_a_person():
    assert decide("abusive", None, "customer", insults=1).outcome == "scripted"
    again = decide("abusive", None, "customer", insults=2)
    assert (again.outcome, again.ticket, again.due) == ("handoff", "abusive", "callback")


def test_usable_keeps_order():
    hits = tuple(hit(entry) for entry in (SECRET, COD, SCRIPT, FEE))
    assert [one.entry for one in usable(hits, "customer")] == [COD, FEE]
    assert usable(hits, "agent") == hits
