"""kill -9 at any moment, and at every single step of a publish that touches the disk."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import time
from pathlib import Path

import pytest

from kb.config import Home
from kb.store import Store
from tests.doubles import BigramEncoder
from tests.faults import work
from tests.faults.house import ROUNDS, check, forks, last, leftovers, prune, scaled
from tests.faults.strace import count, needs_strace, run

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX"),
]
STEPS = (
    *(("publish", call) for call in ("fsync", "rename", "mkdir", "unlink", "write")),
    *(("gc", call) for call in ("rename", "unlink", "unlinkat", "rmdir")),
    *(("build", call) for call in ("fsync", "rename", "mkdir", "write")),
)
"""System calls that a publish, a tidying-up and an ``ingest build`` are stopped at, one after another."""
MOST = scaled(40)
"""Of more calls than that, so many are taken, evenly spread."""


def killed_rounds(rounds: int, target, arguments, store: Path, longest: float, seed: int) -> int:
    """Start, kill after a random while, look; returns how many publishes were acknowledged in all."""
    chance, acknowledged, published = random.Random(seed), None, 0
    context = forks()
    for _ in range(rounds):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=target, args=(*arguments, theirs))
        process.start()
        theirs.close()
        process.join(chance.uniform(0.02, longest))
        assert process.exitcode is None, "the worker ended by itself"
        process.kill()
        process.join()
        received = []
        try:
            while ours.poll():
                received.append(ours.recv())
        except EOFError:
            pass
        published += len(received)
        acknowledged = last(received, acknowledged)
        live = check(store, acknowledged)
        acknowledged = live or acknowledged
        prune(store)
    return published


def test_kill_at_random_times_during_build_and_publish(tmp_path):
    root = tmp_path / "store"
    published = killed_rounds(ROUNDS, work.publish_for_ever, (str(root),), root, 1.5, seed=7)
    print(f"\n{ROUNDS} kills, {published} publishes acknowledged")
    assert published > 0


def test_kill_at_random_times_during_ingest_build(tmp_path):
    home = Home(tmp_path / "home")
    rounds, arguments, context = scaled(40), (str(home.path), str(tmp_path / "资料")), forks()
    ours, theirs = context.Pipe(duplex=False)
    begun = time.monotonic()
    first = context.Process(target=work.build_for_ever, args=(*arguments, theirs))
    first.start()
    assert ours.poll(300)  # the first build is done: so long one takes on this machine
    took = time.monotonic() - begun
    first.kill()
    first.join()
    published = killed_rounds(rounds, work.build_for_ever, arguments, home.store, 1.6 * took, seed=8)
    print(f"\n{rounds} kills, {published} builds acknowledged, {took:.1f} s each")
    assert published > 0


def test_kill_at_random_times_while_the_journal_is_written(tmp_path):
    file, context, chance = tmp_path / "店铺 一" / "journal.sqlite3", forks(), random.Random(9)
    rounds, turns, tickets = scaled(60), set(), set()
    for _ in range(rounds):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work.write_for_ever, args=(str(file), theirs))
        process.start()
        theirs.close()
        process.join(chance.uniform(0.05, 0.6))
        process.kill()
        process.join()
        with contextlib.suppress(EOFError):
            while ours.poll():
                turn, ticket = ours.recv()
                turns.add(turn)
                tickets.add(ticket)
        with contextlib.closing(sqlite3.connect(file)) as stored:
            assert turns <= {row[0] for row in stored.execute("SELECT id FROM turn")}
            assert turns <= {row[0] for row in stored.execute("SELECT turn FROM rating WHERE value = 'up'")}
            assert tickets <= {row[0] for row in stored.execute("SELECT id FROM ticket")}
            assert stored.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert turns
    print(f"\n{rounds} kills of who writes the journal: none of {len(turns)} turns, ratings and tickets is missing")


@needs_strace
@pytest.mark.parametrize(("what", "call"), STEPS, ids=[" ".join(step) for step in STEPS])
def test_kill_at_every_step(tmp_path, what, call):
    root = tmp_path / "store"
    store, acknowledged = Store(root), None

    def prepare() -> None:
        nonlocal acknowledged
        while len(store.ids()) < (5 if what == "gc" else 2):
            acknowledged = work.publish_next(store, BigramEncoder())

    prepare()
    total = count(call, what, str(root))
    acknowledged = store.current()
    assert total, f"{what} makes no {call} any more: take it out of STEPS"
    numbers = sorted({round(1 + step * (total - 1) / max(MOST - 1, 1)) for step in range(MOST)})
    for number in numbers:
        prepare()
        result = run(f"{call}:signal=SIGKILL:when={number}", what, str(root))
        live = check(root, acknowledged)
        if what == "gc":
            assert live == acknowledged
        elif done := result.stdout.strip():  # what was acknowledged is live, whatever came after
            assert live == done
        acknowledged = live
        if what != "gc":
            prune(root)
    print(f"\n{what}, {call}: killed at {len(numbers)} of {total} calls")


def test_what_is_left_behind_goes_at_the_next_start(tmp_path):
    root = tmp_path / "store"
    work.publish_next(Store(root), BigramEncoder())
    (root / ".gen-000002.partial" / "public").mkdir(parents=True)
    (root / ".gen-000002.partial" / "public" / "entries.jsonl").write_bytes(b"half")
    (root / ".CURRENT.123.tmp").write_bytes(b"gen-0")
    (root / ".manifest.json.123.tmp").write_bytes(b"{")
    (root / ".gen-000009.deleted").mkdir()
    assert len(leftovers(root)) == 3
    check(root, "gen-000001")
