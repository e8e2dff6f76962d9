"""The tab of what is missing: questions asked in vain and what agents report, each one step from becoming knowledge."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Annotated, Protocol
from xml.etree.ElementTree import Element

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from bot.accounts import Account
from bot.reports import Report
from bot.ui.studio.access import Access
from bot.ui.studio.cards import NEW, card
from bot.ui.studio.fragment import badge, button, choice, fragment, post
from bot.ui.studio.seams import Entries
from bot.ui.studio.tabs import Tab
from bot.unanswered import Reason, State, Unanswered
from kb.editing import Fields, read_fields
from kb.errors import InputError
from kb.markup import Child, node
from kb.records import SearchResult

if TYPE_CHECKING:
    from kb.encoder import Encoder

DAYS = {"7": "最近 7 天", "30": "最近 30 天", "90": "最近 90 天"}
REASONS: dict[Reason, str] = {
    "none": "没有答案",
    "clarify": "没选给出的问题",
    "down": "评价没有帮助",
    "unsolved": "点了没解决",
}
STATES: dict[State, str] = {"open": "待处理", "handled": "已处理", "ignored": "不用管"}
LISTED = 50
NEAR = 3
KEPT_S = 60.0
"""So long a list is shown again without being grouped anew, which takes an encoder seconds."""
PLACE = ".new-question"


class Vain(Protocol):
    """The part of :class:`bot.journal.Journal` that knows what was asked in vain."""

    def unanswered(
        self, *, limit: int = 100, since: datetime | None = None, encoder: Encoder | None = None
    ) -> Sequence[Unanswered]:
        """Questions asked in vain, the most frequent first."""

    def settle(self, questions: Iterable[str], state: State, who: str) -> None:
        """Say what became of one."""


class ReportBox(Protocol):
    """The part of :class:`bot.reports.Reports` that editors need."""

    def listed(self, *, settled: bool = False, limit: int = 200) -> Sequence[Report]:
        """What agents reported, the latest first."""

    def settle(self, number: int, who: str) -> None:
        """An editor has seen to it."""


class Finder(Protocol):
    """Finds what is live."""

    def search(self, question: str, k: int = 5) -> SearchResult:
        """The best hits."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where what is missing comes from; with an ``encoder`` questions that mean the same count as one."""

    vain: Vain
    reports: ReportBox
    finder: Finder
    encoder: Encoder | None = None


def inbox_tab(inbox: Inbox, entries: Entries, zone: tzinfo, timer: Callable[[], float] = time.monotonic) -> Tab:
    """The tab; times are shown in ``zone``."""
    vain, reports = inbox.vain, inbox.reports
    kept: dict[str, tuple[float, Sequence[Unanswered]]] = {}

    def asked(days: str) -> Sequence[Unanswered]:
        at, groups = kept.get(days, (0.0, ()))
        if days not in kept or timer() - at > KEPT_S:
            since = datetime.now(timezone.utc) - timedelta(days=int(days))
            groups = vain.unanswered(limit=500, since=since, encoder=inbox.encoder)
            kept[days] = (timer(), groups)
        return groups

    def pane(days: str, state: str, say: str = "") -> Response:
        days = days if days in DAYS else "30"
        groups = [one for one in asked(days) if not state or one.state == state]
        return fragment(*_reports(reports.listed(), zone), *_groups(groups, days, state, zone), say=say)

    def routes(router: APIRouter, access: Access) -> None:
        editor = Depends(access)

        @router.get("/inbox")
        def shown(days: str = "30", state: str = "open") -> Response:
            return pane(days, state)

        @router.post("/inbox/settle")
        def settle(
            wording: Annotated[list[str], Form()], state: Annotated[State, Form()], account: Account = editor
        ) -> Response:
            vain.settle(wording, state, account.name)
            kept.clear()
            return fragment(
                node("p", f"“{wording[0]}”：{STATES[state]}。", class_="good"), say=f"已标为{STATES[state]}。"
            )

        @router.post("/inbox/report")
        def settle_report(number: Annotated[int, Form()], account: Account = editor) -> Response:
            reports.settle(number, account.name)
            return fragment(node("p", "这条反馈已处理。", class_="good"), say="已处理。")

        @router.get("/inbox/near")
        def near(q: str) -> Response:
            return fragment(_near(q, inbox.finder, entries))

        @router.post("/inbox/alias")
        def add_alias(
            id: Annotated[str, Form()],  # noqa: A002 - the name in the form
            version: Annotated[str, Form()],
            alias: Annotated[str, Form()],
            account: Account = editor,
        ) -> Response:
            fields = Fields.of(entries.piece(id).entry)
            more = read_fields({"question": fields.question, "text": fields.text, "aliases": alias}).aliases
            edited = entries.edit(id, version, _with(fields, more), account.name)
            access.note(account, "studio_entry", edited.entry.question)
            said = f"已加上“{alias}”，发布后生效；可以把这个问题标为已处理。"
            return fragment(
                node("div", card(edited, source=True, said=said), class_="new-question"), say="已加为相似问。"
            )

    return Tab("inbox", "待补充", routes=routes)


def _groups(groups: Sequence[Unanswered], days: str, state: str, zone: tzinfo) -> list[Child]:
    states: dict[str, str] = {"": "全部", **{str(state): title for state, title in STATES.items()}}
    parts: list[Child] = [
        node("h2", "顾客问了、没有答好的"),
        node(
            "form",
            *choice("days", "时间", DAYS, days, at="inbox"),
            *choice("state", "状态", states, state, at="inbox"),
            node("button", "查看", type="submit"),
            class_="bar",
            data_get="/studio/inbox",
        ),
    ]
    parts += [_group(group, zone) for group in groups[:LISTED]]
    if not groups:
        parts.append(node("p", "没有这样的问题。", class_="soft"))
    elif len(groups) > LISTED:
        parts.append(node("p", f"这里列出问得最多的 {LISTED} 个，共 {len(groups)} 个。", class_="soft"))
    return parts


def _group(group: Unanswered, zone: tzinfo) -> Element:
    others = [wording for wording in group.wordings if wording != group.question]
    marks = [badge(f"问过 {group.times} 次")]
    marks += [badge(f"{REASONS[reason]} {count}", "public") for reason, count in group.reasons.items() if count]
    if group.state != "open":
        marks.append(badge(f"{STATES[group.state]}（{group.who}）", "note"))
    write = {"id": NEW, "question": group.question, "aliases": "\n".join(others[:20])}
    return node(
        "article",
        node("h3", group.question),
        node("div", *marks, class_="badges"),
        node("p", f"最近一次：{group.last.astimezone(zone):%m-%d %H:%M}", class_="soft"),
        node("details", node("summary", f"其他问法（{len(others)}）"), *(node("p", line) for line in others)) if others else None,
        node(
            "div",
            button("写成问答", "/studio/entry/form", PLACE, write),
            button("加为已有问答的相似问", "/studio/inbox/near", PLACE, {"q": group.question}),
            *(_settle(group.wordings, state) for state in STATES if state != group.state),
            class_="buttons",
        ),
        node("div", class_="new-question"),
        class_="card",
    )  # fmt: skip


def _settle(wordings: Sequence[str], state: State) -> Element:
    fields = [node("input", type="hidden", name="wording", value=wording) for wording in wordings]
    name = {"open": "重新处理", "handled": "已处理", "ignored": "不用管"}[state]
    return node(
        "form",
        *fields,
        node("input", type="hidden", name="state", value=state),
        node("button", name, type="submit"),
        data_post="/studio/inbox/settle",
        data_into=".card",
    )


def _reports(reports: Sequence[Report], zone: tzinfo) -> list[Child]:
    if not reports:
        return []
    return [node("h2", f"客服反馈（{len(reports)}）"), *(_report(report, zone) for report in reports[:LISTED])]


def _report(report: Report, zone: tzinfo) -> Element:
    kind = "内容有误" if report.kind == "wrong" else "没有答案"
    fix: list[Child] = []
    if report.entry:
        fix.append(button("查看并修改这一条", "/studio/entry", PLACE, {"id": report.entry}))
    if report.question:
        fix.append(button("写成问答", "/studio/entry/form", PLACE, {"id": NEW, "question": report.question}))
    return node(
        "article",
        node("div", badge(kind, "bad" if report.kind == "wrong" else "note"), badge(report.who), class_="badges"),
        node("h3", report.question) if report.question else None,
        node("p", report.note) if report.note else None,
        node("p", f"{report.at.astimezone(zone):%m-%d %H:%M}", class_="soft"),
        node(
            "div", *fix, post("已处理", "/studio/inbox/report", {"number": str(report.id)}, ".card"), class_="buttons"
        ),
        node("div", class_="new-question"),
        class_="card",
    )


def _near(question: str, finder: Finder, entries: Entries) -> Element:
    """The questions that a customer may have meant, each with a button that adds this wording to it."""
    made: list[Child] = []
    for hit in finder.search(question, NEAR * 2).hits:
        if hit.entry.kind != "faq" or len(made) == NEAR:
            continue
        try:
            piece = entries.piece(hit.entry.id)
        except InputError:
            continue  # it is live, but not in the draft any more
        about = {"id": piece.original.id, "version": piece.version, "alias": question}
        made.append(
            node("div", node("p", piece.entry.question), node("p", piece.entry.text[:80], class_="soft"), node("div", post("加到这一条", "/studio/inbox/alias", about, PLACE), class_="buttons"))
        )  # fmt: skip
    if not made:
        made.append(node("p", "没有相近的问答，请写成新的。", class_="soft"))
    return node("div", *made, class_="new-question")


def _with(fields: Fields, aliases: Sequence[str]) -> Fields:
    return replace(fields, aliases=tuple(dict.fromkeys((*fields.aliases, *aliases))))
