"""The staff page: look a question up, get a ready reply, check it, copy it; and the tickets that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from bot.accounts import ROLES, Account
from bot.ui.desk import HITS, Desk
from bot.ui.mount import QUIET
from bot.ui.sign_in import EXPIRED, AccountBook, signed_in
from bot.ui.views import inline
from kb.config import ShopSettings

HINT = "输入或粘贴顾客的话，边输入边查找；按回车生成回复"


def build_staff_page(desk: Desk, accounts: AccountBook, shop: ShopSettings) -> gr.Blocks:
    """The page over ``desk``; every handler asks ``accounts`` who is calling before it does anything."""

    def require(request: gr.Request) -> Account:
        account = signed_in(accounts, request)
        if account is None:
            raise gr.Error(EXPIRED, title="请您留意", print_exception=False)
        return account

    blocks: gr.Blocks
    with gr.Blocks(title=f"{shop.brand} · 客服工作台", fill_width=True, analytics_enabled=False) as blocks:
        with gr.Row(elem_id="head"):
            gr.Markdown(_title(shop.brand), elem_id="title")
            who = gr.Markdown("", elem_id="who")
            gr.Button("退出登录", elem_id="sign-out", size="sm", scale=0, min_width=0)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("查知识", id="look-up"):
                _look_up_tab(desk, require)
            with gr.Tab("工单", id="tickets") as tickets_tab:
                tickets = gr.Markdown("", elem_id="tickets")

        def opened(request: gr.Request) -> str:
            account = require(request)
            studio = '<a href="/studio/">知识工作室</a> ' if account.may("editor") else ""
            return f"<div>{studio}{inline(account.name)}（{ROLES[account.role]}）</div>"

        def list_tickets(request: gr.Request) -> str:
            return desk.tickets(require(request).name)

        blocks.load(opened, None, who, **QUIET)
        tickets_tab.select(list_tickets, None, tickets, **QUIET)
    return blocks


def _title(brand: str) -> str:
    return f'<div class="brand"><strong>{inline(brand)}</strong><span>客服工作台</span></div>'


def _look_up_tab(desk: Desk, require: Callable[[gr.Request], Account]) -> None:
    with gr.Row(elem_id="bench", equal_height=False):
        with gr.Column(scale=3, min_width=320):
            question = gr.Textbox(
                elem_id="question",
                label="顾客的问题",
                placeholder=HINT,
                lines=1,
                max_lines=4,
                autofocus=True,
                max_length=2000,
            )
            verdict = gr.Markdown("", elem_id="verdict")
            slots: list[tuple[gr.Column, gr.Markdown, gr.Button]] = []
            for place in range(HITS):
                with gr.Column(visible=False, elem_classes="hit") as slot:
                    card = gr.Markdown("", elem_classes="hit-card")
                    use = gr.Button(
                        "用这条回复", elem_id=f"use-{place}", elem_classes="use", size="sm", scale=0, min_width=0
                    )
                slots.append((slot, card, use))
        with gr.Column(scale=2, min_width=320, elem_id="reply-side"):
            reply = gr.Textbox(elem_id="reply", label="可用回复（可修改）", lines=9, max_lines=20, max_length=4000,
                               placeholder="按回车后，这里会给出可以直接使用的回复")  # fmt: skip
            with gr.Row(elem_id="reply-actions"):
                write = gr.Button("生成回复", elem_id="write", min_width=0)
                gr.Button("复制回复", elem_id="copy", variant="primary", min_width=0)
            findings = gr.Markdown("", elem_id="findings")

    found_outputs = [verdict, *(part for slot, card, _ in slots for part in (slot, card))]

    def look_up(text: str, request: gr.Request) -> list[Any]:
        require(request)
        found = desk.look_up(str(text or ""))
        shown: list[Any] = [found.verdict]
        for place in range(HITS):
            here = place < len(found.cards)
            shown += [gr.update(visible=here), found.cards[place] if here else ""]
        return shown

    def ready_reply(text: str, request: gr.Request) -> tuple[str, str]:
        return desk.ready_reply(require(request).name, str(text or ""))

    def check(draft: str, request: gr.Request) -> str:
        require(request)
        return desk.check(str(draft or ""))

    def use_hit(place: int) -> Callable[[str, gr.Request], str]:
        def use(text: str, request: gr.Request) -> str:
            require(request)
            return desk.text_of(str(text or ""), place)

        return use

    # "change", never "input": Gradio fires the latter on key presses only, so not for pasted text or Chinese input.
    question.change(look_up, question, found_outputs, trigger_mode="always_last", **QUIET)
    reply.change(check, reply, findings, trigger_mode="always_last", **QUIET)
    question.submit(ready_reply, question, [reply, verdict], **QUIET)
    write.click(ready_reply, question, [reply, verdict], **QUIET)
    for place, (_, _, button) in enumerate(slots):
        button.click(use_hit(place), question, reply, **QUIET)
