"""What must hold after every fault, whatever it was."""

from __future__ import annotations

import multiprocessing
import os
import re
from collections.abc import Iterable
from pathlib import Path

from kb.knowledge import KnowledgeBase
from kb.store import Store
from tests.doubles import BigramEncoder
from tests.faults import work

ROUNDS = int(os.environ.get("FAULTS_ROUNDS", "200"))
"""How many random kills; the other counts follow from it."""


def scaled(full: int) -> int:
    """``full`` repetitions where ROUNDS is 200, in proportion otherwise."""
    return max(2, full * ROUNDS // 200)


def forks() -> multiprocessing.context.ForkServerContext:
    """Processes that begin with everything loaded and nothing running."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.preload"])
    return context


def answer(store: Store, audience: str = "public") -> tuple[str, str]:
    """Generation and words of a fresh reader."""
    base = KnowledgeBase(store, [BigramEncoder()], audience)  # type: ignore[arg-type]
    result = base.search(work.QUESTION if audience == "public" else work.SECRET)
    return result.generation, result.hits[0].text


def mark(text: str) -> int:
    """The number that a base was marked with."""
    found = re.search(r"(\d+)号", text)
    assert found, text
    return int(found[1])


def check(root: Path, acknowledged: str | None) -> str:
    """The invariants of a store in which somebody was stopped; returns the live id.

    ``acknowledged``: the id of the last publish that was reported as done.
    """
    store = Store(root)
    live = store.current()
    assert live is not None or acknowledged is None, "what was published is lost"
    if live is None:
        return ""
    assert acknowledged is None or int(live[4:]) >= int(acknowledged[4:]), (live, acknowledged)
    store.verify(live)
    for audience in ("public", "internal"):
        generation, text = answer(store, audience)
        assert generation == live and f"gen-{mark(text):06d}" == live
    with store.lock("下一次启动"):  # a dead holder's lock is taken over, and its leftovers go
        assert leftovers(root) == []
    for identity in store.ids():
        store.verify(identity)
    return live


def leftovers(root: Path) -> list[str]:
    """Files that belong to no generation."""
    known = {"CURRENT", ".lock", ".lock-holder"}
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return [name for name in names if name not in known and not re.match(r"gen-\d{6}/([a-z]+/)?[^./][^/]*$", name)]


def last(received: Iterable[str | None], before: str | None) -> str | None:
    """The newest id of those acknowledged."""
    ids = [identity for identity in (*received, before) if identity]
    return max(ids, key=lambda identity: int(identity[4:]), default=None)


def prune(root: Path, keep: int = 3) -> None:
    """Keep the folder small through hundreds of rounds."""
    Store(root).gc(keep)
