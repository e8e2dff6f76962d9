"""The addresses below ``/desk`` that the agents' page calls; each asks who is calling before it does anything."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from bot.accounts import Account
from bot.ui.desk import Desk
from bot.ui.sign_in import EXPIRED, AccountBook, signed_in
from bot.ui.studio.access import Refused

Text = Annotated[str, Form(max_length=8_000)]


class Caller:
    """Tells who calls: any member of staff."""

    def __init__(self, accounts: AccountBook) -> None:
        self.accounts = accounts

    def __call__(self, request: Request) -> Account:
        """The member of staff who sends ``request``.

        Raises:
            Refused: nobody is signed in.
        """
        account = signed_in(self.accounts, request)
        if account is None:
            raise Refused(EXPIRED, 401)
        return account


def desk_routes(app: FastAPI, desk: Desk, accounts: AccountBook) -> None:
    """Looking up, replying, checking, favourites and reports."""
    router = APIRouter(prefix="/desk")
    caller = Depends(Caller(accounts))

    @router.post("/look-up")
    def look_up(text: Text = "", account: Account = caller) -> Response:
        return HTMLResponse(desk.look_up(account.name, text))

    @router.post("/reply")
    def reply(text: Text = "", account: Account = caller) -> Response:
        ready = desk.ready_reply(account.name, text)
        return JSONResponse({"text": ready.text, "html": ready.html})

    @router.post("/check")
    def check(text: Text = "", account: Account = caller) -> Response:
        return HTMLResponse(desk.check(text))

    @router.get("/at-hand")
    def at_hand(account: Account = caller) -> Response:
        return HTMLResponse(desk.at_hand(account.name))

    @router.get("/scripts")
    def scripts(account: Account = caller) -> Response:
        return HTMLResponse(desk.scripts(account.name))

    @router.post("/favourite")
    def favour(entry: Text, on: Annotated[bool, Form()], account: Account = caller) -> Response:
        desk.favour(account.name, entry, on)
        return HTMLResponse(desk.at_hand(account.name))

    @router.post("/report")
    def report(
        kind: Annotated[Literal["wrong", "missing"], Form()],
        text: Text = "",
        entry: Text = "",
        note: Text = "",
        account: Account = caller,
    ) -> Response:
        desk.report(account.name, kind, text, entry, note)
        return JSONResponse({"said": "已告诉编辑，谢谢您。"})

    app.include_router(router)
