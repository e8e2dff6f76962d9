"""What the desk of an agent does: look up, write a ready reply, check a draft, and what is kept at hand."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Protocol

from bot.records import Reply
from bot.reports import ReportKind
from bot.ui import cards
from bot.ui.scripts import SITUATIONS, STEPS, Shelf
from bot.ui.views import inline
from kb.errors import KBError
from kb.records import Entry, SearchResult

if TYPE_CHECKING:
    from bot.checker import Finding
    from bot.ui.tickets import TicketDesk

log = logging.getLogger(__name__)

HITS = 5
QUESTION_CHARS = 500
DRAFT_CHARS = 4_000


class Base(Protocol):
    """The part of :class:`kb.knowledge.KnowledgeBase` the desk searches."""

    def search(self, question: str, k: int = 5) -> SearchResult:
        """What the base has to say."""

    def entry(self, identity: str) -> Entry | None:
        """The entry with that id."""


class Replier(Protocol):
    """The part of :class:`bot.assistant.Assistant` (role agent) that writes ready replies."""

    def reply(self, session: str, text: str) -> Reply:
        """The reply to a customer's words."""


class DraftChecker(Protocol):
    """The part of :class:`bot.checker.Checker` the desk uses."""

    def check(self, text: str, scenario: str | None = None) -> Sequence[Finding]:
        """What is wrong with a draft."""


class Notes(Protocol):
    """The part of :class:`bot.notebook.Notebook` the desk uses."""

    def favourites(self, who: str) -> tuple[str, ...]:
        """Ids of favourite entries."""

    def favour(self, who: str, entry: str, on: bool) -> None:
        """Put an entry among the favourites, or take it away."""

    def recent(self, who: str) -> tuple[str, ...]:
        """What was looked up last."""

    def looked_up(self, who: str, question: str) -> None:
        """Note what was looked up."""


class Mailbox(Protocol):
    """The part of :class:`bot.reports.Reports` the desk uses."""

    def report(self, who: str, kind: ReportKind, question: str, entry: str = "", note: str = "") -> int:
        """Tell the editors of a wrong or missing answer."""


@dataclass(frozen=True, slots=True)
class ReadyReply:
    """``text`` to be said, and as HTML how sure it is, the situation, and the steps to take."""

    text: str
    html: str


class Desk:
    """The caller has made sure that a member of staff asks, ``who``."""

    def __init__(
        self,
        base: Base,
        replier: Replier,
        checker: DraftChecker,
        notes: Notes,
        mailbox: Mailbox,
        tickets: TicketDesk,
        shelves: Callable[[datetime, str], Sequence[Shelf]],
        zone: tzinfo,
        clock: Callable[[tzinfo], datetime] = datetime.now,
    ) -> None:
        self.tickets = tickets
        self.base = base
        self.replier = replier
        self.checker = checker
        self.notes = notes
        self.mailbox = mailbox
        self._shelves = shelves
        self._zone = zone
        self._clock = clock

    def look_up(self, who: str, question: str) -> str:
        """What the whole base, internal part included, knows about ``question``, best first."""
        question = question.strip()[:QUESTION_CHARS]
        if not question:
            return ""
        try:
            result = self.base.search(question, HITS)
        except KBError as error:
            return f'<p class="bad">知识库暂时查不了：{inline(str(error))}</p>'
        missing = '<p class="doing"><button type="button" class="report" data-kind="missing">没有合适的答案，告诉编辑</button></p>'
        if not result.hits:
            return f'<p class="none">没有找到相关的内容。您可以换几个关键词再试。</p>{missing}'
        kept = self._favourites(who)
        shown = "".join(cards.hit_card(hit, hit.entry.id in kept) for hit in result.hits)
        return cards.verdict(result.band, cards.BANDS[result.band], result.confidence) + shown + missing

    def ready_reply(self, who: str, question: str) -> ReadyReply:
        """What the assistant would say to a customer's words.

        Every look-up stands alone, so nothing is carried over from another customer.
        """
        if not question.strip():
            return ReadyReply("", "")
        reply = self.replier.reply(f"desk-{who}-{secrets.token_urlsafe(8)}", question)
        try:
            self.notes.looked_up(who, question)
        except KBError as error:  # a reply is worth more than the list of what was asked
            log.error("a look-up was not noted: %s", error)
        steps = "".join(f"<li>{inline(step)}</li>" for step in STEPS.get(reply.scenario, ()))
        html = cards.verdict(*cards.OUTCOMES[reply.outcome], reply.confidence)
        html += f'<p class="situation">情形：<b>{SITUATIONS[reply.scenario]}</b></p>'
        return ReadyReply(reply.text, html + (f'<ol class="steps">{steps}</ol>' if steps else ""))

    def check(self, draft: str) -> str:
        """What is wrong with ``draft``, and how it is better said."""
        draft = draft[:DRAFT_CHARS]
        return cards.findings(draft, self.checker.check(draft)) if draft.strip() else ""

    def scripts(self, who: str) -> str:
        """The lines for every occasion, as buttons: the first at once, the others behind it."""
        shown = "".join(map(_shelf, self._shelves(self._clock(self._zone), who)))
        return f'<h2>常用话术</h2><ul class="shelves">{shown}</ul>'

    def at_hand(self, who: str) -> str:
        """The favourites of ``who`` and what they looked up last."""
        try:
            entries = [entry for entry in map(self.base.entry, self.notes.favourites(who)) if entry is not None]
            recent = self.notes.recent(who)
        except KBError as error:
            return f'<p class="bad">收藏和最近查询暂时读不出来：{inline(str(error))}</p>'
        favourites = "".join(map(cards.favourite_card, entries)) or '<li class="none">点结果卡片上的 ☆，常用的条目就会留在这里。</li>'
        asked = "".join(f'<li><button type="button" class="again">{inline(question)}</button></li>' for question in recent)
        asked = asked or '<li class="none">您生成过回复的问题会出现在这里。</li>'
        return f'<h2>收藏</h2><ul class="kept">{favourites}</ul><h2>最近查询</h2><ul class="kept">{asked}</ul>'

    def favour(self, who: str, entry: str, on: bool) -> None:
        """Keep an entry at hand, or no longer.

        Raises:
            JournalError: it was not kept.
        """
        if on and self.base.entry(entry) is None:
            return
        self.notes.favour(who, entry[:200], on)

    def report(self, who: str, kind: ReportKind, question: str, entry: str, note: str = "") -> None:
        """Tell the editors of a wrong or missing answer.

        Raises:
            InputError: there is nothing to tell. JournalError: it was not kept.
        """
        self.mailbox.report(who, kind, question, entry[:200], note)

    def _favourites(self, who: str) -> frozenset[str]:
        try:
            return frozenset(self.notes.favourites(who))
        except KBError as error:
            log.error("favourites cannot be read: %s", error)
            return frozenset()


def _shelf(shelf: Shelf) -> str:
    first, *others = (
        f'<button type="button" class="say" data-words="{inline(line)}">{inline(line)}</button>' for line in shelf.lines
    )
    more = f"<details><summary>换一句（{len(others)}）</summary>{''.join(others)}</details>" if others else ""
    return f"<li><h3>{inline(shelf.title)}</h3>{first}{more}</li>"
