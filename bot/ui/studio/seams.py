"""What the studio needs from the rest of the product; ``ingest`` implements it and ``app_gradio`` wires it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

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


class Publisher(Protocol):
    """Builds what the shelf holds in the background, and puts it live."""

    def status(self) -> BuildStatus:
        """Where the last build of this process is."""

    def start(self, who: str) -> None:
        """Begin to build a draft, not published, as a background child process.

        Raises:
            InputError: one is being built already.
        """

    def cancel(self) -> None:
        """Stop a build that is running; nothing is left of it."""

    def publish(self, identity: str, who: str, override: str = "") -> None:
        """Put a draft through the gate and live; ``override`` is the reason to publish what the gate refuses.

        Raises:
            GateRefused, StaleDraft, StoreError: the live version stays.
        """

    def versions(self) -> Sequence[Version]:
        """All generations, newest first."""

    def rollback(self, who: str) -> str:
        """Make the version live that was before; returns its id.

        Raises:
            StoreError: there is none.
        """
