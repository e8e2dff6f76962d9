"""``python app_gradio.py`` as a newcomer meets it, up to the point where a model is needed."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import app_gradio
from kb.config import Home
from kb.store import Store

ROOT = Path(__file__).parents[2]


def run(*arguments: str, home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "app_gradio.py", *arguments, "--home", str(home)]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, encoding="utf-8", timeout=60
    )


def complaint(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line that was said; no traceback, nothing on stdout."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr and not done.stdout
    lines = [line for line in done.stderr.splitlines() if line.startswith(("错误：", "用法不对："))]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_help_is_quick_and_shows_examples(tmp_path):
    begun = time.monotonic()
    done = run("--help", home=tmp_path)
    assert time.monotonic() - begun < 5, "one second on a quiet machine"
    assert done.returncode == 0 and "Examples:" in done.stdout and "Exit codes:" in done.stdout
    assert "--step" not in done.stdout


@pytest.mark.parametrize("option", ["--port", "--staff-port"])
def test_a_taken_port_is_said_before_anything_is_built(tmp_path, option):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = complaint(run(option, str(port), home=tmp_path / "home"), 1)
    assert str(port) in line and "已被占用" in line
    assert not (tmp_path / "home").exists()


def test_one_port_for_both_is_wrong_usage(tmp_path):
    assert "同一个端口" in complaint(run("--port", "7861", home=tmp_path), 2)


@pytest.mark.parametrize("wrong", ["x", "1.5"])
def test_a_wrong_setting_is_named(tmp_path, wrong):
    line = complaint(run(home=tmp_path, KB_SERVER_MAX_WAITING=wrong), 2)
    assert "KB_SERVER_MAX_WAITING" in line and wrong in line


def test_no_model_is_one_line_and_nothing_is_written(tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    home = tmp_path / "home"
    done = run(home=home, KB_SEARCH_MODELS=str(tmp_path / "models"), KB_SEARCH_WHEELS=str(folder))
    assert "编码模型" in complaint(done, 1)
    assert not home.exists()


def test_a_home_that_is_a_file_is_named(tmp_path):
    home = tmp_path / "file"
    home.write_text("x")
    assert str(home) in complaint(run(home=home), 2)


def test_without_the_sample_the_next_step_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(app_gradio, "SAMPLE", tmp_path / "absent")
    monkeypatch.setattr("kb.encoder.load_encoders", lambda settings, report: ())
    with pytest.raises(app_gradio.SampleMissing, match="python -m ingest build"):
        app_gradio.prepare(Home(tmp_path / "home"))
    assert not (tmp_path / "home").exists()


def test_a_base_that_is_there_is_not_built_again(tmp_path, monkeypatch):
    monkeypatch.setattr("kb.encoder.load_encoders", lambda settings, report: ())
    monkeypatch.setattr(Store, "current", lambda store: "gen-000001")
    monkeypatch.setattr("ingest.build.build", lambda *a, **k: pytest.fail("must not build"))
    app_gradio.prepare(Home(tmp_path))


def test_an_empty_home_gets_the_sample_and_its_questions(tmp_path, monkeypatch, capsys):
    from tests.doubles import BigramEncoder

    sample = tmp_path / "sample"
    for part in ("public", "internal"):
        (sample / part).mkdir(parents=True)
    (sample / "public" / "faq.csv").write_text("问题,答案\n可以货到付款吗？,可以的。\n", encoding="utf-8")
    (sample / "internal" / "guide.md").write_text("# 礼仪\n\n先问好，再回答客户的问题。\n", encoding="utf-8")
    (sample / "questions.csv").write_text("问题,期望\n", encoding="utf-8")
    monkeypatch.setattr(app_gradio, "SAMPLE", sample)
    monkeypatch.setattr("kb.encoder.load_encoders", lambda settings, report: (BigramEncoder(),))
    home = Home(tmp_path / "home")
    app_gradio.prepare(home)
    assert Store(home.store).current() == "gen-000001"
    assert home.question_set.read_text(encoding="utf-8") == "问题,期望\n"
    said = capsys.readouterr().err
    assert "示例店铺" in said and "已收录 2 条" in said


def test_the_first_start_makes_an_administrator_and_shows_the_password_once(tmp_path, capsys):
    from bot.accounts import Accounts

    home = Home(tmp_path)
    app_gradio.first_admin(home)
    shown = capsys.readouterr()
    password = re.search(r"账号 admin    密码 ([a-z0-9-]{19})\n", shown.err)[1]
    assert password not in shown.out
    account = Accounts(home.journal).verify("admin", password)
    assert account.role == "admin" and account.must_change
    app_gradio.first_admin(home)
    assert capsys.readouterr().err == ""
    assert password.encode() not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_where_somebody_works_already_no_administrator_is_made(tmp_path, capsys):
    from bot.accounts import Accounts

    home = Home(tmp_path)
    Accounts(home.journal).add("小王", "agent", "12345678")
    app_gradio.first_admin(home)
    assert capsys.readouterr().err == "" and len(Accounts(home.journal).list()) == 1

@pytest.mark.parametrize(("given", "threads", "after"), [({}, 1, {}), ({"OMP_NUM_THREADS": "3"}, 3, {"OMP_NUM_THREADS": "3"})])
def test_a_question_is_worked_on_by_one_thread_and_builds_are_not_told(given, threads, after):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    code = (
        "import os; from bot.ui.serve import one_thread_each; one_thread_each(); import faiss;"
        f"print(faiss.omp_get_max_threads(), {{name: os.environ[name] for name in {names} if name in os.environ}})"
    )
    environ = {name: value for name, value in os.environ.items() if name not in names} | given
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
    assert done.stdout.split(" ", 1) == [str(threads), f"{after}\n"], done.stderr
