"""Building in the background and publishing: what the page is told, whatever becomes of the child."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import asdict

import pytest

from ingest.studio.publisher import Publisher
from kb.config import Home
from kb.errors import InputError, StoreError
from kb.publishing import BuildStatus

READY = asdict(BuildStatus("ready", draft="gen-000007", counts={"entries": 3}))
STEPS = [{"stage": "read", "done": 1, "total": 4}, {"stage": "embed", "done": 5, "total": 10}]


def child(*lines: object, last: str = "") -> tuple[str, ...]:
    """A command that says these lines, then runs ``last``."""
    code = "".join(f"print({json.dumps(json.dumps(line))}, flush=True);" for line in lines) + last
    return (sys.executable, "-c", code)


def ended(publisher: Publisher) -> BuildStatus:
    deadline = time.monotonic() + 10
    while publisher.status().state == "building" and time.monotonic() < deadline:
        time.sleep(0.01)
    return publisher.status()


@pytest.fixture
def home(tmp_path) -> Home:
    (tmp_path / "sources/public").mkdir(parents=True)
    return Home(tmp_path)


def test_progress_and_outcome_are_told(home, tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    publisher = Publisher(
        home, command=child(*STEPS, last=f"open({str(gate)!r}).read(); print({json.dumps(json.dumps(READY))})")
    )
    publisher.start("小周")
    deadline = time.monotonic() + 10
    while publisher.status().stage != "embed" and time.monotonic() < deadline:
        time.sleep(0.01)
    now = publisher.status()
    assert (now.state, now.stage, now.done, now.total, now.who) == ("building", "embed", 5, 10, "小周")
    assert now.seconds_left is not None and now.seconds_left >= 0
    with pytest.raises(InputError, match="小周"):
        publisher.start("小吴")
    gate.write_text("go")
    now = ended(publisher)
    assert (now.state, now.draft, now.who) == ("ready", "gen-000007", "小周") and not now.outdated


def test_a_child_that_dies_is_a_failure_with_its_last_words(home):
    publisher = Publisher(home, command=child(*STEPS, last="import sys; sys.stderr.write('内存不够\\n'); sys.exit(9)"))
    publisher.start("小周")
    now = ended(publisher)
    assert now.state == "failed" and "内存不够" in now.lines[0] and "再试" in now.lines[0]
    publisher.start("小周")
    assert ended(publisher).state == "failed", "it can be tried again"


def test_a_build_can_be_cancelled_and_its_child_is_gone(home):
    publisher = Publisher(home, command=child(*STEPS, last="import time; time.sleep(60)"))
    publisher.start("小周")
    process = publisher._child
    publisher.cancel()
    assert process.poll() is not None and publisher.status().state == "cancelled"
    publisher.cancel()
    assert publisher.status().state == "cancelled", "once more does no harm"


def test_a_change_after_the_build_began_makes_its_draft_outdated(home):
    publisher = Publisher(home, command=child(READY))
    publisher.start("小周")
    assert not ended(publisher).outdated
    later = time.time() + 5
    path = home.sources / "edits.jsonl"
    path.write_text("", encoding="utf-8")
    os.utime(path, (later, later))
    assert publisher.status().outdated


def test_of_two_editors_who_start_at_once_one_builds(home):
    publisher = Publisher(home, command=child(last="import time; time.sleep(60)"))
    told: list[str] = []
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        try:
            publisher.start("x")
            told.append("")
        except InputError as error:
            told.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    publisher.cancel()
    assert told.count("") == 1


def test_only_the_draft_that_was_shown_is_published(home):
    publisher = Publisher(home, command=child(READY))
    with pytest.raises(InputError, match="不是最新"):
        publisher.publish("gen-000006", "小周")


def test_a_refusal_comes_in_the_words_of_the_command_line(home):
    with pytest.raises(StoreError, match="还没有发布过任何版本"):
        Publisher(home).rollback("小周")


@pytest.mark.model
def test_a_change_goes_live_and_back(home, e5_folder):
    from kb.generations import Generations

    settled: list[float] = []
    (home.sources / "public/faq.csv").write_text(
        "问题,答案\n可以货到付款吗？,可以的，结算时选择“货到付款”。\n多久能收到货？,一般三到五天。\n", encoding="utf-8"
    )
    publisher = Publisher(home, settled.append)
    for text in ("", "能开发票吗？,可以的。\n"):
        with (home.sources / "public/faq.csv").open("a", encoding="utf-8") as stream:
            stream.write(text)
        publisher.start("小周")
        deadline = time.monotonic() + 120
        while publisher.status().state == "building" and time.monotonic() < deadline:
            time.sleep(0.1)
        now = publisher.status()
        assert now.state == "ready", now
        publisher.publish(now.draft, "小周")
    assert now.counts["added"] == 1 and settled[-1] == now.since
    live = publisher.versions()[0]
    assert (live.id, live.live, live.who, live.entries) == (now.draft, True, "小周", 3)
    assert publisher.rollback("小吴") == Generations(home.store).current() == publisher.versions()[1].id
    publisher.start("小周")
    while publisher.status().state == "building":
        time.sleep(0.1)
    assert Publisher(home).status().draft == publisher.status().draft != "", "a restart of the server keeps the draft"
