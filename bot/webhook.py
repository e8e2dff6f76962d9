"""Tells another system of a new ticket: signed, repeated until it arrives, and never in the way of a reply.

    POST url
    Content-Type: application/json
    Idempotency-Key: <the same for every attempt>
    X-Zhanggui-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>" with the secret>

Any 2xx answer counts as arrived. Redirects are not followed. Delivery is at least once: a receiver that sees a key
again has it already.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from bot.errors import JournalError
from bot.outbox import Outbox
from bot.settings import WebhookSettings
from bot.tickets import Ticket, Tickets
from kb.errors import InputError, SettingsError

logger = logging.getLogger(__name__)

POLL_S = 2.0
"""How often the outbox is looked at."""
LEASE = timedelta(minutes=2)


def checked(settings: WebhookSettings) -> WebhookSettings:
    """``settings`` where they can be used.

    Raises:
        SettingsError: the address is not http(s), or there is no secret to sign with.
    """
    if settings.url:
        try:
            parts = urlsplit(settings.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            raise SettingsError("[webhook] url 不是可用的地址；请写成 https://example.com/path 这样的 http 或 https 地址。")
        if not settings.secret:
            raise SettingsError("[webhook] 设置了 url，但没有签名密钥；请设置环境变量 KB_WEBHOOK_SECRET。")
        if settings.timeout_s <= 0:
            raise SettingsError(f"[webhook] timeout_s 的值“{settings.timeout_s}”不对；请写成大于 0 的秒数。")
    return settings


class Courier:
    """Delivers what is in the outbox, from a thread of its own."""

    def __init__(self, outbox: Outbox, tickets: Tickets, settings: WebhookSettings) -> None:
        self._outbox = outbox
        self._tickets = tickets
        self._settings = settings
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to deliver; what was left from before a restart goes first."""
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def deliver_one(self) -> bool:
        """Try the next delivery that is due; whether there was one.

        Raises:
            JournalError: the outbox cannot be read or written.
        """
        news = self._outbox.claim(LEASE)
        if news is None:
            return False
        try:
            ticket = self._tickets.card(news.ticket).ticket
        except InputError:
            self._outbox.delivered(news)  # deleted meanwhile: nobody is to hear of it any more
            return True
        body = json.dumps(news_of(ticket, news.key, contact=self._settings.contact), ensure_ascii=False).encode()
        try:
            status = post(self._settings, body, news.key)
            problem = "" if 200 <= status < 300 else f"HTTP {status}"
        except (OSError, http.client.HTTPException) as error:
            problem = f"{type(error).__name__}: {error}"
        if not problem:
            self._outbox.delivered(news)
        elif not self._outbox.failed(news, problem):
            logger.error("webhook: news of ticket %s given up after %d attempts: %s", ticket.id, news.attempts, problem)
        elif news.attempts == 1:
            logger.warning("webhook: news of ticket %s not delivered, will be tried again: %s", ticket.id, problem)
        return True

    def _run(self) -> None:
        broken = False
        while not self._stop.is_set():
            try:
                busy, broken = self.deliver_one(), False
            except JournalError as error:
                if not broken:
                    logger.error("webhook: %s", error)
                busy, broken = False, True
            except Exception:  # one bad delivery must not end all later ones
                logger.exception("webhook: a delivery failed")
                busy = False
            if not busy:
                self._stop.wait(POLL_S)


def news_of(ticket: Ticket, key: str, *, contact: bool = False) -> dict[str, Any]:
    """What is told of a new ticket: nothing by which a person can be reached or named, unless ``contact``."""
    told: dict[str, Any] = {
        "id": ticket.id,
        "kind": ticket.kind,
        "at": ticket.at.isoformat(),
        "due": ticket.due.isoformat() if ticket.due else None,
        "state": ticket.state,
        "question": ticket.question,
        "facts": {"what": ticket.facts.what, "order": ticket.facts.order},
    }
    if contact:
        told |= {"contact": ticket.contact, "name": ticket.facts.name}
    return {"event": "ticket.opened", "key": key, "ticket": told}


def signature(secret: str, body: bytes, moment: int) -> str:
    """The value of the signature header for ``body`` sent at ``moment`` (Unix seconds)."""
    digest = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def post(settings: WebhookSettings, body: bytes, key: str, now: Callable[[], float] = time.time) -> int:
    """Send ``body``; returns the status of the answer, within ``timeout_s`` seconds all in all.

    Raises:
        OSError, http.client.HTTPException: it did not arrive, or no answer came in time.
    """
    parts = urlsplit(settings.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=settings.timeout_s)
    headers: Mapping[str, str] = {
        "Content-Type": "application/json",
        "User-Agent": "zhanggui",
        "Idempotency-Key": key,
        "X-Zhanggui-Signature": signature(settings.secret, body, int(now())),
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def cut() -> None:
        # The timeout of a socket counts from byte to byte; an answer that trickles is ended here.
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(settings.timeout_s, cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", target, body, dict(headers))
        return connection.getresponse().status
    finally:
        watch.cancel()
        connection.close()
