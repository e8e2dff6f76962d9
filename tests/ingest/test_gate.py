from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.gate import Gate, GateQuestion, passes, read_questions
from kb.errors import GateRefused, SourceError
from kb.records import SearchResult
from kb.store import Store
from tests.doubles import BigramEncoder, faq, hit, passage

COD = faq("可以货到付款吗？", "部分地区可以。")
RETURN = faq("怎么退货？", "在订单页申请。")
INVOICE = faq("怎么开发票？", "订单完成后申请。")
RULES = passage("满99元包邮。", "配送", "运费")


def result(band, *entries):
    return SearchResult("问", band, 0.5, tuple(hit(entry) for entry in entries), "gen-000001")


@pytest.mark.parametrize(
    ("expected", "found", "good"),
    [
        ("可以货到付款吗?", result("answer", COD), True),
        ("可以貨到付款嗎？", result("clarify", COD, RETURN), True),
        ("可以货到付款吗？", result("none", COD), False),
        ("可以货到付款吗？", result("answer", RETURN, COD), False),
        ("可以货到付款吗？", result("none"), False),
        ("配送 › 运费", result("answer", RULES), True),
        ("", result("answer", COD), False),
        ("", result("clarify", COD), True),
        ("", result("none"), True),
    ],
)
def test_what_passes(expected, found, good):
    assert passes(GateQuestion("问", expected, "public"), found) is good


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def gate_for(store, tmp_path, rows, lines=None):
    file = tmp_path / "questions.csv"
    file.write_text("问题,期望,可见范围\n" + "\n".join(rows), encoding="utf-8-sig")
    return Gate(store, [BigramEncoder()], file, report=(lines if lines is not None else []).append)


def write(store, *entries):
    return store.write(entries, [BigramEncoder()]).id


def test_a_worse_draft_is_refused_in_plain_words(store, tmp_path):
    live, draft = write(store, COD, RETURN, INVOICE), write(store, COD, INVOICE)
    lines: list[str] = []
    gate = gate_for(store, tmp_path, ["可以货到付款吗？,可以货到付款吗？,公开", "怎么退货？,怎么退货？,公开"], lines)
    assert gate.check(live, None).passed >= 1
    with pytest.raises(GateRefused, match="怎么退货") as caught:
        gate.check(draft, live)
    message = str(caught.value)
    assert draft in message and "questions.csv" in message and "\n" not in message
    assert any("怎么退货" in line for line in lines)


def test_an_equal_or_better_draft_passes_with_figures(store, tmp_path):
    live, draft = write(store, COD, INVOICE), write(store, COD, RETURN, INVOICE)
    result = gate_for(store, tmp_path, ["怎么退货？,怎么退货？,公开"]).check(draft, live)
    assert result.worse == ()
    assert result.figures() == {"gate_questions": 1.0, "gate_passed": float(result.passed), "gate_passed_live": 0.0}


def test_internal_questions_are_asked_of_the_staffs_index(store, tmp_path):
    secret = faq("补偿最多多少？", "三十元。", audience="internal")
    draft = write(store, COD, RETURN, secret)
    rows = ["补偿最多多少？,补偿最多多少？,内部", "补偿最多多少？,补偿最多多少？,公开"]
    inside = gate_for(store, tmp_path, rows[:1]).check(draft, None)
    outside = gate_for(store, tmp_path, rows[1:]).check(draft, None)
    assert (inside.passed, outside.passed) == (1, 0)


def test_without_a_question_set_everything_passes(store, tmp_path):
    gate = Gate(store, [], tmp_path / "questions.csv")
    assert gate.check(write(store, COD), None).figures() == {}


def test_a_live_version_of_another_encoder_is_compared_by_its_figures(store, tmp_path):
    class Other(BigramEncoder):
        fingerprint = "other:1"

    live = store.write([COD, RETURN], [Other()]).id
    store.publish(live, figures={"gate_questions": 1.0, "gate_passed": 1.0})
    gate = gate_for(store, tmp_path, ["怎么退货？,怎么退货？,公开"])
    with pytest.raises(GateRefused, match="通过 0 题，正式版 1 题"):
        gate.check(write(store, COD), live)
    store.publish(live, figures={})
    assert gate.check(write(store, COD), live).passed_live is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("问题,答案\n甲,乙\n", "“问题”和“期望”"),
        ("问题,期望\n甲,\n", "第 2 行缺少"),
        ("问题,期望,可见范围\n甲,乙,大家\n", "第 2 行的可见范围“大家”"),
        ("", "空"),
    ],
)
def test_a_bad_question_set_is_named(tmp_path, content, said):
    file = tmp_path / "questions.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=said):
        read_questions(file)


def test_question_sets_may_be_gbk_and_say_nothing_of_the_audience(tmp_path):
    file = tmp_path / "questions.csv"
    file.write_bytes("期望,问题\n不回答,股票会涨吗？\n怎么退货？,东西不想要了怎么办\n".encode("gb18030"))
    assert read_questions(file) == (
        GateQuestion("股票会涨吗？", "", "public"),
        GateQuestion("东西不想要了怎么办", "怎么退货？", "public"),
    )


def test_an_override_needs_a_reason_and_keeps_it(store, tmp_path):
    live, draft = write(store, COD, RETURN, INVOICE), write(store, COD, INVOICE)
    lines: list[str] = []
    gate = replace(gate_for(store, tmp_path, ["怎么退货？,怎么退货？,公开"], lines), override="退货政策下周重写")
    result = gate.check(draft, live)
    assert result.override == "退货政策下周重写" and result.figures()["gate_worse"] == 1.0
    assert any("怎么退货" in line for line in lines) and any("按您给出的理由放行：退货政策下周重写" in line for line in lines)


def test_an_override_that_was_not_needed_is_not_kept(store, tmp_path):
    live, draft = write(store, COD, INVOICE), write(store, COD, RETURN, INVOICE)
    gate = replace(gate_for(store, tmp_path, ["怎么退货？,怎么退货？,公开"]), override="以防万一")
    assert gate.check(draft, live).override == ""
