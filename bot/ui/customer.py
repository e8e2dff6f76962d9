"""The public page: a conversation, a box to write in, and a person always one tap away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr

from bot.form import CHARS, FIELDS, LABELS, Filled, Step
from bot.journal import REASONS, Reason
from bot.settings import ServerSettings
from bot.ui.chat import Chat, View
from bot.ui.mount import QUIET
from bot.ui.rows import Row, Rows
from bot.ui.views import inline
from bot.ui.visitors import session_of
from kb.config import ShopSettings

PLACEHOLDERS: Mapping[Step, str] = {
    "what": "例如：收到的杯子有裂纹",
    "order": "在“我的订单”里可以看到",
    "name": "例如：王女士",
    "contact": "同事好把结果告诉您",
}
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
        with gr.Column(elem_id="why", visible=False) as why:
            reasons = gr.CheckboxGroup(
                [(text, key) for key, text in REASONS.items()], elem_id="reasons", label="哪里没帮到您？（可多选，也可以不选）"
            )
            comment = gr.Textbox(
                elem_id="comment", label="想补充一句的话", placeholder="可以不填", lines=1, max_lines=3, max_length=500
            )
            with gr.Row(elem_classes="actions"):
                explain = gr.Button("提交评价", elem_id="explain", size="sm", scale=0, min_width=0)
                dismiss = gr.Button("不用了", elem_id="dismiss", size="sm", scale=0, min_width=0)
        with gr.Column(elem_id="form", visible=False) as form:
            gr.Markdown("为了尽快帮您处理，请填写下面的信息（都可以不填）", elem_id="form-title")
            fields = [
                gr.Textbox(
                    elem_id=f"field-{step}", label=LABELS[step], placeholder=PLACEHOLDERS[step], visible=False,
                    lines=2 if step == "what" else 1, max_lines=4 if step == "what" else 1, max_length=CHARS[step],
                )
                for step in FIELDS
            ]  # fmt: skip
            problem = gr.Markdown("", elem_id="form-problem", visible=False)
            with gr.Row(elem_classes="actions"):
                send = gr.Button("提交", elem_id="form-send", size="sm", scale=0, min_width=0)
                skip = gr.Button("暂不填写", elem_id="form-skip", size="sm", scale=0, min_width=0)
        said = gr.Markdown("", elem_id="said", visible=False)
        words = gr.Textbox(
            elem_id="words", label="您的问题", show_label=False, container=False, placeholder="请输入您的问题",
            lines=1, max_lines=5, submit_btn="发送", stop_btn=False, autofocus=False,
        )  # fmt: skip
        asked = gr.Textbox(visible=False, label="刚才的问题")
        gr.Markdown(NOTICE, elem_id="notice")

        shown = [conversation, words, rate, said, asked, why, form, problem, *fields]

        known = Rows()

        def show(
            view: View, request: gr.Request, clear: bool = False, question: str | None = None, sent: bool = False,
            afresh: bool = False,
        ) -> list[Any]:  # fmt: skip
            """Every update costs the server a look at the whole component, so what does not change is passed over."""
            box: dict[str, Any] = {
                "submit_btn": False if view.busy else "发送",
                "stop_btn": "停止" if view.busy else False,
            }
            if clear:
                box["value"] = ""
            # What was typed into a field stays until it is sent.
            emptied: dict[str, Any] = {"value": ""} if sent and not view.problem else {}
            wanted = bool(view.fields) and not view.busy
            visible: dict[Row, bool] = {"rate": view.rateable, "why": view.why, "form": wanted}
            rows = frozenset(row for row, seen in visible.items() if seen)
            changed = known.show(str(request.session_hash), rows, afresh=afresh)

            def row(name: Row) -> Any:
                return gr.update(visible=name in rows) if name in changed else gr.skip()

            return [
                view.messages,
                gr.update(**box),
                row("rate"),
                row("said"),
                gr.skip() if question is None else question,
                row("why"),
                row("form"),
                gr.update(value=inline(view.problem), visible=bool(view.problem)) if wanted else gr.skip(),
                *(gr.update(visible=step in view.fields, **emptied) if wanted or sent else gr.skip() for step in FIELDS),
            ]

        def grow(view: View) -> list[Any]:
            """Only the conversation, where a reply is still coming."""
            return [view.messages, *(gr.skip() for _ in shown[1:])]

        def opened(request: gr.Request) -> list[Any]:
            return show(chat.opened(session_of(request)), request, question="", afresh=True)

        def ask(text: str, request: gr.Request) -> Iterator[Any]:
            text = str(text or "")
            yield from shown_one_by_one(chat.asked(session_of(request), text), request, text, clear=True)

        def choose(request: gr.Request, choice: gr.SelectData) -> Iterator[Any]:
            text = str(choice.value or "")
            yield from shown_one_by_one(chat.asked(session_of(request), text), request, text)

        def hand_off(request: gr.Request) -> Iterator[Any]:
            yield from shown_one_by_one(chat.handed_off(session_of(request)), request, "")

        def not_solved(request: gr.Request) -> Iterator[Any]:
            yield from shown_one_by_one(chat.unsolved(session_of(request)), request, "")

        def fill(what: str, order: str, name: str, contact: str, request: gr.Request) -> Iterator[Any]:
            filled = Filled(*(str(text or "") for text in (what, order, name, contact)))
            yield from shown_one_by_one(chat.filled(session_of(request), filled), request, "", sent=True)

        def pass_over(request: gr.Request) -> Iterator[Any]:
            yield from shown_one_by_one(chat.filled(session_of(request), Filled()), request, "", sent=True)

        def explained(given: Any, text: str, request: gr.Request) -> list[Any]:
            ticked: list[Reason] = [reason for reason in REASONS if reason in (given or ())]
            line = inline(chat.explained(session_of(request), ticked, str(text or "")))
            known.also(str(request.session_hash), shown="said", hidden="why")
            return [gr.update(visible=False), gr.update(value=[]), "", gr.update(value=line, visible=True)]

        def shown_one_by_one(
            views: Iterator[View], request: gr.Request, question: str, clear: bool = False, sent: bool = False
        ) -> Iterator[Any]:
            place = -1
            for place, view in enumerate(views):
                if place and view.busy:
                    yield grow(view)
                else:
                    yield show(view, request, clear and place == 0, None if place else question, sent and not view.busy)
            if place < 0:
                yield gr.skip()  # of a generator that yields nothing Gradio would make an empty page

        def stop(text: str, request: gr.Request) -> list[Any]:
            return show(chat.stopped(session_of(request), str(text or "")), request, question="", afresh=True)

        def praised(request: gr.Request) -> list[Any]:
            line = inline(chat.praised(session_of(request)))
            known.also(str(request.session_hash), shown="said", hidden="rate")
            return [gr.update(visible=False), gr.update(value=line, visible=True)]

        def dismissed(request: gr.Request) -> Any:
            known.also(str(request.session_hash), hidden="why")
            return gr.update(visible=False)

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
            send.click(fill, fields, shown, **reply),
            skip.click(pass_over, None, shown, **reply),
        ]
        words.stop(stop, asked, shown, cancels=replies, **QUIET)
        helpful.click(praised, None, [rate, said], **QUIET)
        explain.click(explained, [reasons, comment], [why, reasons, comment, said], **QUIET)
        dismiss.click(dismissed, None, why, **QUIET)
    return blocks


def _title(brand: str) -> str:
    mark = f'<span class="mark" aria-hidden="true">{inline(brand[:1])}</span>'
    return (
        f'<div class="brand">{mark}<div class="name"><strong>{inline(brand)}</strong><span>在线客服</span></div></div>'
    )
