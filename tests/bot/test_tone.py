from __future__ import annotations

from pathlib import Path

import pytest

from bot.tone import apologises, in_trouble, offers, says_no, sorry

DATA = Path(__file__).parent / "data"


def told(question: str, answer: str) -> str:
    return "no" if says_no(answer, question) else "trouble" if in_trouble(question) else "plain"


@pytest.mark.parametrize(("name", "least"), [("answers.tsv", 0.95), ("answers_unseen.tsv", 0.85)])
@pytest.mark.parametrize("label", ["no", "trouble"])
def test_a_no_and_a_mishap_are_told_apart(name, least, label):
    rows = [line.split("\t") for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 60
    got = [(wanted, told(question, answer)) for wanted, question, answer in rows]
    right = sum(wanted == label == given for wanted, given in got)
    assert right / sum(given == label for _, given in got) >= least, "precision"
    assert right / sum(wanted == label for wanted, _ in got) >= least, "recall"


@pytest.mark.parametrize(
    ("words", "no"),
    [
        ("本店暂不支持货到付款。", True),
        ("无法开具纸质发票，仅提供电子发票。", True),
        ("目前没有实体店。", True),
        ("给您带来不便。这个颜色暂时缺货。", True),
        ("可以的，七天内都能退。", False),
        ("如果无法登录，请重置密码。", False),
        ("支持。少数商品不支持。", False),
        ("收不到验证码时，无法登录请联系客服。", False),
        ("优惠券可以使用，积分暂不支持。", False),
        ("大件商品按大件配送，部分偏远地区暂不支持。", False),
        ("本店暫不支持貨到付款。", True),
        ("", False),
        ("。", False),
    ],
)
def test_the_first_sentence_decides(words, no):
    assert says_no(words) is no


def test_what_was_asked_for_in_so_many_words_is_no_refusal():
    assert not says_no("以下商品不支持退货：礼品卡。", "哪些商品不支持退货？")
    assert says_no("礼品卡不支持退货。", "礼品卡可以退吗？")


def test_apologies_and_offers():
    assert sorry("给您添麻烦了。") and sorry("让您久等了") and not sorry("请您放心。")
    assert apologises("很抱歉，暂不支持。") and not apologises("可以的。" * 20 + "很抱歉。")
    assert offers("请联系人工客服。") and not offers("结算时选择电子发票即可。")
