from __future__ import annotations

import io
import json
import subprocess
import sys
import time

import pytest

from bot.cli import SCENARIO_NAMES, cli
from bot.journal import Journal
from bot.records import SCENARIOS, Reply
from kb.console import run
from kb.errors import ModelMissing, StoreEmpty
from tests.bot.conftest import COD


@pytest.fixture
def shop(home, base, monkeypatch):
    """A home whose base is the scripted one."""
    monkeypatch.setattr("kb.knowledge.open_base", lambda *args: base)
    return home


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def batch(tmp_path, *rows: dict) -> str:
    path = tmp_path / "批量.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return str(path)


def test_ask_prints_the_reply_and_keeps_the_rest_off_stdout(shop, capsys):
    assert run(cli, ["ask", "可以货到付款吗？"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("您好，") and COD.text in out
    assert "faq.csv" in err and "已回答" in err


def test_ask_json_has_the_contracts_fields(shop, capsys):
    assert run(cli, ["ask", "可以货到付款吗？", "--json"]) == 0
    (row,) = lines(capsys)
    assert {"id", "reply", "outcome", "scenario", "confidence", "citations", "generation", "ms"} <= set(row)
    assert set(row["citations"][0]) == {"id", "source", "heading", "text"}
    assert (row["outcome"], row["generation"]) == ("answer", "gen-000001")


def test_ask_batch_replays_turns_and_keeps_lines_apart(shop, capsys, tmp_path):
    path = batch(
        tmp_path,
        {"id": 1, "text": "退货的钱"},
        {"id": "二", "turns": ["退货的钱", "2"]},
        {"id": 3, "text": "2"},
        {"id": 4, "text": ""},
    )
    assert run(cli, ["ask", "--batch", path]) == 0
    rows = lines(capsys)
    assert [(row["id"], row["outcome"]) for row in rows] == [(1, "clarify"), ("二", "answer"), (3, "scripted"), (4, "scripted")]


def test_ask_reads_stdin(shop, capsys, monkeypatch):
    data = '\ufeff{"id": "a", "text": "谢谢"}\n\n'.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert run(cli, ["ask", "--batch", "-"]) == 0
    assert lines(capsys)[0]["scenario"] == "thanks"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ask"], "二选一"),
        (["ask", "x", "--batch", "y"], "二选一"),
        (["ask", "--batch", "没有这个文件"], "没有这个文件"),
        (["check", "--scenario", "nonsense", "x"], "nonsense"),
        (["users", "add", "小王"], "role"),
        (["users", "add", "小王", "--role", "boss"], "boss"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_usage_is_exit_code_two(home, capsys, arguments, said):
    assert run(cli, arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and "Traceback" not in err


@pytest.mark.parametrize("row", [{"id": 1}, {"text": "x"}, {"id": 1, "text": 5}, {"id": 1, "turns": []}, {"id": 1, "turns": "x"}])
def test_a_bad_batch_line_is_named_before_anything_is_said(shop, capsys, tmp_path, row):
    assert run(cli, ["ask", "--batch", batch(tmp_path, {"id": 0, "text": "谢谢"}, row)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "第 2 行" in err


def test_an_empty_base_is_told(home, capsys, base, monkeypatch):
    monkeypatch.setattr("kb.knowledge.open_base", lambda *args: base)
    base.broken = StoreEmpty("知识库还是空的；请先运行 python -m ingest build。")
    assert run(cli, ["ask", "可以货到付款吗"]) == 1
    assert "知识库还是空的" in capsys.readouterr().err


def test_a_journal_that_cannot_be_written_costs_one_warning_and_no_answer(shop, capsys, tmp_path):
    shop.journal.mkdir(parents=True)  # a folder where the file should be cannot be opened as one
    rows = [{"id": n, "text": "可以货到付款吗？"} for n in range(3)]
    assert run(cli, ["ask", "--batch", batch(tmp_path, *rows)]) == 0
    out, err = capsys.readouterr()
    assert sum(json.loads(line)["reply"].count(COD.text) for line in out.splitlines()) == 3
    assert err.count("提醒：对话没能记录") == 1


def test_no_record_leaves_no_trace(shop, capsys):
    assert run(cli, ["ask", "转人工", "--no-record"]) == 0
    assert not shop.journal.exists()
    assert run(cli, ["ask", "转人工"]) == 0
    assert shop.journal.exists()


def test_check_names_rule_span_reason_and_a_better_wording(capsys, tmp_path):
    assert run(cli, ["check", "这个不归我管", "--json"]) == 0
    (row,) = lines(capsys)
    assert (row["verdict"], row["findings"][0]["span"]) == ("violation", [2, 6])
    assert set(row["findings"][0]) == {"rule", "span", "message", "suggestion"}
    path = batch(tmp_path, {"id": 1, "reply": "您好，请问有什么可以帮您？"}, {"id": 2, "reply": "好的", "scenario": "praise"})
    assert run(cli, ["check", "--batch", path]) == 0
    assert [row["verdict"] for row in lines(capsys)] == ["ok", "violation"]
    assert run(cli, ["check", "您好，请稍候。"]) == 0
    assert "符合" in capsys.readouterr().out
    assert run(cli, ["check", "--batch", batch(tmp_path, {"id": 1, "reply": "x", "scenario": "y"})]) == 2


def test_classify(capsys, tmp_path, home, monkeypatch):
    monkeypatch.setattr("kb.encoder.load_encoders", lambda *given: (_ for _ in ()).throw(ModelMissing("没有")))
    path = batch(tmp_path, {"id": 1, "text": "你们回复太慢了"}, {"id": 2, "text": "麻烦问下修一次收多少钱，多谢啦"})
    assert run(cli, ["classify", "--batch", path]) == 0
    rows = lines(capsys)
    assert [row["scenario"] for row in rows] == ["complaint_slow", "question"]
    assert all(0 <= row["confidence"] <= 1 for row in rows)
    assert run(cli, ["classify", "谢谢"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("thanks") and "按字面" in err
    home.path.mkdir()
    home.scenarios.write_text("[label.praise]\nexamples = 3\n", encoding="utf-8")
    assert run(cli, ["classify", "谢谢"]) == 2


def test_accounts_with_the_password_from_stdin(home, capsys, monkeypatch):
    def type_in(password: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(password + "\n"))

    assert run(cli, ["users", "list"]) == 0
    assert "还没有账号" in capsys.readouterr().err and not home.journal.exists()
    type_in("一二三四五六七八")
    assert run(cli, ["users", "add", "小王", "--role", "agent"]) == 0
    type_in("short")
    assert run(cli, ["users", "add", "小李", "--role", "editor"]) == 1
    assert "密码长度" in capsys.readouterr().err
    type_in("87654321")
    assert run(cli, ["users", "passwd", "小王"]) == 0
    assert run(cli, ["users", "disable", "小王"]) == 0
    assert run(cli, ["users", "disable", "nobody"]) == 1
    capsys.readouterr()
    assert run(cli, ["users", "list", "--json"]) == 0
    assert lines(capsys) == [{"name": "小王", "role": "agent", "state": "disabled"}]


def test_scenarios_are_those_of_the_records():
    assert SCENARIO_NAMES == SCENARIOS


@pytest.mark.parametrize("command", [[], ["ask"], ["retain"], ["unanswered"], ["backup"], ["restore"], ["visitor"], ["visitor", "delete"], ["check"], ["classify"], ["users"], ["users", "add"]])
def test_help_is_english_with_an_example_and_quick(command):
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "bot", *command, "--help"], capture_output=True, text=True, check=True)
    assert time.monotonic() - started < 5  # a crowded machine; idle it is a fifth of a second
    assert "Example" in done.stdout and "python -m bot" in done.stdout
    imported = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import bot.cli"], capture_output=True, text=True, check=True
    ).stderr
    for heavy in ("torch", "gradio", "faiss", "langchain", "opencc", "numpy", "sqlite3", "holidays"):
        assert f" {heavy}\n" not in imported


def test_what_is_stored_is_looked_after(home, capsys, tmp_path):
    assert run(cli, ["retain"]) == 2 and "还没有对话记录" in capsys.readouterr().err
    journal = Journal(home.journal)
    turn = journal.turn("v", "customer", "能刻字吗", Reply("很抱歉。", "handoff", "question"))
    number = journal.tickets.open("v", "question", "能刻字吗", contact="13812345678").id
    assert run(cli, ["retain", "--dry-run", "--json"]) == 0
    (row,) = lines(capsys)
    assert row["dry_run"] is True and set(row["deleted"].values()) == {0}
    assert run(cli, ["backup", str(tmp_path / "b.sqlite3"), "--json"]) == 0
    assert lines(capsys)[0]["bytes"] > 0
    assert run(cli, ["unanswered", "--exact", "--json"]) == 0
    assert [(row["question"], row["times"], row["reasons"]) for row in lines(capsys)] == [("能刻字吗", 1, {"none": 1})]
    assert run(cli, ["unanswered", "--exact", "--settle", "能刻字吗？", "--by", "小王"]) == 0
    assert run(cli, ["unanswered", "--exact"]) == 0 and capsys.readouterr().out == ""
    assert run(cli, ["unanswered", "--exact", "--settle", "没问过的", "--by", "小王"]) == 2
    assert run(cli, ["visitor", "export", number, "--by", "小王"]) == 2
    assert "--contact" in capsys.readouterr().err
    assert run(cli, ["visitor", "export", number, "--contact", "138 1234 5678", "--by", "小王"]) == 0
    assert lines(capsys)[0]["turns"][0]["id"] == turn
    assert run(cli, ["visitor", "delete", number, "--contact", "13812345678", "--by", "小王", "--json"]) == 0
    assert lines(capsys) == [{"turns": 1, "tickets": 1}]
    assert run(cli, ["restore", str(tmp_path / "b.sqlite3"), "--json"]) == 0
    assert lines(capsys)[0]["before"] and len(journal.turns("v")) == 2
