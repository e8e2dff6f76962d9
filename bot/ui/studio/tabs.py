"""The tabs of the studio: each in a file of its own, told here by what it is called, shows and serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.ui.studio.access import Access

if TYPE_CHECKING:
    from fastapi import APIRouter


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab.

    ``name`` is the last part of its address (``/studio/#name``), ``title`` what people read. ``pane``: whether the page
    fetches ``/studio/name`` when the tab is opened, a fragment made by its ``routes``; ``fill`` adds Gradio components instead or
    beside it, and must ask ``access.require`` first in every handler. ``routes`` adds own addresses below ``/studio``; the
    router they get lets only editors in. ``looks`` are style sheets and scripts of ``bot/ui`` that the tab needs,
    ``uploads`` the addresses that take big bodies by PUT, with the most bytes each.
    """

    name: str
    title: str
    pane: bool = True
    fill: Callable[[Access], Any] | None = None
    routes: Callable[[APIRouter, Access], None] | None = None
    looks: tuple[str, ...] = ()
    uploads: Mapping[str, int] = field(default_factory=dict)
