"""What the processes do that the faults suite kills, starves and races: small bases with one planted fact each.

The base number N says 暗号是N号 in a public and an internal entry, so that whoever reads can tell which one it got.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import kb.draft
from bot.journal import Journal
from bot.records import Reply
from ingest.build import build
from kb.config import Home
from kb.console import step_back
from kb.errors import KBError, StaleDraft, StoreLocked
from kb.index import build_index
from kb.knowledge import KnowledgeBase
from kb.records import Entry
from kb.search import HybridRetriever
from kb.store import Store
from tests.doubles import BigramEncoder, faq, passage

QUESTION = "今天的暗号是什么？"
SECRET = "员工的暗号是什么？"


def entries(number: int, more: int = 0) -> list[Entry]:
    """The base of that number: its two marks, and a few entries that are the same in all, ``more`` if asked for."""
    return [
        *(faq(f"第{row}号商品怎么保养？", f"第{row}号商品请用软布擦拭，每{row % 30 + 1}天一次。") for row in range(more)),
        faq(QUESTION, f"暗号是{number}号。"),
        faq(SECRET, f"暗号是内部{number}号。", audience="internal"),
        *(faq(f"{word}怎么用？", f"{word}在结算页选择。") for word in ("优惠券", "积分", "礼品卡")),
        passage("退货请在订单页申请，客服会在一个工作日内联系您。", "售后", "退货"),
    ]


def cheaply() -> None:
    """Leave calibration out, in this process: it is four fifths of a small publish and touches no disk."""
    kb.draft.calibrated = lambda index, encoders: index


def warm_up() -> None:
    """Load what the first build of a process loads, before children are forked: their rounds are short then."""
    encoder = BigramEncoder()
    index, _ = build_index(entries(1), [encoder])
    HybridRetriever(index, [encoder], generation="gen-000000").search(QUESTION)


def publish_next(store: Store, encoder: BigramEncoder, more: int = 0) -> str:
    """Build and publish the base whose number is that of its generation; returns the id once it is acknowledged."""
    with store.lock("故障测试"):
        number = max((int(identity[4:]) for identity in store.ids()), default=0) + 1
        manifest = store.write(entries(number, more), [encoder])
        assert manifest.id == f"gen-{number:06d}"
        store.publish(manifest.id, figures={"round": float(number)})
    return manifest.id


def publish_for_ever(root: str, acknowledge: Any, more: int = 0, keep: int = 0) -> None:
    """Publish one base after another; ``acknowledge`` gets each id when it is live, until somebody kills us.

    ``keep``: tidy up after each as ``ingest gc`` would, and step back behind others as ``ingest`` does.
    """
    cheaply()
    store, encoder = Store(Path(root)), BigramEncoder()
    if keep:
        step_back()
    while True:
        try:
            acknowledge.send(publish_next(store, encoder, more))
            if keep:
                store.gc(keep)
        except StoreLocked:  # whoever watches tidies up meanwhile
            time.sleep(0.005)


def build_for_ever(home: str, folder: str, acknowledge: Any) -> None:
    """The same by ``ingest build``, from files, with its reading child and its gate."""
    cheaply()
    store = Store(Home(Path(home)).store)
    while True:
        write_files(Path(folder), max((int(identity[4:]) for identity in store.ids()), default=0) + 1)
        acknowledge.send(build([Path(folder)], Home(Path(home)), encoders=[BigramEncoder()]).generation)


def write_files(folder: Path, number: int) -> None:
    """The base of that number as files."""
    for entry in entries(number):
        if entry.kind == "faq":
            file = folder / entry.audience / f"{entry.id}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"问题,答案\n{entry.question},{entry.text}\n", encoding="utf-8")


def publish_once(root: str, acknowledge: Any, start: Any) -> None:
    """Publish one base beside others who do the same, each as often as it takes."""
    cheaply()
    store, encoder = Store(Path(root)), BigramEncoder()
    start.wait()
    while True:
        try:
            acknowledge.put(publish_next(store, encoder))
            return
        except StoreLocked:
            time.sleep(0.005)


def draft_then_publish(root: str, acknowledge: Any, start: Any) -> None:
    """The same in two steps that others may come between: a draft that is stale by then must be refused."""
    cheaply()
    store, encoder = Store(Path(root)), BigramEncoder()
    start.wait()
    while True:
        try:
            with store.lock("草稿"):
                number = max((int(identity[4:]) for identity in store.ids()), default=0) + 1
                identity = store.write(entries(number), [encoder]).id
        except StoreLocked:
            time.sleep(0.005)
            continue
        while True:
            try:
                store.publish(identity)
                acknowledge.put(identity)
            except StoreLocked:
                time.sleep(0.005)
                continue
            except StaleDraft:
                acknowledge.put(None)
            return


def write_for_ever(file: str, acknowledge: Any) -> None:
    """Turns, ratings and tickets one after another; ``acknowledge`` gets the turn's and the ticket's id when all are stored."""
    journal = Journal(Path(file))
    while True:
        turn = journal.turn("v", "customer", "怎么退货？", Reply("好的。" * 50, "handoff", "question"))
        journal.rate(turn, "v", "up")
        acknowledge.send((turn, journal.tickets.open("v", "question", "怎么退货？").id))


def main(what: str, root: str) -> None:
    """Under strace: one step; stdout has what was acknowledged or answered, stderr what went wrong."""
    cheaply()
    store, encoder = Store(Path(root)), BigramEncoder()
    try:
        if what == "publish":
            print(publish_next(store, encoder), flush=True)
        elif what == "gc":
            print(" ".join(store.gc(keep=1)), flush=True)
        elif what == "build":  # the folder that was named is a home's, its documents lie beside it
            home = Home(Path(root).parent)
            write_files(home.path / "资料", max((int(identity[4:]) for identity in store.ids()), default=0) + 1)
            print(build([home.path / "资料"], home, encoders=[encoder]).generation, flush=True)
        else:
            result = KnowledgeBase(store, [encoder], "internal").search(SECRET)
            print(result.generation, result.hits[0].text, flush=True)
    except KBError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
