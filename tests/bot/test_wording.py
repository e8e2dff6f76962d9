from __future__ import annotations

from pathlib import Path

import pytest

from bot.checker import load_checker
from bot.errors import WordingError
from bot.records import SCENARIOS
from bot.wording import Wording, load_wording
from kb.errors import SettingsError

PACKAGED = (Path(__file__).parents[2] / "bot" / "wording.toml").read_text(encoding="utf-8")
COMMON = {"brand": "示例小店", "hours": "每天 9:00–22:00", "deadline": "24", "callback": "2"}


def load(text: str, tmp_path: Path) -> Wording:
    own = tmp_path / "wording.toml"
    own.write_text(text, encoding="utf-8")
    return load_wording(load_checker(), own, **COMMON)


def test_the_packaged_wording_keeps_the_house_rules():
    wording = load_wording(load_checker(), **COMMON)
    assert "示例小店" in wording.line("opening.day", "")
    assert "24小时" in wording.line("person.cannot_answer", "")


def test_every_situation_has_its_line():
    wording = load_wording(load_checker(), **COMMON)
    for scenario in SCENARIOS:
        if scenario not in ("greeting", "question", "human_agent"):
            assert wording.variants(f"moment.{scenario}"), scenario


def test_equal_places_get_equal_words_and_variants_are_all_used():
    wording = load_wording(load_checker(), **COMMON)
    assert wording.line("answer.tail", "可以退货吗") == wording.line("answer.tail", "可以退货吗")
    said = {wording.line("answer.tail", str(place)) for place in range(60)}
    assert said == set(wording.variants("answer.tail"))


def test_a_shop_speaks_its_own_words(tmp_path):
    wording = load(PACKAGED.replace("欢迎您常来！", "期待您再来！"), tmp_path)
    assert any("期待您再来！" in line for line in wording.variants("moment.praise"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"不客气，很高兴能帮到您。', '"不客气亲，很高兴能帮到你。', ["moment.thanks 第 1 条", "服务规范", "行"]),
        ("这里是{brand}，请问", "这里是{shop}，请问", ["opening.morning 第 1 条", "{shop}", "{brand}"]),
        ("这里是{brand}，请问", "这里是{brand，请问", ["opening.morning", "花括号"]),
        ("您反映的是：“{question}”，我", "我", ["moment.complaint_recorded", "缺少 {question}"]),
        ("waiting = [", "wating = [", ["缺少情形", "answer.waiting"]),
        ("[input]", "joke = ['哈']\n[input]", ["不认识的情形", "joke"]),
        ('hello = ["您好，"]', "hello = []", ["[answer] hello", "至少一条"]),
        ('hello = ["您好，"]', "hello = '您好，'", ["[answer] hello", "至少一条"]),
        ("非常抱歉让您等了这么久，换作是我也会着急，感谢您的耐心。", "感谢您的耐心。", ["complaint_slow", "致歉"]),
        ("[agent]", "[agent", ["TOML", "line"]),
    ],
)
def test_a_line_that_cannot_be_spoken_is_named(tmp_path, old, new, said):
    assert old in PACKAGED
    with pytest.raises(WordingError) as caught:
        load(PACKAGED.replace(old, new, 1), tmp_path)
    assert isinstance(caught.value, SettingsError)
    for part in ["wording.toml", *said]:
        assert part in str(caught.value)


def test_a_file_in_another_encoding_is_told(tmp_path):
    own = tmp_path / "wording.toml"
    own.write_bytes(PACKAGED.encode("gb18030"))
    with pytest.raises(WordingError, match="UTF-8"):
        load_wording(load_checker(), own, **COMMON)


def test_braces_in_filled_in_words_are_left_alone():
    wording = load_wording(load_checker(), **COMMON)
    assert "{brand}" in wording.line("moment.complaint_recorded", "", question="{brand}坏了")
