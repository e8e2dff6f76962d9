from __future__ import annotations

import pytest

from bot import compose
from bot.checker import load_checker
from bot.wording import load_wording
from kb.records import Hit
from tests.bot.conftest import COD, FEE, GUIDE, RETURN
from tests.doubles import faq, hit, passage

WORDING = load_wording(load_checker(), brand="示例小店", hours="每天 9:00–22:00", deadline="24", callback="2")
LONG = "本店支持七天无理由退货。" + "商品须保持完好。" * 20 + "运费由责任方承担！" + "退款原路返回。" * 20


def test_an_answer_is_greeting_then_the_words_themselves_then_an_offer():
    draft = compose.answer(WORDING, hit(RETURN), RETURN.text, "x", lead="您好，", tail="如需帮助，请随时告诉我。")
    assert draft.text == f"您好，{RETURN.text}\n如需帮助，请随时告诉我。"
    assert draft.text[slice(*draft.curated)] == RETURN.text


@pytest.mark.parametrize("opening", ["您好，", "您好！", "你好。", "您好呀～", "尊敬的客户，您好：", ""])
def test_no_double_greeting(opening):
    assert compose.curated_words(hit(faq("x", f"{opening}支持退货。")), 300) == "支持退货。"


def test_a_list_begins_on_its_own_line_and_keeps_its_lines():
    entry = faq("怎么退货？", "1. 打开订单；\n2. 点击申请。")
    draft = compose.answer(WORDING, hit(entry), entry.text, "x", lead="您好，", tail="")
    assert draft.text == "您好！\n1. 打开订单；\n2. 点击申请。"
    number = faq("积分？", "100积分抵1元。")
    assert compose.answer(WORDING, hit(number), number.text, "x", lead="您好，", tail="").text == "您好，100积分抵1元。"


def test_a_guide_is_introduced_by_its_heading():
    draft = compose.answer(WORDING, hit(GUIDE), GUIDE.text, "x", lead="您好，", tail="")
    assert draft.text == f"您好，关于“大件配送”，具体是这样的：\n{GUIDE.text}"


@pytest.mark.parametrize("limit", [30, 60, 100, 300])
def test_extracts_are_whole_sentences_within_the_limit(limit):
    at = LONG.index("运费")
    text = compose.extract(LONG, "…" + LONG[at : at + 50] + "…", limit)
    assert len(text) <= limit
    assert "运费由责任方承担！" in text
    assert text[-1] in "。！" and LONG[LONG.index(text) - 1] in "。！" or LONG.startswith(text)


def test_extracts_of_short_texts_are_whole_and_odd_texts_survive():
    assert compose.extract("一句话", "x", 300) == "一句话"
    assert compose.extract("字" * 1_000, "字", 300) == "字" * 1_000
    assert compose.extract("", "", 300) == ""
    listed = "流程如下：\n" + "\n".join(f"{n}. 第{n}步要做的事情；" for n in range(1, 60))
    assert compose.extract(listed, "第3步", 80).count("\n") >= 4


@pytest.mark.parametrize(
    ("words", "no"),
    [
        ("本店暂不支持货到付款。", True),
        ("无法开具纸质发票，仅提供电子发票。", True),
        ("目前没有实体店。", True),
        ("可以的，七天内都能退。", False),
        ("如果无法登录，请重置密码。", False),
        ("支持。少数商品不支持。", False),
        ("收不到验证码时，无法登录请联系客服。", False),
    ],
)
def test_a_no_is_recognised_by_its_first_sentence(words, no):
    assert compose.says_no(words) is no


def test_a_no_without_apology_gets_one_and_an_offer_is_not_repeated():
    def tail(words: str, **state) -> str:
        return compose.tail_for(WORDING, words, "x", **{"again": False, "last": "", **state})

    assert "歉" in tail("本店没有实体店。")
    assert "歉" not in tail("很抱歉，本店没有实体店。")
    assert tail("支持退货，请联系人工客服办理。") == ""
    assert tail("支持退货。") in WORDING.variants("answer.tail")
    assert tail("支持退货。", last=tail("支持退货。")) != tail("支持退货。")
    assert "转人工" in tail("支持退货。", again=True)


def test_choices_say_each_thing_once():
    script = faq("怎麼退貨?", "x")
    hits = [hit(RETURN), hit(script), hit(GUIDE), hit(FEE), hit(COD), hit(passage("没有标题"))]
    choices = compose.choices_of(hits, 3)
    assert list(choices) == ["怎么退货？", "大件配送", "退货运费谁出？"]
    assert choices["大件配送"].entry == GUIDE


@pytest.mark.parametrize(
    ("heading", "topic"),
    [("第二章 大件配送", "大件配送"), ("2.1 运费", "运费"), ("（三）发票", "发票"), ("7天无理由", "7天无理由"), ("一、总则", "总则"), ("三包", "三包")],
)
def test_topics_lose_their_numbering(heading, topic):
    assert compose.topic_of(passage("x", "指南", heading)) == topic


def test_citations_name_source_and_place():
    citation = compose.citation_of(hit(GUIDE))
    assert (citation.source, citation.heading) == ("guide.md", "配送政策 › 第二章 大件配送")
    assert compose.citation_of(hit(COD)).heading == "可以货到付款吗？"
    assert compose.citation_of(Hit(COD, 1.0, "一段")).text == "一段"


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        ("你们太慢了！！", "你们太慢了"),
        ("我的电话13812345678没人打", "我的电话138****5678没人打"),
        ('<b>"慢"</b>\n了', "慢 了"),
        ("慢" * 100, "慢" * 40 + "…"),
        ("”。我们全额赔您！“", "。我们全额赔您"),
        ("", ""),
    ],
)
def test_customers_words_are_fit_to_be_repeated(words, quoted):
    assert compose.quoted(words).strip("。") == quoted.strip("。")
