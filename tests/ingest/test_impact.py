from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ingest.asked import Asked, read_asked
from ingest.cli import cli
from ingest.impact import impact_of
from ingest.impact_report import render, summary
from kb.console import run
from kb.errors import InputError
from kb.records import Place
from kb.store import Store
from tests.doubles import BigramEncoder, faq

TODAY = date(2026, 11, 23)
COD = faq("可以货到付款吗？", "部分地区可以货到付款。")
RETURN = faq("退货如何申请？", "签收后七天内在订单页提交。")
INVOICE = faq("怎么开发票？", "订单完成后申请电子发票。")


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.draft.calibrated", lambda index, encoders: index)
    monkeypatch.setattr("kb.encoder.load_encoders", lambda settings, report=None: (BigramEncoder(),))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home" / "store")


def impact(store: Store, before, after, *questions: str):
    live, draft = (store.write(entries, [BigramEncoder()]).id for entries in (before, after))
    return impact_of(store, [BigramEncoder()], draft, live, [Asked(text) for text in questions], lambda: TODAY)


def test_every_kind_of_shift_is_told_once_and_what_stays_is_not(store):
    moved = replace(INVOICE, place=Place("新/发票.csv", row=9))
    changed = replace(COD, text="全国都可以货到付款。")
    found = impact(
        store, [COD, RETURN, INVOICE], [changed, moved, faq("能用积分吗？", "可以抵现。")],
        COD.question, RETURN.question, INVOICE.question, "能用积分吗？", "今天天气好吗",
    )  # fmt: skip
    assert [(shift.question, shift.kind) for shift in found.shifts] == [
        (RETURN.question, "lost"), ("能用积分吗？", "found"), (COD.question, "answer"), (INVOICE.question, "source"),
    ]  # fmt: skip
    assert (found.shifts[2].before.text, found.shifts[2].after.text) == (COD.text, changed.text)
    assert found.questions == 5
    text = render(found)
    assert "原来能答，换版后答不了（1）" in text and "新/发票.csv" in text


def test_an_unchanged_draft_has_no_impact(store):
    found = impact(store, [COD, RETURN], [COD, RETURN], COD.question, RETURN.question)
    assert (found.shifts, found.silent, found.unreachable, found.twins) == ((), (), (), ())
    assert "没有发现" in render(found)


def test_an_entry_that_another_one_silences(store):
    usurper = faq("退货要怎么申请？", "请联系客服。", "申请退货")
    found = impact(store, [COD, RETURN], [COD, RETURN, usurper], "申请退货")
    assert found.shifts[0].kind == "answer" and found.silent == (RETURN.question,)


def test_new_twins_are_told_and_old_ones_are_not(store):
    pair = [faq("能货到付款吗？", "部分地区可以。"), faq("可以货到付款的吗？", "可以的。", "能货到付款吗")]
    new = impact(store, [*pair[:1], RETURN], [*pair, RETURN])
    assert {"能货到付款吗？", "可以货到付款的吗？"} in [set(twin) for twin in new.twins]
    assert impact(store, [*pair, RETURN], [*pair, RETURN, INVOICE]).twins == ()


def test_what_is_expired_or_will_be_within_thirty_days(store):
    def until(word: str, day: int, month: int):
        return faq(f"{word}活动怎么参加？", "下单立减。", valid_to=date(2026, month, day))

    entries = [until("甲", 22, 11), until("乙", 23, 11), until("丙", 23, 12), until("丁", 24, 12), COD]
    found = impact(store, entries, entries)
    assert [line[0] for line in found.expired] == ["甲"] and [line[0] for line in found.expiring] == ["乙", "丙"]


def test_without_a_live_version_only_the_draft_is_looked_at(store):
    draft = store.write([COD, RETURN], [BigramEncoder()]).id
    found = impact_of(store, [BigramEncoder()], draft, None, [Asked("退货如何申请？")], lambda: TODAY)
    assert found.shifts == () and found.questions == 0 and "还没有可以相比的版本" in render(found)


def test_questions_come_as_lines_or_as_the_journal_gives_them(tmp_path):
    file = tmp_path / "问.txt"
    file.write_text("怎么退货？\n\n 能到付吗 \n", encoding="utf-8-sig")
    assert read_asked(file) == (Asked("怎么退货？"), Asked("能到付吗"))
    file.write_text('{"text":"怎么退货？","audience":"internal","times":7}\n{"text":"怎么退货?","audience":"internal"}\n', "utf-8")
    assert read_asked(file) == (Asked("怎么退货？", "internal", 7),)
    file.write_text('{"text":"甲"}\n{"words":"乙"}\n', "utf-8")
    with pytest.raises(InputError, match="第 2 行"):
        read_asked(file)
    with pytest.raises(InputError, match="读不出来"):
        read_asked(tmp_path / "无")


def test_the_command_builds_a_draft_and_publishes_nothing(home, tmp_path, capsys):
    folder = tmp_path / "知识"
    folder.mkdir()
    file, asked = folder / "问答.csv", tmp_path / "asked.jsonl"
    file.write_text("问题,答案\n怎么退货？,七天内申请。\n怎么开发票？,订单页申请。\n", encoding="utf-8")
    assert run(cli, ["build", str(folder)]) == 0
    file.write_text("问题,答案\n怎么退货？,十五天内申请。\n怎么开发票？,订单页申请。\n", encoding="utf-8")
    asked.write_text('{"text":"怎么退货？","times":12}\n', encoding="utf-8")
    capsys.readouterr()
    assert run(cli, ["impact", str(folder), "--questions", str(asked), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["draft"] == "gen-000002" and found["live"] == "gen-000001" == Store(home.store).current()
    assert [(shift["kind"], shift["times"]) for shift in found["shifts"]] == [("answer", 12)]
    assert run(cli, ["impact", "--questions", str(asked)]) == 0
    assert "十五天内" in capsys.readouterr().out


def test_what_was_asked_comes_out_of_the_journal_as_it_goes_in(home, capsys, tmp_path):
    from bot.cli import cli as bot_cli
    from bot.journal import Journal
    from bot.records import Reply

    home.path.mkdir()
    journal = Journal(home.journal)
    for text in ("怎么退货？", "怎么退货?", "电话13812345678能退吗"):
        journal.turn("a", "customer", text, Reply("答", "answer", "question"))
    journal.turn("a", "customer", "你好", Reply("您好", "scripted", "greeting"))
    journal.close()
    assert run(bot_cli, ["questions", "--days", "30"]) == 0
    out = capsys.readouterr().out
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["times"], row["audience"]) for row in rows] == [(2, "public"), (1, "public")] and "13812345678" not in out
    file = tmp_path / "asked.jsonl"
    file.write_text(out, encoding="utf-8")
    assert [asked.times for asked in read_asked(file)] == [2, 1]


def test_a_renamed_file_is_a_move_and_brings_no_new_twins(store):
    pair = [faq("能货到付款吗？", "部分地区可以。"), faq("可以货到付款的吗？", "可以的。", "能货到付款吗")]
    moved = [replace(entry, id=f"x{entry.id}", place=Place("新.csv", row=2)) for entry in pair]
    found = impact(store, [*pair, RETURN], [*moved, RETURN], pair[0].question)
    assert found.twins == found.silent == found.unreachable == ()
    assert [shift.kind for shift in found.shifts] == ["source"] and "faq.csv → 新.csv：1 题" in render(found)
    assert summary(found) == "影响：答案不变，来源文件会变 1 题（详情请运行 python -m ingest diff gen-000001 gen-000002）"


@pytest.fixture
def two_versions(home, tmp_path, capsys) -> None:
    from bot.journal import Journal
    from bot.records import Reply

    file = tmp_path / "知识" / "问答.csv"
    file.parent.mkdir()
    for answer in ("七天内申请。", "十五天内申请。"):
        file.write_text(f"问题,答案\n怎么退货？,{answer}\n怎么开发票？,订单页申请。\n", encoding="utf-8")
        assert run(cli, ["build", str(file.parent)]) == 0
    journal = Journal(home.journal)
    for text in ("怎么退货？", "我的电话13812345678，怎么退货"):
        journal.turn("a", "customer", text, Reply("答", "answer", "question"))
    journal.close()
    capsys.readouterr()


def test_diff_tells_what_changes_for_those_who_really_asked(home, two_versions, capsys):
    assert run(cli, ["diff", "gen-000001", "gen-000002", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["changed"]) == 1 and found["impact"]["questions"] == 2
    shifts = found["impact"]["shifts"]
    assert {shift["kind"] for shift in shifts} == {"answer"} and "怎么退货？" in [shift["question"] for shift in shifts]
    assert (shifts[0]["before"]["text"], shifts[0]["after"]["text"]) == ("七天内申请。", "十五天内申请。")
    assert "13812345678" not in json.dumps(found, ensure_ascii=False)
    assert run(cli, ["diff", "gen-000001", "gen-000002"]) == 0
    out = capsys.readouterr().out
    assert "~ 怎么退货？" in out and "答案会变（2）" in out
    assert run(cli, ["diff", "gen-000001", "gen-000002", "--entries", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"added", "changed", "removed", "moved"}


def test_a_journal_that_cannot_be_read_leaves_the_question_set(home, two_versions, capsys):
    home.journal.write_bytes(b"garbage" * 999)
    home.question_set.write_text("问题,期望\n怎么退货？,怎么退货？\n", encoding="utf-8")
    assert run(cli, ["diff", "gen-000001", "gen-000002", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["impact"]["questions"] == 1 and "读不到最近 30 天的真实问题" in captured.err


def test_diff_of_a_version_of_another_encoder_tells_the_entries(home, two_versions, capsys, monkeypatch):
    class Other(BigramEncoder):
        name, dimension, fingerprint = "other", 128, "bigram:128"

    monkeypatch.setattr("kb.encoder.load_encoders", lambda settings, report=None: (Other(),))
    assert run(cli, ["diff", "gen-000001", "gen-000002", "--json"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["impact"] is None and len(found["changed"]) == 1 and "只比较条目" in captured.err


def test_the_report_of_a_build_tells_the_impact_as_far_as_the_question_set_shows(home, two_versions, tmp_path, capsys):
    home.question_set.write_text("问题,期望\n怎么退货？,怎么退货？\n怎么开发票？,怎么开发票？\n", encoding="utf-8")
    file = tmp_path / "知识" / "问答.csv"
    file.write_text("问题,答案,失效日期\n怎么退货？,三天内申请。,\n怎么开发票？,订单页申请。,2020-01-01\n", encoding="utf-8")
    command = ["build", str(file.parent), "--override", "试"]
    assert run(cli, [*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["impact"]
    assert (found["live"], found["draft"], found["questions"]) == ("gen-000002", "gen-000003", 2)
    assert [(shift["question"], shift["kind"]) for shift in found["shifts"]] == [("怎么开发票？", "lost"), ("怎么退货？", "answer")]
    assert len(found["expired"]) == 1
    file.write_text("问题,答案\n怎么退货？,十天内申请。\n怎么开发票？,订单页申请。\n", encoding="utf-8")
    assert run(cli, command) == 0
    assert "影响：原来答不了，换版后能答 1 题；答案会变 1 题" in capsys.readouterr().out
