"""Versions that are not live can be asked, and internal words stay out of what customers would see."""

from __future__ import annotations

import pytest

from kb.errors import StoreError
from kb.records import Entry, Place
from kb.store import Store
from kb.trial import MOST_LOADED, Trials
from tests.doubles import BigramEncoder


def entry(identity: str, question: str, text: str, audience: str = "public") -> Entry:
    return Entry(identity, "faq", audience, text, Place("faq.csv"), question=question)


OLD = entry("a", "可以货到付款吗？", "可以货到付款。")
NEW = entry("b", "怎么开发票？", "在订单页申请开发票。")
SECRET = entry("c", "补偿权限多少？", "一线三十元。", "internal")


@pytest.fixture
def store(tmp_path) -> Store:
    store = Store(tmp_path / "store")
    encoders = [BigramEncoder()]
    store.publish(store.write([OLD], encoders).id)
    store.write([OLD, NEW, SECRET], encoders)
    return store


def test_a_draft_is_asked_beside_the_live_version(store):
    before, after = Trials(store, [BigramEncoder()]).compare("gen-000002", "public", "怎么开发票？")
    assert before.generation == "gen-000001" and after.generation == "gen-000002"
    assert after.hits[0].entry.id == "b" and "b" not in {hit.entry.id for hit in before.hits}


def test_customers_would_not_see_internal_words(store):
    trials = Trials(store, [BigramEncoder()])
    asked = "补偿权限多少？"
    assert "c" not in {hit.entry.id for hit in trials.search("gen-000002", "public", asked).hits}
    assert trials.search("gen-000002", "internal", asked).hits[0].entry.id == "c"


def test_few_stay_loaded_and_what_is_not_there_is_told(store):
    trials = Trials(store, [BigramEncoder()])
    for identity in ("gen-000001", "gen-000002"):
        for audience in ("public", "internal"):
            trials.search(identity, audience, "发票")
    assert len(trials._loaded) == MOST_LOADED
    with pytest.raises(StoreError, match="gen-000009"):
        trials.search("gen-000009", "public", "发票")
