from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.journal import Journal
from bot.metrics import Monitor
from bot.records import Reply
from kb.knowledge import BaseStatus
from kb.store import Store
from tests.doubles import BigramEncoder, Clock, faq


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, monkeypatch) -> Store:
    monkeypatch.setattr("kb.draft.calibrated", lambda index, encoders: index)
    store = Store(tmp_path / "home" / "store")
    manifest = store.write([faq("问？", "答"), faq("内？", "部", audience="internal")], [BigramEncoder()], rejected=3)
    store.publish(manifest.id, figures={"gate_passed": 0.9})
    return store


LABELS = ("window", "role", "outcome", "value", "part", "audience", "id", "le")


def figures(monitor: Monitor) -> dict[tuple[str, ...], float]:
    """Value by name and labels."""
    families = text_string_to_metric_families(monitor.text().decode("utf-8"))
    return {
        (s.name, *(s.labels[label] for label in LABELS if label in s.labels)): s.value for f in families for s in f.samples
    }


def monitor_of(store: Store, clock: Clock, status: BaseStatus) -> tuple[Monitor, Journal]:
    file = store.root.parent / "journal.sqlite3"
    return Monitor(SimpleNamespace(status=lambda: status), store, file, clock), Journal(file, clock)


def test_the_figures_of_a_home(store, clock):
    monitor, journal = monitor_of(store, clock, BaseStatus("gen-000001", None))
    journal.turn("a", "customer", "问", Reply("答", "answer", "question", ms=80.0))
    clock.now -= timedelta(hours=3)
    journal.turn("a", "customer", "问", Reply("答", "answer", "question", ms=9_000.0))
    journal.turn("a", "agent", "问", Reply("答", "handoff", "question", ms=300.0))
    journal.tickets.open("a", "question", "问", due=clock.now + timedelta(hours=1))
    clock.now -= timedelta(days=3)
    journal.turn("a", "customer", "问", Reply("答", "answer", "question", ms=1.0))
    clock.now += timedelta(days=3, hours=3)
    found = figures(monitor)
    assert found["zhanggui_replies", "1h", "customer", "answer"] == 1
    assert found["zhanggui_replies", "24h", "customer", "answer"] == 2
    assert found["zhanggui_replies", "24h", "agent", "handoff"] == 1
    assert [found["zhanggui_reply_seconds_bucket", "24h", bound] for bound in ("0.05", "0.1", "0.5", "7.0", "10.0", "+Inf")] == [
        0, 1, 2, 2, 3, 3,
    ]  # fmt: skip
    assert (found["zhanggui_tickets_waiting",], found["zhanggui_tickets_overdue",]) == (1, 1)
    assert (found["zhanggui_entries", "public"], found["zhanggui_rejected_files",]) == (1, 3)
    assert found["zhanggui_gate_passed_ratio",] == 0.9 and found["zhanggui_generation_info", "gen-000001"] == 1
    assert found["zhanggui_disk_free_bytes",] > 0 and found["zhanggui_generation_refused",] == 0
    assert {found["zhanggui_up", part] for part in ("knowledge", "journal", "disk")} == {1}


def test_an_outage_is_a_figure_and_hides_no_other(store, clock):
    monitor, _ = monitor_of(store, clock, BaseStatus(None, "损坏"))
    found = figures(monitor)
    assert found["zhanggui_ready",] == 0 and found["zhanggui_tickets_waiting",] == 0
    broken = store.root.parent / "broken.sqlite3"
    broken.write_bytes(b"no database at all" * 99)
    status = BaseStatus("gen-000001", "gen-000002 的文件已损坏")
    found = figures(Monitor(SimpleNamespace(status=lambda: status), store, broken, clock))
    assert found["zhanggui_up", "journal"] == 0 and found["zhanggui_up", "knowledge"] == 1
    assert found["zhanggui_generation_refused",] == 1 and ("zhanggui_tickets_waiting",) not in found


def test_no_words_of_customers_leave(store, clock):
    monitor, journal = monitor_of(store, clock, BaseStatus("gen-000001", "路径 /srv/home"))
    journal.turn("a", "customer", "我的秘密问题", Reply("答", "answer", "question"))
    assert "秘密" not in monitor.text().decode("utf-8") and "/srv" not in monitor.text().decode("utf-8")
