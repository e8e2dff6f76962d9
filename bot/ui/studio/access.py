"""Who may use the studio: asked by the gate in front of it, and again by everything behind it."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from fastapi import Request
from starlette.responses import JSONResponse, Response

from bot.accounts import Account
from bot.errors import JournalError
from bot.ui.sign_in import EXPIRED, NOT_AN_EDITOR, AccountBook, signed_in
from kb.editing import Conflict
from kb.errors import InputError, KBError, StoreLocked

log = logging.getLogger(__name__)


class Refused(KBError):
    """Who asks is not signed in, or may not do this; ``status`` is the HTTP answer."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class AuditedBook(AccountBook, Protocol):
    """The part of :class:`bot.accounts.Accounts` that the studio needs."""

    def note(self, who: str, action: str, detail: str) -> None:
        """Write to the audit what ``who`` did."""


class Access:
    """Tells who calls: a dependency of the studio's own routes, and what its Gradio handlers ask first."""

    def __init__(self, accounts: AuditedBook) -> None:
        self.accounts = accounts

    def __call__(self, request: Request) -> Account:
        """The editor who sends ``request``.

        Raises:
            Refused: nobody is signed in (401), or no editor (403).
        """
        account = signed_in(self.accounts, request)
        if account is None:
            raise Refused(EXPIRED, 401)
        if not account.may("editor"):
            raise Refused(NOT_AN_EDITOR, 403)
        return account

    def note(self, account: Account, action: str, detail: str) -> None:
        """Write to the audit what was just done; that it was done does not depend on it."""
        try:
            self.accounts.note(account.name, action, detail[:200])
        except JournalError as error:
            log.error("not in the audit: %s %s %s (%s)", account.name, action, detail[:200], error)

    def require(self, request: Any) -> Account:
        """The same for a handler of Gradio.

        Raises:
            gradio.Error: the page shows the reason as a notice.
        """
        import gradio as gr

        try:
            return self(request)
        except Refused as refused:
            raise gr.Error(str(refused), title="请您留意", print_exception=False) from refused


async def tell(_request: Request, error: Exception) -> Response:
    """A failure as the studio's script shows it: one Chinese line, with the status that fits."""
    if isinstance(error, Refused):
        status = error.status
    elif isinstance(error, (Conflict, StoreLocked)):
        status = 409
    else:
        status = 400 if isinstance(error, InputError) else 422
    return JSONResponse({"error": str(error)}, status)
