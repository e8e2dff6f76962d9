"""The values that travel between the studio's pages and what keeps its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kb.records import Audience, Entry

State = Literal["as_is", "edited", "hidden", "stale"]
"""``as_is``: as the file says. ``edited``: with an editor's changes. ``hidden``: not in the base. ``stale``: the file says
something else than when the editor changed it, so the change waits for a look."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of the draft.

    ``entry`` is what would be built, ``original`` what the file says; ``version`` is what a change of it must name.
    ``wanted`` is the editor's change that waits where ``state`` is ``stale``. ``own``: a row of the studio's own table,
    which has no other original. ``doubts`` are Chinese lines to look at, ``who`` changed it last, and ``when`` (ISO 8601).
    """

    entry: Entry
    original: Entry
    state: State
    version: str
    own: bool = False
    wanted: Entry | None = None
    doubts: tuple[str, ...] = ()
    who: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class ShelfFile:
    """One file of the draft.

    ``audience`` is that of its entries unless they say themselves, ``reason`` why; ``version`` names its content, ``size``
    is in bytes. ``trouble`` says why it cannot be read; ``kept``: there are only its entries, taken over from the live
    version. ``earlier``: a former version can be brought back; ``new``: nothing of it is live yet.
    """

    name: str
    audience: Audience
    version: str
    size: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    trouble: str = ""
    warnings: tuple[str, ...] = ()
    encoding: str = ""
    edited: int = 0
    hidden: int = 0
    stale: int = 0
    kept: bool = False
    earlier: bool = False
    new: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an upload: ``added``, a ``replaced`` file of the same name, the ``same`` again, or ``rejected``."""

    name: str
    outcome: Literal["added", "replaced", "same", "rejected"]
    line: str
    file: ShelfFile | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """What a table of questions would change: questions ``added`` and ``changed``, how many stay the ``same``, and
    Chinese lines for the rows that are ``refused``. ``token`` names it when it is to be done."""

    token: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    same: int
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deleted:
    """A file that was deleted since the last publish, and can be brought back."""

    name: str
