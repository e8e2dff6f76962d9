from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kb.cli import cli
from kb.config import Home
from kb.console import run
from kb.store import Store
from tests.doubles import faq, passage
from tests.kb.test_evaluate import write_set

ROOT = Path(__file__).parents[2]
COD = faq("可以货到付款吗？", "目前部分地区支持货到付款，结算页会显示是否可选。", "能不能货到付款", "送到再给钱行吗")
INVOICE = faq("怎么开发票？", "订单完成后，在订单详情页申请电子发票。")
SECRET = passage("主管可批准三百元以内的补偿，超过须经理签字。", "赔付权限", audience="internal")


@pytest.fixture(scope="module")
def built(e5_folder, tmp_path_factory) -> Home:
    """A small published home with the default encoder."""
    from kb.encoder import SentenceTransformerEncoder

    home = Home(tmp_path_factory.mktemp("home"))
    store = Store(home.store)
    store.publish(store.write([COD, INVOICE, SECRET], [SentenceTransformerEncoder("e5", e5_folder)]).id)
    return home


def call(*arguments: str) -> int:
    return run(cli, list(arguments))


@pytest.mark.model
def test_search_prints_the_contract_line(built, capsys):
    assert call("search", "貨到付款可以嗎", "--home", str(built.path), "--json") == 0
    line = json.loads(capsys.readouterr().out)
    assert line["band"] in ("answer", "clarify", "none") and 0 <= line["confidence"] <= 1
    first = line["hits"][0]
    assert (first["id"], first["question"], first["source"]) == (COD.id, COD.question, "faq.csv")
    assert {"id", "text", "question", "heading", "source", "score", "signals"} == set(first)


@pytest.mark.model
def test_batch_answers_every_line_in_order(built, capsys, monkeypatch):
    rows = [{"id": 7, "text": "发票"}, {"id": "空", "text": ""}, {"id": "长", "text": "货" * 10_000}]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert call("search", "--batch", "-", "--home", str(built.path)) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in lines] == [7, "空", "长"]
    assert lines[0]["hits"][0]["id"] == INVOICE.id and lines[1]["hits"] == []


@pytest.mark.model
def test_only_staff_see_internal_text(built, capsys):
    question = "主管可以批准多少补偿"
    assert call("search", question, "--home", str(built.path), "--json") == 0
    assert SECRET.id not in capsys.readouterr().out
    assert call("search", question, "--home", str(built.path), "--json", "--audience", "internal") == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["id"] == SECRET.id


@pytest.mark.model
def test_evaluate_and_rank_use_the_same_index(e5_folder, home, tmp_path, capsys):
    folder = write_set(
        tmp_path / "set",
        corpus=[{"id": entry.id, "text": entry.text} for entry in (COD, INVOICE, SECRET)],
        queries=[{"id": "1", "text": "到货了再付钱可以吗"}],
        qrels=[{"query": "1", "doc": COD.id, "rel": 1}],
    )
    assert call("evaluate", str(folder), "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["hit1"] == 1.0 and figures["ms_per_question"] > 0
    assert call("rank", str(folder), "--batch", str(folder / "queries.jsonl")) == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["id"] == COD.id
    assert not home.path.exists()


@pytest.mark.model
def test_an_empty_home_is_one_clear_line(e5_folder, home, capsys):
    assert call("search", "可以货到付款吗") == 1
    error = capsys.readouterr().err
    assert "知识库还是空的" in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["search"], "二选一"),
        (["search", "x", "--batch", "y"], "二选一"),
        (["search", "--batch", "/no/such.jsonl"], "/no/such.jsonl"),
        (["search", "x", "--audience", "all"], "all"),
        (["evaluate", "/no/such/set"], "corpus.jsonl"),
        (["serach", "x"], "serach"),
    ],
)
def test_wrong_usage_is_named_and_exits_2(arguments, named, home, capsys):
    assert call(*arguments) == 2
    assert named in capsys.readouterr().err


def test_a_bad_batch_line_is_named(home, tmp_path, capsys):
    file = tmp_path / "batch.jsonl"
    file.write_text('{"id": 1, "text": "x"}\n{"text": "y"}', encoding="utf-8")
    assert call("search", "--batch", str(file)) == 2
    assert "第 2 行" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["kb"], ["kb", "search"], ["kb", "evaluate"], ["kb", "rank"], ["ingest"], ["ingest", "build"], ["bot"], ["bot", "ask"]]
)
def test_help_answers_at_once_and_shows_an_example(command):
    began = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-m", command[0], *command[1:], "--help"], capture_output=True, text=True, cwd=ROOT
    )
    # Far above what it takes (0.2 s), far below what importing torch or gradio would.
    assert time.perf_counter() - began < 5
    assert result.returncode == 0 and "python -m" in result.stdout and "Example" in result.stdout
