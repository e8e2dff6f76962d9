"""Fifty customers over HTTP while one version after another is published: what they notice."""

from __future__ import annotations

import os
import statistics
import time

import pytest

from kb.config import Home
from kb.store import Store
from tests.doubles import BigramEncoder
from tests.faults import work
from tests.faults.house import check, forks, scaled
from tests.faults.site import Visitors, site

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX"),
]
READERS = 50
ENTRIES = 1000
"""Besides the marks: loading a version takes a while, and building one some seconds."""
QUIET_S = 20.0


def test_fifty_customers_over_http_during_publishes(tmp_path):
    home, publishes = Home(tmp_path / "店铺 一"), scaled(100)
    home.path.mkdir()
    work.publish_next(Store(home.store), BigramEncoder(), ENTRIES)
    context = forks()
    ours, theirs = context.Pipe(duplex=False)
    publisher = context.Process(target=work.publish_for_ever, args=(str(home.store), theirs, ENTRIES, 1))
    with site(home, tmp_path / "site.log") as port:
        visitors = Visitors(port, work.QUESTION)
        with visitors.asking(READERS):
            visitors.phase = "warming up"
            time.sleep(QUIET_S / 4)
            visitors.phase = "quiet"
            time.sleep(QUIET_S)
            visitors.phase = "publishing"
            began = time.monotonic()
            publisher.start()
            for _ in range(publishes):
                acknowledged = ours.recv()
            took = time.monotonic() - began
            publisher.kill()
            publisher.join()
            visitors.phase = "after"
            time.sleep(2)
    assert not visitors.failures and not visitors.torn, (visitors.failures[:3], visitors.torn[:3])
    assert set(visitors.statuses) == {200}
    # A server leaves versions out that come faster than it may spend time on them (kb.knowledge.SHARE).
    assert len(visitors.generations) > publishes // 5, "they saw too few of the generations to have been there"
    check(home.store, acknowledged)
    quiet, busy = (statistics.quantiles(visitors.times[name], n=20)[18] * 1000 for name in ("quiet", "publishing"))
    print(
        f"\n{READERS} customers over HTTP, {publishes} publishes in {took:.0f} s, {visitors.statuses[200]} replies from"
        f" {len(visitors.generations)} generations: none torn, none failed; p95 {quiet:.0f} ms quiet, {busy:.0f} ms while"
        f" publishing ({busy / quiet:.1f} x)"
    )
    assert busy <= 2 * quiet or publishes < 100, "fewer publishes are too few to be held to it"
