"""The tickets of the agents: a list with filters, and a card with its facts, history, transcript and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Literal, Protocol
from urllib.parse import quote
from xml.etree.ElementTree import Element

from fastapi import APIRouter, Depends, FastAPI, Form
from fastapi.responses import Response

from bot.accounts import Account
from bot.ticket import PENDING, STATES, Card, State, Ticket, TicketKind
from bot.ui.desk_routes import Caller, Text
from bot.ui.sign_in import AccountBook
from bot.ui.studio.fragment import button, fragment, paragraphs
from kb.errors import InputError
from kb.markup import Child, node

KINDS: dict[TicketKind, str] = {
    "question": "待答复的问题",
    "human": "请求人工",
    "suggestion": "建议",
    "complaint_slow": "投诉：慢",
    "complaint_attitude": "投诉：态度",
    "complaint_error": "投诉：差错",
    "complaint_other": "投诉：其他",
    "abusive": "情绪激动",
}
STATE_NAMES: dict[State, str] = {"open": "待接手", "in_progress": "处理中", "waiting": "等顾客回复", "closed": "已办结"}
DONE = {
    "note": "备注", "take": "接手", "release": "退回", "wait": "等顾客回复", "close": "办结", "reopen": "重新打开",
    "withdraw": "顾客撤回", "add": "顾客补充",
}  # fmt: skip
Filter = Literal["pending", "mine", "late", "closed"]
FILTERS: dict[Filter, str] = {"pending": "待处理", "mine": "我的", "late": "已超时", "closed": "已办结"}
Do = Literal["take", "release", "wait", "close", "reopen", "note"]


class TicketBox(Protocol):
    """The part of :class:`bot.tickets.Tickets` for staff."""

    def listed(
        self,
        states: Collection[State] = PENDING,
        *,
        kinds: Collection[TicketKind] = (),
        taken_by: str | None = None,
        overdue: bool = False,
        limit: int = 200,
    ) -> list[Ticket]:
        """Tickets, those due first at the front."""

    def counts(self) -> dict[State, int]:
        """How many are in each state."""

    def card(self, ticket_id: str, before: timedelta = timedelta(hours=1)) -> Card:
        """All that is known of a ticket."""

    def viewed(self, ticket_ids: Collection[str], who: str) -> None:
        """Note that ``who`` was shown the contacts of these tickets."""

    def take(self, ticket_id: str, who: str) -> None:
        """``who`` works on it from now on."""

    def release(self, ticket_id: str, who: str, text: str = "") -> None:
        """Give it back to everybody."""

    def wait(self, ticket_id: str, who: str, text: str = "") -> None:
        """The customer was asked for something."""

    def close(self, ticket_id: str, who: str, result: str = "") -> None:
        """It is settled."""

    def reopen(self, ticket_id: str, who: str, text: str = "") -> None:
        """It was not settled after all."""

    def note(self, ticket_id: str, who: str, text: str) -> None:
        """Write something down for colleagues."""


class TicketDesk:
    """Makes the list and the cards, and does what is asked; ``who`` has been verified."""

    def __init__(
        self, box: TicketBox, zone: tzinfo, clock: Callable[[tzinfo], datetime] = datetime.now
    ) -> None:
        self.box = box
        self.zone = zone
        self.clock = clock

    def listed(self, who: str, chosen: Filter) -> Element:
        """The tickets under one filter, those due first at the front; contacts are shown on the cards only."""
        tickets = self.box.listed(
            ("closed",) if chosen == "closed" else PENDING,
            taken_by=who if chosen == "mine" else None,
            overdue=chosen == "late",
        )
        counts = self.box.counts()
        waiting = sum(counts[state] for state in STATES if state != "closed")
        filters = [
            node(
                "button", name, type="button", data_get=f"/desk/tickets?show={key}",
                aria_pressed="true" if key == chosen else "false",
            )
            for key, name in FILTERS.items()
        ]  # fmt: skip
        rows = [self._row(ticket) for ticket in tickets]
        empty = {"pending": "目前没有待处理的工单。", "mine": "您手上没有工单，可以在“待处理”里接手一张。",
                 "late": "没有超时的工单。", "closed": "还没有办结的工单。"}[chosen]  # fmt: skip
        return node(
            "div",
            node("p", f"待处理 {waiting} 张，其中 {counts['open']} 张还没有人接手。", class_="soft"),
            node("div", *filters, class_="filters", role="group", aria_label="筛选工单"),
            node("ul", *rows, class_="tickets") if rows else node("p", empty, class_="none"),
            class_="ticket-list",
        )

    def card(self, who: str, ticket_id: str) -> Element:
        """All of one ticket; that ``who`` saw the contact in it is written to the audit.

        Raises:
            InputError: there is no such ticket.
        """
        card = self.box.card(ticket_id)
        ticket = card.ticket
        if ticket.contact:
            self.box.viewed([ticket.id], who)
        facts = [
            ("顾客的话", ticket.question),
            ("发生了什么", ticket.facts.what),
            ("订单号", ticket.facts.order),
            ("称呼", ticket.facts.name),
            ("联系方式", ticket.contact or "未留"),
            *(("补充", line) for line in ticket.details),
            ("处理结果", ticket.result),
        ]
        rows: list[Child] = []
        for label, text in facts:
            if text:
                rows += [node("dt", label), node("dd", *paragraphs(text))]
        history = [
            node("li", node("b", self._moment(note.at)), f" {note.who or '顾客'} {DONE[note.action]}", f"：{note.text}" if note.text else None)
            for note in card.notes
        ]
        said: list[Child] = []
        for one in card.transcript:
            if one.question:
                said.append(node("div", node("b", f"顾客 {self._moment(one.at)}"), *paragraphs(one.question), class_="customer"))
            said.append(node("div", node("b", "机器人"), *paragraphs(one.reply), class_="bot"))
        return node(
            "div",
            node("p", button("‹ 返回列表", "/desk/tickets?show=pending")),
            node("div", self._head(ticket), node("dl", *rows), class_="card ticket"),
            self._doing(ticket),
            node("h3", "处理记录"),
            node("ul", *history, class_="history") if history else node("p", "还没有人处理过。", class_="none"),
            node("details", node("summary", f"对话记录（{len(card.transcript)} 轮，号码已隐去）"), *said, class_="transcript")
            if said
            else None,
            class_="ticket-card",
        )

    def act(self, who: str, ticket_id: str, action: Do, text: str) -> str:
        """Do it; what was done, in words.

        Raises:
            InputError: it cannot be done; the text says why.
        """
        if action == "close" and not text.strip():
            raise InputError("请写一句处理结果，方便同事以后查看，然后再办结。")
        if action == "take":
            self.box.take(ticket_id, who)
        else:
            getattr(self.box, action)(ticket_id, who, text)
        return {"take": "已接手。", "release": "已退回，同事可以接手。", "wait": "已记下，顾客回复后会回到处理中。",
                "close": "已办结。", "reopen": "已重新打开。", "note": "备注已保存。"}[action]  # fmt: skip

    def _row(self, ticket: Ticket) -> Element:
        words = ticket.facts.what or ticket.question
        about = node("span", words[:60] + ("…" if len(words) > 60 else ""), class_="about")
        opening = node("button", about, type="button", data_get=f"/desk/tickets/{quote(ticket.id)}")
        return node("li", self._head(ticket), opening, class_="ticket")

    def _head(self, ticket: Ticket) -> Element:
        late = ticket.overdue(self.clock(self.zone))
        due = f"{self._moment(ticket.due)} 前答复" if ticket.due else "不限时间"
        if ticket.state == "closed":
            due = f"{self._moment(ticket.closed_at)} 办结" if ticket.closed_at else "已办结"
        state = STATE_NAMES[ticket.state] + (f"：{ticket.taken_by}" if ticket.taken_by and ticket.state != "closed" else "")
        return node(
            "div",
            node("span", KINDS.get(ticket.kind, ticket.kind), class_="kind"),
            node("strong", ticket.id),
            node("span", state, class_="state"),
            node("span", f"已超时：{due}" if late else due, class_="late" if late else "due"),
            class_="badges",
        )

    def _doing(self, ticket: Ticket) -> Element:
        pending: list[tuple[Do, str]] = [("wait", "等顾客回复"), ("release", "退回"), ("close", "办结")]
        names: list[tuple[Do, str]] = [("reopen", "重新打开")] if ticket.state == "closed" else pending
        if ticket.state == "open":
            names = [("take", "接手"), ("close", "办结")]
        elif ticket.state == "waiting":
            names = [("take", "继续处理"), ("release", "退回"), ("close", "办结")]
        buttons = [node("button", name, type="submit", name="action", value=key) for key, name in (*names, ("note", "只加备注"))]
        return node(
            "form",
            node("label", "备注或处理结果", for_="ticket-text"),
            node("textarea", "", id="ticket-text", name="text", rows=3, maxlength=2000),
            node("div", *buttons, class_="buttons"),
            data_post=f"/desk/tickets/{quote(ticket.id)}",
            class_="editing",
        )

    def _moment(self, moment: datetime | None) -> str:
        if moment is None:
            return ""
        local = moment.astimezone(self.zone)
        return f"{local.month}月{local.day}日 {local:%H:%M}"


def ticket_routes(app: FastAPI, desk: TicketDesk, accounts: AccountBook) -> None:
    """``/desk/tickets`` and what is below."""
    router = APIRouter(prefix="/desk/tickets")
    caller = Depends(Caller(accounts))

    @router.get("")
    def listed(show: Filter = "pending", account: Account = caller) -> Response:
        return fragment(desk.listed(account.name, show))

    @router.get("/{ticket_id}")
    def card(ticket_id: str, account: Account = caller) -> Response:
        return fragment(desk.card(account.name, ticket_id))

    @router.post("/{ticket_id}")
    def act(ticket_id: str, action: Annotated[Do, Form()], text: Text = "", account: Account = caller) -> Response:
        said = desk.act(account.name, ticket_id, action, text)
        return fragment(desk.card(account.name, ticket_id), say=said)

    app.include_router(router)
