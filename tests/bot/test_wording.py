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
        ("早上好！{brand}很高兴", "早上好！{shop}很高兴", ["opening.morning 第 2 条", "{shop}", "{brand}"]),
        ("早上好！{brand}很高兴", "早上好！{brand很高兴", ["opening.morning", "花括号"]),
        ("您反映的是：“{question}”，我", "我", ["complaint.recorded", "缺少 {question}"]),
        ("waiting = [", "wating = [", ["缺少情形", "answer.waiting"]),
        ("[input]", "joke = ['哈']\n[input]", ["不认识的情形", "joke"]),
        ('hello = ["您好，"]', "hello = []", ["[answer] hello", "至少一条"]),
        ('hello = ["您好，"]', "hello = '您好，'", ["[answer] hello", "至少一条"]),
        ("非常抱歉让您等了这么久，换作是我也会着急，感谢您的耐心，我这就为您跟进。", "感谢您的耐心。", ["complaint_slow", "致歉"]),
        ("[agent]", "[agent", ["TOML", "line"]),
        ("[agent]", "joke = '哈'\n[agent]", ["不认识的情形", "refusal.joke"]),
        ("[opening]", "joke = '哈'\n[opening]", ["不认识的情形", "joke"]),
        ('{ text = "让您久等了。", when', '{ text = "让您久等了。", wenn', ["[answer] waiting", "when"]),
        ('when = ["sorry"]', 'when = "sorry"', ["[answer] waiting", "至少一条"]),
        ('when = ["sorry"]', 'when = ["soory"]', ["answer.waiting 第 2 条", "soory", "sorry", "closed"]),
        ('when = ["sorry"]', 'when = ["guide"]', ["answer.waiting 第 2 条", "guide 在这里用不上"]),
        ('when = ["sorry"]', 'when = ["plain", "sorry"]', ["answer.waiting 第 2 条", "不会同时成立"]),
        ('"让您久等了，非常抱歉。", {', "{", ["answer.waiting", "plain", "没有话可说"]),
        ('pick = ["请您从', 'pick = [{ text = "请选一个。", when = ["first"] }, "请您从', ["input.pick", "永远说不到", "第 1 条"]),
        ('hello = ["您好，"]', 'hello = ["您好，，"]', ["answer.hello 第 1 条", "标点"]),
        ('hello = ["您好，"]', 'hello = ["您好， "]', ["answer.hello 第 1 条", "空白"]),
    ],
)
def test_a_line_that_cannot_be_spoken_is_named(tmp_path, old, new, said):
    assert old in PACKAGED
    with pytest.raises(WordingError) as caught:
        load(PACKAGED.replace(old, new, 1), tmp_path)
    assert isinstance(caught.value, SettingsError)
    for part in ["wording.toml", *said]:
        assert part in str(caught.value)


def test_every_problem_is_told_at_once_with_its_line(tmp_path):
    wrong = PACKAGED.replace("不用客气。", "这不归我管。").replace("让您久等了。", "让您久等了{x}。")
    with pytest.raises(WordingError) as caught:
        load(wrong, tmp_path)
    first, second = sorted(str(caught.value).splitlines())
    for problem, words in ((first, "{x}"), (second, "不归我管")):
        line = next(number for number, line in enumerate(wrong.splitlines(), 1) if words in line)
        assert f"第 {line} 行" in problem and words in problem


def test_the_line_named_is_that_of_the_situation_not_of_an_equal_one_above(tmp_path):
    twice = PACKAGED.replace('hello = ["您好，"]', 'hello = ["您好，"] # 关{question}').replace(
        "praise = [", 'praise = [\n  "不客气{question}。",', 1
    )
    with pytest.raises(WordingError, match="moment.praise 第 1 条") as caught:
        load(twice, tmp_path)
    line = next(number for number, line in enumerate(twice.splitlines(), 1) if "不客气{question}" in line)
    assert f"第 {line} 行" in str(caught.value)


SEASONAL = """waiting = [
  "平时。",
  { text = "下班。", when = ["closed"] },
  { text = "过节。", when = ["festival"] },
  { text = "春节。", when = ["spring"] },
  { text = "过节下班。", when = ["closed", "festival"] },
]
"""


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ((), "平时。"),
        (("open", "ordinary"), "平时。"),
        (("closed", "ordinary"), "下班。"),
        (("open", "labour", "festival"), "过节。"),
        (("open", "spring", "festival"), "春节。"),
        (("closed", "national", "festival"), "过节下班。"),
    ],
)
def test_the_most_demanding_condition_that_holds_decides(tmp_path, facts, said):
    start = PACKAGED.index("waiting = [")
    packaged = PACKAGED[start : PACKAGED.index("\n", start) + 1]
    wording = load(PACKAGED.replace(packaged, SEASONAL), tmp_path)
    assert {wording.during(*facts).line("answer.waiting", str(place)) for place in range(20)} == {said}


def test_another_line_is_not_the_last_one_and_nothing_if_there_is_no_other():
    wording = load_wording(load_checker(), **COMMON)
    for place in map(str, range(40)):
        line = wording.line("answer.tail", place)
        assert wording.another("answer.tail", place, "") == line
        assert wording.another("answer.tail", place, line) in set(wording.variants("answer.tail")) - {line}
    assert wording.another("answer.hello", "", wording.line("answer.hello", "")) == ""


@pytest.mark.parametrize("brand", ["", "  "])
def test_a_shop_without_a_name_is_spoken_of_without_a_gap(brand):
    wording = load_wording(load_checker(), **{**COMMON, "brand": brand})
    assert "您好！欢迎光临本店，请问有什么可以帮您？" in wording.variants("opening.day")


def test_a_file_in_another_encoding_is_told(tmp_path):
    own = tmp_path / "wording.toml"
    own.write_bytes(PACKAGED.encode("gb18030"))
    with pytest.raises(WordingError, match="UTF-8"):
        load_wording(load_checker(), own, **COMMON)


def test_braces_in_filled_in_words_are_left_alone():
    wording = load_wording(load_checker(), **COMMON)
    assert "{brand}" in wording.line("complaint.recorded", "", question="{brand}坏了")
