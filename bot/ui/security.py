"""What stands between the network and a Gradio app: headers, origins, sizes, and only the routes we use.

Gradio 6 guards none of these by itself once it is mounted on a public host: it answers any Origin with credentials,
runs every event for anybody over four routes, takes uploads of any size, and sends no security headers. All of it is
plain ASGI, so that streamed replies pass through untouched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.errors import SettingsError

EVENT_ROUTE = "/gradio_api/queue/join"
"""Where the browser sends the events that stream."""
DIRECT_ROUTE = "/gradio_api/run"
"""Below this it sends the others; Gradio itself refuses queued events there, because the queue is not ``api_open``."""

EMBED_SCRIPT = "/embed.js"

STUDIO = "/studio"
"""Where the editors' page is mounted in the staff app; its Gradio routes lie below, and are guarded as the root's."""

_CLOSED = (
    "/gradio_api",
    "/monitoring",
    "/config",
    "/login",
    "/logout",
    "/svelte",
    "/manifest.json",
    "/pwa_icon",
)
_OPEN = (
    EVENT_ROUTE,
    DIRECT_ROUTE,
    "/gradio_api/queue/data",
    "/gradio_api/cancel",
    "/gradio_api/reset",
    "/gradio_api/heartbeat",
    "/gradio_api/startup-events",
    "/gradio_api/app_id",
)
_MOUNTS = ("", STUDIO)
CLOSED = tuple(mount + path for mount in _MOUNTS for path in _CLOSED)
"""Gradio's own routes that stay closed, unless named in :data:`OPEN`."""
OPEN = tuple(mount + path for mount in _MOUNTS for path in _OPEN)
"""What a page needs to live: no upload, no files, no calls by other ways, no description of the API."""
HASHED = tuple(mount + path for mount in _MOUNTS for path in ("/assets/", "/ui/"))
"""What carries a digest of the content in its address, so that browsers may keep it."""


async def refuse(send: Send, status: int, text: str, wait: int = 0) -> None:
    """Answer with one Chinese line in the JSON shapes that the page shows as a notice; ``wait`` is Retry-After."""
    body = json.dumps({"detail": text, "error": text}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if wait:
        headers.append((b"retry-after", str(wait).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


_SITE = re.compile(r"https?://(\*\.)?[\w.-]+(:\d+)?", re.ASCII)


def content_policy(ancestors: Sequence[str]) -> str:
    """The Content-Security-Policy: nothing from other hosts, framed only by ourselves and ``ancestors``.

    Raises:
        SettingsError: one of ``ancestors`` is not a site; anything else could change the rest of the policy.
    """
    for site in ancestors:
        if not _SITE.fullmatch(site):
            raise SettingsError(
                f"设置 [server] frame_ancestors 里的“{site}”不是网站地址；请写成 https://www.example.com 的样子，末尾不带斜杠。"
            )
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'self'",
            "form-action 'self'",
            "frame-ancestors " + " ".join(("'self'", *ancestors)),
            "base-uri 'self'",
            "object-src 'none'",
        )
    )


class SecurityHeaders:
    """Puts the protecting headers on every answer; pages are never cached, hashed assets always, the script an hour."""

    def __init__(self, app: ASGIApp, frame_ancestors: Sequence[str] = ()) -> None:
        self.app = app
        self.fixed = {
            "content-security-policy": content_policy(frame_ancestors),
            "x-content-type-options": "nosniff",
            "referrer-policy": "strict-origin-when-cross-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
        }
        if not frame_ancestors:  # this older header cannot name a foreign site, so it only goes out when there is none
            self.fixed["x-frame-options"] = "SAMEORIGIN"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, adding headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.fixed)
                headers["x-robots-tag"] = "noindex"
                hashed = path.startswith(HASHED) and message["status"] in {200, 304}
                kept = "public, max-age=3600" if path == EMBED_SCRIPT else "no-store"
                headers["cache-control"] = "public, max-age=31536000, immutable" if hashed else kept
            await send(message)

        await self.app(scope, receive, with_headers)


class RouteGate:
    """Answers 404 on every route of Gradio that the pages do not use, whatever the method."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or close."""
        if scope["type"] == "http" and under(scope["path"], CLOSED) and not under(scope["path"], OPEN):
            await refuse(send, 404, "没有这个地址。")
            return
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)


def under(path: str, prefixes: Sequence[str]) -> bool:
    """Whether ``path`` is one of ``prefixes`` or lies below one, however many slashes lead, part or trail."""
    path = re.sub("/+", "/", f"/{path}")
    return any(path == prefix or path.startswith((prefix + "/", prefix + "=")) for prefix in prefixes)


class OriginCheck:
    """Refuses what changes something when it comes from another site's page.

    A browser names the page in ``Origin`` (or at least its kind in ``Sec-Fetch-Site``); a program that sends neither
    is no browser, so it carries nobody's cookies.
    """

    def __init__(self, app: ASGIApp, allowed: Sequence[str] = ()) -> None:
        self.app = app
        self.allowed = frozenset(origin.rstrip("/").lower() for origin in allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse with 403."""
        if scope["type"] == "http" and scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            headers = Headers(scope=scope)
            origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
            own = origin is not None and urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
            if origin is None:
                own = site in {"none", "same-origin"}
            if not own and (origin or "").lower() not in self.allowed:
                await refuse(send, 403, "这个请求来自别的网站，已经拒绝；请在本页面内操作。")
                return
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses bodies above ``limit`` bytes, by their announced and by their true length.

    ``larger`` allows more at single addresses, for ``PUT`` only.
    """

    def __init__(self, app: ASGIApp, limit: int, larger: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.limit = limit
        self.larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse with 413."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.larger.get(scope["path"], self.limit) if scope["method"] == "PUT" else self.limit
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > limit:
            await _too_long(send, limit)
            return
        seen = 0
        refused = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _TooLong
            return message

        async def watched(message: Message) -> None:
            nonlocal refused
            if seen > limit:  # whatever the app makes of the broken body, this is what the sender is told
                if not refused:
                    refused = True
                    await _too_long(send, limit)
                return
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except _TooLong:
            await watched({"type": "http.response.start"})


async def _too_long(send: Send, limit: int) -> None:
    shown = f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit // 1024} KB"
    await refuse(send, 413, f"发送的内容太长（上限 {shown}），请分几次发送。")


class _TooLong(Exception):
    """More bytes came than were allowed."""
