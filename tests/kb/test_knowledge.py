from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import pytest

from kb.errors import StoreDamaged, StoreEmpty, StoreError
from kb.knowledge import RETRY_S, KnowledgeBase
from kb.store import Store
from tests.contracts import RetrieverContract
from tests.doubles import BigramEncoder, faq, passage

COD = faq("可以货到付款吗？", "部分地区支持货到付款。")
FREIGHT = faq("退货运费谁出？", "质量问题由我们承担。")
SECRET = passage("主管可批准三百元以内的补偿。", "赔付权限", audience="internal")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, a question waits until the switch is done."""
    monkeypatch.setattr("kb.knowledge.PATIENCE_S", 60)
    monkeypatch.setattr("kb.draft.calibrated", lambda index, encoders: index)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def publish(store: Store, *entries) -> str:
    identity = store.write(entries, [BigramEncoder()]).id
    store.publish(identity)
    return identity


def base_of(store: Store, audience="public") -> KnowledgeBase:
    return KnowledgeBase(store, [BigramEncoder()], audience)


class TestKnowledgeBase(RetrieverContract):
    @pytest.fixture
    def retriever(self, store):
        publish(store, COD, FREIGHT)
        return base_of(store)


def test_nothing_published_is_said_so(store):
    base = base_of(store)
    with pytest.raises(StoreEmpty, match="ingest build"):
        base.search("可以货到付款吗？")
    assert base.status().generation is None
    publish(store, COD)
    assert base.search("可以货到付款吗？").hits
    assert base.status().problem is None


def test_customers_never_meet_internal_text(store):
    publish(store, COD, SECRET)
    base = base_of(store)
    assert SECRET not in [hit.entry for hit in base.search("主管可批准多少补偿", k=9).hits]
    assert base.entry(SECRET.id) is None and SECRET not in base.entries
    assert base_of(store, "internal").search("主管可批准多少补偿").hits[0].entry == SECRET


def test_a_published_generation_is_picked_up_while_running(store):
    publish(store, COD)
    base = base_of(store)
    assert base.generation == "gen-000001"
    publish(store, COD, FREIGHT)
    assert base.search("退货运费谁出？").generation == "gen-000002"
    store.rollback()
    assert base.generation == "gen-000001"


def test_a_damaged_generation_is_refused_and_the_last_good_one_serves(store):
    publish(store, COD)
    base = base_of(store)
    base.search("货到付款")
    bad = publish(store, FREIGHT)
    (store.root / bad / "public" / "lexical.npz").write_bytes(b"damage")
    assert base.search("货到付款").generation == "gen-000001"
    assert "gen-000002" in (base.status().problem or "")
    started_later = base_of(store)
    assert started_later.search("货到付款").generation == "gen-000001"
    assert "gen-000002" in (started_later.status().problem or "")


def test_a_damaged_only_generation_is_an_outage_not_an_empty_result(store):
    identity = publish(store, COD)
    (store.root / identity / "manifest.json").write_bytes(b"{}")
    with pytest.raises(StoreDamaged, match="gen-000001"):
        base_of(store).search("货到付款")


def test_readers_never_see_a_mixture_while_versions_change(store):
    marks = [faq("暗号是什么？", f"暗号是{number}号。") for number in range(12)]
    publish(store, marks[0])
    base = base_of(store)
    stop, wrong, seen = threading.Event(), [], set()

    def read() -> None:
        while not stop.is_set():
            result = base.search("暗号是什么？")
            number = int(result.generation[4:])
            seen.add(number)
            if result.hits[0].entry.text != f"暗号是{number - 1}号。":
                wrong.append(result)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for mark in marks[1:]:
        publish(store, mark)
    while base.generation != "gen-000012":
        pass
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong and len(seen) > 1


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_refused_generation_is_tried_again_after_a_while(store, monkeypatch):
    """A disk that failed once must not keep a good generation out until somebody restarts the server."""
    publish(store, COD)
    clock = Clock()
    base = KnowledgeBase(store, [BigramEncoder()], "public", timer=clock)
    base.warm_up()
    file = store.root / publish(store, FREIGHT) / "public" / "lexical.npz"
    good = file.read_bytes()
    file.write_bytes(b"damage")
    assert base.generation == "gen-000001"
    file.write_bytes(good)
    clock.now = RETRY_S - 1
    assert base.generation == "gen-000001"
    clock.now = RETRY_S + 1
    assert base.generation == "gen-000002" and base.status().problem is None


def test_a_generation_with_a_damaged_manifest_falls_back_to_what_was_live_before(store):
    first = publish(store, COD)
    store.write([FREIGHT], [BigramEncoder()])  # a draft, never live
    bad = publish(store, COD, FREIGHT)
    (store.root / bad / "manifest.json").write_bytes(b"{}")
    base = base_of(store)
    assert base.generation == first and bad in (base.status().problem or "")


def test_what_was_rolled_back_from_is_no_fallback(store):
    first = publish(store, COD)
    publish(store, COD, FREIGHT)
    third = publish(store, FREIGHT)
    store.rollback()
    (store.root / "gen-000002" / "manifest.json").write_bytes(b"{}")
    assert base_of(store).generation == first != third


def test_a_generation_that_is_pruned_while_it_is_loaded(store, monkeypatch):
    publish(store, COD)
    publish(store, FREIGHT)
    load = store.load

    def pruned_first(identity, audience):
        if identity == "gen-000002":
            publish(Store(store.root), COD)
            publish(Store(store.root), FREIGHT)
            assert "gen-000002" in Store(store.root).gc(keep=1)
        return load(identity, audience)

    monkeypatch.setattr(store, "load", pruned_first)
    assert base_of(store).search("退货运费谁出？").generation == "gen-000004"


def test_a_slow_switch_keeps_nobody_waiting(store, monkeypatch):
    publish(store, COD)
    base = base_of(store)
    base.warm_up()
    publish(store, FREIGHT)
    load, may_go_on = store.load, threading.Event()

    def slow(identity, audience):
        may_go_on.wait(60)
        return load(identity, audience)

    monkeypatch.setattr(store, "load", slow)
    monkeypatch.setattr("kb.knowledge.PATIENCE_S", 0.01)
    assert base.search("可以货到付款吗？").generation == "gen-000001"
    may_go_on.set()
    for thread in threading.enumerate():
        if thread.name == "switch":
            thread.join()
    assert base.search("退货运费谁出？").generation == "gen-000002"


def test_a_generation_of_another_encoder_is_refused_by_name_and_the_old_one_serves(store):
    class Other(BigramEncoder):
        fingerprint = "other:1"

    publish(store, COD)
    base = base_of(store)
    base.warm_up()
    store.publish(store.write([FREIGHT], [Other()]).id)
    assert base.search("货到付款").generation == "gen-000001"
    assert "other:1" in (base.status().problem or "")


def test_a_half_copied_store_is_said_so(store, tmp_path):
    import shutil

    identity = publish(store, COD)
    copied = tmp_path / "复制 到一半"
    shutil.copytree(store.root, copied)
    (copied / identity / "internal" / "views.jsonl").unlink()
    with pytest.raises(StoreDamaged, match="views.jsonl 读不出来"):
        base_of(Store(copied), "internal").search("货到付款")
    shutil.rmtree(copied / identity)
    with pytest.raises(StoreError, match=f"没有版本“{identity}”"):
        base_of(Store(copied)).search("货到付款")


def test_a_server_that_follows_switches_unasked_and_keeps_nobody_waiting(store, monkeypatch):
    monkeypatch.setattr("kb.knowledge.FOLLOW_S", 0.01)
    store.publish(store.write([COD], [BigramEncoder()]).id)
    base = KnowledgeBase(store, [BigramEncoder()], "public")
    base.warm_up()
    go, loaded, real = threading.Event(), threading.Event(), base._load

    def slow(identity):
        go.wait(10)
        live = real(identity)
        loaded.set()
        return live

    monkeypatch.setattr(base, "_load", slow)
    base.follow()
    store.publish(store.write([COD, FREIGHT], [BigramEncoder()]).id)
    assert base.search("怎么退货？").generation == "gen-000001", "although the patience here is a minute"
    go.set()
    assert loaded.wait(10), "nobody asked again"
    with base._switching:
        assert base._live is not None and base._live.generation == "gen-000002"


def test_a_server_that_follows_spends_little_of_its_time_on_loading(store, monkeypatch):
    monkeypatch.setattr("kb.knowledge.FOLLOW_S", 0.005)
    store.publish(store.write([COD], [BigramEncoder()]).id)
    base = KnowledgeBase(store, [BigramEncoder()], "public")
    base.warm_up()
    loads, real = [], base._load

    def counted(identity):
        began = time.monotonic()
        live = real(identity)
        time.sleep(0.02)
        loads.append((began, time.monotonic()))
        return live

    monkeypatch.setattr(base, "_load", counted)
    base.follow()
    for number in range(12):  # faster than a load with its rest
        entries = [COD, FREIGHT][: 1 + number % 2]
        store.publish(store.write(entries, [BigramEncoder()]).id)
        base.search("怎么退货？")
    wanted, end = store.current(), time.monotonic() + 10
    while base.search("怎么退货？").generation != wanted and time.monotonic() < end:
        time.sleep(0.01)
    assert base.search("怎么退货？").generation == wanted, "the last one is never left out"
    for (began, done), (again, _) in itertools.pairwise(loads):
        assert again - done >= min(19 * (done - began), 2.0) * 0.99


def test_whatever_befalls_who_follows_it_goes_on_following(store, monkeypatch, caplog):
    monkeypatch.setattr("kb.knowledge.FOLLOW_S", 0.005)
    monkeypatch.setattr("kb.knowledge.RETRY_S", 0.01)
    store.publish(store.write([COD], [BigramEncoder()]).id)
    base = KnowledgeBase(store, [BigramEncoder()], "public")
    base.warm_up()
    real, failures = store.current, []

    def broken():
        if len(failures) < 3:
            failures.append(1)
            raise MemoryError("for a moment")
        return real()

    monkeypatch.setattr(store, "current", broken)
    base.follow()
    end = time.monotonic() + 10
    while len(failures) < 3 and time.monotonic() < end:
        assert base.search("怎么退货？").generation == "gen-000001", "visitors notice nothing"
    wanted = store.publish(store.write([COD, FREIGHT], [BigramEncoder()]).id)
    while base.generation == "gen-000001" and time.monotonic() < end:
        time.sleep(0.01)
    assert base.generation == "gen-000002" and "could not be looked at" in caplog.text, wanted
