"""What was found before is found again without looking, and never for another day, base or person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from kb import remembered
from kb.knowledge import KnowledgeBase
from kb.records import SearchResult
from kb.remembered import Remembered
from kb.store import Store
from tests.doubles import BigramEncoder, faq

DAY = date(2026, 11, 27)


class Counting:
    """Finds nothing, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def search(self, question: str, k: int = 5) -> SearchResult:
        self.asked.append((question, k))
        return SearchResult(question, "none", 0.0, (), "gen-000001")


class Day:
    def __init__(self) -> None:
        self.today = DAY

    def __call__(self) -> date:
        return self.today


@pytest.fixture
def inner() -> Counting:
    return Counting()


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def retriever(inner, day) -> Remembered:
    return Remembered(inner, day)


def test_the_same_question_is_looked_up_once_however_it_is_typed(retriever, inner):
    first, second = retriever.search("可以 貨到付款嗎？"), retriever.search("可以 货到付款吗?")
    assert len(inner.asked) == 1
    assert (first.question, second.question) == ("可以 貨到付款嗎？", "可以 货到付款吗?")


def test_another_number_of_hits_is_another_search(retriever, inner):
    retriever.search("怎么退货", 1)
    retriever.search("怎么退货", 5)
    assert [k for _, k in inner.asked] == [1, 5]


def test_tomorrow_it_is_looked_up_anew(retriever, inner, day):
    retriever.search("有活动吗")
    day.today += timedelta(days=1)
    retriever.search("有活动吗")
    assert len(inner.asked) == 2


def test_what_midnight_interrupted_is_not_kept(inner, day):
    class Slow(Counting):
        def search(self, question: str, k: int = 5) -> SearchResult:
            day.today = DAY + timedelta(days=1)
            return super().search(question, k)

    slow = Slow()
    retriever = Remembered(slow, day)
    retriever.search("有活动吗")
    day.today = DAY
    retriever.search("有活动吗")
    assert len(slow.asked) == 2


@pytest.mark.parametrize("words", ["订单20251127001234到哪了", "我的电话是１３８００１３８０００", "发到 wang@example.com"])
def test_personal_numbers_are_not_kept(retriever, inner, words):
    retriever.search(words)
    retriever.search(words)
    assert len(inner.asked) == 2 and not retriever._known


def test_no_more_is_kept_than_allowed_and_the_oldest_goes(retriever, inner, monkeypatch):
    monkeypatch.setattr(remembered, "KEPT", 2)
    for words in ("一", "二", "一", "三", "一", "二"):
        retriever.search(words)
    assert [question for question, _ in inner.asked] == ["一", "二", "三", "二"]


def test_each_of_many_threads_gets_its_own_question_back(retriever):
    def ask(number: int) -> bool:
        words = "怎么退货" + "？" * (number % 7)
        return retriever.search(words).question == words

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(400)))


def test_a_new_version_and_the_other_audience_find_their_own(tmp_path):
    store, encoder = Store(tmp_path), BigramEncoder()

    def publish(*entries):
        store.publish(store.write(list(entries), [encoder]).id)

    secret = faq("运费谁出", "内部：店铺出。", audience="internal")
    publish(faq("运费谁出", "买家出。"), secret)
    customer, agent = (KnowledgeBase(store, [encoder], audience) for audience in ("public", "internal"))
    assert secret in [hit.entry for hit in agent.search("运费谁出").hits]
    assert [hit.entry.text for hit in customer.search("运费谁出").hits] == ["买家出。"]
    publish(faq("运费谁出", "现在由店铺出。"))
    assert [hit.entry.text for hit in customer.search("运费谁出").hits] == ["现在由店铺出。"]
    assert customer.search("运费谁出").generation == "gen-000002"
