"""The two apps over doubles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from bot.accounts import Accounts
from bot.journal import Journal
from bot.records import Citation, Reply
from bot.settings import ServerSettings
from bot.ui.desk import Desk
from bot.ui.scripts import Shelf
from bot.ui.sign_in import COOKIE
from bot.ui.tickets import TicketDesk
from kb.config import ShopSettings
from kb.records import Entry, Place
from tests.app.browser import PHONE, Visit, served
from tests.app.doubles import KeptRatings, ScriptedAssistant, ShelfBase, WordChecker

COD = Entry(
    "cod1",
    "faq",
    "public",
    "可以的，结算时选择“货到付款”即可。",
    Place("faq/cod.csv", row=2),
    question="可以货到付款吗？",
    category="货到付款",
)
EVIL = Entry("evil1", "passage", "public", "<script>alert(1)</script><b>粗</b>", Place("<i>源</i>.md", ("<u>章</u>",)))
SECRET = Entry(
    "secret1",
    "script",
    "internal",
    "内部话术：先安抚再核实。",
    Place("礼仪.md"),
    question="顾客着急",
    wrong=("急什么。",),
)
ENDED = Entry(
    "ended1",
    "faq",
    "public",
    "活动价八折。",
    Place("faq/cod.csv", row=3),
    question="有活动吗？",
    valid_to=date(2020, 1, 1),
)
TODAY = date(2026, 11, 22)

ANSWER = Reply(
    "您好，可以的。结算时选择“货到付款”即可。",
    "answer",
    "question",
    0.9,
    (Citation("cod1", "faq/cod.csv", "货到付款", COD.text),),
    (),
    "gen-000001",
)
CLARIFY = Reply("您好，请问您想了解的是哪一个？", "clarify", "question", 0.4, (), ("可以货到付款吗？", "怎么退货？"))


# Making a Gradio app takes a second, so each is made once; what stands behind it is emptied for every test.


@pytest.fixture(scope="session")
def base() -> ShelfBase:
    return ShelfBase(COD, EVIL, SECRET, ENDED)


@pytest.fixture(scope="session")
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant({"可以货到付款吗？": ANSWER, "退": CLARIFY})


@pytest.fixture(scope="session")
def ratings() -> KeptRatings:
    return KeptRatings()


@pytest.fixture(scope="session")
def server() -> ServerSettings:
    return ServerSettings(messages_per_minute=1000)


@pytest.fixture(autouse=True)
def emptied(assistant, ratings) -> None:
    assistant.said.clear()
    assistant.fail = None
    assistant.fields = ()
    assistant.filled.clear()
    ratings.ratings.clear()
    ratings.given.clear()


@pytest.fixture(scope="session")
def _customer_client(assistant, ratings, base, server) -> Iterator[TestClient]:
    from bot.ui.server import create_customer_app

    app = create_customer_app(assistant, ratings, base, ShopSettings(), server, today=lambda: TODAY)
    with TestClient(app, base_url="http://shop.example.com") as client:
        yield client


@pytest.fixture
def customer(_customer_client) -> TestClient:
    """The customer page, visited by somebody new."""
    _customer_client.cookies.clear()
    return _customer_client


@pytest.fixture(scope="session")
def journal_file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("staff") / "journal.sqlite3"


@pytest.fixture(scope="session")
def accounts(journal_file) -> Iterator[Accounts]:
    accounts = Accounts(journal_file)
    accounts.add("小林", "agent", "correct horse")
    yield accounts
    accounts.close()


@pytest.fixture(scope="session")
def journal(journal_file) -> Iterator[Journal]:
    journal = Journal(journal_file)
    yield journal
    journal.close()


def desk_over(base, assistant, checker, journal) -> Desk:
    """A desk with two scripts."""
    zone = ZoneInfo("Asia/Shanghai")
    shelves = (Shelf("开场", ("您好，欢迎光临！",)), Shelf("致歉", ("给您添麻烦了，非常抱歉。",)))
    return Desk(
        base, assistant, checker, journal.notebook, journal.reports, TicketDesk(journal.tickets, zone),
        lambda now, name: shelves, zone,
    )  # fmt: skip


@pytest.fixture(scope="session")
def desk(base, assistant, journal) -> Desk:
    return desk_over(base, assistant, WordChecker(没办法="我帮您想想别的办法"), journal)


@pytest.fixture(scope="session")
def _staff_client(desk, accounts, base, server) -> Iterator[TestClient]:
    from bot.ui.server import create_staff_app

    app = create_staff_app(desk, accounts, base, ShopSettings(), server, today=lambda: TODAY)
    with TestClient(app, base_url="http://desk.example.com") as client:
        yield client


@pytest.fixture
def staff(_staff_client) -> TestClient:
    """The staff app, nobody signed in."""
    _staff_client.cookies.clear()
    return _staff_client


@pytest.fixture
def signed_in(staff, accounts) -> TestClient:
    """The staff app, 小林 signed in."""
    staff.cookies.set(COOKIE, accounts.open_login("小林"))
    return staff


@pytest.fixture(scope="session")
def customer_address(assistant, ratings, base, server) -> Iterator[str]:
    from bot.ui.server import create_customer_app

    with served(create_customer_app(assistant, ratings, base, ShopSettings(), server, today=lambda: TODAY)) as address:
        yield address


@pytest.fixture
def visit(browser, customer_address) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def open_(size: dict[str, int] = PHONE, address: str = customer_address) -> Visit:
        visits.append(Visit(browser, address, size).open())
        return visits[-1]

    yield open_
    for one in visits:
        one.close()
