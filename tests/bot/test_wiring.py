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


def test_wording_and_sensitive_words_are_taken_over_while_running(opened, monkeypatch):
    monkeypatch.setattr("bot.watched.EVERY_S", 0.0)
    home, _ = opened
    assistant = open_assistant(home, "customer")
    home.wording.write_text(PACKAGED.replace("不客气，很高兴能帮到您。有需要请您随时再来问我。", "不客气，能帮到您我也很开心。"), encoding="utf-8")
    said = {assistant.reply(f"v{number}", f"谢谢{'你' * number}").text for number in range(1, 9)}
    assert any("我也很开心" in text for text in said), said
    home.wording.write_text("不是 TOML", encoding="utf-8")
    assert assistant.reply("w", "谢谢").outcome == "scripted", "the last good wording goes on"
    home.sensitive.write_text(
        '[[list]]\nname = "竞品"\napplies = "input"\nwords = "隔壁小铺"\nline = "非常抱歉，这方面我不便评价。"\n', encoding="utf-8"
    )
    assert assistant.reply("x", "隔壁小铺好吗").outcome != "refused", "not while the other file is broken"
    home.wording.unlink()
    assert assistant.reply("y", "隔壁小铺好吗").outcome == "refused"


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
