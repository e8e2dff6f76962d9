"""The values that travel between the studio's pages and what builds and publishes its draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["read", "embed", "check"]
BuildState = Literal["none", "building", "ready", "unchanged", "refused", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class BuildStatus:
    """Where the draft is.

    ``stage`` with ``done`` of ``total`` and ``seconds_left`` (None while unknown) tell the progress of one that is being
    built; ``draft`` is the id of one that is ``ready``, ``report`` what its build reported
    (:meth:`ingest.report.BuildReport.as_json`), ``lines`` why there is none, or what to know of it, in Chinese.
    """

    state: BuildState
    stage: Stage = "read"
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    who: str = ""
    since: str = ""
    draft: str = ""
    lines: tuple[str, ...] = ()
    report: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """One generation in the history; ``live`` for the one that answers, ``published`` when it first went live."""

    id: str
    created: str
    published: str | None
    live: bool
    entries: int
    figures: Mapping[str, float] = field(default_factory=dict)
    override: str = ""
    problem: str = ""
