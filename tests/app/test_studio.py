"""The studio's frame: who gets in, and that its Gradio routes are guarded like those of the root."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from starlette.testclient import TestClient

from bot.accounts import Accounts
from bot.ui.security import STUDIO, under
from bot.ui.sign_in import COOKIE, NOT_AN_EDITOR
from bot.ui.studio.access import Access
from bot.ui.studio.fragment import fragment
from bot.ui.studio.frame import build_studio_page
from bot.ui.studio.tabs import Tab
from kb.config import ShopSettings
from kb.errors import InputError
from kb.markup import node
from tests.app.page import Page

PAGE, PANE, CHANGE = "/studio/", "/studio/shelf", "/studio/shelf/change"
EVENT = "/studio/gradio_api/queue/join"


def routes(router, access) -> None:
    @router.get("/shelf")
    def pane():
        return fragment(node("p", "内部资料 <script>alert(1)</script>"))

    @router.post("/shelf/change")
    def change():
        raise InputError("没有这个文件。")


SHELF = Tab("shelf", "资料", routes=routes)


@pytest.fixture(scope="module")
def editors(tmp_path_factory) -> Iterator[Accounts]:
    accounts = Accounts(Path(tmp_path_factory.mktemp("studio")) / "journal.sqlite3")
    accounts.add("小林", "agent", "correct horse")
    accounts.add("小周", "editor", "correct horse")
    yield accounts
    accounts.close()


@pytest.fixture(scope="module")
def app(desk, editors, base, server):
    from bot.ui.server import create_staff_app

    return create_staff_app(desk, editors, base, ShopSettings(), server, tabs=(SHELF,))


@pytest.fixture(scope="module")
def client(app) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://desk.example.com") as client:
        yield client


@pytest.fixture
def as_(client, editors):
    def as_(name: str | None) -> TestClient:
        client.cookies.clear()
        if name:
            client.cookies.set(COOKIE, editors.open_login(name))
        return client

    return as_


@pytest.mark.parametrize("path", [PAGE, "/studio", PANE, "/studio//shelf", "/studio/ui/studio/studio.js"])
def test_strangers_and_agents_see_nothing(as_, path):
    stranger = as_(None).get(path, follow_redirects=False)
    assert stranger.status_code == 303 and stranger.headers["location"] == "/sign-in"
    agent = as_("小林").get(path, follow_redirects=False)
    assert agent.status_code == 403 and NOT_AN_EDITOR in agent.text and "内部资料" not in agent.text


@pytest.mark.parametrize("path", [CHANGE, EVENT, "/studio/gradio_api/run/opened"])
def test_strangers_and_agents_change_nothing(as_, path):
    assert as_(None).post(path).status_code == 401
    assert as_("小林").post(path).status_code == 403


def test_the_routes_ask_again_behind_an_open_gate(client, as_, monkeypatch):
    monkeypatch.setattr("bot.ui.sign_in.under", lambda path, prefixes: False)
    answer = as_("小林").get(PANE)
    assert answer.status_code == 403 and answer.json() == {"error": NOT_AN_EDITOR}


def test_gradio_handlers_ask_again_behind_an_open_gate(editors):
    blocks = build_studio_page((SHELF,), Access(editors), ShopSettings())
    handlers = [function.fn for function in blocks.fns.values() if function.fn is not None]
    assert handlers

    class Agent:
        cookies = {COOKIE: editors.open_login("小林")}

    for handler in handlers:
        (parameter,) = inspect.signature(handler).parameters
        with pytest.raises(gr.Error, match="没有这个权限"):
            handler(**{parameter: Agent()})


def test_an_editor_sees_the_page_and_its_panes_escaped(as_):
    client = as_("小周")
    html = client.get(PAGE).text
    assert "知识工作室" in html and 'lang="zh-CN"' in html and "/studio/ui/studio/studio.js?" in html
    assert client.get("/studio", follow_redirects=False).headers["location"] == PAGE
    pane = client.get(PANE).text
    assert "&lt;script&gt;" in pane and "<script>" not in pane
    assert client.get("/studio/ui/studio/studio.js").headers["cache-control"].startswith("public")


def test_a_failure_is_told_in_its_own_words(as_):
    answer = as_("小周").post(CHANGE)
    assert answer.status_code == 400 and answer.json() == {"error": "没有这个文件。"}


def test_another_site_can_change_nothing(as_):
    foreign = {"origin": "http://evil.example"}
    assert as_("小周").post(CHANGE, headers=foreign).status_code == 403
    assert as_("小周").put(f"{PANE}/x", headers=foreign).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["upload", "file=/etc/passwd", "api/opened", "call/opened", "info", "component_server", "/upload", "upload/"],
)
def test_what_is_closed_at_the_root_is_closed_here(as_, path):
    client = as_("小周")
    for method in ("get", "post"):
        assert getattr(client, method)(f"/studio/gradio_api/{path}").status_code == 404, method


@pytest.mark.parametrize("path", ["/studio/config", "/studio/monitoring", "/studio/login", "/studio//config"])
def test_gradios_own_pages_are_closed_here(as_, path):
    assert as_("小周").get(path).status_code == 404


def test_the_desk_shows_the_way_to_editors_only(as_):
    assert "/studio/" in Page(as_("小周")).shown("", "load")
    assert "/studio/" not in Page(as_("小林")).shown("", "load")


def test_without_tabs_there_is_no_studio(_staff_client, accounts):
    accounts.add("小吴", "editor", "correct horse")
    _staff_client.cookies.set(COOKIE, accounts.open_login("小吴"))
    assert _staff_client.get(PAGE).status_code == 404


@pytest.mark.parametrize("path", ["/studio", "//studio/x", "/studio//x", "/studio/gradio_api/file=x"])
def test_the_gate_knows_the_studio_however_it_is_written(path):
    assert under(path, (STUDIO,))
    assert not under(path.replace("studio", "studios"), (STUDIO,))
