from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ingest.cli
from ingest.cli import cli
from kb.config import Home
from kb.console import run
from kb.store import Store
from tests.doubles import BigramEncoder
from tests.ingest.files import ETIQUETTE_MD, FAQ_CSV, GUIDE_MD, write

ROOT = Path(__file__).parents[2]
VERBS = ["build", "preview", "text", "versions", "publish", "rollback", "diff", "verify", "gc", "backup", "restore"]


@pytest.fixture(autouse=True)
def encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.encoder.load_encoders", lambda settings, report=None: (BigramEncoder(),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "知识", public__问答_csv=FAQ_CSV, public__政策_md=GUIDE_MD, internal__礼仪_md=ETIQUETTE_MD)


def call(*arguments: object) -> int:
    return run(cli, [str(argument) for argument in arguments])


def test_preview_prints_the_contract_lines_and_text_the_text_they_count_in(folder, home, capsys):
    assert call("preview", folder, "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 8
    assert {"source", "heading", "kind", "question", "text", "audience", "start", "end"} <= set(lines[0])
    assert any(line["heading"] == "售后政策 › 一、退货" for line in lines)
    assert call("text", folder, "--json") == 0
    texts = {value["source"]: value["text"] for value in map(json.loads, capsys.readouterr().out.splitlines())}
    for line in lines:
        if "\n" not in line["text"]:
            assert texts[line["source"]][line["start"] : line["end"]] == line["text"]
    assert not home.path.exists()


def test_preview_for_people_shows_wrong_wordings_apart(folder, home, capsys):
    assert call("preview", folder / "internal") == 0
    out = capsys.readouterr().out
    assert "[话术·内部] 客户催发货" in out and "× 催也没用" in out and "所在文件夹“internal”" in out


def test_rejected_files_are_told_on_stderr_with_exit_5_or_1(folder, home, capsys):
    write(folder, 坏_xlsx="x")
    assert call("preview", folder, "--json") == 5
    captured = capsys.readouterr()
    assert "坏.xlsx：文件后缀是 .xlsx" in captured.err and "坏" not in captured.out
    assert call("text", folder / "坏.xlsx") == 1
    assert capsys.readouterr().out == ""


def test_build_and_the_care_of_versions(folder, home, tmp_path, capsys):
    assert call("build", folder, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["generation"] == "gen-000001" and report["published"]
    write(folder, public__新_md="# 配送\n\n三天内送达。\n", 坏_pdf="x")
    assert call("build", folder, "--no-publish") == 5
    assert "尚未发布" in capsys.readouterr().out
    assert Store(home.store).current() == "gen-000001"

    assert call("publish", "gen-000002", "--json") == 0
    assert json.loads(capsys.readouterr().out)["live"] == "gen-000002"
    assert call("versions", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["id"], row["live"]) for row in rows] == [("gen-000002", True), ("gen-000001", False)]
    assert call("versions") == 0 and "* gen-000002" in capsys.readouterr().out

    assert call("diff", "gen-000001", "gen-000002", "--json") == 0
    diff = json.loads(capsys.readouterr().out)
    assert [entry["text"] for entry in diff["added"]] == ["三天内送达。"] and diff["removed"] == diff["changed"] == []
    assert call("diff", "gen-000001", "gen-000002") == 0 and "新增 1 条" in capsys.readouterr().out

    archive = tmp_path / "备份.tar"
    assert call("backup", archive, "--json") == 0 and archive.exists()
    assert call("rollback") == 0 and Store(home.store).current() == "gen-000001"
    assert call("restore", archive, "--json") == 0
    assert Store(home.store).current() == json.loads(capsys.readouterr().out.splitlines()[-1])["live"]
    assert call("verify", "--json") == 0
    assert all(json.loads(line)["ok"] for line in capsys.readouterr().out.splitlines())
    assert call("gc", "--keep", "1", "--json") == 0
    assert isinstance(json.loads(capsys.readouterr().out)["deleted"], list)


def test_damage_is_found_and_exits_4(folder, home, capsys):
    call("build", folder)
    path = home.store / "gen-000001" / "public" / "entries.jsonl"
    path.write_bytes(path.read_bytes().replace("货".encode(), "或".encode(), 1))
    capsys.readouterr()
    assert call("verify") == 4
    assert "public/entries.jsonl" in capsys.readouterr().out


def test_a_refused_draft_exits_6_and_publish_refuses_it_too(folder, home, capsys):
    call("build", folder)
    home.question_set.write_text("问题,期望\n退货运费谁出？,退货运费谁出？\n", encoding="utf-8")
    write(folder, public__问答_csv="问题,答案\n可以货到付款吗？,部分地区可以。\n")
    capsys.readouterr()
    assert call("build", folder) == 6
    error = capsys.readouterr().err
    assert "没有发布" in error and "退货运费谁出" in error
    assert call("publish", "gen-000002") == 6
    assert Store(home.store).current() == "gen-000001"


def test_a_running_build_exits_3_and_names_it(folder, home, capsys):
    code = (
        "import sys, time; from pathlib import Path; from kb.store import Store\n"
        f"with Store(Path({str(home.store)!r})).lock('生成新版本'):\n    print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert other.stdout is not None and other.stdout.readline()
        assert call("build", folder) == 3
        assert f"进程 {other.pid}" in capsys.readouterr().err
    finally:
        other.kill()
        other.wait()
        other.stdout.close()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["build"], 2, "没有给出资料文件夹"),
        (["build", "/没有/这个"], 2, "/没有/这个"),
        (["build", ".", "--audience", "all"], 2, "all"),
        (["publish", "gen-9"], 1, "gen-9"),
        (["rollback"], 1, "没有发布过"),
        (["verify"], 1, "还没有任何版本"),
        (["backup", "x.tar"], 1, "没有发布过"),
        (["restore", "/没有.tar"], 4, "/没有.tar"),
        (["diff", "gen-000001"], 2, "B"),
        (["pubilsh"], 2, "pubilsh"),
    ],
)
def test_wrong_usage_and_empty_homes_are_one_clear_line(arguments, code, said, home, capsys):
    assert call(*arguments) == code
    captured = capsys.readouterr()
    assert said in captured.err and "Traceback" not in captured.err and captured.out == ""


def test_an_empty_folder_is_one_clear_line(tmp_path, home, capsys):
    (tmp_path / "空").mkdir()
    assert call("build", tmp_path / "空") == 1
    assert "没有可以读取的文件" in capsys.readouterr().err
    assert call("versions") == 0 and "还没有任何版本" in capsys.readouterr().out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb, capsys):
    assert call(verb, "--help") == 0
    out = capsys.readouterr().out
    assert "Example" in out and f"python -m ingest {verb}" in out and "--json" in out and "--home" in out


def test_help_loads_nothing_heavy():
    code = "import sys, ingest.cli; print([m for m in ('numpy', 'lxml', 'openpyxl', 'torch', 'faiss') if m in sys.modules])"
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]" and time.monotonic() - begun < 10


@pytest.mark.model
def test_the_sample_base_builds_with_the_default_encoder(e5_folder, tmp_path):
    from ingest.build import build
    from kb.encoder import SentenceTransformerEncoder

    home = Home(tmp_path / "home")
    paths = [ROOT / "knowledge" / "public" / "faq" / "cod.csv", ROOT / "knowledge" / "internal" / "guides" / "回复礼仪.md"]
    report = build(paths, home, encoders=[SentenceTransformerEncoder("e5", e5_folder)])
    assert report.published and report.rejected == () and report.kinds["script"] > 10
    assert report.audiences["public"] >= 15


def test_a_damaged_version_is_named_and_the_others_are_listed(home, capsys):
    from kb.store import Store
    from tests.doubles import BigramEncoder, faq

    store = Store(home.store)
    for text in "甲乙":
        store.publish(store.write([faq("问？", text)], [BigramEncoder()]).id)
    (home.store / "gen-000001" / "manifest.json").write_bytes(b"{}")
    assert run(cli, ["versions", "--home", str(home.path)]) == 0
    shown = capsys.readouterr()
    assert "gen-000002" in shown.out and "gen-000001" not in shown.out
    assert "gen-000001" in shown.err


def test_the_gate_blocks_with_6_and_an_override_is_shown_with_the_version(folder, home, capsys):
    home.path.mkdir(parents=True)
    home.question_set.write_text("问题,期望,可见范围\n退货运费谁出？,退货运费谁出？,公开\n", encoding="utf-8")
    assert call("build", folder) == 0
    write(folder, public__问答_csv="\n".join(line for line in FAQ_CSV.split("\n") if "运费" not in line))
    assert call("build", folder) == 6
    assert "publish gen-000002 --override" in capsys.readouterr().err
    assert call("publish", "gen-000002", "--override", "  ") == 6, "a blank reason is none"
    assert call("publish", "gen-000002", "--override", "运费政策已取消", "--json") == 0
    capsys.readouterr()
    assert call("versions") == 0
    out = capsys.readouterr().out
    assert "放行理由：运费政策已取消" in out and "走势（旧 → 新）：█▁  100.0% → 0.0%" in out
    assert call("versions", "--json") == 0
    newest = json.loads(capsys.readouterr().out.splitlines()[0])
    assert newest["override"] == "运费政策已取消" and newest["published"] and newest["figures"]["gate_worse"] == 1.0


def test_a_stale_draft_is_refused_in_one_line_before_any_question_is_asked(folder, home, capsys):
    call("build", folder)
    write(folder, public__新_md="# 配送\n\n三天内送达。\n")
    call("build", folder, "--no-publish")
    write(folder, public__新_md="# 配送\n\n两天内送达。\n")
    call("build", folder)
    capsys.readouterr()
    assert call("publish", "gen-000002") == 1
    assert "草稿 gen-000002 是在 gen-000001 的基础上生成的，而正式版现在是 gen-000003" in capsys.readouterr().err


@pytest.mark.parametrize(("shares", "bars"), [([1.0, 0.0], "█▁"), ([0.5, 0.75, 1.0], "▁▅█"), ([0.9], "▇")])
def test_trend(shares, bars):
    from ingest.version_commands import trend

    assert trend(shares) == bars


@pytest.mark.parametrize(("command", "stepped"), [("build", 1), ("impact", 1), ("rollback", 0), ("publish", 0), ("gc", 0)])
def test_long_work_steps_back_and_what_somebody_waits_for_does_not(monkeypatch, command, stepped):
    calls = []
    monkeypatch.setattr("ingest.cli.step_back", lambda: calls.append(1))
    monkeypatch.setattr("ingest.cli.run", lambda command: 0)
    monkeypatch.setattr("sys.argv", ["ingest", command, "--help"])
    assert ingest.cli.main() == 0 and len(calls) == stepped
