"""kill -9 at any moment, and at every single step of a publish that touches the disk."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from kb.config import Home
from kb.store import Store
from tests.doubles import BigramEncoder
from tests.faults import work
from tests.faults.house import ROUNDS, check, forks, last, leftovers, prune, scaled
from tests.faults.strace import needs_strace, run

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX"),
]
STEPS = ("fsync", "rename", "mkdir", "unlink", "unlinkat", "rmdir", "write")
"""System calls that a publish is stopped at, one after another."""


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
    rounds = scaled(40)
    published = killed_rounds(
        rounds, work.build_for_ever, (str(home.path), str(tmp_path / "资料")), home.store, 6.0, seed=8
    )
    print(f"\n{rounds} kills, {published} builds acknowledged")


@needs_strace
@pytest.mark.parametrize("call", STEPS)
def test_kill_at_every_step_of_a_publish(tmp_path, call):
    root = tmp_path / "store"
    acknowledged = work.publish_next(Store(root), BigramEncoder())
    number = 0
    while True:
        number += 1
        result = run(f"{call}:signal=SIGKILL:when={number}", "publish", str(root))
        done = result.stdout.strip()
        acknowledged = check(root, last([done], acknowledged))
        if done:
            assert result.returncode == 0, result.stderr
            break
        assert result.returncode != 0 and number < 500, result.stderr
        prune(root)
    print(f"\n{call}: killed at each of {number - 1} calls")


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
