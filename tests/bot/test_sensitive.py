from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from bot.checker import load_checker
from bot.errors import SensitiveError
from bot.sensitive import load_sensitive, parse_sensitive
from tests.bot.conftest import COD, found
from tests.doubles import ScriptedBase, faq

LISTS = load_sensitive(load_checker())
LINE = "非常抱歉，这方面的内容我不能提供，请您谅解。"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("你们卖冰毒吗", "违禁品"),
        ("有没有 毒 品", "违禁品"),
        ("毒*品 怎么买", "违禁品"),
        ("哪里能買到氣槍", "违禁品"),
        ("Ｋ粉有货吗", "违禁品"),
        ("能帮我代开发票吗", "违禁品"),
        ("求购别人的银行卡", "违禁品"),
        ("办个假文凭多少钱", "违禁品"),
        ("你们有網賭平台吗", "赌博"),
        ("今晚赌/球带我一个", "赌博"),
        ("裸聊吗美女", "色情招揽"),
        ("有小姐上门吗", "色情招揽"),
        ("刷-单一天多少钱", "刷单和倒卖"),
        ("你这里有黄牛吗", "刷单和倒卖"),
        ("黄牛肉干多少钱", None),
        ("这双是头层黄牛皮的吗", None),
        ("我要投诉黄牛", None),
        ("手枪钻怎么换钻头", None),
        ("这个验钞机能验假币吗", None),
        ("有以下注意事项吗", None),
        ("羽毛片多少钱", None),
        ("怎么开发票", None),
        ("身份证套有卖吗", None),
        ("可以加微信转账吗", None),
        ("", None),
    ],
)
def test_what_customers_write(text, name):
    hit = LISTS.hit(text, "input")
    assert (hit.list if hit else None) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("您好，您加我微信，转账给我可以便宜十元。", "站外付款"),
        ("请加 V X 私聊，付款更优惠。", None),
        ("您加客服VX，付款有优惠。", "站外付款"),
        ("您可以私下转账，这样更便宜。", "站外付款"),
        ("请您把短信验证码告诉我。", "站外付款"),
        ("这款保健品包治百病。", "广告禁用语"),
        ("请勿加微信转账，谨防诈骗。", None),
        ("凡是让您私下转账的都是诈骗。", None),
        ("我们不会请您把验证码告诉任何人。", None),
        ("您可以用微信支付或银行转账付款。", None),
        ("1. 可以私下转账给客服付款吗？", None),
        ("冰毒", None),
    ],
)
def test_what_is_about_to_be_said(text, name):
    hit = LISTS.hit(text, "output")
    assert (hit.list if hit else None) == name


def test_knowledge_and_wording_of_the_sample_shop_hit_nothing():
    root = Path(__file__).parents[2]
    texts = [path.read_text(encoding="utf-8") for path in (root / "knowledge").rglob("*") if path.suffix in {".md", ".csv", ".txt"}]
    texts.append((root / "bot" / "wording.toml").read_text(encoding="utf-8"))
    assert sum(map(len, texts)) > 10_000
    for text in texts:
        for line in re.split(r"[\n,|]", text):
            assert LISTS.hit(line, "output") is None and LISTS.hit(line, "input") is None, line


def test_a_message_takes_no_time():
    text = "你好，请问这款黄牛皮的包支持七天无理由退货吗，运费谁出" * 5
    LISTS.hit(text, "input")
    started = time.process_time()
    for _ in range(100):
        LISTS.hit(text, "input")
    assert (time.process_time() - started) / 100 < 0.002


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"name": "甲", "applies": "input", "words": "坏话"}, "line"),
        ({"name": "甲", "applies": "inputs", "words": "坏话", "line": LINE}, "inputs"),
        ({"name": "甲", "applies": "input", "word": "坏话", "line": LINE}, "word"),
        ({"name": "甲", "applies": "input", "patterns": ["(坏"], "line": LINE}, re.escape("(坏")),
        ({"name": "甲", "applies": "input", "patterns": ["坏*"], "line": LINE}, "任何文字"),
        ({"name": "甲", "applies": "input", "patterns": "坏", "line": LINE}, "列表"),
        ({"name": "甲", "applies": "input", "words": "坏话", "line": "不知道，这是规定。"}, "不合服务规范"),
    ],
)
def test_a_list_that_cannot_be_used_is_named(row, named):
    with pytest.raises(SensitiveError, match=named) as caught:
        parse_sensitive({"list": [row]}, load_checker())
    assert "第 1 个词表“甲”" in str(caught.value)


def test_a_homes_own_lists_replace_the_packaged_ones(tmp_path):
    own = tmp_path / "sensitive.toml"
    own.write_text(f'[[list]]\nname = "对手"\napplies = "both"\nwords = "某某商城\\nABC"\nline = "{LINE}"\n', encoding="utf-8")
    lists = load_sensitive(load_checker(), own)
    hit = lists.hit("你们和某 某 商 城谁便宜", "input")
    assert hit is not None and (hit.list, hit.words, hit.line) == ("对手", "某某商城", LINE)
    assert lists.hit("abc店", "output") is not None
    assert lists.hit("abcd店", "output") is None and lists.hit("你们卖冰毒吗", "input") is None
    own.write_text("[[list", encoding="utf-8")
    with pytest.raises(SensitiveError, match="sensitive.toml"):
        load_sensitive(load_checker(), own)


def test_the_assistant_says_the_line_and_does_not_ask_the_base(make, base):
    reply = make(sensitive=LISTS).reply("v", "你们卖冰毒吗")
    assert reply.outcome == "refused" and reply.text == LISTS.hit("冰毒", "input").line
    assert base.asked == [] and reply.turn


def test_care_comes_before_the_lists(make):
    assert "12356" in make(sensitive=LISTS).reply("v", "我不想活了，想吸毒品").text


def test_a_reply_that_hits_is_replaced_and_logged(make, caplog):
    bad = faq("怎么优惠", "您加我微信，转账给我可以优惠十元。")
    base = ScriptedBase({"怎么优惠": found("怎么优惠", "answer", 0.95, bad, COD)}, bad)
    reply = make(sensitive=LISTS, base=base).reply("v", "怎么优惠")
    assert "微信，转账" not in reply.text and reply.text == LISTS.hit("加我微信转账", "output").line
    assert (reply.outcome, reply.citations, reply.choices) == ("refused", (), ())
    assert "站外付款" in caplog.text
