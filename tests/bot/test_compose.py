from __future__ import annotations

import pytest

from bot import compose
from bot.checker import load_checker
from bot.tone import offers
from bot.wording import load_wording
from kb.records import Entry, Hit
from tests.bot.conftest import COD, FEE, GUIDE, RETURN
from tests.doubles import faq, hit, passage

WORDING = load_wording(load_checker(), brand="示例小店", hours="每天 9:00–22:00", deadline="24", callback="2")


def test_an_answer_is_greeting_then_the_words_themselves_then_an_offer():
    draft = compose.answer(WORDING, hit(RETURN), RETURN.text, "x", lead="您好，", tail="如需帮助，请随时告诉我。")
    assert draft.text == f"您好，{RETURN.text}\n如需帮助，请随时告诉我。"
    assert draft.text[slice(*draft.curated)] == RETURN.text


@pytest.mark.parametrize("opening", ["您好，", "您好！", "你好。", "您好呀～", "尊敬的客户，您好：", ""])
def test_no_double_greeting(opening):
    for entry in (faq("x", f"{opening}支持退货。"), passage(f"{opening}支持退货。", "退货")):
        assert compose.curated_words(WORDING, hit(entry), "退货吗", 300) == "支持退货。"


def test_a_list_begins_on_its_own_line_and_keeps_its_lines():
    entry = faq("怎么退货？", "1. 打开订单；\n2. 点击申请。")
    for lead in ("您好，", ""):
        draft = compose.answer(WORDING, hit(entry), entry.text, "x", lead=lead, tail="")
        head, _, listed = draft.text.partition("\n")
        assert head in {lead + line for line in WORDING.variants("answer.list")}
        assert listed == entry.text == draft.text[slice(*draft.curated)]
    number = faq("积分？", "100积分抵1元。")
    assert compose.answer(WORDING, hit(number), number.text, "x", lead="您好，", tail="").text == "您好，100积分抵1元。"


def test_a_guide_is_introduced_by_its_heading():
    draft = compose.answer(WORDING, hit(GUIDE), GUIDE.text, "x", lead="您好，", tail="")
    assert draft.text == f"您好，关于“大件配送”，具体是这样的：\n{GUIDE.text}"


def test_a_part_of_a_long_list_says_how_much_is_left_and_where():
    points = "\n".join(f"- 第{word}种方式要做的事情，请您按页面提示办理；" for word in "甲乙丙丁戊己庚辛壬癸")
    guide = passage(f"可以这样付款：\n{points}", "支付指南", "付款方式")
    words = compose.curated_words(WORDING, hit(guide), "第己种方式怎么办理", 150)
    assert len(words) <= 150
    first, *shown, last = words.split("\n")
    assert first == "可以这样付款：" and any("己" in point for point in shown)
    assert f"另外还有{10 - len(shown)}点" in last and "《支付指南》" in last


def test_each_question_stands_over_its_answer():
    draft = compose.several(WORDING, [("怎么退货？", RETURN.text), ("我电话13812345678能改吗", "")], "x", "您好，")
    head, _, rest = draft.text.partition("\n")
    assert head in {f"您好，{line}" for line in WORDING.variants("answer.several")}
    unsure = WORDING.line("answer.part_unsure", "x")
    assert rest == f"【怎么退货】\n{RETURN.text}\n\n【我电话138****5678能改吗】\n{unsure}" == draft.text[slice(*draft.curated)]


YES_OR_NO = faq("这个可以吗？", "可以的。")


def tail(words: str, asked: str = "这个行吗", entry: Entry = YES_OR_NO, **state) -> str:
    return compose.tail_for(WORDING, hit(entry), words, asked, **{"lead": "", "again": False, "last": "", **state})


def variants(situation: str, *facts: str) -> tuple[str, ...]:
    return WORDING.during("unoffered", "plain", "yes", *facts).variants(f"answer.{situation}")


def test_a_no_without_apology_gets_one_and_so_does_a_mishap():
    assert tail("本店没有实体店。") in variants("tail_no")
    assert tail("很抱歉，本店没有实体店。") in variants("tail")
    assert tail("请检查网络后重试。", "付款失败了") in variants("tail_trouble")
    assert tail("给您添麻烦了。请检查网络后重试。", "付款失败了") in variants("tail")


def test_nobody_apologises_twice():
    assert tail("本店没有实体店。", lead="您好，给您添麻烦了，非常抱歉。") in variants("tail")
    assert tail("请检查网络后重试。", "付款失败了", lead="给您添麻烦了，非常抱歉。") in variants("tail")
    assert "抱歉" not in tail("很抱歉，本店没有实体店。", again=True)
    assert "抱歉" in tail("本店没有实体店。", again=True)


def test_nobody_offers_twice():
    assert tail("支持退货，请联系人工客服办理。") == ""
    sorry = tail("暂不支持货到付款，如有疑问请联系人工客服。")
    assert "抱歉" in sorry or "歉意" in sorry
    assert not offers(sorry)
    assert not offers(tail("请联系人工客服处理。", "收到的杯子碎了"))


def test_the_same_tail_is_never_said_twice_running():
    last = ""
    for number in range(50):
        line = tail("支持退货。", f"问题{number % 3}", last=last, again=number % 2 == 1)
        assert line and line != last
        last = line


def test_choices_say_each_thing_once():
    script = faq("怎麼退貨?", "x")
    hits = [hit(RETURN), hit(script), hit(GUIDE), hit(FEE), hit(COD), hit(passage("没有标题"))]
    choices = compose.choices_of(hits, 3)
    assert list(choices) == ["怎么退货？", "大件配送", "退货运费谁出？"]
    assert choices["大件配送"].entry == GUIDE


@pytest.mark.parametrize(
    ("heading", "topic"),
    [("第二章 大件配送", "大件配送"), ("2.1 运费", "运费"), ("（三）发票", "发票"), ("7天无理由", "7天无理由"), ("一、总则", "总则"), ("三包", "三包"), ("第三步：核实", "核实")],
)
def test_topics_lose_their_numbering(heading, topic):
    assert compose.topic_of(passage("x", "指南", heading)) == topic


@pytest.mark.parametrize(
    ("headings", "topic"),
    [
        (("会员规则", "二、积分", "有效期"), "积分（有效期）"),
        (("配送政策", "三、运费", "大件商品"), "运费（大件商品）"),
        (("配送政策", "一、发货", "发货时间"), "发货时间"),
        (("售后政策", "六、几种特殊的情形", "大件商品"), "大件商品"),
        (("售后政策", "二、退货", "怎样算商品完好"), "怎样算商品完好"),
    ],
)
def test_a_vague_heading_is_named_with_the_one_above(headings, topic):
    assert compose.topic_of(passage("x", *headings)) == topic


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
