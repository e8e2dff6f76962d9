from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from bot.lookup import surest
from bot.session import Sessions
from kb.config import Home
from tests.bot.conftest import COD, FEE, INVOICE, RETURN, found
from tests.doubles import Clock, ScriptedBase, faq

ROOT = Path(__file__).parents[2]
SWAP_FEE = faq("换货运费谁出？", "质量问题由我们承担。")


def look(base: ScriptedBase, matter: str, question: str = "", answered: str = ""):
    with Sessions(Clock()).use("a") as conversation:
        conversation.question, conversation.answered = question, answered
        return surest(base, matter, conversation, "customer")


def base(*results) -> ScriptedBase:
    return ScriptedBase({result.question: result for result in results}, COD, RETURN, FEE, INVOICE)


def test_the_surest_reading_is_taken():
    answered = look(base(found("退货运费", "answer", 0.8, FEE)), "那运费呢", "怎么退货")
    assert (answered.asked, answered.decision.hits[0].entry, answered.decision.act) == ("退货运费", FEE, "answer")


def test_who_goes_on_asks_for_something_else_than_was_just_said():
    same = base(found("退货要多久", "answer", 0.95, RETURN), found("要多久", "none", 0.1, INVOICE))
    assert look(same, "要多久", "怎么退货", RETURN.id).decision.act == "cannot_answer"


def test_the_named_object_wins_over_what_was_answered():
    both = base(found("换货运费谁出", "answer", 0.9, FEE, SWAP_FEE))
    decision = look(both, "换货呢", "退货运费谁出", FEE.id).decision
    assert decision.act == "answer" and decision.hits[0].entry == SWAP_FEE


def test_a_message_that_is_sure_by_itself_is_not_read_into_the_last_one():
    plain = base(found("怎么开发票", "answer", 0.9, INVOICE), found("退货怎么开发票", "answer", 0.99, RETURN))
    assert look(plain, "怎么开发票", "怎么退货").decision.hits[0].entry == INVOICE
    assert plain.asked == ["怎么开发票"]


def test_an_answer_that_has_nothing_to_do_with_the_message_is_no_reading():
    stray = base(found("退货会下雨吗", "answer", 0.9, FEE), found("会下雨吗", "none", 0.1, FEE))
    assert look(stray, "会下雨吗", "退货").decision.act == "cannot_answer"


def test_an_outage_is_an_outage():
    broken = base()
    broken.broken = RuntimeError("gone")
    assert (look(broken, "那运费呢", "怎么退货").decision.act, look(broken, "x").generation) == ("outage", None)


@pytest.mark.model
@pytest.mark.slow
def test_follow_ups_are_answered_as_if_asked_in_full(e5_folder, tmp_path):
    """The floor is well below the measured share (benchmarks/bot/followups.py): it guards against breakage."""
    from bot.database import MEMORY
    from bot.journal import Journal
    from bot.wiring import open_assistant
    from ingest.build import build

    home = Home(tmp_path / "sample")
    build([ROOT / "knowledge" / "public" / "faq"], home)
    spec = importlib.util.spec_from_file_location("followups", ROOT / "benchmarks" / "bot" / "followups.py")
    assert spec is not None and spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    assistant = open_assistant(home, "customer", journal=Journal(MEMORY))
    counted = wrong = 0
    for path in benchmark.SETS:
        number, missed = benchmark.misses(assistant, path)
        counted, wrong = counted + number, wrong + len(missed)
    assert counted >= 60 and 1 - wrong / counted >= 0.8


def test_the_sets_of_follow_ups_are_apart_and_large_enough():
    rows = {
        name: [json.loads(line) for line in (ROOT / "tests/bot/data" / name).read_text(encoding="utf-8").splitlines()]
        for name in ("followups.jsonl", "followups_unseen.jsonl")
    }
    known, unseen = ({tuple(row["turns"]) for row in one} for one in rows.values())
    assert len(known) >= 40 and len(unseen) >= 20 and not known & unseen
    assert all(2 <= len(turns) <= 3 for turns in known | unseen)
