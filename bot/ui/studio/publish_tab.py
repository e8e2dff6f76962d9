"""The tab of publishing: a draft built in the background, what it changes, the gate's word, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Annotated, Literal
from xml.etree.ElementTree import Element

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from bot.accounts import Account
from bot.ui.studio.access import Access
from bot.ui.studio.fragment import badge, field, fragment, post
from bot.ui.studio.seams import Publisher, Trier
from bot.ui.studio.tabs import Tab
from bot.ui.studio.try_draft import QUESTION_CHARS, tried, try_form
from kb.errors import GateRefused, InputError
from kb.markup import Child, node
from kb.publishing import BuildStatus, Version

STAGES = {"start": "正在准备", "read": "正在读取文件", "embed": "正在计算向量", "check": "正在用问题集检查"}
REASON_CHARS = 200
SHOWN = 20


def publish_tab(publisher: Publisher, trier: Trier, zone: tzinfo) -> Tab:
    """The tab; times are shown in ``zone``."""

    def routes(router: APIRouter, access: Access) -> None:
        editor = Depends(access)

        def everything(say: str = "", trouble: str = "") -> Response:
            told = node("p", trouble, class_="trouble", role="alert") if trouble else None
            return fragment(told, status(publisher.status()), *history(publisher.versions(), zone), say=say)

        @router.get("/publish")
        def pane() -> Response:
            return everything()

        @router.get("/publish/status")
        def progress() -> Response:
            return fragment(status(publisher.status()))

        @router.get("/publish/try")
        def ask(draft: str, audience: Literal["public", "internal"] = "public", q: str = "") -> Response:
            question = q.strip()[:QUESTION_CHARS]
            if not question:
                raise InputError("请先写上要问的话。")
            return fragment(tried(*trier.compare(draft, audience, question)))

        @router.post("/publish/build")
        def build(account: Account = editor) -> Response:
            publisher.start(account.name)
            return fragment(status(publisher.status()), say="已开始生成草稿。")

        @router.post("/publish/cancel")
        def cancel() -> Response:
            publisher.cancel()
            return fragment(status(publisher.status()), say="已取消。")

        @router.post("/publish/live")
        def live(
            draft: Annotated[str, Form()], reason: Annotated[str, Form()] = "", account: Account = editor
        ) -> Response:
            reason = " ".join(reason.split())[:REASON_CHARS]
            try:
                publisher.publish(draft, account.name, reason)
            except GateRefused as refused:
                return everything(trouble=str(refused))
            access.note(account, "studio_publish", f"{draft}{'，理由：' + reason if reason else ''}")
            return everything(say=f"{draft} 已发布，现在的回答都来自它。")

        @router.post("/publish/rollback")
        def rollback(account: Account = editor) -> Response:
            identity = publisher.rollback(account.name)
            access.note(account, "studio_rollback", identity)
            return everything(say=f"已退回到 {identity}。")

    return Tab("publish", "发布", routes=routes, looks=("studio/publish.js",))


def status(now: BuildStatus) -> Element:
    """Where the draft is, and what can be done next."""
    start = post("生成草稿", "/studio/publish/build", {}, "#draft", class_="main")
    parts: list[Child] = [node("h2", "草稿")]
    if now.state == "building":
        parts.append(node("p", _progress(now), role="status"))
        share = node("progress", value=str(now.done), max=str(now.total)) if now.total else node("progress")
        share.set("aria-label", STAGES[now.stage])
        parts += [
            share,
            node("div", post("取消", "/studio/publish/cancel", {}, "#draft", sure="确定取消？"), class_="buttons"),
        ]
        return node("section", *parts, id="draft", class_="card", data_poll="/studio/publish/status")
    if now.state == "ready":
        parts += _ready(now)
    elif now.state == "unchanged":
        parts.append(node("p", "现在的资料和正式版完全一样，没有需要发布的。", class_="good"))
        parts += _lines(now)
    elif now.state == "failed":
        parts += [node("p", line, class_="trouble") for line in now.lines]
    else:
        parts.append(node("p", "改好资料和问答后，先生成草稿：它会读一遍全部资料，试答问题集，告诉您会变什么。正式版不受影响，生成时可以离开这一页。"))  # fmt: skip
    parts.append(node("div", start if now.state != "ready" else post("重新生成草稿", "/studio/publish/build", {}, "#draft"), class_="buttons"))  # fmt: skip
    return node("section", *parts, id="draft", class_="card")


def history(versions: Sequence[Version], zone: tzinfo) -> list[Child]:
    """The versions that there were, and the way back."""
    lived = [version for version in versions if version.published or version.live or version.problem]
    way_back = any(version.live for version in lived) and len(lived) > 1
    undo = post("退回上一版", "/studio/publish/rollback", {}, sure="确定退回上一版？") if way_back else None
    parts: list[Child] = [node("h2", "发布过的版本"), node("div", undo, class_="buttons") if undo is not None else None]
    if way_back:
        parts.append(node("p", "退回只换正式版，资料和问答里的修改都还在。", class_="soft"))
    parts += [_version(version, zone) for version in lived[:SHOWN]]
    return parts


def _ready(now: BuildStatus) -> list[Child]:
    counts = now.counts
    parts: list[Child] = [
        node("p", f"草稿 {now.draft} 已生成：共 {counts.get('entries', 0)} 条。和正式版相比，新增 {counts.get('added', 0)}，修改 {counts.get('changed', 0)}，删除 {counts.get('removed', 0)}。", role="status"),
        node("p", "生成之后资料又改过，这份草稿里没有那些改动；建议重新生成。", class_="warn") if now.outdated else None,
        *(node("p", f"没有收录：{line}", class_="warn") for line in now.files),
        *_lines(now),
    ]  # fmt: skip
    for title, lines, open_ in (("改了哪些内容", now.changes, None), ("答案会变什么", now.impact, "open")):
        if lines:
            shown = [node("p", line) for line in lines if line.strip()]
            parts.append(node("details", node("summary", title), *shown, open=open_))
    parts += [try_form(now.draft), node("div", id="tried")]
    draft = node("input", type="hidden", name="draft", value=now.draft)
    if now.refused:
        parts.append(node("p", f"发布检查没有通过：{now.refused}", class_="trouble"))
        parts.append(
            node(
                "form",
                draft,
                *field(
                    "reason",
                    "仍要发布的理由",
                    hint="会和版本一起留存",
                    required="required",
                    maxlength=str(REASON_CHARS),
                ),
                node(
                    "div",
                    node("button", "仍然发布", type="submit", data_sure="确定不顾检查结果发布？"),
                    class_="buttons",
                ),
                data_post="/studio/publish/live",
            )
        )
    else:
        parts.append(
            node("form", draft, node("div", node("button", "发布", type="submit", class_="main", data_sure="确定发布？"), class_="buttons"), data_post="/studio/publish/live")
        )  # fmt: skip
    return parts


def _lines(now: BuildStatus) -> list[Child]:
    return [node("p", line, class_="warn" if line.startswith(("没有套用", "同一问题")) else None) for line in now.lines]


def _progress(now: BuildStatus) -> str:
    share = f" {now.done}/{now.total}" if now.total else ""
    left = f"，大约还要 {_time(now.seconds_left)}" if now.seconds_left is not None else ""
    by = f"（{now.who} 开始的）" if now.who else ""
    return f"{STAGES[now.stage]}{share}{left}{by}"


def _time(seconds: float) -> str:
    return f"{max(1, round(seconds))} 秒" if seconds < 90 else f"{round(seconds / 60)} 分钟"


def _version(version: Version, zone: tzinfo) -> Element:
    figures = version.figures
    passed = (
        f"问题集通过 {figures['gate_passed']:.0%}（{figures['gate_questions']:.0f} 题）"
        if "gate_questions" in figures
        else ""
    )
    facts = [f"{version.entries} 条", _moment(version.published or version.created, zone), version.who, passed]
    return node(
        "article",
        node("div", node("strong", version.id), badge("正式版") if version.live else None, badge("已损坏", "bad") if version.problem else None, class_="badges"),
        node("p", "，".join(fact for fact in facts if fact), class_="soft") if not version.problem else node("p", version.problem, class_="trouble"),
        node("p", f"没有通过检查，发布理由：{version.override}", class_="warn") if version.override else None,
        class_="card",
    )  # fmt: skip


def _moment(text: str, zone: tzinfo) -> str:
    try:
        return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M}"
    except ValueError:
        return text
