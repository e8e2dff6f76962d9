"""The values that travel between the studio's pages and what builds and publishes its draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["start", "read", "embed", "check"]
BuildState = Literal["none", "building", "ready", "unchanged", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class BuildStatus:
    """Where the draft is.

    ``stage`` with ``done`` of ``total`` and ``seconds_left`` (None while unknown) tell the progress of one that is being
    built since ``since`` (seconds since 1970) for ``who``. ``draft`` is the id of one that is ``ready``; ``lines`` are what
    to know of it or why there is none, ``changes`` its entries that are new (+), changed (~) or gone (-), ``impact`` what
    that does to answers, ``files`` the files that were left out, all in Chinese;
    ``counts`` are entries in all, ``added``, ``changed``, ``removed`` and ``moved`` against the live version. ``refused``:
    why the publish gate says no, empty where it does not. ``outdated``: the sources changed after it was begun.
    """

    state: BuildState
    stage: Stage = "start"
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    who: str = ""
    since: float = 0.0
    draft: str = ""
    lines: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    impact: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    refused: str = ""
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """One generation in the history.

    ``created`` and ``published`` (None: never) are ISO 8601 in UTC, ``who`` published it last as far as the studio did.
    ``figures`` are the gate's, ``override`` is why it was published all the same, ``problem`` why it cannot be read.
    """

    id: str
    created: str = ""
    published: str | None = None
    live: bool = False
    entries: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)
    override: str = ""
    who: str = ""
    problem: str = ""
