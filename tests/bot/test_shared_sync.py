"""One sync for many: who waits gets one that began after it came, and learns when it failed."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.shared_sync import SharedSync


class SlowDisk:
    """Each sync waits to be let go; ``begun`` counts them."""

    def __init__(self):
        self.begun = 0
        self.started = threading.Semaphore(0)
        self.let_go = threading.Semaphore(0)
        self.error = None

    def sync(self):
        self.begun += 1
        self.started.release()
        assert self.let_go.acquire(timeout=10)
        if self.error is not None:
            raise self.error


def waiting(pool, shared, count):
    """So many who wait; all have arrived when this returns."""
    arrived = threading.Semaphore(0)

    def wait():
        arrived.release()
        shared.wait()

    waits = [pool.submit(wait) for _ in range(count)]
    for _ in waits:
        assert arrived.acquire(timeout=10)
    return waits


def test_who_comes_during_a_sync_waits_for_the_next_and_shares_it():
    disk = SlowDisk()
    shared = SharedSync(disk.sync)
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(shared.wait)
        assert disk.started.acquire(timeout=10)
        others = waiting(pool, shared, 10)
        disk.let_go.release()
        first.result(timeout=10)
        assert disk.started.acquire(timeout=10), "the one under way began before they came"
        assert not any(other.done() for other in others)
        for _ in range(10):
            disk.let_go.release()  # should some have come too late for the second
        for other in others:
            other.result(timeout=10)
    assert 2 <= disk.begun < 11


def test_a_failure_reaches_all_who_shared_it_and_nobody_after():
    disk = SlowDisk()
    shared = SharedSync(disk.sync)
    disk.error = OSError("disk is gone")
    for _ in range(30):
        disk.let_go.release()
    with ThreadPoolExecutor(8) as pool:
        for wait in [pool.submit(shared.wait) for _ in range(8)]:
            with pytest.raises(OSError, match="gone"):
                wait.result(timeout=10)
    disk.error = None
    shared.wait()


def test_one_who_is_interrupted_before_the_sync_leaves_nobody_waiting():
    disk = SlowDisk()
    shared = SharedSync(disk.sync)
    real = shared._syncing

    class Interrupted:
        def __enter__(self):
            raise KeyboardInterrupt

        def __exit__(self, *given):
            raise AssertionError

    shared._syncing = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        shared.wait()
    shared._syncing = real
    disk.let_go.release()
    shared.wait()
    assert disk.begun == 1
