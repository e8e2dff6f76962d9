"""Signing in, and what staff may see; everything else is refused on the server."""

from __future__ import annotations

import inspect
import json
from datetime import datetime, timezone

import gradio as gr
import pytest

from bot.accounts import FAILURES, Accounts
from bot.ui.sign_in import COOKIE, WRONG
from bot.ui.staff import build_staff_page
from kb.config import ShopSettings
from tests.app.page import JOIN, Page

RIGHT = {"name": "小林", "password": "correct horse"}


def enter(client, **fields):
    return client.post("/sign-in", data=fields, follow_redirects=False)


def test_strangers_are_sent_to_the_form(staff):
    answer = staff.get("/", follow_redirects=False)
    assert answer.status_code == 303 and answer.headers["location"] == "/sign-in"
    form = staff.get("/sign-in").text
    assert "客服工作台" in form and 'type="password"' in form and "<script" not in form


def test_the_right_password_opens_the_desk(staff):
    answer = enter(staff, **RIGHT)
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
    assert "客服工作台" in staff.get("/").text
    assert staff.get("/sign-in", follow_redirects=False).status_code == 303, "no second form"


@pytest.mark.parametrize(
    "fields", [{"name": "小林", "password": "wrong password"}, {"name": "没有此人", "password": "x"}, {}]
)
def test_wrong_and_unknown_look_the_same(staff, fields):
    answer = enter(staff, **fields)
    assert answer.status_code == 401 and WRONG in answer.text
    assert "set-cookie" not in answer.headers


def test_what_was_typed_comes_back_escaped(staff):
    assert "<script>" not in enter(staff, name='"><script>alert(1)</script>', password="x").text


def test_guessing_is_stopped_even_with_the_right_word_at_last(staff, accounts):
    accounts.add("小赵", "agent", "right password")
    answers = [enter(staff, name="小赵", password=f"guess {number}") for number in range(FAILURES)]
    assert {answer.status_code for answer in answers} == {401}
    last = enter(staff, name="小赵", password="right password")
    assert last.status_code == 429 and "暂停登录" in last.text and "set-cookie" not in last.headers


def test_one_address_cannot_try_name_after_name(assistant, base, desk, tmp_path, server, monkeypatch):
    from starlette.testclient import TestClient

    from bot.ui.server import create_staff_app

    monkeypatch.setattr("bot.ui.sign_in.TRIES_PER_MINUTE", 2)
    client = TestClient(create_staff_app(desk, Accounts(tmp_path / "j.sqlite3"), base, ShopSettings(), server))
    answers = [enter(client, name=f"甲{number}", password="x") for number in range(3)]
    assert answers[-1].status_code == 429 and "请稍等" in answers[-1].text


def test_another_site_cannot_sign_anybody_in_or_out(staff):
    foreign = {"origin": "http://evil.example"}
    assert staff.post("/sign-in", data=RIGHT, headers=foreign).status_code == 403
    assert staff.post("/sign-out", headers=foreign).status_code == 403


def test_signing_out_ends_the_login_on_the_server(signed_in):
    token = signed_in.cookies[COOKIE]
    assert signed_in.post("/sign-out", follow_redirects=False).status_code == 303
    signed_in.cookies.set(COOKIE, token)
    assert signed_in.get("/", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    "path", ["/source/secret1", "/config", "/gradio_api/queue/data?session_hash=h", "/gradio_api/info"]
)
def test_nothing_is_fetched_without_a_login(staff, path):
    answer = staff.get(path, follow_redirects=False)
    assert answer.status_code in {303, 401, 404}
    assert "内部话术" not in answer.text


@pytest.mark.parametrize(
    "path",
    [JOIN, "/gradio_api/run/look_up", "/gradio_api/call/look_up", "/gradio_api/api/look_up", "/gradio_api/upload"],
)
def test_nothing_runs_without_a_login(staff, path):
    answer = staff.post(path, json={"data": ["顾客着急"], "fn_index": 0, "session_hash": "h"})
    assert answer.status_code in {401, 404}
    assert "内部话术" not in answer.text


@pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --", "a" * 5000])
def test_a_made_up_login_opens_nothing(staff, token):
    staff.cookies.set(COOKIE, token)
    assert staff.post(JOIN, json={"data": ["x"], "fn_index": 0, "session_hash": "h"}).status_code == 401


def test_every_handler_asks_who_is_calling_even_behind_an_open_gate(desk, accounts):
    """The gate could be forgotten or passed; then each handler must still refuse by itself."""
    blocks = build_staff_page(desk, accounts, ShopSettings())

    class Nobody:
        cookies: dict[str, str] = {}

    handlers = [function.fn for function in blocks.fns.values() if function.fn is not None]
    assert len(handlers) >= 8
    for handler in handlers:
        known = {"request": Nobody(), "text": "顾客着急", "draft": "没办法", "place": 0}
        arguments = {name: known[name] for name in inspect.signature(handler).parameters}
        with pytest.raises(gr.Error, match="登录已过期"):
            handler(**arguments)


def test_a_disabled_account_is_out_at_once(staff, accounts):
    accounts.add("小钱", "agent", "right password")
    staff.cookies.set(COOKIE, accounts.open_login("小钱"))
    assert staff.get("/", follow_redirects=False).status_code == 200
    accounts.disable("小钱")
    assert staff.get("/", follow_redirects=False).status_code == 303


def test_looking_up_shows_everything_staff_may_see(signed_in):
    shown = Page(signed_in).shown("question", "change", ["顾客着急"])
    for part in (
        "内部话术：先安抚再核实。",
        "仅供内部",
        "急什么。",
        "√",
        "×",
        "/source/secret1#here",
        "为什么匹配",
        "把握",
        "长期有效",
    ):
        assert part in shown, part


def test_results_are_escaped(signed_in):
    shown = Page(signed_in).shown("question", "change", ["alert"])
    assert "&lt;script&gt;" in shown and "<script>" not in shown and "<u>" not in shown


def test_nothing_found_is_said(signed_in):
    assert "没有找到" in Page(signed_in).shown("question", "change", ["龘龘龘"])


def test_an_outage_is_not_an_empty_result(signed_in, base, monkeypatch):
    from kb.errors import StoreDamaged

    def fail(question, k=5):
        raise StoreDamaged("知识库版本 gen-000001 损坏；请运行 verify。")

    monkeypatch.setattr(base, "search", fail)
    shown = Page(signed_in).shown("question", "change", ["货到付款"])
    assert "暂时查不了" in shown and "没有找到" not in shown


def test_a_ready_reply_is_written_and_drafts_are_checked(signed_in, assistant):
    page = Page(signed_in)
    shown = page.shown("question", "submit", ["可以货到付款吗？"])
    assert "结算时选择" in shown and "可以直接回复" in shown and "把握 90%" in shown
    assert all(session.startswith("desk-小林-") for session in assistant.said)
    found = page.shown("reply", "change", ["这个没办法。"])
    assert "推脱" in found and "我帮您想想别的办法" in found
    assert "没有发现问题" in page.shown("reply", "change", ["好的，马上为您查询。"])


def test_look_ups_do_not_carry_over(signed_in, assistant):
    page = Page(signed_in)
    for _ in range(2):
        page.fire("question", "submit", ["可以货到付款吗？"])
    assert len(assistant.said) == 2


def test_a_result_can_be_used_as_the_reply(signed_in):
    shown = Page(signed_in).shown("use-0", "click", ["可以货到付款吗？"])
    assert "结算时选择“货到付款”即可" in shown.replace("\\", "")


def test_tickets_are_listed_with_what_is_late(signed_in, journal):
    journal.tickets.open("s", "complaint_slow", "<b>快递</b>三天没动", due=datetime(2026, 1, 1, tzinfo=timezone.utc))
    journal.tickets.open("s", "suggestion", "希望支持数字人民币\n\n![x](http://evil.example/a.png)")
    messages = json.dumps(Page(signed_in).fire("", "select"), ensure_ascii=False)
    assert "已超时" in messages and "&lt;b&gt;快递" in messages and "不限时间" in messages
    assert "\\n\\n" not in messages, "an empty line would end the block of HTML, and Markdown begin"


def test_a_broken_account_file_is_an_outage_not_a_wrong_password(base, desk, server, tmp_path):
    from starlette.testclient import TestClient

    from bot.ui.server import create_staff_app

    folder = tmp_path / "journal.sqlite3"
    folder.mkdir()
    client = TestClient(create_staff_app(desk, Accounts(folder), base, ShopSettings(), server))
    answer = enter(client, **RIGHT)
    assert answer.status_code == 503 and "维护" in answer.text
    client.cookies.set(COOKIE, "x" * 43)
    assert client.get("/", follow_redirects=False).status_code == 503
