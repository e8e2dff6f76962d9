"""The two web apps, each for a process of its own: Gradio keeps uploads and events of one process in common."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from bot.ui.pages import error_page, in_words, source_page
from bot.ui.security import BodyLimit, OriginCheck, RouteGate, SecurityHeaders, content_policy
from bot.ui.visitors import VISITOR_HEADER, Allowance, Throttle, VisitorCookie
from kb.errors import KBError, StoreError
from kb.records import Entry

if TYPE_CHECKING:
    from bot.metrics import Monitor
    from bot.settings import ApiSettings, ServerSettings
    from bot.ui.admin import StaffBook
    from bot.ui.chat import Ratings, Speaker
    from bot.ui.desk import Desk
    from bot.ui.studio.tabs import Tab
    from kb.config import ShopSettings
    from kb.knowledge import BaseStatus

BODY_LIMIT = 256 * 1024
ADDRESS_FACTOR = 20
"""One address may stand for a whole office: it may send this many times what one visitor may."""

STAFF_EVENTS_PER_MINUTE = 6000
"""Of one address, a whole call centre perhaps, whose every key looks something up."""

STAFF_LOOKS = (
    "common.css", "gradio.css", "head.css", "staff.css", "cards.css", "common.js", "studio/studio.js", "staff.js",
)  # fmt: skip

LOCAL = ("127.0.0.1", "::1")


class Base(Protocol):
    """The part of :class:`kb.knowledge.KnowledgeBase` that pages read."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries of this audience."""

    def entry(self, identity: str) -> Entry | None:
        """The entry with that id, if this audience may see it."""

    def status(self) -> BaseStatus:
        """How the base is, without raising."""


def create_customer_app(
    speaker: Speaker,
    ratings: Ratings,
    base: Base,
    shop: ShopSettings,
    server: ServerSettings,
    today: Callable[[], date] = date.today,
    api: ApiSettings | None = None,
) -> FastAPI:
    """The public app: the page, the JSON API, sources of public entries, and health.

    It takes no uploads and shows nothing internal.

    Raises:
        SettingsError: a key in ``api`` is not a digest, or a site that may embed the page is none.
    """
    from bot.settings import ApiSettings
    from bot.ui.api import serve_api
    from bot.ui.chat import Chat
    from bot.ui.customer import build_customer_page
    from bot.ui.embed import serve_embed
    from bot.ui.mount import OwnFrontPage, mount_page, serve_looks

    app = _app(shop)
    _ready(app, base, reasons=False)
    content_policy(server.frame_ancestors)  # a wrong one is told now; the middleware is made at the first request
    visitors = Allowance(server.messages_per_minute)
    blocks = build_customer_page(Chat(speaker, ratings, visitors), shop, server)
    looks = serve_looks(app, ("common.css", "gradio.css", "customer.css", "talk.css", "common.js", "framed.js"))
    app.add_middleware(OwnFrontPage, title=str(blocks.title), looks=looks)
    app.add_middleware(Throttle, allowance=Allowance(server.messages_per_minute * ADDRESS_FACTOR))
    app.add_middleware(VisitorCookie, secure=server.cookie_secure)
    _guard(app, server, server.frame_ancestors)
    _sources(app, base, today, lambda entry: entry.audience == "public")
    serve_embed(app, shop.brand, demo=server.demo)
    serve_api(app, speaker, ratings, base, visitors, server, api or ApiSettings())
    mount_page(app, blocks, server.max_waiting)
    return app


def create_staff_app(
    desk: Desk,
    accounts: StaffBook,
    base: Base,
    shop: ShopSettings,
    server: ServerSettings,
    today: Callable[[], date] = date.today,
    monitor: Monitor | None = None,
    tabs: Sequence[Tab] = (),
) -> FastAPI:
    """The staff app: everything behind a login, internal entries included; ``monitor`` fills ``/metrics``.

    ``tabs`` make the studio of the editors at ``/studio``, which is not there without any.
    """
    from bot.ui.admin import admin_routes
    from bot.ui.desk_routes import desk_routes
    from bot.ui.mount import OwnFrontPage, mount_page, serve_looks
    from bot.ui.sign_in import StaffGate, set_login, sign_in_routes
    from bot.ui.staff import build_staff_page
    from bot.ui.studio.access import tell
    from bot.ui.tickets import ticket_routes

    app = _app(shop)
    _ready(app, base, reasons=True)
    if monitor is not None:
        _metrics(app, monitor, server.metrics_token)
    app.add_exception_handler(KBError, tell)
    blocks = build_staff_page(accounts, shop)
    looks = serve_looks(app, STAFF_LOOKS)
    app.add_middleware(OwnFrontPage, title=str(blocks.title), looks=looks)
    if tabs:
        from bot.ui.studio.frame import add_studio

        add_studio(app, tabs, accounts, shop, server)
    app.add_middleware(Throttle, allowance=Allowance(STAFF_EVENTS_PER_MINUTE))
    app.add_middleware(StaffGate, accounts=accounts)
    _guard(app, server, (), {address: most for tab in tabs for address, most in tab.uploads.items()})
    _sources(app, base, today, lambda entry: True)
    sign_in_routes(app, accounts, server)
    desk_routes(app, desk, accounts)
    ticket_routes(app, desk.tickets, accounts)
    admin_routes(app, accounts, ZoneInfo(shop.timezone), lambda answer, token: set_login(answer, token, server))
    mount_page(app, blocks, server.max_waiting)
    return app


def _app(shop: ShopSettings) -> FastAPI:
    app = FastAPI(title=shop.brand, docs_url=None, redoc_url=None, openapi_url=None)

    app.add_exception_handler(HTTPException, in_words)

    @app.get("/healthz")
    def alive() -> Response:
        return JSONResponse({"status": "alive"})

    @app.get("/robots.txt")
    def robots() -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    return app


def _ready(app: FastAPI, base: Base, *, reasons: bool) -> None:
    """``/readyz``: 200 while a generation answers; what is wrong is told to staff only, as it names files."""

    @app.get("/readyz")
    def ready() -> Response:
        status = base.status()
        if status.generation is None:
            return JSONResponse({"status": "not ready", **({"reason": status.problem} if reasons else {})}, 503)
        warning = {"warning": status.problem} if reasons else {}
        return JSONResponse({"status": "ready", "generation": status.generation, **warning})


def _metrics(app: FastAPI, monitor: Monitor, token: str) -> None:
    """``/metrics`` for who has the token; without one, for this machine only."""
    from bot.metrics import CONTENT_TYPE

    @app.get("/metrics")
    def metrics(request: Request) -> Response:
        if token:
            given = request.headers.get("authorization", "")
            allowed = secrets.compare_digest(given.encode("utf-8"), f"Bearer {token}".encode())
        else:
            allowed = request.client is not None and request.client.host in LOCAL
        if not allowed:
            return PlainTextResponse("监控数据只向本机提供；要从别的机器读取，请设置 KB_SERVER_METRICS_TOKEN。\n", 403)
        return Response(monitor.text(), media_type=CONTENT_TYPE)


def _guard(
    app: FastAPI, server: ServerSettings, frame_ancestors: Sequence[str], larger: Mapping[str, int] | None = None
) -> None:
    """What both apps stand behind; the one added last is met first. ``larger``: see :class:`BodyLimit`."""
    app.add_middleware(RouteGate)
    app.add_middleware(BodyLimit, limit=BODY_LIMIT, larger=larger)
    app.add_middleware(OriginCheck, allowed=server.allowed_origins)
    # Present even when no origin is allowed: only then does Gradio keep its own, which answers any site.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(server.allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=[VISITOR_HEADER],
        allow_credentials=True,
    )
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(SecurityHeaders, frame_ancestors=frame_ancestors)


def _sources(app: FastAPI, base: Base, today: Callable[[], date], may_see: Callable[[Entry], bool]) -> None:
    """``/source/<entry id>``: an entry in its source, where the reader may see it."""

    @app.get("/source/{identity}")
    def source(identity: str) -> Response:
        try:
            entry = base.entry(identity)
            if entry is None or not may_see(entry):
                text = "这条资料不存在，或者已经更新。您可以返回首页重新提问。"
                return HTMLResponse(error_page("没有找到这条资料", text), 404)
            return HTMLResponse(source_page(entry, [other for other in base.entries if may_see(other)], today()))
        except StoreError:
            return HTMLResponse(error_page("资料暂时打不开", "系统正在维护，请您稍后再看。"), 503)
