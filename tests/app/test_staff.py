"""Signing in, and what staff may see; everything else is refused on the server."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone

import gradio as gr
import pytest

from bot.accounts import FAILURES, Accounts
from bot.records import Reply
from bot.ui.desk_routes import desk_routes
from bot.ui.sign_in import COOKIE, WRONG
from bot.ui.staff import build_staff_page
from bot.ui.studio.access import tell
from bot.ui.tickets import ticket_routes
from kb.config import ShopSettings
from kb.errors import KBError
from tests.app.page import JOIN

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
    [JOIN, "/gradio_api/run/opened", "/gradio_api/call/opened", "/desk/look-up", "/desk/tickets/T1", "/gradio_api/upload"],
)
def test_nothing_runs_without_a_login(staff, path):
    answer = staff.post(path, json={"data": ["顾客着急"], "fn_index": 0, "session_hash": "h"})
    assert answer.status_code in {401, 404}
    assert "内部话术" not in answer.text


@pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --", "a" * 5000])
def test_a_made_up_login_opens_nothing(staff, token):
    staff.cookies.set(COOKIE, token)
    assert staff.post(JOIN, json={"data": ["x"], "fn_index": 0, "session_hash": "h"}).status_code == 401


def test_every_handler_asks_who_is_calling_even_behind_an_open_gate(accounts):
    """The gate could be forgotten or passed; then each handler must still refuse by itself."""
    blocks = build_staff_page(accounts, ShopSettings())

    class Nobody:
        cookies: dict[str, str] = {}

    handlers = [function.fn for function in blocks.fns.values() if function.fn is not None]
    assert handlers
    for handler in handlers:
        with pytest.raises(gr.Error, match="登录已过期"):
            handler(request=Nobody())


def addresses_of_the_desk():
    from fastapi import FastAPI

    app = FastAPI()
    desk_routes(app, None, None)
    ticket_routes(app, None, None)
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path.replace("{ticket_id}", "T261127-000001")


DESK_ROUTES = list(addresses_of_the_desk())


@pytest.mark.parametrize(("method", "path"), DESK_ROUTES)
def test_every_address_of_the_desk_asks_who_is_calling(desk, accounts, journal, method, path):
    """Behind the gate and without it; the list is the app's own, so that none can be forgotten."""
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    app = FastAPI()
    app.add_exception_handler(KBError, tell)
    desk_routes(app, desk, accounts)
    ticket_routes(app, desk.tickets, accounts)
    fields = {"text": "顾客着急", "entry": "secret1", "on": "true", "kind": "wrong", "action": "take"}
    answer = TestClient(app).request(method, path, data=fields if method == "POST" else None)
    assert answer.status_code == 401 and "登录已过期" in answer.text and "内部话术" not in answer.text


def test_a_disabled_account_is_out_at_once(staff, accounts):
    accounts.add("小钱", "agent", "right password")
    staff.cookies.set(COOKIE, accounts.open_login("小钱"))
    assert staff.get("/", follow_redirects=False).status_code == 200
    accounts.disable("小钱")
    assert staff.get("/", follow_redirects=False).status_code == 303


def asked(client, path, **fields):
    answer = client.post(f"/desk/{path}", data=fields)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_looking_up_shows_everything_staff_may_see(signed_in):
    shown = asked(signed_in, "look-up", text="顾客着急")
    for part in ("内部话术：先安抚再核实。", "仅供内部", "急什么。", "√", "×", "/source/secret1#here", "为什么匹配", "把握", "长期有效"):
        assert part in shown, part


def test_results_are_escaped(signed_in):
    shown = asked(signed_in, "look-up", text="alert")
    assert "&lt;script&gt;" in shown and "<script>" not in shown and "<u>" not in shown


def test_nothing_found_is_said_and_can_be_told_to_the_editors(signed_in, journal):
    shown = asked(signed_in, "look-up", text="龘龘龘")
    assert "没有找到" in shown and 'data-kind="missing"' in shown
    assert "谢谢" in asked(signed_in, "report", kind="missing", text="龘龘龘")
    assert ("小林", "missing", "龘龘龘") in [(one.who, one.kind, one.question) for one in journal.reports.listed()]


def test_an_outage_is_not_an_empty_result(signed_in, base, monkeypatch):
    from kb.errors import StoreDamaged

    def fail(question, k=5):
        raise StoreDamaged("知识库版本 gen-000001 损坏；请运行 verify。")

    monkeypatch.setattr(base, "search", fail)
    shown = asked(signed_in, "look-up", text="货到付款")
    assert "暂时查不了" in shown and "没有找到" not in shown


def test_a_ready_reply_is_written_and_drafts_are_checked(signed_in, assistant):
    ready = json.loads(asked(signed_in, "reply", text="可以货到付款吗？"))
    assert "结算时选择" in ready["text"] and "可以直接回复" in ready["html"] and "把握 90%" in ready["html"]
    assert all(session.startswith("desk-小林-") for session in assistant.said)
    found = asked(signed_in, "check", text="这个没办法。")
    assert "推脱" in found and "我帮您想想别的办法" in found
    assert "没有发现问题" in asked(signed_in, "check", text="好的，马上为您查询。")


def test_a_complaint_comes_with_the_steps_to_take(signed_in, assistant, monkeypatch):
    reply = Reply("非常抱歉。", "scripted", "complaint_slow", 1.0)
    monkeypatch.setitem(assistant.replies, "怎么还不发货", reply)
    shown = json.loads(asked(signed_in, "reply", text="怎么还不发货"))["html"]
    assert "投诉：慢" in shown and "复述一遍" in shown and "其他要补充的吗" in shown


@pytest.mark.parametrize(
    ("draft", "words", "better", "result"),
    [
        ("你好，请稍等。", "你", "您", "您好，请稍等。"),
        ("您好。这个没办法退。请谅解。", "没办法", "我帮您想想别的办法。", "您好。我帮您想想别的办法。请谅解。"),
        ("没办法", "没办法", "我帮您想想别的办法。", "我帮您想想别的办法。"),
        ("没办法\n您看呢", "没办法", "我帮您想想别的办法。", "我帮您想想别的办法。\n您看呢"),
    ],
)
def test_a_suggestion_takes_the_place_of_what_it_mends(draft, words, better, result):
    from bot.ui.cards import findings
    from tests.app.doubles import WordChecker

    shown = findings(draft, WordChecker(**{words: better}).check(draft))
    start, end = (int(number) for number in re.search(r'data-start="(\d+)" data-end="(\d+)"', shown).groups())
    assert draft[:start] + better + draft[end:] == result


def test_look_ups_do_not_carry_over(signed_in, assistant):
    for _ in range(2):
        asked(signed_in, "reply", text="可以货到付款吗？")
    assert len(assistant.said) == 2


def test_favourites_and_recent_questions_are_each_ones_own(signed_in, accounts):
    asked(signed_in, "favourite", entry="cod1", on="true")
    asked(signed_in, "favourite", entry="made-up", on="true")
    asked(signed_in, "reply", text="我的手机13812345678能货到付款吗")
    shown = signed_in.get("/desk/at-hand").text
    assert "可以货到付款吗？" in shown and "made-up" not in shown and "138****5678" in shown
    assert 'aria-pressed="true"' in asked(signed_in, "look-up", text="可以货到付款吗？")
    accounts.add("小孙", "agent", "right password")
    signed_in.cookies.set(COOKIE, accounts.open_login("小孙"))
    assert "可以货到付款吗？" not in signed_in.get("/desk/at-hand").text


def test_scripts_are_ready_to_be_said(signed_in):
    shown = signed_in.get("/desk/scripts").text
    assert "开场" in shown and "非常抱歉" in shown


def test_scripts_come_from_the_wording_with_its_places_filled_in():
    from bot.checker import load_checker
    from bot.ui.scripts import shelves
    from bot.wording import load_wording

    wording = load_wording(load_checker(), brand="春风<店>", hours="8–24", deadline="24", callback="2")
    found = shelves(wording, datetime(2026, 11, 27, 9, tzinfo=timezone.utc), {}, "小林")
    assert {"开场", "安抚", "致歉", "感谢", "结束"} <= {shelf.title for shelf in found}
    lines = [line for shelf in found for line in shelf.lines]
    assert any("春风<店>" in line for line in lines) and not any("{" in line for line in lines)


def test_tickets_are_listed_with_what_is_late(signed_in, journal):
    late = journal.tickets.open("s", "complaint_slow", "<b>快递</b>三天没动", due=datetime(2026, 1, 1, tzinfo=timezone.utc))
    journal.tickets.open("s", "suggestion", "希望支持数字人民币\n\n![x](http://evil.example/a.png)")
    shown = signed_in.get("/desk/tickets").text
    assert "已超时" in shown and "&lt;b&gt;快递" in shown and "不限时间" in shown
    assert late.id in signed_in.get("/desk/tickets?show=late").text
    assert "希望支持" not in signed_in.get("/desk/tickets?show=late").text


def test_a_ticket_is_taken_noted_and_settled(signed_in, journal, accounts):
    ticket = journal.tickets.open("s", "complaint_error", "发错货了", contact="13812345678")
    path = f"/desk/tickets/{ticket.id}"
    assert "13812345678" not in signed_in.get("/desk/tickets").text, "contacts are on the card only"
    assert "13812345678" in signed_in.get(path).text
    assert any(deed.action == "view_contact" and ticket.id in deed.detail for deed in accounts.deeds())
    for action, text, state in (("take", "", "in_progress"), ("wait", "请发照片", "waiting"), ("note", "已催", "waiting")):
        assert signed_in.post(path, data={"action": action, "text": text}).status_code == 200
        assert journal.tickets.card(ticket.id).ticket.state == state
    refused = signed_in.post(path, data={"action": "close", "text": " "})
    assert refused.status_code == 400 and "处理结果" in refused.json()["error"]
    assert "已补发" in signed_in.post(path, data={"action": "close", "text": "已补发"}).text
    again = signed_in.post(path, data={"action": "close", "text": "再办一次"})
    assert again.status_code == 400 and "已由 小林 办结" in again.json()["error"]
    assert signed_in.post(path, data={"action": "reopen"}).status_code == 200
    assert signed_in.post(path, data={"action": "drop"}).status_code == 422
    assert signed_in.get("/desk/tickets/T000000-000000").status_code == 400


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
