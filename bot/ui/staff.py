"""The agents' page: look a question up, get a ready reply, check it, copy it; scripts and tickets beside it.

Gradio gives the frame, the fields and the tabs. What is found comes from the addresses of :mod:`bot.ui.desk_routes`,
which staff.js puts in its places: one request a key and no state on the server.
"""

from __future__ import annotations

import gradio as gr

from bot.accounts import ROLES, Account
from bot.ui.mount import QUIET
from bot.ui.sign_in import EXPIRED, AccountBook, signed_in
from bot.ui.views import inline
from kb.config import ShopSettings

HINT = "输入或粘贴顾客的话：边输入边查找，按回车生成回复"
KEYS = (
    '<p class="keys"><kbd>/</kbd> 输入　<kbd>↓</kbd><kbd>↑</kbd> 选结果　<kbd>回车</kbd> 用它回复　'
    "<kbd>Ctrl</kbd>+<kbd>回车</kbd> 复制</p>"
)


def build_staff_page(accounts: AccountBook, shop: ShopSettings) -> gr.Blocks:
    """The page; nothing in it is knowledge."""

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
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):
            with gr.Tab("查知识", id="look-up", elem_id="tab-look-up"):
                _bench()
            with gr.Tab("工单", id="tickets", elem_id="tab-tickets"):
                gr.Markdown("正在读取…", elem_id="frame-tickets", elem_classes="frame")

        def opened(request: gr.Request) -> str:
            account = require(request)
            links = '<a href="/studio/">知识工作室</a> ' if account.may("editor") else ""
            links += '<a href="/admin/users">员工账号</a> ' if account.may("admin") else ""
            return f'<div>{links}<a href="/account">{inline(account.name)}</a>（{ROLES[account.role]}）</div>'

        blocks.load(opened, None, who, **QUIET)
    return blocks


def _title(brand: str) -> str:
    return f'<div class="brand"><strong>{inline(brand)}</strong><span>客服工作台</span></div>'


def _bench() -> None:
    with gr.Row(elem_id="bench", equal_height=False):
        with gr.Column(scale=3, min_width=320):
            gr.Textbox(elem_id="question", label="顾客的问题", placeholder=HINT, lines=1, max_lines=4, autofocus=True, max_length=2000)
            gr.Markdown(KEYS, elem_id="keys")
            gr.Markdown("正在准备…", elem_id="found", elem_classes="place")
        with gr.Column(scale=2, min_width=320, elem_id="reply-side"):
            gr.Textbox(elem_id="reply", label="可用回复（可修改）", lines=8, max_lines=18, max_length=4000,
                       placeholder="按回车后，这里会给出可以直接使用的回复")  # fmt: skip
            with gr.Row(elem_id="reply-actions"):
                gr.Button("生成回复", elem_id="write", min_width=0)
                gr.Button("复制回复", elem_id="copy", variant="primary", min_width=0)
            gr.Markdown("正在准备…", elem_id="judged", elem_classes="place")
            gr.Markdown("正在准备…", elem_id="findings", elem_classes="place")
            gr.Markdown("正在准备…", elem_id="scripts", elem_classes="place")
