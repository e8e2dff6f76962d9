"""The tab of the files that are changed as text; nothing is stored that does not pass its check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from xml.etree.ElementTree import Element

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from bot.accounts import Account
from bot.texts import Text, version_of
from bot.ui.studio.access import Access
from bot.ui.studio.fragment import button, fragment
from bot.ui.studio.tabs import Tab
from kb.editing import Conflict
from kb.errors import InputError
from kb.markup import node


def texts_tab(texts: Mapping[str, Text]) -> Tab:
    """The tab; every change is written to the audit."""

    def one(key: str) -> Text:
        if key not in texts:
            raise InputError("没有这个文件；请刷新页面。")
        return texts[key]

    def routes(router: APIRouter, access: Access) -> None:
        editor = Depends(access)

        @router.get("/texts")
        def pane() -> Response:
            return fragment(*(_closed(text) for text in texts.values()))

        @router.get("/texts/{key}")
        def edit(key: str, take: str = "now") -> Response:
            text = one(key)
            now = text.now()
            shown = {"before": text.before() or now, "packaged": text.packaged}.get(take, now)
            return fragment(_open(text, shown, version_of(now)))

        @router.get("/texts/{key}/closed")
        def close(key: str) -> Response:
            return fragment(_closed(one(key)))

        @router.post("/texts/{key}")
        def save(
            key: str,
            text: Annotated[str, Form()] = "",
            version: Annotated[str, Form()] = "",
            account: Account = editor,
        ) -> Response:
            chosen = one(key)
            try:
                chosen.save(text, version)
            except (InputError, Conflict) as error:
                return fragment(_open(chosen, text, version, str(error)))
            access.note(account, "studio_text", chosen.title)
            return fragment(_closed(chosen, f"已保存。{chosen.effect}"), say="已保存。")

    return Tab("texts", "话术与设置", routes=routes)


def _closed(text: Text, said: str = "") -> Element:
    lines = sum(1 for line in text.now().splitlines() if line.strip() and not line.lstrip().startswith("#"))
    own = "已改成店铺自己的" if text.path.exists() else "用的是自带的"
    return node(
        "article",
        node("h3", text.title),
        node("p", text.about),
        node("p", f"{own}，{lines} 行。{text.effect}", class_="soft"),
        node("p", said, class_="good", role="status") if said else None,
        node("div", button("修改", f"/studio/texts/{text.key}", ".card"), class_="buttons"),
        class_="card",
    )


def _open(text: Text, value: str, version: str, problem: str = "") -> Element:
    address = f"/studio/texts/{text.key}"
    before = button("换回上一版", address, ".card", {"take": "before"}) if text.before() is not None else None
    wrong = [node("p", line, class_="trouble", role="alert") for line in problem.splitlines()]
    return node(
        "form",
        node("h3", text.title),
        node("p", text.about, class_="soft"),
        *wrong,
        node("label", "内容", for_=f"text-{text.key}"),
        node("textarea", value, id=f"text-{text.key}", name="text", rows="18", spellcheck="false", class_="code", data_focus="1"),
        node("input", type="hidden", name="version", value=version),
        node(
            "div",
            node("button", "检查并保存", type="submit", class_="main"),
            before,
            button("换成自带的", address, ".card", {"take": "packaged"}),
            button("取消", f"{address}/closed", ".card"),
            class_="buttons",
        ),
        class_="card editing",
        data_post=address,
        data_into=".card",
    )
