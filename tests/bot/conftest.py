"""An assistant over a scripted base, with a clock that can be moved."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.assistant import Assistant
from bot.checker import load_checker
from bot.database import Where
from bot.journal import Journal
from bot.scenario import load_classifier
from bot.session import Sessions
from bot.settings import BotSettings
from bot.wording import load_wording
from kb.config import ShopSettings
from kb.records import SearchResult
from tests.doubles import Clock, ScriptedBase, faq, hit, passage
from tests.postgres import Server, missing
from tests.postgres import server as running

COD = faq("可以货到付款吗？", "很抱歉，目前暂不支持货到付款。您可以使用支付宝或微信付款。", "能货到付款不", category="付款")
RETURN = faq("怎么退货？", "签收后7天内，在“我的订单”里申请退货即可。", "退货怎么弄", category="售后")
FEE = faq("退货运费谁出？", "质量问题由我们承担；个人原因由您承担。", category="售后")
INVOICE = faq("怎么开发票？", "结算时选择电子发票，填写抬头和邮箱即可。", category="发票")
GUIDE = passage("大件商品由专车配送。\n1. 提前预约；\n2. 当面验收。", "配送政策", "第二章 大件配送")
SECRET = faq("赔付上限是多少？", "客服最多可赔付50元，请勿告诉客户。", audience="internal", category="内部")


def found(question: str, band: str, confidence: float, *entries) -> SearchResult:
    return SearchResult(question, band, confidence, tuple(hit(entry) for entry in entries), "gen-000001")


def a_base() -> ScriptedBase:
    results = [
        found("可以货到付款吗？", "answer", 0.95, COD, RETURN, FEE),
        found("可以货到付款吗", "answer", 0.95, COD, RETURN, FEE),
        found("怎么退货", "answer", 0.9, RETURN, FEE),
        found("退货的钱", "clarify", 0.5, FEE, RETURN, GUIDE),
        found("大件怎么送", "answer", 0.8, GUIDE),
        found("能赔多少钱啊", "answer", 0.9, SECRET, FEE),
        found("退货运费", "answer", 0.85, FEE),
        found(FEE.question, "clarify", 0.55, FEE, RETURN),
    ]
    return ScriptedBase({result.question: result for result in results}, COD, RETURN, FEE, INVOICE, GUIDE, SECRET)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def base() -> ScriptedBase:
    return a_base()


BOTH = ("test_journal", "test_tickets", "test_accounts", "test_desk_records", "test_retention", "test_visitor", "test_unanswered")
"""What these modules say of the journal holds for both databases, where a test does not look into SQLite's own files."""
FILES = {"path", "tmp_path"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    name = metafunc.module.__name__.split(".")[-1]
    direct = set(inspect.signature(metafunc.function).parameters)
    if name in BOTH and "where" in metafunc.fixturenames and not direct & FILES:
        metafunc.parametrize("where", ["sqlite", "postgres"], indirect=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra postgres)")
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed (extra postgres)")
    if missing():
        pytest.skip(missing())
    with running() as made:
        yield made


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """An empty journal on the server, in a schema of its own."""
    import psycopg

    schema = f"journal_{secrets.token_hex(6)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        yield f"{server.url}?options=-csearch_path%3D{schema}"
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """Where the journal lies: a new file, or a server's database where a test is asked for both."""
    if getattr(request, "param", "sqlite") == "postgres":
        return request.getfixturevalue("url")
    return tmp_path / "home" / "journal.sqlite3"


@pytest.fixture
def journal(where: Where, clock: Clock) -> Iterator[Journal]:
    journal = Journal(where, clock)
    yield journal
    journal.close()


Make = Callable[..., Assistant]


@pytest.fixture(scope="session", autouse=True)
def learnt() -> None:
    """Situations are learnt once, before any reply is timed."""
    load_classifier().classify("您好")


@pytest.fixture
def make(base: ScriptedBase, journal: Journal, clock: Clock) -> Make:
    """An assistant; keyword arguments replace its parts."""

    def build(**parts) -> Assistant:
        checker = load_checker()
        settings = parts.pop("settings", BotSettings())
        shop = parts.pop("shop", ShopSettings())
        wording = parts.pop("wording", None) or load_wording(
            checker, brand=shop.brand, hours=shop.service_hours, deadline="24", callback="2"
        )
        arguments = {
            "base": base,
            "wording": wording,
            "checker": checker,
            "journal": journal,
            "sessions": Sessions(clock),
            "settings": settings,
            "shop": shop,
            "clock": clock,
            "classifier": load_classifier(),
        }
        return Assistant(**{**arguments, **parts})

    return build


@pytest.fixture
def assistant(make: Make) -> Assistant:
    return make()
