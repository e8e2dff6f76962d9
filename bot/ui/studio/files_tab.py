"""The tab of the files: uploads with a verdict each, who may see them, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from xml.etree.ElementTree import Element

from fastapi import APIRouter, Depends, Form
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from bot.accounts import Account
from bot.ui.studio.access import Access
from bot.ui.studio.cards import KINDS, card
from bot.ui.studio.fragment import AUDIENCES, audience_badge, badge, button, choice, cut, field, fragment, pages, post
from bot.ui.studio.seams import Entries, Files
from bot.ui.studio.tabs import Tab
from kb.errors import InputError
from kb.markup import Child, node
from kb.shelf import Piece, ShelfFile

PAGE = 20
PIECE = 1 << 20
"""So many bytes of an upload are written at once."""
Text = Annotated[str, Form()]
_ACCEPT = ".md,.markdown,.txt,.csv,.tsv,.xlsx,.xlsm,.xls,.ods,.html,.htm,.jsonl,.docx,.docm,.pptx,.pptm,.ppsx,.pdf"


def files_tab(files: Files, entries: Entries, most: int) -> Tab:
    """The tab; ``most`` is how many bytes one file may have."""

    def routes(router: APIRouter, access: Access) -> None:
        editor = Depends(access)

        @router.get("/files")
        def pane() -> Response:
            opened = files.open()
            return fragment(*_list(files, entries, most), say=opened)

        @router.get("/files/view")
        def view(name: str, page: int = 1, only: str = "") -> Response:
            return fragment(*_view(files, name, page, only))

        @router.put("/files/upload")
        async def upload(
            request: Request,
            name: str,
            audience: Literal["auto", "public", "internal"] = "auto",
            account: Account = editor,
        ) -> Response:
            incoming = await receive(request, files, name)
            try:
                verdict = await run_in_threadpool(incoming.done, None if audience == "auto" else audience)
            finally:
                incoming.drop()
            await run_in_threadpool(access.note, account, "studio_upload", f"{verdict.name}：{verdict.line}")
            warnings = verdict.file.warnings if verdict.file else ()
            said = [verdict.line, *warnings[:5], *(["……"] if len(warnings) > 5 else [])]
            return JSONResponse({"name": verdict.name, "outcome": verdict.outcome, "lines": said})

        def changed(account: Account, say: str) -> Response:
            access.note(account, "studio_file", say)
            return fragment(*_list(files, entries, most), say=say)

        @router.post("/files/move")
        def move(
            name: Text,
            version: Text,
            audience: Annotated[Literal["public", "internal"], Form()],
            account: Account = editor,
        ) -> Response:
            file = files.move(name, audience, version)
            if file.audience != audience:
                return changed(
                    account,
                    f"“{name}”已移动，但文件自己写明“{AUDIENCES[file.audience]}”，仍按它的；要改请修改文件开头。",
                )
            return changed(account, f"“{name}”已改为{AUDIENCES[audience]}，发布后生效。")

        @router.post("/files/rename")
        def rename(name: Text, version: Text, new: Text = "", account: Account = editor) -> Response:
            files.rename(name, new, version)
            return changed(account, f"“{name}”已改名为“{new}”。")

        @router.post("/files/delete")
        def delete(name: Text, version: Text, account: Account = editor) -> Response:
            files.delete(name, version)
            return changed(account, f"“{name}”已删除，发布后生效；发布前可以恢复。")

        @router.post("/files/restore")
        def restore(name: Text, account: Account = editor) -> Response:
            files.restore(name)
            return changed(account, f"“{name}”已恢复。")

        @router.post("/files/take-over")
        def take_over(account: Account = editor) -> Response:
            return changed(account, f"已收进 {files.take_over()} 条内容。")

    return Tab("files", "资料文件", routes=routes, looks=("studio/upload.js",), uploads={"/studio/files/upload": most})


async def receive(request: Request, files: Files, name: str) -> Any:
    """The upload that is the body of ``request``, whole but not looked at yet; a cut one leaves nothing.

    Raises:
        KBError: it cannot be taken.
    """
    announced = request.headers.get("content-length", "0")
    size = int(announced) if announced.isdecimal() else 0
    incoming = await run_in_threadpool(files.receive, name, size)
    received, whole = bytearray(), 0
    try:
        async for data in request.stream():
            received += data
            whole += len(data)
            if len(received) >= PIECE:
                await run_in_threadpool(incoming.write, bytes(received))
                received.clear()
        if whole < size:
            raise InputError("上传中断了，没有收到完整的文件；请重新上传。")
        await run_in_threadpool(incoming.write, bytes(received))
    except ClientDisconnect as error:
        incoming.drop()
        raise InputError("上传中断了，没有收到完整的文件；请重新上传。") from error
    except BaseException:
        incoming.drop()
        raise
    return incoming


def _list(files: Files, entries: Entries, most: int) -> list[Child]:
    here = files.files()
    parts: list[Child] = [*_lost(entries), *_missing(files), _upload_box(most)]
    total = sum(sum(file.kinds.values()) for file in here)
    parts.append(node("h2", f"全部资料（{len(here)} 个文件，{total} 条内容）"))
    if any(file.kept for file in here):
        parts.append(
            node("p", "标着“没有原件”的内容取自正式版：可以修改、隐藏；上传同名的原件后，就以原件为准。", class_="soft")
        )
    parts.extend(_file(file) for file in here)
    if not here:
        parts.append(node("p", "还没有资料。把文件拖到上面的框里就可以开始。", class_="soft"))
    gone = files.deleted()
    if gone:
        parts.append(node("h2", "删除了、还没有发布的"))
        parts.extend(
            node("div", node("p", one.name), node("div", post("恢复", "/studio/files/restore", {"name": one.name}), class_="buttons"), class_="card off")
            for one in gone
        )  # fmt: skip
    return parts


def _upload_box(most: int) -> Element:
    megabytes = most >> 20
    return node(
        "div",
        node("h2", "上传资料", node("span", f"（可一次选多个，每个最大 {megabytes} MB）", class_="soft")),
        node("p", "把文件拖到这里，或者点按钮选择。同名的文件会作为新版本，发布前可以恢复旧的。", class_="soft"),
        node("label", "选择文件", node("input", type="file", id="upload-files", multiple="multiple", accept=_ACCEPT), class_="button"),
        *choice("upload-audience", "谁能看到", {"auto": "自动判断", "public": "公开（顾客能看到）", "internal": "仅内部"}, "auto"),
        node("ul", id="uploads", aria_live="polite"),
        class_="card drop",
        data_most=str(most),
    )  # fmt: skip


def _file(file: ShelfFile) -> Element:
    about = {"name": file.name, "version": file.version}
    other = "public" if file.audience == "internal" else "internal"
    counts = [badge(f"{KINDS[kind]} {count}", "public") for kind, count in file.kinds.items() if count]
    marks = [
        badge("工作室的问答表") if file.own else None,
        badge("没有原件", "note") if file.kept else None,
        badge("还没发布过", "note") if file.new else None,
        badge("读不出来", "bad") if file.trouble else None,
        badge(f"改过 {file.edited}", "note") if file.edited else None,
        badge(f"隐藏 {file.hidden}", "note") if file.hidden else None,
        badge(f"待核对 {file.stale}", "bad") if file.stale else None,
    ]
    facts = "，".join(part for part in (file.reason, file.encoding, _size(file.size)) if part)
    buttons: list[Child] = (
        [button("查看内容", "/studio/files/view", None, {"name": file.name})] if not file.trouble else []
    )
    if not file.own:
        buttons.append(
            post(
                f"改为{AUDIENCES[other]}",
                "/studio/files/move",
                {**about, "audience": other},
                sure="确定让顾客看到？" if other == "public" else None,
            )
        )
        if file.earlier:
            buttons.append(post("恢复上一版", "/studio/files/restore", {"name": file.name}, sure="确定换回上一版？"))
        buttons.append(post("删除", "/studio/files/delete", about, sure="确定删除？"))
    warnings = node(
        "details",
        node("summary", f"提醒 {len(file.warnings)} 条"),
        *(node("p", line, class_="warn") for line in file.warnings),
    )
    rename = node(
        "details",
        node("summary", "改名"),
        node(
            "form",
            node("input", type="hidden", name="name", value=file.name),
            node("input", type="hidden", name="version", value=file.version),
            *field("new", "新的文件名", file.name.rsplit("/", 1)[-1], at=file.name),
            node("div", node("button", "改名", type="submit"), class_="buttons"),
            data_post="/studio/files/rename",
        ),
    )
    return node(
        "article",
        node("h3", file.name),
        node("div", audience_badge(file.audience), *counts, *marks, class_="badges"),
        node("p", facts, class_="soft") if facts else None,
        node("p", file.trouble, class_="trouble") if file.trouble else None,
        warnings if file.warnings else None,
        node("div", *buttons, class_="buttons"),
        rename if not (file.own or file.kept) else None,
        class_="card file",
    )


def _view(files: Files, name: str, page: int, only: str) -> list[Child]:
    pieces = files.pieces(name)
    chosen: Sequence[Piece] = [piece for piece in pieces if not only or _matches(piece, only)]
    page, count, start = cut(chosen, page, PAGE)
    options = {"": "全部", "doubts": "有提醒的", "changed": "改过的和隐藏的", "stale": "待核对的"}
    return [
        node("div", button("← 返回全部资料", "/studio/files"), class_="buttons"),
        node("h2", f"{name}（{len(chosen)} 条）", tabindex="-1", data_focus="1"),
        node(
            "form",
            node("input", type="hidden", name="name", value=name),
            *choice("only", "只看", options, only),
            node("button", "筛选", type="submit"),
            class_="bar",
            data_get="/studio/files/view",
        ),
        *(card(piece) for piece in chosen[start : start + PAGE]),
        None if chosen else node("p", "没有这样的内容。", class_="soft"),
        pages("/studio/files/view", page, count, {"name": name, "only": only}),
    ]


def _matches(piece: Piece, only: str) -> bool:
    if only == "doubts":
        return bool(piece.doubts)
    return piece.state == "stale" if only == "stale" else piece.state != "as_is"


def _lost(entries: Entries) -> list[Element]:
    """Edits whose original is gone, so that they are seen before anything is published."""
    made = []
    for edit in entries.lost():
        what = "隐藏" if edit.hidden else "修改"
        wanted = str(edit.changes.get("text", ""))
        made.append(
            node(
                "article",
                node("p", f"{edit.source}“{edit.name}”的{what}（{edit.who}）没有套用：原文已经不在了。", class_="warn", role="status"),
                node("p", f"当时改成：{wanted}") if wanted else None,
                node("div", post("知道了，放弃这处修改", "/studio/entry/forget", {"id": edit.entry}, ".card", sure="确定放弃？"), class_="buttons"),
                class_="card",
            )
        )  # fmt: skip
    return made


def _missing(files: Files) -> list[Element]:
    names = files.missing()
    if not names:
        return []
    shown = "、".join(names[:5]) + ("等" if len(names) > 5 else "")
    text = f"正式版里还有 {len(names)} 个文件的内容不在这里（{shown}），是用别的方式发布的。现在发布会去掉它们；要保留，请先收进来。"
    return [node("div", node("p", text, class_="warn", role="status"), node("div", post("收进来", "/studio/files/take-over", {}, class_="main"), class_="buttons"), class_="card")]  # fmt: skip


def _size(size: int) -> str:
    return "" if not size else f"{max(1, round(size / 1024))} KB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MB"
