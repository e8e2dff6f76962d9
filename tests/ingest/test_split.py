from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.split import DEFAULT, split

SENTENCE = "自签收次日起七天内，商品完好的可以申请退货。"
PIECES = st.sampled_from(
    [
        SENTENCE,
        "请您放心！",
        "“您好，请问有什么可以帮您？我马上为您查询。”",
        "运费1,299.50元，详见https://example.com/a?b=1。",
        "\n",
        "\n\n",
        "- 提交申请",
        "1. 寄回商品",
        "，",
        "。",
        "   ",
        "\u3000",
        "👍🏻",
        "第二天到账；银行卡稍慢",
        "word",
        "长" * 90,
        "客户",
    ]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)


def passages(text: str) -> list[str]:
    return [text[start:end] for start, end in split(text, 0, len(text))]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(TEXTS)
def test_nothing_is_lost_and_no_passage_is_too_long(text):
    spans = split(text, 0, len(text))
    at = 0
    for start, end in spans:
        assert re.search(r"\w", text[at:start]) is None, "text between passages was lost"
        assert at <= start < end <= len(text)
        assert end - start <= DEFAULT.most
        assert text[start:end] == text[start:end].strip()
        at = end
    assert re.search(r"\w", text[at:]) is None
    assert split(text, 0, len(text)) == spans


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(TEXTS, st.integers(0, 200), st.integers(0, 200))
def test_only_the_given_stretch_is_cut(text, start, end):
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    assert all(start <= a < b <= end for a, b in split(text, start, end))


def test_short_text_stays_whole_and_empty_text_gives_nothing():
    assert passages("  七天内可退。\n") == ["七天内可退。"]
    assert passages("") == passages(" \n\u3000") == passages("——……") == []


def test_cuts_are_at_sentence_ends():
    found = passages(SENTENCE * 30)
    assert len(found) > 2 and all(passage.endswith("。") for passage in found)
    assert all(DEFAULT.target / 2 < len(passage) <= DEFAULT.most for passage in found)


def test_a_list_stays_with_the_line_that_introduces_it():
    items = "\n".join(f"{number}. 第{number}步，请您按页面提示操作并确认信息。" for number in range(1, 9))
    text = f"{SENTENCE * 6}\n\n退货步骤如下：\n\n{items}\n\n{SENTENCE * 6}"
    (whole,) = [passage for passage in passages(text) if "退货步骤" in passage]
    assert whole == f"退货步骤如下：\n\n{items}"


def test_a_list_too_long_for_one_passage_is_cut_between_items():
    items = [f"{number}. {SENTENCE}" for number in range(1, 60)]
    found = passages("\n".join(items))
    assert len(found) > 2
    assert [line for passage in found for line in passage.split("\n")] == items


def test_quotations_numbers_and_links_are_not_cut():
    quote = "“" + "您好，请问有什么可以帮您？我马上为您查询。" * 6 + "”"
    link = "https://example.com/" + "a/b" * 20 + "?x=1;y=2"
    text = f"{SENTENCE * 8}客服应当说：{quote}。{SENTENCE * 8}详见{link}，共1,299.50元。{SENTENCE * 8}"
    found = passages(text)
    assert any(quote in passage for passage in found)
    assert any(link in passage for passage in found)
    assert any("1,299.50元" in passage for passage in found)


def test_an_endless_sentence_is_cut_at_commas_and_then_between_words():
    assert all(len(passage) <= DEFAULT.most for passage in passages("商品完好可以退货，" * 200))
    words = ("keyword" * 3 + "退" * 40) * 30
    found = passages(words)
    assert "".join(found) == words
    assert not any(re.search(r"[a-z]$", a) and re.match(r"[a-z]", b) for a, b in zip(found, found[1:], strict=False))


def test_ten_thousand_characters_without_a_mark():
    assert sum(map(len, passages("货" * 10_000))) == 10_000


def test_a_change_moves_no_distant_cut():
    paragraphs = [f"第{number}段：{SENTENCE * (1 + number % 9)}" for number in range(40)]
    before = set(passages("\n\n".join(paragraphs)))
    changed = [*paragraphs]
    changed[3] = "这一段完全改写了。" * 7
    after = set(passages("\n\n".join(changed)))
    assert len(before - after) <= 4


def test_items_within_a_line_stay_together():
    items = "".join(f"（{number}）{SENTENCE}请您留意。" for number in range(1, 9))
    whole = f"退货有以下要求：{items}"
    assert len(whole) <= DEFAULT.most and passages(whole) == [whole]
    cut = passages(f"退货有以下要求：{items * 3}")
    assert len(cut) > 1 and all(passage.startswith("（") for passage in cut[1:])


def test_semicolons_between_items_are_ends_and_others_are_not():
    items = "".join(f"{number}.1保持包装完整，附上全部配件，并写明退货的原因；" for number in range(1, 30))
    assert all(re.match(r"\d+\.1", passage) for passage in passages(items))
    clauses = "先核对订单；再拍照留存；然后封箱；最后交给快递员。" * 20
    assert all(passage.endswith("。") for passage in passages(clauses))


def test_lines_wrapped_in_the_middle_of_a_sentence_are_one_paragraph():
    text = "".join(f"{SENTENCE}逾期的按维修处理，" for _ in range(12)) + "以上。"
    wrapped = "\n".join(text[at : at + 30] for at in range(0, len(text), 30))
    assert [passage.replace("\n", "") for passage in passages(wrapped)] and all(
        passage.endswith("。") for passage in passages(wrapped)
    )


def test_a_mark_at_the_beginning_of_a_line_belongs_to_the_line_before():
    found = passages("客服说：“" + "请您稍等，我马上为您查询。\n”" + f"\n{SENTENCE * 20}")
    assert not any(passage.startswith("”") for passage in found)
