"""One place where a Gradio page is put on a server, with every default that would harm us turned off."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI, HTTPException
from fastapi.responses import Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.ui.pages import in_words
from bot.ui.signatures import remember_signatures

HERE = Path(__file__).parent
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
"""For every event that does not stream. Outside the queue, because an event that joins it in the moment in which the
stream of another one closes gets no answer (Gradio 6.31), and because one request is quicker than two."""
FONTS = ("system-ui", "-apple-system", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif")


def mount_page(app: FastAPI, blocks: gr.Blocks, max_waiting: int, path: str = "/") -> None:
    """Serve ``blocks`` at ``path`` of ``app``; ``max_waiting`` events may queue, more are told to come back in a moment."""
    remember_signatures()
    blocks.queue(max_size=max_waiting, api_open=False)
    gr.mount_gradio_app(
        app,
        blocks,
        path,
        app_kwargs={"openapi_url": None, "exception_handlers": {404: in_words, 405: in_words}},
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size=1,
        theme=gr.themes.Base(font=FONTS, font_mono=("ui-monospace", "monospace")),
    )


def serve_looks(app: FastAPI, names: Sequence[str], path: str = "/ui") -> str:
    """Serve these style sheets and scripts of this folder under ``path``, and nothing else of it.

    Returns the HTML that fetches them; the address changes with the content, so that browsers may keep them.
    """
    kept = {name: (HERE / name).read_bytes() for name in names}
    version = hashlib.sha256(b"".join(kept.values())).hexdigest()[:12]

    @app.get(path + "/{name:path}")
    def look(name: str) -> Response:
        if name not in kept:
            raise HTTPException(404)
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return Response(kept[name], media_type=f"{kind}; charset=utf-8")

    return "".join(
        f'<link rel="stylesheet" href="{path}/{name}?{version}">'
        if name.endswith(".css")
        else f'<script src="{path}/{name}?{version}"></script>'
        for name in names
    )


_FOREIGN_META = re.compile(rb'<meta\s+(?:property|name)="(?:og|twitter):[^>]*?/?>\s*', re.DOTALL)
_MANIFEST = re.compile(rb'<link rel="manifest"[^>]*>\s*')


class OwnFrontPage:
    """Makes Gradio's front page ours: Chinese, with our looks from the first byte, and without adverts or other hosts."""

    def __init__(self, app: ASGIApp, title: str, looks: str, path: str = "/") -> None:
        self.app = app
        self.path = path
        self.head = f"<title>{escape(title)}</title>{looks}</head>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; the page itself is mended on its way out."""
        if scope["type"] != "http" or scope["path"] != self.path:
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        parts: list[bytes] = []

        async def mended(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = b"".join(parts)
            headers = MutableHeaders(scope=start)
            if headers.get("content-type", "").startswith("text/html"):
                body = _MANIFEST.sub(b"", _FOREIGN_META.sub(b"", body))
                body = body.replace(b'lang="en"', b'lang="zh-CN"', 1).replace(b"</head>", self.head, 1)
                if scope["method"] != "HEAD":
                    headers["content-length"] = str(len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self.app({**scope, "headers": plain, "query_string": b""}, receive, mended)
