"""What staff see, as escaped HTML, and where it comes from; the page around it is in :mod:`bot.ui.staff`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Protocol

from bot.records import Outcome, Reply
from bot.ui.views import inline, place_title, prose, source_link
from kb.errors import KBError
from kb.records import Band, Hit, SearchResult

if TYPE_CHECKING:
    from bot.checker import Finding
    from bot.tickets import Ticket

KINDS = {"faq": "常见问题", "passage": "政策文档", "script": "话术"}
AUDIENCES = {"public": "可对顾客说", "internal": "仅供内部"}
BANDS: dict[Band, str] = {"answer": "可以直接回复", "clarify": "请先向顾客确认", "none": "没有把握，建议转专人处理"}
OUTCOMES: dict[Outcome, tuple[Band, str]] = {
    "answer": ("answer", BANDS["answer"]),
    "clarify": ("clarify", BANDS["clarify"]),
    "handoff": ("none", BANDS["none"]),
    "scripted": ("answer", "情境用语，可以直接回复"),
    "refused": ("none", "这句话没有可以答复的内容"),
}
SIGNALS = {
    "dense": "语义相近",
    "lexical": "字词相合",
    "cosine": "余弦相似",
    "bm25": "关键词得分",
    "overlap": "词语覆盖",
    "lift": "高出平常",
    "peak": "高出其他条目",
    "exact": "一字不差",
    "counter": "像反例问",
    "reranker": "重排得分",
}
TICKET_KINDS = {
    "question": "待答复的问题",
    "human": "请求人工",
    "suggestion": "建议",
    "complaint_slow": "投诉：慢",
    "complaint_attitude": "投诉：态度",
    "complaint_error": "投诉：差错",
    "complaint_other": "投诉：其他",
    "abusive": "情绪激动",
}
HITS = 5
QUESTION_CHARS = 500


class Finder(Protocol):
    """The part of :class:`kb.knowledge.KnowledgeBase` the desk searches."""

    def search(self, question: str, k: int = 5) -> SearchResult:
        """What the base has to say."""


class Replier(Protocol):
    """The part of :class:`bot.assistant.Assistant` (role agent) that writes ready replies."""

    def reply(self, session: str, text: str) -> Reply:
        """The reply to a customer's words."""


class DraftChecker(Protocol):
    """The part of :class:`bot.checker.Checker` the desk uses."""

    def check(self, text: str, scenario: str | None = None) -> Sequence[Finding]:
        """What is wrong with a draft."""


class TicketBox(Protocol):
    """The part of :class:`bot.tickets.Tickets` that lists tickets."""

    def listed(self) -> list[Ticket]:
        """Tickets that are not closed, those due first at the front."""

    def viewed(self, ticket_ids: Collection[str], who: str) -> None:
        """Note that ``who`` was shown the contacts of these tickets."""


@dataclass(frozen=True, slots=True)
class Found:
    """``verdict``: how sure the base is, as HTML. ``cards``: one HTML card for every hit, best first."""

    verdict: str
    cards: tuple[str, ...] = ()


class Desk:
    """Look-ups, ready replies, checks and tickets; the caller has made sure that a member of staff asks."""

    def __init__(
        self,
        finder: Finder,
        replier: Replier,
        checker: DraftChecker,
        tickets: TicketBox,
        zone: tzinfo,
        clock: Callable[[tzinfo], datetime] = datetime.now,
    ) -> None:
        self.finder = finder
        self.replier = replier
        self.checker = checker
        self.box = tickets
        self.zone = zone
        self.clock = clock

    def look_up(self, question: str) -> Found:
        """What the whole base, internal part included, knows about ``question``."""
        question = question.strip()[:QUESTION_CHARS]
        if not question:
            return Found("")
        try:
            result = self.finder.search(question, HITS)
        except KBError as error:
            return Found(f'<p class="bad">知识库暂时查不了：{inline(str(error))}</p>')
        if not result.hits:
            return Found('<p class="none">没有找到相关的内容。您可以换几个关键词再试。</p>')
        verdict = _verdict(result.band, BANDS[result.band], result.confidence)
        return Found(verdict, tuple(self._card(hit) for hit in result.hits))

    def text_of(self, question: str, place: int) -> str:
        """The text of the hit at ``place`` for ``question``, ready to be edited; of a script its first wording."""
        hits = self.finder.search(question.strip()[:QUESTION_CHARS], HITS).hits
        if place >= len(hits):
            return ""
        entry = hits[place].entry
        if entry.only_wrong:
            return ""  # nothing in it may be said
        return entry.text.split("\n", 1)[0] if entry.kind == "script" else entry.text

    def ready_reply(self, name: str, question: str) -> tuple[str, str]:
        """What the assistant would say, and how sure it is, as HTML.

        Every look-up stands alone, so nothing is carried over from another customer.
        """
        if not question.strip():
            return "", ""
        reply = self.replier.reply(f"desk-{name}-{secrets.token_urlsafe(8)}", question)
        return reply.text, _verdict(*OUTCOMES[reply.outcome], reply.confidence)

    def check(self, draft: str) -> str:
        """What is wrong with ``draft``, and how it is better said."""
        if not draft.strip():
            return ""
        findings = self.checker.check(draft)
        if not findings:
            return '<p class="good">用语检查通过，没有发现问题。</p>'
        lines = "".join(self._finding(draft, finding) for finding in findings)
        return f'<p class="bad">用语检查发现 {len(findings)} 处需要修改：</p><ul class="findings">{lines}</ul>'

    def tickets(self, who: str) -> str:
        """Open tickets, those due first at the front; that ``who`` saw the contacts in them is written to the audit."""
        try:
            tickets = self.box.listed()
            self.box.viewed([ticket.id for ticket in tickets if ticket.contact], who)
        except KBError as error:
            return f'<p class="bad">工单暂时读不出来：{inline(str(error))}</p>'
        if not tickets:
            return '<p class="none">目前没有待处理的工单。</p>'
        return "".join(self._ticket(ticket) for ticket in tickets)

    def _card(self, hit: Hit) -> str:
        entry = hit.entry
        badges = f'<span class="kind">{KINDS[entry.kind]}</span><span class="{entry.audience}">{AUDIENCES[entry.audience]}</span>'
        title = entry.question or (entry.place.heading[-1] if entry.place.heading else "")
        heading = f"<h3>{inline(title)}</h3>" if title else ""
        if entry.only_wrong:
            text = '<p class="none">这些话请不要对客户说：</p>'
        elif entry.kind == "script":
            text = "".join(
                f'<p class="right"><b>√</b>{inline(line)}</p>' for line in hit.text.splitlines() if line.strip()
            )
        else:
            text = prose(hit.text)
        wrong = "".join(f'<p class="wrong"><b>×</b>{inline(line)}</p>' for line in entry.wrong)
        signals = "".join(
            f"<li>{inline(SIGNALS.get(name, name))}<b>{value:.2f}</b></li>" for name, value in hit.signals.items()
        )
        why = f"<details><summary>为什么匹配</summary><ul><li>总分<b>{hit.score:.2f}</b></li>{signals}</ul></details>"
        where = inline(place_title(entry.place.source, " › ".join(entry.place.heading) or entry.category))
        link = f'<a class="source" href="{source_link(entry.id)}">{where}</a>'
        foot = f'<div class="foot">{link}<span>{inline(_validity(entry.valid_from, entry.valid_to))}</span>{why}</div>'
        return f'<div class="card"><div class="badges">{badges}</div>{heading}{text}{wrong}{foot}</div>'

    def _finding(self, draft: str, finding: Finding) -> str:
        start, end = finding.span
        words = f"<q>{inline(draft[start:end])}</q>" if end > start else ""
        better = f'<span class="better">建议：{inline(finding.suggestion)}</span>' if finding.suggestion else ""
        return f"<li>{words}{inline(finding.message)}{better}</li>"

    def _ticket(self, ticket: Ticket) -> str:
        late = ticket.overdue(self.clock(self.zone))
        due = f"{self._moment(ticket.due)} 前答复" if ticket.due else "不限时间"
        rows = [
            ("顾客的话", ticket.question),
            *(("补充", line) for line in ticket.details),
            ("联系方式", ticket.contact or "未留"),
        ]
        lines = "".join(f"<dt>{label}</dt><dd>{inline(text)}</dd>" for label, text in rows)
        head = (
            f'<span class="kind">{inline(TICKET_KINDS.get(ticket.kind, ticket.kind))}</span>'
            f'<strong>{inline(ticket.id)}</strong><span class="{"late" if late else "due"}">'
            f"{'已超时：' if late else ''}{inline(due)}</span>"
        )
        return f'<div class="card ticket"><div class="badges">{head}</div><dl>{lines}</dl></div>'

    def _moment(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        return f"{local.month}月{local.day}日 {local:%H:%M}"


def _verdict(band: Band, words: str, confidence: float) -> str:
    return f'<p class="band {band}"><strong>{words}</strong><span>把握 {confidence:.0%}</span></p>'


def _validity(start: object, end: object) -> str:
    if start and end:
        return f"有效期 {start} 至 {end}"
    if start:
        return f"{start} 起有效"
    return f"有效期至 {end}" if end else "长期有效"
