"""Signing in and out of the staff app, and the gate that lets nobody else pass."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Protocol

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.accounts import Account
from bot.errors import AccountError, AccountThrottled, JournalError
from bot.settings import ServerSettings
from bot.ui.pages import error_page, sign_in_page
from bot.ui.security import STUDIO, refuse, under
from bot.ui.visitors import TOO_FAST, Allowance

log = logging.getLogger(__name__)

COOKIE = "staff"
TRIES_PER_MINUTE = 20
WRONG = "账号或密码不对，请您核对后再试。"
OWN_PAGE = "/account"
EXPIRED = "登录已过期，请刷新页面重新登录。"
NOT_AN_EDITOR = "知识工作室由知识编辑使用，您的账号没有这个权限；如有需要，请联系您店里的管理员。"
_OPEN = ("/sign-in", "/healthz", "/readyz", "/metrics", "/robots.txt", "/ui", "/assets", "/static", "/favicon.ico", "/theme.css")


class AccountBook(Protocol):
    """The part of :class:`bot.accounts.Accounts` that signing in needs."""

    def verify(self, name: str, password: str, address: str = "") -> Account | None:
        """The account whose password this is."""

    def open_login(self, name: str) -> str:
        """A token that stands for the account."""

    def account_of(self, token: str) -> Account | None:
        """Whose login the token is."""

    def close_login(self, token: str) -> None:
        """End a login."""


def address_of(request: Request) -> str:
    """Where a request comes from, as far as the server knows."""
    return request.client.host if request.client else "unknown"


def signed_in(accounts: AccountBook, request: Any) -> Account | None:
    """Who sends ``request`` (a ``gradio.Request`` or a Starlette one); None for nobody."""
    token = dict(request.cookies).get(COOKIE, "")
    return accounts.account_of(token) if token else None


class StaffGate:
    """Lets only those pass who are signed in; what they may do is checked again in every handler."""

    def __init__(self, app: ASGIApp, accounts: AccountBook) -> None:
        self.app = app
        self.accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, send to the sign-in page, or answer 401."""
        path = scope.get("path", "")
        if scope["type"] != "http" or any(path == open_ or path.startswith(open_ + "/") for open_ in _OPEN):
            await self.app(scope, receive, send)
            return
        token = cookie_parser(Headers(scope=scope).get("cookie", "")).get(COOKIE, "")
        try:
            account = await run_in_threadpool(self.accounts.account_of, token) if token else None
        except JournalError as error:
            log.error("logins cannot be read: %s", error)
            await refuse(send, 503, "系统正在维护，暂时无法登录，请稍后再试。")
            return
        if account is not None and account.must_change and path not in (OWN_PAGE, "/sign-out"):
            if scope["method"] == "GET":
                await RedirectResponse(OWN_PAGE, 303)(scope, receive, send)
            else:
                await refuse(send, 403, "请先修改密码，再继续使用。")
            return
        if account is not None and (account.may("editor") or not under(path, (STUDIO,))):
            await self.app(scope, receive, send)
            return
        if account is not None:
            if scope["method"] == "GET":
                page = error_page("没有权限", NOT_AN_EDITOR)
                await HTMLResponse(page, 403)(scope, receive, send)
            else:
                await refuse(send, 403, NOT_AN_EDITOR)
            return
        if scope["method"] == "GET" and not under(path, ("/gradio_api", f"{STUDIO}/gradio_api")):
            await RedirectResponse("/sign-in", 303)(scope, receive, send)
            return
        await refuse(send, 401, EXPIRED)


def set_login(answer: Response, token: str, server: ServerSettings) -> None:
    """Give the browser the cookie of a login: no script reads it, no other site sends it."""
    answer.set_cookie(
        COOKIE, token, max_age=server.login_hours * 3600, httponly=True, samesite="strict", secure=server.cookie_secure
    )


def sign_in_routes(app: FastAPI, accounts: AccountBook, server: ServerSettings) -> None:
    """``/sign-in`` (the form and its target) and ``/sign-out``."""
    tries = Allowance(TRIES_PER_MINUTE)

    @app.get("/sign-in")
    def form(request: Request) -> Response:
        if signed_in(accounts, request) is not None:
            return RedirectResponse("/", 303)
        return HTMLResponse(sign_in_page())

    @app.post("/sign-in")
    def enter(request: Request, name: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "") -> Response:
        name = name.strip()[:40]
        wait = tries.take(address_of(request))
        if wait:
            return HTMLResponse(sign_in_page(TOO_FAST.format(seconds=wait), name), 429)
        try:
            account = accounts.verify(name, password, address_of(request))
            token = accounts.open_login(account.name) if account is not None else ""
        except AccountThrottled as error:
            return HTMLResponse(sign_in_page(str(error), name), 429)
        except AccountError as error:
            log.warning("sign-in refused: %s", error)
            token = ""
        except JournalError as error:
            log.error("accounts cannot be read: %s", error)
            return HTMLResponse(sign_in_page("系统正在维护，暂时无法登录，请稍后再试。", name), 503)
        if not token:
            return HTMLResponse(sign_in_page(WRONG, name), 401)
        answer = RedirectResponse("/", 303)
        set_login(answer, token, server)
        return answer

    @app.post("/sign-out")
    def leave(request: Request) -> Response:
        accounts.close_login(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=server.cookie_secure)
        return answer
