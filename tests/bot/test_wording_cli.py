from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli import cli
from kb.console import run

PACKAGED = (Path(__file__).parents[2] / "bot" / "wording.toml").read_text(encoding="utf-8")


@pytest.fixture
def broken(tmp_path) -> str:
    path = tmp_path / "我的话术.toml"
    path.write_text(PACKAGED.replace("不用客气。", "这不归我管。").replace("waiting = [", "wating = ["), encoding="utf-8")
    return str(path)


def test_the_packaged_wording_can_be_used(home, capsys):
    assert run(cli, ["wording", "check"]) == 0
    assert "可以使用" in capsys.readouterr().err


def test_everything_wrong_with_a_file_is_told_before_it_is_used(home, broken, capsys):
    assert run(cli, ["wording", "check", broken]) == 2
    said = capsys.readouterr().err
    for part in ("我的话术.toml", "courtesy.thanks 第 2 条", "不归我管", "缺少情形 answer.waiting", "不认识的情形 answer.wating"):
        assert part in said
    assert run(cli, ["wording", "check", broken, "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 3


def test_the_homes_own_wording_is_the_one_checked(home, broken, capsys):
    home.wording.parent.mkdir(parents=True)
    home.wording.write_text(Path(broken).read_text(encoding="utf-8"), encoding="utf-8")
    assert run(cli, ["wording", "check"]) == 2
    assert str(home.wording) in capsys.readouterr().err
    assert run(cli, ["wording", "show", "answer.tail"]) == 2


def test_a_file_that_is_not_there_is_told(home, tmp_path, capsys):
    assert run(cli, ["wording", "check", str(tmp_path / "没有.toml")]) == 2
    assert "没有.toml" in capsys.readouterr().err


def test_lines_are_shown_filled_in_with_their_conditions(home, capsys):
    assert run(cli, ["wording", "show", "opening.day"]) == 0
    out, err = capsys.readouterr()
    assert "您好！欢迎光临掌柜生活馆，请问有什么可以帮您？\n" in out
    assert "〔条件：again〕" in out and "closed" in err
    assert run(cli, ["wording", "show", "opening.day", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"text", "when"} == set(rows[0]) and ["again"] in [row["when"] for row in rows]


def test_situations_are_listed_and_a_near_name_is_told(home, capsys):
    assert run(cli, ["wording", "show"]) == 0
    assert "moment.thanks（3 条）" in capsys.readouterr().out
    assert run(cli, ["wording", "show", "thanks"]) == 2
    assert "moment.thanks" in capsys.readouterr().err
