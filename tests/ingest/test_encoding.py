from __future__ import annotations

import pytest

from ingest.encoding import decode, score
from kb.errors import SourceError

SIMPLIFIED = "您好，自签收次日起七天内，商品完好的可以申请无理由退货。请在订单页提交申请，我们会在一个工作日内审核。"
TRADITIONAL = "您好，請問這件商品可以貨到付款嗎？運費要多少，幾天能到？謝謝您的說明。"
TEXTS = {
    "两个字": "退货",
    "一句话": "可以货到付款吗？",
    "短文": SIMPLIFIED,
    "长文": SIMPLIFIED * 50,
    "表格": "问题,答案\n怎么开发票,在订单详情页申请\n运费多少,满九十九元包邮\n",
    "繁体": TRADITIONAL,
    "话术": "√ 您好，请问有什么可以帮您？\n× 不知道，你问别人吧。\n",
    "夹英文": "The price is 100元 per kg, 支持 Visa 付款。\n",
    "换行": "第一行\r\n第二行\r\n第三行\r\n",
}
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "utf-16-le", "utf-16-be"]


def cases():
    for name, text in TEXTS.items():
        for encoding in ENCODINGS:
            try:
                data = text.encode(encoding)
            except UnicodeEncodeError:
                continue
            # Two Han characters as bare UTF-16 are four printable ASCII letters: nothing can tell.
            if not (name == "两个字" and encoding in ("utf-16-le", "utf-16-be")):
                yield pytest.param(data, text, id=f"{name}-{encoding}")


@pytest.mark.parametrize(("data", "text"), cases())
def test_the_matrix_reads_right_and_without_doubt(data, text):
    decoded = decode(data)
    assert decoded.text == text
    assert decoded.warnings == ()


def test_rare_characters_beyond_gbk_survive():
    text = "顾客姓名：龑、㛃、𠮷野；地址在北京。请您核对订单信息后再提交。"
    assert decode(text.encode("gb18030")).text == text


def test_emoji_and_symbols_do_not_disturb_utf8():
    text = "好评👍🏻 买它！！😂"
    assert decode(text.encode()).text == text


def test_a_cut_off_last_character_is_told_and_only_that_is_lost():
    decoded = decode("我们会尽快处理您的申请。".encode()[:-1])
    assert decoded.text == "我们会尽快处理您的申请" and "不完整" in decoded.warnings[0]


def test_a_few_broken_bytes_are_shown_and_located():
    data = ("第一行说明\n" + SIMPLIFIED * 20).encode()
    at = data.index("签".encode(), 60)
    decoded = decode(data[:at] + b"\xff" + data[at + 3 :])
    assert decoded.text.count("\ufffd") == 1 and "第 2 行" in decoded.warnings[0]


def test_japanese_bytes_are_refused_not_shown_as_rare_characters():
    with pytest.raises(SourceError, match="编码"):
        decode("名前,年齢,住所\n佐藤太郎,30,東京\n鈴木次郎,25,大阪\n".encode("shift_jis"))


def test_noise_is_refused():
    with pytest.raises(SourceError, match="UTF-8"):
        decode(bytes(range(128, 256)) * 40)


def test_a_doubtful_guess_is_a_question_to_the_editor():
    # Place names only: readable, but nothing that every text is full of.
    decoded = decode("咸阳、柳州、桂林、湘潭、邯郸".encode("gb18030"))
    assert decoded.text.startswith("咸阳")
    assert "不能确定" in decoded.warnings[0] and "咸阳" in decoded.warnings[0]


def test_the_declared_encoding_breaks_ties_only():
    assert decode(SIMPLIFIED.encode("gb18030"), declared="big5").text == SIMPLIFIED
    assert decode(SIMPLIFIED.encode("utf-8"), declared="gbk").text == SIMPLIFIED


def test_real_text_scores_far_above_its_misreadings():
    assert score(SIMPLIFIED) > 0.7
    assert score(SIMPLIFIED.encode("gb18030").decode("big5", "ignore")) < 0.4
    assert score("") == 0.0


def test_empty_bytes_are_empty_text():
    assert decode(b"").text == ""
