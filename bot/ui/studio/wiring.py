"""Which tabs the studio has, over the tools that are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from bot.ui.studio.cards import Checker
from bot.ui.studio.faq_tab import faq_tab
from bot.ui.studio.files_tab import files_tab
from bot.ui.studio.inbox_tab import Inbox, inbox_tab
from bot.ui.studio.publish_tab import publish_tab
from bot.ui.studio.seams import Entries, Exchange, Files, Publisher, Trier
from bot.ui.studio.tabs import Tab


@dataclass(frozen=True, slots=True)
class Tools:
    """What ``ingest`` lends to the studio, see :mod:`bot.ui.studio.seams`; ``most`` is how many bytes a file may have."""

    files: Files
    entries: Entries
    exchange: Exchange
    publisher: Publisher
    trier: Trier
    most: int


def studio_tabs(tools: Tools, checker: Checker, zone: tzinfo, inbox: Inbox | None = None) -> tuple[Tab, ...]:
    """The tabs in their order; ``zone`` is where the shop is."""
    missing = () if inbox is None else (inbox_tab(inbox, tools.entries, zone),)
    return (
        files_tab(tools.files, tools.entries, tools.most),
        faq_tab(tools.files, tools.entries, tools.exchange, checker, tools.most),
        *missing,
        publish_tab(tools.publisher, tools.trier, zone),
    )
