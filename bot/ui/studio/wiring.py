"""Which tabs the studio has, over the tools that are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from bot.checker import Checker
from bot.opening import festival_on, parse_overrides
from bot.settings import BotSettings
from bot.texts import texts_of
from bot.ui.studio.faq_tab import faq_tab
from bot.ui.studio.figures_tab import figures_tab
from bot.ui.studio.files_tab import files_tab
from bot.ui.studio.inbox_tab import Inbox, inbox_tab
from bot.ui.studio.publish_tab import publish_tab
from bot.ui.studio.seams import Entries, Exchange, Files, Publisher, Trier
from bot.ui.studio.tabs import Tab
from bot.ui.studio.texts_tab import texts_tab
from bot.ui.studio.twins_tab import twins_tab
from kb.config import Home, load
from kb.store import open_store
from kb.twins import Twin, twins

if TYPE_CHECKING:
    from bot.journal import Journal
    from kb.knowledge import KnowledgeBase


@dataclass(frozen=True, slots=True)
class Tools:
    """What ``ingest`` lends to the studio, see :mod:`bot.ui.studio.seams`; ``most`` is how many bytes a file may have.

    ``check_questions`` raises a KBError where a question set cannot be used.
    """

    files: Files
    entries: Entries
    exchange: Exchange
    publisher: Publisher
    trier: Trier
    most: int
    check_questions: Callable[[bytes], object]


def studio_tabs(
    tools: Tools, home: Home, base: KnowledgeBase, journal: Journal, inbox: Inbox, checker: Checker, zone: tzinfo
) -> tuple[Tab, ...]:
    """The tabs in their order; ``zone`` is where the shop is, ``base`` what is live, internal part included."""
    store, overrides = open_store(home), parse_overrides(load(BotSettings, home).festivals)

    def pairs(most: int) -> tuple[Twin, ...]:
        return twins(store.load(base.generation, "internal"), most)

    def waiting() -> int:
        return sum(count for state, count in journal.tickets.counts().items() if state != "closed")

    def festival() -> str | None:
        return festival_on(datetime.now(zone).date(), overrides)

    return (
        files_tab(tools.files, tools.entries, tools.most),
        faq_tab(tools.files, tools.entries, tools.exchange, checker, tools.most),
        inbox_tab(inbox, tools.entries, zone),
        publish_tab(tools.publisher, tools.trier, zone),
        figures_tab(journal, base, zone, festival, waiting),
        twins_tab(pairs),
        texts_tab(texts_of(home, checker, tools.check_questions)),
    )
