from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.annotations import is_annotated, is_traditional, mark_at, reads
from ingest.clean import clean, steps_for
from ingest.document import Block, Document
from ingest.entries import read_document
from ingest.gbk import narrow, to_bytes, to_char
from ingest.pinyin import UNMENDED, remove_pinyin
from kb.config import ShopSettings
from kb.text import to_simplified
from tests.ingest.damage import damaged
from tests.ingest.files import SHOP

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"
TABLE = "數當業務網絡驅據學質達調進"
"""數 first: it must be looked for before 當, or 當's own annotation keeps the two apart."""


def mended(text: str) -> tuple[str, list[str]]:
    places: list[str] = []
    apply = remove_pinyin([text], lambda _, place: places.append(place))
    return apply(text) if apply else text, places


TRUE = [
    "我们的业务员会尽快与您联系，网络繁忙时请稍候。",
    "请用恰当的方式说明业务办理进度。",
    "如果包装不当等原因造成破损，请与业务员联系。",
    "他们能够对客户数据做业务分析。",
    "网络业务由总部负责。客服人员只解答运费问题。",
    "通过网络下单最快。科学的业务流程让退货更简单。",
    "您可以选择恰当的付款方式：货到付款或者网络支付，业务员会联系您。",
    "业务员说：“请您放心。”“好的。”网络恢复后再发货。",
]


@pytest.mark.parametrize("text", TRUE)
@pytest.mark.parametrize("narrowed", [False, True])
def test_what_the_site_did_is_undone(text, narrowed):
    shown = damaged(text, TABLE, narrowed=narrowed)
    assert shown != text
    assert mended(shown) == (narrow(text) if narrowed else text, [])


@pytest.mark.parametrize("text", TRUE[:3])
def test_a_reader_that_keeps_the_bracket_is_understood_too(text):
    shown = damaged(text, TABLE, keeps_bracket=True)
    assert mended(shown) == (text, [])


def test_the_examples_are_really_torn_apart():
    shown = "".join(damaged(text, TABLE) for text in TRUE)
    assert "當(dāng)?shù)" in shown  # 的 lost its first byte
    assert re.search("[\ue000-\ue765]", shown)  # 客服 became private-use characters
    assert re.search(r"\?[？；]", shown)  # 。 was cut in two


def test_a_digit_that_was_lost_is_taken_from_the_same_line_elsewhere():
    text = "目录\n3.2.1破损处理办法\n正文网络业务。签收时包装不当等。3.2.1破损处理办法"
    shown = damaged(text, TABLE)
    assert "?.2.1破損" in shown
    assert mended(shown) == (text, [])


def test_what_nothing_tells_stays_and_is_reported():
    shown = damaged("网络业务繁忙时使用不当等。7件商品", TABLE)
    text, places = mended(shown)
    assert text == to_simplified(shown).replace("(wǎng)", "").replace("(luò)", "").replace("(yè)", "").replace(
        "(wù)", ""
    ).replace("(dāng)", "")
    assert len(places) == 1
    document, names = clean(Document("a.txt", (Block(shown, "raw"),)), steps_for(SHOP))
    assert "pinyin" in names
    assert [line for line in document.warnings if line.startswith(UNMENDED)]
    assert "7" not in document.text


@pytest.mark.parametrize(
    "text",
    [
        "用支付宝(zhifubao)付款，或者用微信(weixin)。",
        "“叶”在叶韵里读(xié)，是古音。",
        "這個字讀(dú)，在下面這段話裏請您再聽我們說一遍：運費險可以為您補償退貨時寄回商品的費用，請放心購買。",
        "真的吗??太好了!! 您好吗?,请回复。",
        "Wingdings \uf0b7 项目符号，图标\ue600首页",
        "Où est-il? (à Paris) naïve café",
        "",
        "(",
        "?",
        "\ufffd",
        "(é)",
        "?é)",
    ],
)
def test_what_somebody_wrote_on_purpose_stays(text):
    assert mended(text) == (text, [])


_ordinary = st.text(
    st.sampled_from(
        "的一是了我不在人们有来他这上着个地到大里说就去子得也和那要下看天时过出小么起你都把好还多没为又可家学只以主会样年想能"
        "生同老中从自面前头到它后然走很像见两用她国动进成回什边作对开而已些现山民候经发工向事命给长水几义三声于高手知理眼志点心"
        "，。？！：；、“”（）()?!,.:; \n0123456789abcXYZ支付宝zhifu"
    ),
    max_size=200,
)


@settings(max_examples=150, deadline=None)
@given(_ordinary)
def test_ordinary_text_passes_byte_for_byte(text):
    assert mended(text)[0] is text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(TRUE), min_size=1, max_size=6), st.booleans())
def test_mending_never_makes_up_characters(texts, narrowed):
    """Whatever cannot be undone is reported; without a report the text is the true one."""
    text = "\n".join(texts)
    result, places = mended(damaged(text, TABLE, narrowed=narrowed))
    assert places or result == (narrow(text) if narrowed else text)


def test_mending_again_changes_nothing():
    text, _ = mended(damaged("\n".join(TRUE), TABLE))
    assert mended(text) == (text, [])


def test_annotations_cut_off_at_the_end_and_with_odd_letters_go_too():
    assert mended("網(wǎng )絡(luò )業(yè)務(w")[0] == "网络业务"
    assert mended("觀(guān)看務(wù)必問(wèn)清")[0] == "观看务必问清"


def test_readings_and_bytes():
    assert reads("復", "fù") and not reads("復", "fu") and reads("務", "wù")
    assert is_traditional("網") and not is_traditional("网") and not is_traditional("A")
    assert to_bytes("\ue48f") == b"\xfe\xc8" and to_char(0xFE, 0xC8) is None and to_char(0x94, 0xB5) == "數"
    assert mark_at("當?shù)", 1) is not None and mark_at("(zhifu)", 0) is not None and mark_at("abc", 0) is None
    assert not is_annotated(["“务”读(wù)。"]) and is_annotated(["網(wǎng)絡(luò)業(yè)務(wù)"])


def test_ordinary_text_costs_next_to_nothing():
    text = "您好，普通商品签收后七天内可以申请退货（定制商品除外），运费由我们承担。(zhifu)？\n" * 60_000
    size = len(text.encode())
    document = Document("a.txt", (Block(text, "raw"),))
    steps = [step for step in steps_for(SHOP) if step.name in ("pinyin", "fields", "boilerplate", "marks")]
    started = time.perf_counter()
    clean(document, steps)
    assert size / (time.perf_counter() - started) > 4e6


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the scraped guides used for acceptance are not beside this checkout")
def test_scraped_guides_come_out_clean():
    for path in sorted(SEEDS.glob("*.txt")):
        document, _ = read_document(path.read_bytes(), path.name, ShopSettings())
        text = document.text
        assert not re.search(r"[a-z]?[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]", text), path.name
        assert not re.search("[\ue000-\uf8ff\ufffd]", text), path.name
        assert not re.search(r"TOC ?\\|HYPERLINK|PAGEREF|MERGEFORMAT|\\[ouh]\b", text), path.name
        assert not re.search(r"\.{4,} ?\d+|[^\d\W] \d+\d+\.\d", text), path.name
        assert not re.search("本站|文库|下载本文档|页未读|VIP", text), path.name
        assert not any(is_traditional(char) for char in text), path.name
        assert "\u05d3" not in text
        assert not [line for line in document.warnings if line.startswith(UNMENDED)], path.name
