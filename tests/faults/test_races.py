"""Many who publish at once, and many who read meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from kb.errors import StoreLocked
from kb.knowledge import KnowledgeBase
from kb.store import Store
from tests.doubles import BigramEncoder
from tests.faults import work
from tests.faults.house import check, forks, last, mark, prune, scaled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(7200)]
AT_ONCE = 8
READERS = 50


@pytest.mark.parametrize("publish", [work.publish_once, work.draft_then_publish], ids=["under one lock", "in two steps"])
def test_eight_processes_publish_at_once(tmp_path, publish):
    context, root = forks(), tmp_path / "store"
    acknowledged, done, stale, rounds = None, 0, 0, scaled(50)
    for _ in range(rounds):
        queue, start = context.Queue(), context.Event()
        processes = [context.Process(target=publish, args=(str(root), queue, start)) for _ in range(AT_ONCE)]
        for process in processes:
            process.start()
        start.set()
        received = [queue.get(timeout=300) for _ in processes]
        for process in processes:
            process.join(60)
            assert process.exitcode == 0
        told = [identity for identity in received if identity]
        assert told and len(set(told)) == len(told), received
        done, stale = done + len(told), stale + received.count(None)
        acknowledged = last(received, acknowledged)
        assert check(root, acknowledged) == acknowledged, "nobody is publishing any more: the last one must be live"
        prune(root)
    if publish is work.publish_once:
        assert done == rounds * AT_ONCE
    print(f"\n{AT_ONCE} processes x {rounds} rounds: {done} published, {stale} stale drafts refused")


def test_readers_during_publishes(tmp_path, monkeypatch):
    root, publishes = tmp_path / "store", scaled(100)
    store, encoder = Store(root), BigramEncoder()
    work.publish_next(store, encoder)
    bases = [KnowledgeBase(Store(root), [encoder], "internal") for _ in range(5)]
    for base in bases:
        base.warm_up()
    failures: list[BaseException] = []
    torn: list[str] = []
    answers = [0]
    seen: set[str] = set()
    stop = threading.Event()

    def read(base: KnowledgeBase) -> None:
        try:
            while not stop.is_set():
                result = base.search(work.SECRET)
                answers[0] += 1
                seen.add(result.generation)
                if f"gen-{mark(result.hits[0].text):06d}" != result.generation:
                    torn.append(f"{result.generation}: {result.hits[0].text}")
                time.sleep(0.05)  # as people do, though faster
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read, args=(bases[number % len(bases)],)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    context = forks()
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work.publish_for_ever, args=(str(root), theirs))
    process.start()
    for _ in range(publishes):
        acknowledged = ours.recv()
        with contextlib.suppress(StoreLocked):  # readers that are just loading it must survive its end as well
            prune(root, keep=1)
    process.kill()
    process.join()
    time.sleep(1)
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures and not torn, (failures[:3], torn[:3])
    assert len(seen) > max(1, publishes // 20), "the readers saw too few of the generations to have been there"
    live = check(root, acknowledged)
    monkeypatch.setattr("kb.knowledge.PATIENCE_S", 60)
    assert {base.generation for base in bases} == {live}
    print(f"\n{READERS} readers, {publishes} publishes, {answers[0]} answers from {len(seen)} generations: none torn")
