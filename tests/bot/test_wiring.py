from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import WordingError
from bot.wiring import open_assistant
from kb.errors import SettingsError

PACKAGED = (Path(__file__).parents[2] / "bot" / "wording.toml").read_text(encoding="utf-8")


@pytest.fixture
def opened(home, base, monkeypatch):
    """A home over the scripted base; remembers the audience that was asked for."""
    audiences: list[str] = []
    monkeypatch.setattr("kb.knowledge.open_base", lambda home, audience, report: audiences.append(audience) or base)
    home.path.mkdir()
    return home, audiences


def test_each_role_opens_its_own_audience_only(opened):
    home, audiences = opened
    open_assistant(home, "customer")
    open_assistant(home, "agent")
    assert audiences == ["public", "internal"]


def test_settings_reach_the_words(opened):
    home, _ = opened
    home.settings_file.write_text(
        '[shop]\nbrand = "云上小铺"\n[bot]\nreply_deadline_hours = 12\nfestivals = ["spring=2000-01-01..2100-01-01"]\n',
        encoding="utf-8",
    )
    assistant = open_assistant(home, "customer")
    assert "新年好！云上小铺" in assistant.welcome("v").text
    assert "12小时" in assistant.reply("v", "火星上能收货吗").text


def test_the_homes_own_wording_is_spoken_and_checked(opened):
    home, _ = opened
    home.wording.write_text(PACKAGED.replace("感谢您的光临，祝您生活愉快，再见！", "感谢您的信任，再见！"), encoding="utf-8")
    assistant = open_assistant(home, "customer")
    assert any("感谢您的信任" in assistant.reply(f"v{n}", text).text for n, text in enumerate(("再见", "拜拜", "88", "回见")))
    home.wording.write_text(PACKAGED.replace("感谢您的光临，祝您生活愉快，再见！", "拜拜了您嘞"), encoding="utf-8")
    with pytest.raises(WordingError, match="moment.goodbye 第 1 条"):
        open_assistant(home, "customer")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ('[shop]\ntimezone = "Mars/Olympus"', "Mars/Olympus"),
        ('[bot]\nfestivals = ["easter=2026-04-05"]', "easter"),
        ("[bot]\nreply_deadline_hours = '一天'", "reply_deadline_hours"),
        ("[bot]\nnonsense = 1", "nonsense"),
        ('[llm]\napi_key = "sk-1"', "KB_LLM_API_KEY"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(opened, settings, named):
    home, _ = opened
    home.settings_file.write_text(settings, encoding="utf-8")
    with pytest.raises(SettingsError, match=named):
        open_assistant(home, "customer")
