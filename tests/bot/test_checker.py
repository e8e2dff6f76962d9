from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.checker import Checker, fold, load_checker, parse_rules
from bot.errors import RulesError

RULES = load_checker().rules
DRAFTS = Path(__file__).parent / "data" / "drafts.tsv"


def cases(kind: str) -> list[tuple[str, str | None, str]]:
    return [(rule.id, next(iter(rule.scenarios), None), text) for rule in RULES for text in getattr(rule, kind)]


@pytest.mark.parametrize(("rule", "scenario", "text"), cases("bad"))
def test_every_rule_finds_its_bad_examples(rule, scenario, text):
    assert rule in [finding.rule for finding in load_checker().check(text, scenario)]


@pytest.mark.parametrize(("rule", "scenario", "text"), cases("good"))
def test_good_examples_pass_every_rule(rule, scenario, text):
    assert load_checker().check(text, scenario) == ()


def test_every_rule_brings_examples_and_says_what_to_do():
    for rule in RULES:
        assert rule.bad and rule.good, rule.id
        assert rule.message and rule.suggestion, rule.id
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_drafts_nobody_wrote_rules_for():
    rows = [line.split("\t") for line in DRAFTS.read_text(encoding="utf-8").splitlines()]
    flagged = {text: bool(load_checker().check(text)) for _, _, text in rows}
    bad = [text for verdict, _, text in rows if verdict == "bad"]
    polite = [text for verdict, _, text in rows if verdict == "ok"]
    assert not [text for text in polite if flagged[text]]
    assert sum(flagged[text] for text in bad) >= 0.95 * len(bad)


@pytest.mark.parametrize(
    "text",
    ["这不归我管", "这 不 归 我 管", "這不歸我管", "这不.归.我.管", "这不\u200b归\u200b我管", "这不归　我管", "这不*归*我*管"],
)
def test_disguises_are_seen_through(text):
    (finding,) = load_checker().check(f"您好，{text}。")
    assert finding.rule == "brush_off.not_my_job"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("您好😀，ＯＫ啦", "ＯＫ"),
        ("㍿您好，這 個 不 歸 我 管！", "不 歸 我 管"),
        ("您好，你的快递到了", "你"),
        ("您好\n\n不行。", "不行"),
        ("\ud800您好，你来", "你"),
    ],
)
def test_spans_point_into_the_text_as_given(text, words):
    (finding,) = load_checker().check(text)
    assert text[slice(*finding.span)] == words


@pytest.mark.parametrize(
    "text",
    [
        "您反映的“你们客服说不归我管”我已记录，非常抱歉。",
        "您说的「你们不管」，我们会认真核实。",
        "请查看《你好，新朋友》这一页。",
        "请点击“不行，再想想”按钮返回。",
    ],
)
def test_quoting_others_is_no_fault(text):
    assert load_checker().check(text) == ()


def test_quotation_marks_do_not_hide_our_own_words():
    assert load_checker().check("我们的态度是“不归我管”，好吧") != ()


def test_a_way_forward_softens_a_no():
    check = load_checker().check
    assert check("不可以。") != ()
    assert check("不可以。不过您可以选择换货，我帮您登记。") == ()


def test_situations_ask_for_more():
    check = load_checker().check
    assert check("我帮您查一下。") == ()
    (finding,) = check("我帮您查一下。", "complaint_slow")
    assert (finding.rule, finding.span) == ("shape.apology_missing", (0, 7))


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_is_no_reply(text):
    assert [finding.rule for finding in load_checker().check(text)] == ["shape.empty"]


@pytest.mark.parametrize("text", ["您好！" * 3_000, "你" * 10_000, "不" * 10_000, "“" * 10_000, "😀" * 10_000, "是您自己" * 2_500])
def test_long_texts_are_quick(text):
    started = time.process_time()
    load_checker().check(text)
    assert time.process_time() - started < 2


def test_folding_keeps_places():
    folded, places = fold("Ａ㍿ 不 行")
    assert folded[0] == "a"
    assert len(folded) == len(places)
    assert "不行" in folded
    assert places[folded.index("行")] == 5


def test_findings_come_in_order_of_place():
    findings = load_checker().check("亲，这个不归我管，你去问快递吧")
    assert [finding.span for finding in findings] == sorted(finding.span for finding in findings)
    assert len(findings) >= 3


@pytest.mark.parametrize(
    "row",
    [
        {"id": "x", "message": "m", "suggestion": "s"},
        {"id": "x", "message": "m", "suggestion": "s", "patterns": ["("]},
        {"id": "x", "message": "m", "suggestion": "s", "patterns": ["a"], "scenarios": ["greetings"]},
        {"id": "x", "message": "m", "patterns": ["a"]},
    ],
)
def test_an_unusable_rule_is_named(row):
    with pytest.raises(RulesError, match="x"):
        parse_rules({"rule": [row]})


def test_rules_can_be_replaced(tmp_path):
    own = tmp_path / "rules.toml"
    own.write_text("[[rule]]\nid='a.b'\npatterns=['呱']\nmessage='m'\nsuggestion='s'\n", encoding="utf-8")
    checker = load_checker(own)
    assert [finding.rule for finding in checker.check("呱")] == ["a.b"]
    own.write_text("", encoding="utf-8")
    with pytest.raises(RulesError, match="没有规则"):
        load_checker(own)
    own.write_bytes("规则".encode("gb18030"))
    with pytest.raises(RulesError, match="UTF-8"):
        load_checker(own)


def test_an_empty_checker_finds_nothing():
    assert Checker(()).check("滚") == ()
