"""Files that editors change while the program runs."""

from __future__ import annotations

import os

import pytest

from bot.errors import WordingError
from bot.watched import EVERY_S, Watched


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_changed_file_is_taken_over_and_a_broken_one_is_not(tmp_path, clock, caplog):
    file = tmp_path / "wording.toml"

    def load() -> str:
        text = file.read_text() if file.exists() else "packaged"
        if text == "broken":
            raise WordingError("第 3 行不合规范。")
        return text

    watched = Watched([file], load, clock)
    assert watched.now() == "packaged"

    def replaced(text: str) -> None:
        aside = tmp_path / "aside"
        aside.write_text(text)
        os.replace(aside, file)
        clock.now += EVERY_S

    replaced("one")
    assert watched.now() == "one"
    replaced("broken")
    assert watched.now() == "one" and "第 3 行不合规范" in caplog.text
    clock.now += EVERY_S
    assert watched.now() == "one" and caplog.text.count("第 3 行") == 1, "told once, not with every message"
    replaced("two")
    assert watched.now() == "two"
    file.unlink()
    clock.now += EVERY_S
    assert watched.now() == "packaged"


def test_the_file_is_not_looked_at_with_every_message(tmp_path, clock):
    file = tmp_path / "wording.toml"
    watched = Watched([file], lambda: file.exists(), clock)
    file.touch()
    assert watched.now() is False
    clock.now += EVERY_S
    assert watched.now() is True


def test_what_is_broken_from_the_start_is_told_at_once(tmp_path):
    def load() -> str:
        raise WordingError("话术文件不能用。")

    with pytest.raises(WordingError):
        Watched([tmp_path / "x"], load)
