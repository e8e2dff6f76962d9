"""Which tabs the studio has, over the tools that are there."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ui.studio.seams import Publisher
from bot.ui.studio.tabs import Tab


@dataclass(frozen=True, slots=True)
class Tools:
    """What ``ingest`` lends to the studio (see :mod:`bot.ui.studio.seams`); a tab whose tool is None is not there."""

    publisher: Publisher | None = None


def studio_tabs(tools: Tools) -> tuple[Tab, ...]:
    """The tabs in their order."""
    return ()
