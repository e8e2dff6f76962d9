from __future__ import annotations

from datetime import date

import pytest

from kb.errors import EncoderMismatch
from kb.index import build_index
from kb.search import GLANCE_CHARS, HybridRetriever
from tests.contracts import RetrieverContract
from tests.doubles import BigramEncoder, ScriptedRetriever, faq, hit, passage

ENTRIES = [
    faq("可以货到付款吗？", "部分地区支持货到付款。", "能不能送到再给钱"),
    faq("退货运费谁出？", "质量问题由我们承担。"),
    passage("签收后七天内可申请退货，商品需保持完好。" * 30, "售后", "退货"),
    faq("春节活动有哪些？", "满三百减三十。", valid_from=date(2027, 1, 20), valid_to=date(2027, 2, 20)),
]


def retriever_over(*entries, day: date = date(2026, 11, 22)) -> HybridRetriever:
    encoder = BigramEncoder()
    index, _ = build_index(entries, [encoder])
    return HybridRetriever(index, [encoder], generation="gen-000001", today=lambda: day)


class TestHybridRetriever(RetrieverContract):
    @pytest.fixture
    def retriever(self):
        return retriever_over(*ENTRIES)


class TestScriptedRetriever(RetrieverContract):
    @pytest.fixture
    def retriever(self):
        from kb.records import SearchResult

        found = SearchResult("可以货到付款吗？", "answer", 0.9, (hit(ENTRIES[0]),), "gen-000001")
        return ScriptedRetriever({"可以货到付款吗？": found})


@pytest.mark.parametrize("question", ["能不能貨到付款", "送到再给钱可以不", "货到付款"])
def test_the_right_entry_comes_first(question):
    assert retriever_over(*ENTRIES).search(question).hits[0].entry == ENTRIES[0]


def test_each_entry_appears_once_and_says_why():
    hits = retriever_over(*ENTRIES).search("退货", k=9).hits
    assert len({hit.entry.id for hit in hits}) == len(hits)
    assert {"dense", "lexical", "cosine", "bm25"} <= set(hits[0].signals)


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (date(2027, 1, 19), False),
        (date(2027, 1, 20), True),
        (date(2027, 2, 20), True),
        (date(2027, 2, 21), False),
    ],
)
def test_entries_answer_within_their_dates_only(day, found):
    hits = retriever_over(*ENTRIES, day=day).search("春节活动有哪些？").hits
    assert (ENTRIES[3] in [hit.entry for hit in hits]) is found


def test_a_long_entry_is_shown_around_the_place_that_matched():
    text = "一般规定适用于全部商品。" * 60 + "泡沫箱破损请在签收时拍照。" + "其他未尽事宜另行说明。" * 60
    glance = retriever_over(passage(text, "配送"), *ENTRIES).search("泡沫箱破损").hits[0].text
    assert "泡沫箱破损" in glance and len(glance) <= GLANCE_CHARS


def test_among_restricts_what_is_ranked():
    hits = retriever_over(*ENTRIES).search("可以货到付款吗？", among=frozenset({ENTRIES[1].id, "unknown"})).hits
    assert [hit.entry for hit in hits] == [ENTRIES[1]]


def test_an_empty_base_finds_nothing():
    assert retriever_over().search("可以货到付款吗？").band == "none"


def test_a_base_of_one_entry_finds_it():
    assert retriever_over(ENTRIES[0]).search("货到付款").hits[0].entry == ENTRIES[0]


def test_the_same_question_gives_the_same_result():
    assert retriever_over(*ENTRIES).search("退货运费") == retriever_over(*ENTRIES).search("退货运费")


def test_vectors_of_another_encoder_are_refused():
    index, _ = build_index(ENTRIES, [BigramEncoder()])
    other = BigramEncoder()
    other.fingerprint = "other"
    with pytest.raises(EncoderMismatch, match="bigram:256.*other"):
        HybridRetriever(index, [other], generation="gen-000001")


@pytest.mark.parametrize("question", ["能不能送到再给钱？！", "可以貨到付款嗎", "能不能 送到再给钱 😀"])
def test_an_editors_own_wording_outranks_every_likeness(question):
    first = retriever_over(*ENTRIES, passage("能不能送到再给钱，送到再给钱。")).search(question).hits[0]
    assert first.entry == ENTRIES[0] and first.signals["exact"] == 1


def test_an_expired_entry_is_not_found_by_its_own_wording():
    assert ENTRIES[3] not in [hit.entry for hit in retriever_over(*ENTRIES).search("春节活动有哪些").hits]
