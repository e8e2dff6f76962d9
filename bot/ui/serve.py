"""One site from start to end: take the port, load the base, warm up, serve, stop."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from bot.settings import ApiSettings, BotSettings, ServerSettings
from bot.ui.launch import listen, web_address
from bot.ui.stubs import leave_out
from kb.config import Home, ShopSettings, load

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bot.ui.studio.wiring import Tools
    from kb.knowledge import KnowledgeBase

SiteName = Literal["customer", "staff"]
TURN_S = 0.0001
"""How long one thread may compute while others wait. A reply waits for its turn dozens of times: with Python's 5 ms the
slowest of 50 visitors' replies wait three times as long as with 0.5 ms while a new generation is loaded, and twice as
long with that as with this."""
TITLES: dict[SiteName, str] = {"customer": "顾客页面", "staff": "客服工作台"}
Lend = Callable[["Home", "KnowledgeBase"], "Tools"]
"""What gives the studio its tools, for a home and its base."""


def serve(
    site: SiteName,
    home: Home,
    host: str,
    port: int,
    say: Callable[[str], None],
    *,
    announce: bool = True,
    lend: Lend | None = None,
) -> int:
    """Serve one site until told to stop; 0 then. ``lend`` gives the staff site its studio.

    Raises:
        PortTaken: before anything is loaded. KBError: the base, an encoder or a setting cannot be used.
    """
    with listen(host, port) as bound, tempfile.TemporaryDirectory(prefix="zhanggui-") as scratch:
        # Gradio reads these when it is imported; files of one site must not be found through the other.
        os.environ["GRADIO_TEMP_DIR"] = scratch
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        leave_out()
        one_thread_each()
        # Loading makes a million objects that stay: looking through them for rubbish costs a fifth of the start.
        gc.disable()
        app = customer_app(home, say) if site == "customer" else staff_app(home, say, lend)
        gc.freeze()
        gc.enable()
        sys.setswitchinterval(TURN_S)
        if announce:
            say(f"{TITLES[site]}已就绪：{web_address(host, port)}")
        _run(app, bound)
    return 0


def one_thread_each() -> None:
    """Load what multiplies matrices so that each question is worked on by the thread it came with.

    The matrices of one question are small: a second thread gains nothing, and where many ask, everybody waits for the
    slowest of all. A number of threads that the operator has set stays; the environment is as before afterwards, so
    that a build which the studio starts uses all cores.
    """
    own = [name for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS") if name not in os.environ]
    os.environ.update(dict.fromkeys(own, "1"))
    # They read it once, when they are loaded.
    import faiss  # noqa: F401
    import numpy  # noqa: F401, ICN001

    for name in own:
        del os.environ[name]


def customer_app(home: Home, say: Callable[[str], None]) -> FastAPI:
    """The public app of ``home``, warmed up; it opens the public index only."""
    from bot.database import journal_of
    from bot.journal import Journal
    from bot.ui.server import create_customer_app
    from bot.wiring import open_assistant, open_courier
    from kb.knowledge import open_base

    journal = Journal(journal_of(home))
    courier = open_courier(home, journal)  # a wrong setting is told before anything slow is begun
    base = open_base(home, "public", say)
    assistant = open_assistant(home, "customer", say, base=base, journal=journal)
    assistant.warm_up()
    base.follow()
    if courier is not None:
        courier.start()
    shop, server, api = load(ShopSettings, home), load(ServerSettings, home), load(ApiSettings, home)
    return create_customer_app(assistant, journal, base, shop, server, api=api)


def staff_app(home: Home, say: Callable[[str], None], lend: Lend | None = None) -> FastAPI:
    """The staff app of ``home``, warmed up; with a studio for editors where ``lend`` gives it tools."""
    from zoneinfo import ZoneInfo

    from bot.accounts import Accounts
    from bot.checker import load_checker
    from bot.database import journal_of
    from bot.journal import Journal
    from bot.metrics import Monitor
    from bot.opening import parse_overrides
    from bot.ui.desk import Desk
    from bot.ui.scripts import shelves
    from bot.ui.server import create_staff_app
    from bot.ui.studio.inbox_tab import Inbox
    from bot.ui.studio.wiring import studio_tabs
    from bot.ui.tickets import TicketDesk
    from bot.watched import Watched
    from bot.wiring import open_assistant, wording_of
    from kb.knowledge import open_base
    from kb.store import open_store

    shop, server = load(ShopSettings, home), load(ServerSettings, home)
    base, journal = open_base(home, "internal", say), Journal(journal_of(home))
    assistant = open_assistant(home, "agent", say, base=base, journal=journal)
    assistant.warm_up()
    checker, zone = load_checker(home.rules), ZoneInfo(shop.timezone)
    wording = Watched((home.wording,), lambda: wording_of(home))
    festivals = parse_overrides(load(BotSettings, home).festivals)
    desk = Desk(
        base, assistant, checker, journal.notebook, journal.reports, TicketDesk(journal.tickets, zone),
        lambda now, name: shelves(wording.now(), now, festivals, name), zone,
    )  # fmt: skip
    accounts = Accounts(journal_of(home), login_hours=server.login_hours)
    monitor = Monitor(base, open_store(home), journal_of(home))
    inbox = Inbox(journal, journal.reports, base, base.encoders[0])
    tabs = () if lend is None else studio_tabs(lend(home, base), home, base, journal, inbox, checker, zone)
    return create_staff_app(desk, accounts, base, shop, server, monitor=monitor, tabs=tabs)


def _run(app: FastAPI, bound: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=3, ws="none"
    )
    # uvicorn stops in order on these signals and raises them once more when it is done: that second one is spent here.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    uvicorn.Server(config).run(sockets=[bound])
