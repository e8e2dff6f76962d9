"""The studio's page and its place in the staff app: a head, the tabs, and a gate in front of it all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import RedirectResponse, Response

from bot.accounts import ROLES
from bot.ui.mount import QUIET, OwnFrontPage, mount_page, serve_looks
from bot.ui.security import STUDIO
from bot.ui.studio.access import Access, AuditedBook, tell
from bot.ui.studio.tabs import Tab
from bot.ui.views import inline
from kb.config import ShopSettings
from kb.errors import KBError

if TYPE_CHECKING:
    from bot.settings import ServerSettings

LOOKS = ("common.css", "gradio.css", "head.css", "studio/studio.css", "common.js", "studio/studio.js")


def build_studio_page(tabs: Sequence[Tab], access: Access, shop: ShopSettings) -> gr.Blocks:
    """The page: nothing in it is knowledge, which comes from the routes of the tabs."""
    blocks: gr.Blocks
    with gr.Blocks(title=f"{shop.brand} · 知识工作室", fill_width=True, analytics_enabled=False) as blocks:
        with gr.Row(elem_id="head"):
            gr.Markdown(
                f'<div class="brand"><strong>{inline(shop.brand)}</strong><span>知识工作室</span></div>',
                elem_id="title",
            )
            who = gr.Markdown("", elem_id="who")
            gr.Markdown('<div><a href="/">客服工作台</a></div>', elem_id="to-desk")
            gr.Button("退出登录", elem_id="sign-out", size="sm", scale=0, min_width=0)
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):
            for tab in tabs:
                with gr.Tab(tab.title, id=tab.name, elem_id=f"tab-{tab.name}"):
                    if tab.pane:
                        gr.Markdown("正在读取…", elem_id=f"frame-{tab.name}", elem_classes="frame")
                    if tab.fill is not None:
                        tab.fill(access)

        def opened(request: gr.Request) -> str:
            account = access.require(request)
            return f"<div>{inline(account.name)}（{ROLES[account.role]}）</div>"

        blocks.load(opened, None, who, **QUIET)
    return blocks


def add_studio(
    app: FastAPI, tabs: Sequence[Tab], accounts: AuditedBook, shop: ShopSettings, server: ServerSettings
) -> None:
    """Put the studio on the staff app. Call it before the agents' page is mounted, which takes all other addresses."""
    access = Access(accounts)
    blocks = build_studio_page(tabs, access, shop)
    looks = serve_looks(
        app, tuple(dict.fromkeys((*LOOKS, *(look for tab in tabs for look in tab.looks)))), f"{STUDIO}/ui"
    )
    app.add_middleware(OwnFrontPage, title=str(blocks.title), looks=looks, path=f"{STUDIO}/")
    app.add_exception_handler(KBError, tell)
    router = APIRouter(prefix=STUDIO, dependencies=[Depends(access)])

    @router.get("")
    def front() -> Response:
        return RedirectResponse(f"{STUDIO}/", 303)

    for tab in tabs:
        if tab.routes is not None:
            tab.routes(router, access)
    app.include_router(router)
    mount_page(app, blocks, server.max_waiting, STUDIO)
