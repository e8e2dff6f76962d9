"""The public page: a conversation, a box to write in, and a person always one tap away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from bot.settings import ServerSettings
from bot.ui.chat import Chat, View
from bot.ui.mount import QUIET
from bot.ui.views import inline
from bot.ui.visitors import session_of
from kb.config import ShopSettings

NOTICE = "本页面由智能客服程序自动回答；需要时可随时转人工"


def build_customer_page(chat: Chat, shop: ShopSettings, server: ServerSettings) -> gr.Blocks:
    """The page over ``chat``; it holds no data of its own."""
    blocks: gr.Blocks
    with gr.Blocks(title=f"{shop.brand} · 在线客服", fill_height=True, analytics_enabled=False) as blocks:
        with gr.Row(elem_id="head"):
            gr.Markdown(_title(shop.brand), elem_id="title", sanitize_html=True)
            human = gr.Button("转人工", elem_id="human", scale=0, min_width=0)
        conversation = gr.Chatbot(
            elem_id="talk", label="对话", show_label=False, container=False, scale=1, layout="bubble",
            buttons=[], feedback_options=None, latex_delimiters=[], allow_file_downloads=False,
            sanitize_html=True, height=None,
        )  # fmt: skip
        with gr.Row(elem_id="rate", visible=False) as rate:
            gr.Markdown("这条回答有帮助吗？", elem_id="rate-question")
            helpful = gr.Button("有帮助", elem_id="helpful", size="sm", scale=0, min_width=0)
            unsolved = gr.Button("没解决", elem_id="unsolved", size="sm", scale=0, min_width=0)
        said = gr.Markdown("", elem_id="said", visible=False)
        words = gr.Textbox(
            elem_id="words", label="您的问题", show_label=False, container=False, placeholder="请输入您的问题",
            lines=1, max_lines=5, submit_btn="发送", stop_btn=False, autofocus=False,
        )  # fmt: skip
        asked = gr.Textbox(visible=False, label="刚才的问题")
        gr.Markdown(NOTICE, elem_id="notice")

        shown = [conversation, words, rate, said, asked]

        def show(view: View, clear: bool = False, question: str | None = None) -> list[Any]:
            box: dict[str, Any] = {
                "submit_btn": False if view.busy else "发送",
                "stop_btn": "停止" if view.busy else False,
            }
            if clear:
                box["value"] = ""
            return [
                view.messages,
                gr.update(**box),
                gr.update(visible=view.rateable),
                gr.update(visible=False),
                gr.skip() if question is None else question,
            ]

        def opened(request: gr.Request) -> list[Any]:
            return show(chat.opened(session_of(request)), question="")

        def ask(text: str, request: gr.Request) -> Iterator[Any]:
            text = str(text or "")
            yield from shown_one_by_one(chat.asked(session_of(request), text), text, clear=True)

        def choose(request: gr.Request, choice: gr.SelectData) -> Iterator[Any]:
            text = str(choice.value or "")
            yield from shown_one_by_one(chat.asked(session_of(request), text), text)

        def hand_off(request: gr.Request) -> Iterator[Any]:
            yield from shown_one_by_one(chat.handed_off(session_of(request)), "")

        def not_solved(request: gr.Request) -> Iterator[Any]:
            yield from shown_one_by_one(chat.unsolved(session_of(request)), "")

        def shown_one_by_one(views: Iterator[View], question: str, clear: bool = False) -> Iterator[Any]:
            place = -1
            for place, view in enumerate(views):
                yield show(view, clear and place == 0, None if place else question)
            if place < 0:
                yield gr.skip()  # of a generator that yields nothing Gradio would make an empty page

        def stop(text: str, request: gr.Request) -> list[Any]:
            return show(chat.stopped(session_of(request), str(text or "")), question="")

        def praised(request: gr.Request) -> list[Any]:
            line = inline(chat.praised(session_of(request)))
            return [gr.update(visible=False), gr.update(value=line, visible=True)]

        # "multiple", because the page would silently drop what is sent after 停止 until the stopped reply has ended;
        # that no two run at once for one visitor is seen to by Chat.
        reply: dict[str, Any] = {
            "api_visibility": "private",
            "show_progress": "minimal",
            "show_progress_on": conversation,
            "trigger_mode": "multiple",
            "concurrency_limit": server.max_concurrent,
            "concurrency_id": "reply",
        }
        blocks.load(opened, None, shown, **QUIET)
        replies: list[Any] = [
            words.submit(ask, words, shown, **reply),
            conversation.option_select(choose, None, shown, **reply),
            human.click(hand_off, None, shown, **reply),
            unsolved.click(not_solved, None, shown, **reply),
        ]
        words.stop(stop, asked, shown, cancels=replies, **QUIET)
        helpful.click(praised, None, [rate, said], **QUIET)
    return blocks


def _title(brand: str) -> str:
    mark = f'<span class="mark" aria-hidden="true">{inline(brand[:1])}</span>'
    return (
        f'<div class="brand">{mark}<div class="name"><strong>{inline(brand)}</strong><span>在线客服</span></div></div>'
    )
