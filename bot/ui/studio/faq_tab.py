"""The tab of the questions: all of them in one list, whatever file they are from; added, changed, brought in and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from xml.etree.ElementTree import Element

from fastapi import APIRouter, Depends, Form
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bot.accounts import Account
from bot.ui.studio.access import Access
from bot.ui.studio.cards import NEW, Checker, card
from bot.ui.studio.entry_routes import categories_of, entry_routes, new_place
from bot.ui.studio.files_tab import receive
from bot.ui.studio.fragment import AUDIENCES, button, choice, cut, fragment, pages, post
from bot.ui.studio.seams import Entries, Exchange, Files
from bot.ui.studio.tabs import Tab
from kb.errors import InputError, KBError
from kb.markup import Child, node
from kb.shelf import Import, Piece
from kb.text import normalise

PAGE = 20
NAMED = 50
"""So many questions of an import are written out."""
_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".ods")
_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_STATES = {
    "": "全部",
    "as_is": "没有改过的",
    "edited": "改过的",
    "hidden": "已隐藏的",
    "stale": "待核对的",
    "own": "在这里写的",
}


def faq_tab(files: Files, entries: Entries, exchange: Exchange, checker: Checker, most: int) -> Tab:
    """The tab, with the routes of single entries; ``most`` is how many bytes a table may have."""

    def routes(router: APIRouter, access: Access) -> None:
        editor = Depends(access)
        entry_routes(router, access, entries, checker)

        @router.get("/faq")
        def pane(q: str = "", category: str = "", audience: str = "", state: str = "", page: int = 1) -> Response:
            files.open()
            wanted = {"q": q, "category": category, "audience": audience, "state": state}
            return fragment(*_list(entries, wanted, page))

        @router.put("/faq/import")
        async def try_import(request: Request, name: str) -> Response:
            if not name.lower().endswith(_TABLES):
                raise InputError("请选择表格文件（xlsx 或 csv）；可以先导出一份，照着它的列填。")
            incoming = await receive(request, files, name)
            try:
                tried = await run_in_threadpool(exchange.try_import, incoming)
            except KBError:
                incoming.drop()
                raise
            return fragment(_tried(tried))

        @router.post("/faq/import")
        def do_import(token: Annotated[str, Form()], account: Account = editor) -> Response:
            done = exchange.do_import(token, account.name)
            access.note(account, "studio_import", f"新增 {len(done.added)} 条，修改 {len(done.changed)} 条")
            said = f"已导入：新增 {len(done.added)} 条，修改 {len(done.changed)} 条；发布后生效。"
            return fragment(*_list(entries, {}, 1), say=said)

        @router.get("/faq/export")
        def export(kind: Literal["csv", "xlsx"] = "xlsx") -> Response:
            headers = {
                "content-disposition": f"attachment; filename=faq.{kind}; filename*=UTF-8''%E5%B8%B8%E8%A7%81%E9%97%AE%E9%A2%98.{kind}"
            }
            return Response(exchange.export(kind), media_type=_TYPES[kind], headers=headers)

    return Tab("faq", "常见问题", routes=routes, looks=("studio/import.js",), uploads={"/studio/faq/import": most})


def _list(entries: Entries, wanted: dict[str, str], page: int) -> list[Child]:
    pieces = entries.questions()
    found = [piece for piece in pieces if _matches(piece, wanted)]
    page, count, start = cut(found, page, PAGE)
    categories = {"": "全部分类", **{name: name for name in categories_of(pieces)}}
    return [
        node(
            "div",
            button("＋ 新增问答", "/studio/entry/form", ".new-question", {"id": NEW}),
            node("a", "导出 Excel", href="/studio/faq/export?kind=xlsx", class_="button", download=""),
            node("a", "导出 CSV", href="/studio/faq/export?kind=csv", class_="button", download=""),
            node("label", "批量导入", node("input", type="file", id="import-file", accept=",".join(_TABLES)), class_="button"),
            class_="buttons",
        ),
        node("div", id="import-result", aria_live="polite"),
        new_place(),
        node(
            "form",
            node("label", "搜索", for_="f-q"),
            node("input", type="search", id="f-q", name="q", value=wanted.get("q", ""), placeholder="搜问题、相似问、答案", maxlength="100"),
            *choice("category", "分类", categories, wanted.get("category", ""), at="list"),
            *choice("audience", "可见范围", {"": "全部可见范围", **AUDIENCES}, wanted.get("audience", ""), at="list"),
            *choice("state", "状态", _STATES, wanted.get("state", ""), at="list"),
            node("button", "查找", type="submit", class_="main"),
            class_="bar",
            data_get="/studio/faq",
            role="search",
        ),
        node("h2", f"共 {len(found)} 条问答" + (f"（全部 {len(pieces)} 条）" if len(found) < len(pieces) else "")),
        *(card(piece, source=True) for piece in found[start : start + PAGE]),
        None if found else node("p", "没有找到。可以换个说法再查，或者新增一条。", class_="soft"),
        pages("/studio/faq", page, count, wanted),
    ]  # fmt: skip


def _matches(piece: Piece, wanted: dict[str, str]) -> bool:
    entry, state = piece.entry, wanted.get("state", "")
    if wanted.get("category") and entry.category != wanted["category"]:
        return False
    if wanted.get("audience") and entry.audience != wanted["audience"]:
        return False
    if state and not (piece.own if state == "own" else piece.state == state):
        return False
    words = normalise(wanted.get("q", "")).split()
    text = normalise("\n".join((entry.question, *entry.aliases, entry.text))) if words else ""
    return all(word in text for word in words)


def _tried(tried: Import) -> Element:
    """What an import would do, with the button that does it."""
    nothing = not (tried.added or tried.changed)
    counts = f"新增 {len(tried.added)} 条，修改 {len(tried.changed)} 条，{tried.same} 条没有变化，{len(tried.refused)} 行有问题。"
    do = post("确认导入", "/studio/faq/import", {"token": tried.token}, class_="main")
    return node(
        "div",
        node("h3", "这张表格的内容", tabindex="-1", data_focus="1"),
        node("p", counts),
        node("p", "表里留空的格子不会清掉原来的内容；有问题的行不会导入，其余照常。", class_="soft"),
        _named("新增", tried.added),
        _named("修改", tried.changed),
        _named("有问题的行", tried.refused, "warn"),
        node("p", "没有可以导入的内容。", class_="warn") if nothing else None,
        node("div", None if nothing else do, button("不导入", "/studio/faq"), class_="buttons"),
        id="import-result",
        class_="card",
    )


def _named(title: str, lines: Sequence[str], class_: str | None = None) -> Element | None:
    if not lines:
        return None
    more = node("p", f"…… 还有 {len(lines) - NAMED} 条", class_="soft") if len(lines) > NAMED else None
    shown = [node("p", line, class_=class_) for line in lines[:NAMED]]
    return node("details", node("summary", f"{title}（{len(lines)}）"), *shown, more, open="open" if class_ else None)
