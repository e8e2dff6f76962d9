"""Figures for monitoring, in the text format of Prometheus: how old the knowledge is, what is asked, what waits.

Counted from the journal at every call, so that they hold for all processes and outlive a restart. As old conversations
are deleted, there are no ever-growing counters: all figures are of the last hour and the last day.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Protocol

from bot.database import Where, open_database, stamp
from bot.errors import JournalError
from kb.errors import StoreError

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from kb.knowledge import BaseStatus
    from kb.store import Store

WINDOWS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24)}
SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 7.0, 10.0)
"""Upper bounds of the histogram of reply times; 7 s is what the house rules allow."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Base(Protocol):
    """The part of :class:`kb.knowledge.KnowledgeBase` that is watched."""

    def status(self) -> BaseStatus:
        """How the base is, without raising."""


class Monitor:
    """Collects the figures of one home; ``now`` gives aware times."""

    def __init__(
        self,
        base: Base,
        store: Store,
        journal: Where,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._base, self._store, self._now = base, store, now
        self._database = open_database(journal)

    def text(self) -> bytes:
        """All figures; those that cannot be had are left out, and ``zhanggui_up`` says of which part."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """The figures, as prometheus-client asks for them."""
        from prometheus_client.core import GaugeMetricFamily

        up = GaugeMetricFamily("zhanggui_up", "1 if this part can be read.", labels=["part"])
        for part, figures, failure in (
            ("knowledge", self._knowledge, StoreError),
            ("journal", self._journal, JournalError),
            ("disk", self._disk, OSError),
        ):
            try:
                found = list(figures())
            except failure:
                up.add_metric([part], 0.0)
            else:
                up.add_metric([part], 1.0)
                yield from found
        yield up

    def _knowledge(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        status = self._base.status()
        yield GaugeMetricFamily("zhanggui_ready", "1 if a generation answers.", float(status.generation is not None))
        refused = status.generation is not None and status.problem is not None
        yield GaugeMetricFamily(
            "zhanggui_generation_refused", "1 if the published generation is refused and an older one answers.", float(refused)
        )
        if status.generation is None:
            return
        manifest = self._store.manifest(status.generation)
        yield InfoMetricFamily("zhanggui_generation", "The generation that answers.", {"id": manifest.id})
        age = self._now() - datetime.fromisoformat(manifest.created)
        yield GaugeMetricFamily("zhanggui_generation_age_seconds", "Time since it was built.", age.total_seconds())
        counts = manifest.counts
        entries = GaugeMetricFamily("zhanggui_entries", "Entries of knowledge.", labels=["audience"])
        for audience in ("public", "internal"):
            entries.add_metric([audience], float(counts.get(audience, 0)))
        yield entries
        yield GaugeMetricFamily(
            "zhanggui_rejected_files", "Files of which its build took nothing.", float(counts.get("rejected", 0))
        )
        if "gate_passed" in manifest.figures:
            yield GaugeMetricFamily(
                "zhanggui_gate_passed_ratio", "Share of the question set it answers as wanted.", manifest.figures["gate_passed"]
            )

    def _journal(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily

        now = self._now()
        replies = GaugeMetricFamily("zhanggui_replies", "Replies by outcome.", labels=["window", "role", "outcome"])
        rated = GaugeMetricFamily("zhanggui_ratings", "Ratings.", labels=["window", "value"])
        times = GaugeHistogramMetricFamily("zhanggui_reply_seconds", "Time to reply.", labels=["window"])
        with self._database.read() as connection:
            for name, length in WINDOWS.items():
                since = (stamp(now - length),)
                for role, outcome, count in connection.execute(
                    "SELECT role, outcome, count(*) FROM turn WHERE at >= ? GROUP BY role, outcome", since
                ):
                    replies.add_metric([name, role, outcome], count)
                for value, count in connection.execute(
                    "SELECT value, count(*) FROM rating WHERE at >= ? GROUP BY value", since
                ):
                    rated.add_metric([name, value], count)
                within = ", ".join(f"count(CASE WHEN ms <= {1000 * bound} THEN 1 END)" for bound in SECONDS)
                *counts, total, spent = connection.execute(
                    f"SELECT {within}, count(*), coalesce(sum(ms), 0) FROM turn WHERE at >= ?", since
                ).fetchone()
                bounds = [*map(str, SECONDS), "+Inf"]
                times.add_metric([name], list(zip(bounds, map(float, (*counts, total)), strict=True)), spent / 1000)
            waiting, overdue = connection.execute(
                "SELECT count(*), count(CASE WHEN due < ? THEN 1 END) FROM ticket WHERE state != 'closed'", (stamp(now),)
            ).fetchone()
        yield from (replies, rated, times)
        yield GaugeMetricFamily("zhanggui_tickets_waiting", "Tickets that are not closed.", waiting)
        yield GaugeMetricFamily("zhanggui_tickets_overdue", "Of these, past the promised time.", overdue)

    def _disk(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        usage = shutil.disk_usage(self._store.root.parent)
        yield GaugeMetricFamily("zhanggui_disk_free_bytes", "Free on the disk of the home.", usage.free)
        yield GaugeMetricFamily("zhanggui_disk_size_bytes", "Size of the disk of the home.", usage.total)
