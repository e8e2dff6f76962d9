"""A disk that is full, failing, or holds other bytes than were written."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import JournalError
from bot.journal import Journal
from bot.records import Reply
from ingest.build import build
from kb.config import Home
from kb.errors import StoreDamaged, StoreError
from kb.knowledge import KnowledgeBase
from kb.store import Store
from tests.doubles import BigramEncoder
from tests.faults import work
from tests.faults.house import answer, check, leftovers, mark, scaled
from tests.faults.strace import needs_strace, run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(7200)]
PAGE = 4096


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB, of which a ballast can leave any number of pages free."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "小盘 一"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def leave_free(disk: Path, pages: int) -> None:
    """Fill the disk up to so many pages."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    free = shutil.disk_usage(disk).free - pages * PAGE
    ballast.write_bytes(b"x" * max(0, free))
    assert shutil.disk_usage(disk).free <= pages * PAGE


def test_a_full_disk_at_every_page_of_a_build_and_publish(small_disk):
    store, encoder = Store(small_disk / "store"), BigramEncoder()
    acknowledged = work.publish_next(store, encoder)
    reader = KnowledgeBase(store, [encoder], "public")
    pages = refused = 0
    while True:
        leave_free(small_disk, pages)
        try:
            acknowledged = work.publish_next(store, encoder)
        except StoreError as error:
            refused += 1
            found = re.search(r"磁盘空间不足.*需要约 (\d+) KB，剩余 (\d+) KB.*当前版本不受影响", str(error))
            assert found, error
            assert int(found[1]) > 0 and int(found[2]) <= pages * PAGE // 1024
            assert store.current() == acknowledged and leftovers(store.root) == []
            assert reader.search(work.QUESTION).generation == acknowledged
            assert answer(store)[0] == acknowledged
            draft = store.ids()[0]
            if draft != acknowledged:  # written whole, but not published for want of space
                store.verify(draft)
                shutil.rmtree(store.root / draft)
        else:
            break
        pages += 1
    check(store.root, acknowledged)
    print(f"\nfull disk: refused at each of {refused} sizes, 0 to {(refused - 1) * 4} KiB free; published with {pages * 4} KiB")
    assert refused > 20


def test_a_full_disk_at_every_page_of_an_ingest_build(small_disk, tmp_path):
    home, folder, encoder = Home(small_disk / "店铺"), tmp_path / "资料", BigramEncoder()
    work.write_files(folder, 1)
    acknowledged = build([folder], home, encoders=[encoder]).generation
    store, pages, refused = Store(home.store), 0, 0
    while True:
        leave_free(small_disk, pages)
        # What a refused build leaves as a draft takes its number.
        work.write_files(folder, max(int(identity[4:]) for identity in store.ids()) + 1)
        try:
            acknowledged = build([folder], home, encoders=[encoder]).generation
        except StoreError as error:
            refused += 1
            assert re.search(r"磁盘空间不足.*需要约 \d+ KB，剩余 \d+ KB.*当前版本不受影响", str(error)), error
            assert store.current() == acknowledged == answer(store)[0] and leftovers(store.root) == []
            if (draft := store.ids()[0]) != acknowledged:
                shutil.rmtree(store.root / draft)
        else:
            break
        pages += 1
    check(store.root, acknowledged)
    print(f"\nfull disk, ingest build: refused at each of {refused} sizes; published with {pages * 4} KiB")
    assert refused > 20


def test_a_full_disk_at_every_page_of_the_journal(small_disk):
    reply, refused, turns = Reply("好的。" * 300, "answer", "question"), 0, set()
    for pages in range(0, 80, 2 if scaled(100) < 50 else 1):
        file = small_disk / "店铺" / f"journal-{pages}.sqlite3"
        leave_free(small_disk, 1000)
        journal = Journal(file)
        acknowledged = {journal.turn("v", "customer", "怎么退货？", reply)}
        leave_free(small_disk, pages)
        with pytest.raises(JournalError, match=r"磁盘空间（剩余 \d+ KB，一次写入至少需要 \d+ KB）"):
            for _ in range(500):
                acknowledged.add(journal.turn("v", "customer", "怎么退货？", reply))
        refused += 1
        assert acknowledged <= {view.turn for view in journal.turns("v")}, "who reads is not hindered"
        journal.close()
        leave_free(small_disk, 1000)
        journal = Journal(file)
        assert acknowledged <= {view.turn for view in journal.turns("v")}
        assert journal.turn("v", "customer", "怎么退货？", reply), "once there is space again, it goes on"
        journal.close()
        turns |= acknowledged
        for path in file.parent.glob("journal-*"):
            path.unlink()
    print(f"\nfull disk, journal: {refused} sizes, told at each; none of {len(turns)} acknowledged turns is missing")


def test_tidying_up_works_on_a_full_disk(small_disk):
    store, encoder = Store(small_disk / "store"), BigramEncoder()
    for _ in range(3):
        work.publish_next(store, encoder)
    leave_free(small_disk, 0)
    assert store.gc(keep=1) == ["gen-000001"]
    assert check(store.root, "gen-000003") == "gen-000003"


@needs_strace
@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_every_failing_step_of_a_publish_is_told(tmp_path, call):
    root = tmp_path / "store"
    acknowledged, number = work.publish_next(Store(root), BigramEncoder()), 0
    while True:
        number += 1
        result = run(f"{call}:error=EIO:when={number}", "publish", str(root))
        done = result.stdout.strip()
        live = check(root, done or acknowledged)
        if done:
            break
        assert "磁盘读写出错" in result.stderr or "磁盘没有确认写入" in result.stderr
        assert "Traceback" not in result.stderr, result.stderr
        assert number < 500
        acknowledged = live
        Store(root).gc(3)
    print(f"\nEIO: told at each of {number - 1} calls of {call}")


@needs_strace
def test_a_file_that_cannot_be_read_is_refused_and_the_last_good_one_serves(tmp_path):
    root = tmp_path / "store"
    store = Store(root)
    for _ in range(2):
        work.publish_next(store, BigramEncoder())
    files = [path for path in (root / "gen-000002").rglob("*") if path.is_file() and path.parent.name != "public"]
    for path in files:
        result = run("read:error=EIO", "ask", str(root), only=path)
        assert result.stdout.split() == ["gen-000001", "暗号是内部1号。"], (path, result.stdout, result.stderr)
        assert "gen-000002 refused" in result.stderr
    print(f"\nEIO on read: {len(files)} files, each refused, the version before served")


def test_one_flipped_byte_is_never_served(tmp_path):
    root, encoder, chance = tmp_path / "store", BigramEncoder(), random.Random(11)
    store = Store(root)
    work.publish_next(store, encoder)
    live = work.publish_next(store, encoder)
    files = sorted(path for path in (root / live).rglob("*") if path.is_file())
    trials = scaled(1200)
    for number in range(trials):
        path = files[number % len(files)]
        good = path.read_bytes()
        at, other = chance.randrange(len(good)), chance.randrange(1, 256)
        path.write_bytes(good[:at] + bytes([good[at] ^ other]) + good[at + 1 :])
        with pytest.raises(StoreDamaged):
            store.verify(live)
        for audience in ("public", "internal"):
            generation, text = answer(store, audience)
            assert generation == f"gen-{mark(text):06d}"
            assert path.parent.name not in (audience, live) or generation == "gen-000001", (path, at, other)
        path.write_bytes(good)
    assert check(root, live) == live
    print(f"\nflipped bytes: {trials} in {len(files)} files, all detected")
