from __future__ import annotations

import pytest

from tests.ingest.files import ETIQUETTE_MD, GUIDE_MD, entry_of, full_text, read


def kinds(result):
    return [entry.kind for entry in result.entries]


def test_a_guide_becomes_passages_under_their_heading_path():
    result = read(GUIDE_MD, "售后政策.md")
    opening, returns, refund = result.entries
    assert opening.text == "本政策适用于小竹家居售出的全部商品。"
    assert opening.place.heading == ("售后政策",)
    assert returns.place.heading == ("售后政策", "一、退货")
    assert (refund.kind, refund.question) == ("faq", "退款多久到账？")
    assert refund.text.startswith("原路退回")


def test_a_situation_keeps_right_and_wrong_apart():
    result = read(ETIQUETTE_MD, "回复礼仪.md")
    urging, thanks = result.entries
    assert (urging.kind, urging.question) == ("script", "客户催发货")
    assert urging.text.split("\n") == [
        "很抱歉让您久等了，我马上为您催促仓库，今天下午六点前给您答复。",
        "您着急的心情我很理解，我现在就为您核实。",
    ]
    assert urging.wrong == ("催也没用，等着吧。", "仓库的事不归我管。")
    assert (thanks.text, thanks.wrong) == ("不用客气，很高兴能帮到您。", ("嗯。",))
    assert full_text(ETIQUETTE_MD)[thanks.place.start : thanks.place.end] == thanks.text


@pytest.mark.parametrize(
    "text",
    [
        "### 催发货\n× 等着吧。\n√ 我马上为您核实。\n",
        "### 催发货\n\n× 等着吧。\n别催了。\n\n√ 我马上为您核实。\n",
        "### 催发货\n**×** 等着吧。\n**√** 我马上为您核实。\n",
        "### 催发货\n❌ 错误示例：等着吧。\n✅ 正确示例：我马上为您核实。\n",
        "遇到客户催发货时：√“我马上为您核实。”×“等着吧。”\n",
        "一、催发货\n遇到客户催发货时：\n√我马上为您核实。\n×等着吧。\n遇到客户感谢时：\n√不用客气。\n×嗯。\n",
        "### 催发货\n|说法|好坏|\n|-|-|\n\n1. √ 我马上为您核实。\n2. × 等着吧。\n",
    ],
)
@pytest.mark.parametrize("suffix", ["md", "txt"])
def test_a_wrong_wording_is_never_in_a_text(text, suffix):
    result = read(text, f"礼仪.{suffix}")
    scripts = [entry for entry in result.entries if entry.kind == "script"]
    assert any("我马上为您核实" in entry.text and any("等着吧" in wrong for wrong in entry.wrong) for entry in scripts)
    assert not any("等着" in entry.text or "别催" in entry.text or entry.text == "嗯。" for entry in result.entries)


def test_only_wrong_wordings_are_left_out_and_told():
    result = read("# 礼仪\n### 催发货\n× 等着吧。\n\n### 感谢\n√ 不客气。\n× 嗯。\n", "礼仪.md")
    assert [entry.question for entry in result.entries] == ["感谢"]
    assert "“礼仪 › 催发货”只有错误说法" in result.warnings[0]


@pytest.mark.parametrize("text", ["支持的方式：\n√ 微信\n√ 支付宝\n", "尺寸：10×20厘米，每箱3×4件。\n", "订单尾号××1234，请核对。\n"])
def test_ticks_and_signs_alone_make_no_script(text):
    result = read(text, "说明.md")
    assert kinds(result) == ["passage"] and result.entries[0].text == text.strip()


MARKED_PAIRS = [
    "问：可以货到付款吗？\n答：部分地区可以。\n\n问：怎么退货？\n答：在订单页申请。\n填写原因即可。\n",
    "Q1: 可以货到付款吗？\nA1: 部分地区可以。\nQ2: 怎么退货？\nA2: 在订单页申请。\n填写原因即可。\n",
    "问：可以货到付款吗？答：部分地区可以。\n问：怎么退货？答：在订单页申请。\n填写原因即可。\n",
    "**问：可以货到付款吗？**\n\n答：部分地区可以。\n\n**问：怎么退货？**\n\n答：在订单页申请。\n填写原因即可。\n",
    "# 可以货到付款吗?\n部分地区可以。\n# 怎么退货？\n在订单页申请。\n填写原因即可。\n",
]
BARE_PAIRS = [
    "可以货到付款吗？\n部分地区可以。\n\n怎么退货？\n在订单页申请。\n填写原因即可。\n",
    "1. 可以货到付款吗？\n部分地区可以。\n2. 怎么退货？\n在订单页申请。\n填写原因即可。\n",
]


@pytest.mark.parametrize(
    ("text", "name"),
    [(text, name) for text in MARKED_PAIRS for name in ("问答.md", "问答.txt")] + [(text, "问答.txt") for text in BARE_PAIRS],
)
def test_questions_find_their_answers(text, name):
    result = read(text, name)
    assert [(entry.kind, entry.question.rstrip("？?"), entry.text) for entry in result.entries] == [
        ("faq", "可以货到付款吗", "部分地区可以。"),
        ("faq", "怎么退货", "在订单页申请。\n填写原因即可。"),
    ]
    whole = full_text(text, name)
    assert all(whole[entry.place.start : entry.place.end] == entry.text for entry in result.entries)


def test_aliases_can_stand_below_a_question():
    (entry,) = read("## 可以货到付款吗？\n相似问：能到付吗｜到付行不行\n\n部分地区可以。\n").entries
    assert (entry.aliases, entry.text) == (("能到付吗", "到付行不行"), "部分地区可以。")


def test_text_around_pairs_is_kept():
    result = read("以下为常见问题。\n\n问：怎么退货？\n答：在订单页申请。\n", "问答.md")
    assert kinds(result) == ["passage", "faq"] and result.entries[0].text == "以下为常见问题。"


def test_a_long_chapter_under_a_question_is_cut_into_passages():
    result = read("# 怎么选购？\n\n" + "先看容量，再看材质，最后看价格，三者都合适才下单。\n\n" * 80, "选购.md")
    assert set(kinds(result)) == {"passage"}
    assert all(entry.place.heading == ("怎么选购？",) for entry in result.entries)


def test_a_question_with_subheadings_is_a_chapter():
    result = read("# 怎么退货？\n\n总的来说很简单。\n\n## 申请\n\n在订单页申请。\n", "退货.md")
    assert kinds(result) == ["passage", "passage"]


def test_a_heading_with_nothing_under_it_is_text():
    result = read("# 联系我们\n\n## 客服热线每天九点到二十一点\n\n# 地址\n\n浙江嘉兴。\n", "联系.md")
    assert entry_of(result, "客服热线").place.heading == ("联系我们",)


def test_numbered_txt_headings_make_the_path():
    text = "售后手册\n\n第1章 退货\n一、条件\n商品完好，配件齐全。\n二、步骤\n1. 提交申请\n2. 寄回商品\n第2章 换货\n只换同款商品。\n"
    paths = [entry.place.heading for entry in read(text, "手册.txt").entries]
    assert paths == [
        ("售后手册", "第1章 退货", "一、条件"),
        ("售后手册", "第1章 退货", "二、步骤"),
        ("售后手册", "第2章 换货"),
    ]


def test_a_page_title_heads_the_path_once():
    page = "<html><head><title>退货说明 - 小竹商城</title></head><body>{}<p>商品完好的，七天内可以申请退货。</p></body></html>"
    assert read(page.format(""), "a.html").entries[0].place.heading == ("退货说明",)
    assert read(page.format("<h1>退货说明</h1>"), "a.html").entries[0].place.heading == ("退货说明",)
    assert read(page.format("<h2>条件</h2>"), "a.html").entries[0].place.heading == ("退货说明", "条件")


def test_the_first_line_of_several_documents_in_one_file_heads_them_all():
    text = (
        "客服资料汇编\n退货服务规范为了让您放心，本店承诺七天之内可以退货，来回运费由责任方承担，请您放心购买。\n"
        "付款操作指南为了您的资金安全，请只在结算页付款，不要通过其他方式转账给任何人。\n"
    )
    entries = read(text, "汇编.txt").entries
    assert [entry.place.heading for entry in entries] == [("客服资料汇编", "退货服务规范"), ("客服资料汇编", "付款操作指南")]
    assert [entry.text[:3] for entry in entries] == ["为了让", "为了您"]
