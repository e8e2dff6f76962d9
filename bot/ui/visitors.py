"""Who is asking: the visitor's own cookie, and how often one may ask.

Gradio's session hash is made by ``Math.random`` in the browser, and whoever sends it is taken for its owner; so what
is private to a visitor hangs on a cookie that we make, that scripts cannot read and other sites cannot send.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.ui.security import DIRECT_ROUTE, EVENT_ROUTE, refuse

COOKIE = "visitor"
VISITOR_HEADER = "x-visitor"
API_ROUTES = ("/api/ask", "/api/feedback")
DAYS = 30
_MADE_BY_US = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes
BUSY_SECONDS = 5
BUSY = "现在咨询的人比较多，请您稍等几秒再发一次。"
TOO_FAST = "您发得有点快，请稍等 {seconds} 秒再发。"


class VisitorCookie:
    """Gives every new visitor a random id; the app behind it sees the id already on that first request.

    Only the page, its events and the API get one: an answer that a shared cache may keep must not carry anybody's id.
    A page inside another site's page, where browsers keep cookies back, brings an id made there and sends it in
    :data:`VISITOR_HEADER`, which no form or link of another site can do; it then stands for the cookie.
    """

    def __init__(self, app: ASGIApp, secure: bool = False) -> None:
        self.app = app
        self.secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with a valid ``visitor`` cookie, setting it where it was missing."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if scope["type"] != "http" or not _needs_visitor(scope["path"]) or "authorization" in headers:
            await self.app(scope, receive, send)
            return
        cookies = cookie_parser(headers.get("cookie", ""))
        brought = headers.get(VISITOR_HEADER, "")
        known = _MADE_BY_US.fullmatch(brought) is not None
        if not known and _MADE_BY_US.fullmatch(cookies.get(COOKIE, "")):
            await self.app(scope, receive, send)
            return
        visitor = brought if known else secrets.token_urlsafe(32)
        cookies[COOKIE] = visitor
        joined = "; ".join(f"{name}={value}" for name, value in cookies.items())
        others = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        scope = {**scope, "headers": [*others, (b"cookie", joined.encode("latin-1", "replace"))]}
        flags = "; Secure" if self.secure else ""

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and not known:
                lasting = f"Max-Age={DAYS * 86400}; Path=/; HttpOnly; SameSite=Lax{flags}"
                MutableHeaders(scope=message).append("set-cookie", f"{COOKIE}={visitor}; {lasting}")
            await send(message)

        await self.app(scope, receive, with_cookie)


def _needs_visitor(path: str) -> bool:
    return path in {"/", EVENT_ROUTE, *API_ROUTES} or path.startswith(DIRECT_ROUTE + "/")


def session_of(request: Any) -> str:
    """The name under which this visitor's conversation is kept; the cookie itself is stored nowhere.

    ``request`` is a ``gradio.Request`` or a Starlette request.

    Raises:
        ValueError: the request did not pass :class:`VisitorCookie`.
    """
    visitor = dict(request.cookies).get(COOKIE, "")
    if not _MADE_BY_US.fullmatch(visitor):
        raise ValueError("request without a visitor cookie; is VisitorCookie installed?")
    return "web-" + hashlib.sha256(visitor.encode()).hexdigest()[:32]


class Allowance:
    """A token bucket for every key: ``per_minute`` on average, as many at once; safe to use from many threads."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic, keys: int = 50_000) -> None:
        self.per_minute = per_minute
        self.clock = clock
        self.keys = keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str) -> int:
        """Use one; 0 when it was there, else the whole seconds until there is one."""
        with self._lock:
            now = self.clock()
            left, since = self._buckets.pop(key, (float(self.per_minute), now))
            left = min(float(self.per_minute), left + (now - since) * self.per_minute / 60)
            wait = 0 if left >= 1 else int((1 - left) * 60 / self.per_minute) + 1
            self._buckets[key] = (left if wait else left - 1, now)
            while len(self._buckets) > self.keys:
                self._buckets.popitem(last=False)
            return wait


class Throttle:
    """Limits what one address may send, and says "busy" in words people understand.

    Gradio turns a full queue into 503, which its page shows in English; 429 carries our own words.
    """

    def __init__(self, app: ASGIApp, allowance: Allowance) -> None:
        self.app = app
        self.allowance = allowance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 429."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else "unknown"
        wait = self.allowance.take(address)
        if wait:
            await refuse(send, 429, TOO_FAST.format(seconds=wait), wait)
            return
        full = False

        async def in_words(message: Message) -> None:
            nonlocal full
            if message["type"] == "http.response.start" and message["status"] == 503:
                full = True
                await refuse(send, 429, BUSY, BUSY_SECONDS)
                return
            if not full:
                await send(message)

        await self.app(scope, receive, in_words if scope["path"] == EVENT_ROUTE else send)
