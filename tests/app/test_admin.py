"""Keeping the accounts, and one's own password."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from bot.accounts import Accounts
from bot.settings import ServerSettings
from bot.ui.server import create_staff_app
from bot.ui.sign_in import COOKIE
from kb.config import ShopSettings

PAGES = ("/admin/users", "/admin/audit")


@pytest.fixture
def book(tmp_path) -> Accounts:
    accounts = Accounts(tmp_path / "journal.sqlite3")
    accounts.add("店长", "admin", "the right one")
    accounts.add("小林", "agent", "the right one")
    accounts.add("小编", "editor", "the right one")
    return accounts


@pytest.fixture
def site(desk, book, base) -> TestClient:
    app = create_staff_app(desk, book, base, ShopSettings(), ServerSettings())
    return TestClient(app, base_url="http://staff.example.com")


def as_(site: TestClient, book: Accounts, name: str) -> TestClient:
    site.cookies.clear()
    site.cookies.set(COOKIE, book.open_login(name))
    return site


def test_an_administrator_adds_somebody_who_must_change_the_password(site, book):
    shown = as_(site, book, "店长").post("/admin/users", data={"action": "add", "name": "小赵", "role": "editor"}).text
    password = re.search(r"<code>([a-z0-9-]{19})</code>", shown)[1]
    assert password not in site.get("/admin/users").text, "shown once"
    site.cookies.clear()
    site.post("/sign-in", data={"name": "小赵", "password": password}, follow_redirects=False)
    assert site.get("/", follow_redirects=False).headers["location"] == "/account"
    assert site.post("/gradio_api/queue/join", json={}).status_code == 403
    assert "请先换成" in site.get("/account").text
    for wanted, again, said in (("short", "short", "长度"), ("long enough", "other", "不一样"), (password, password, "相同")):
        answer = site.post("/account", data={"present": password, "wanted": wanted, "again": again})
        assert answer.status_code == 400 and said in answer.text
    answer = site.post("/account", data={"present": password, "wanted": "my own words", "again": "my own words"})
    assert answer.status_code == 200 and "已更新" in answer.text
    assert site.get("/", follow_redirects=False).status_code == 200, "stays signed in here"
    assert book.verify("小赵", "my own words").role == "editor"


def test_changing_a_password_needs_the_present_one_and_ends_other_logins(site, book):
    elsewhere = book.open_login("小林")
    as_(site, book, "小林")
    data = {"present": "wrong one", "wanted": "another one", "again": "another one"}
    assert "不对" in site.post("/account", data=data).text and book.account_of(elsewhere)
    assert site.post("/account", data={**data, "present": "the right one"}).status_code == 200
    assert book.account_of(elsewhere) is None


@pytest.mark.parametrize("name", ["小林", "小编"])
@pytest.mark.parametrize("path", PAGES)
def test_others_do_not_keep_accounts(site, book, name, path):
    as_(site, book, name)
    assert site.get(path).status_code == 403
    answer = site.post("/admin/users", data={"action": "role", "name": name, "role": "admin"})
    assert answer.status_code == 403
    assert not {account.name: account for account in book.list()}[name].may("admin")


@pytest.mark.parametrize("path", (*PAGES, "/account"))
def test_strangers_are_sent_to_the_form(site, path):
    assert site.get(path, follow_redirects=False).headers["location"] == "/sign-in"
    assert site.post(path, data={"action": "add", "name": "x"}).status_code in {401, 405}


def test_another_site_cannot_make_an_administrator(site, book):
    as_(site, book, "店长")
    headers = {"origin": "https://evil.example.com", "sec-fetch-site": "cross-site"}
    assert site.post("/admin/users", data={"action": "add", "name": "x"}, headers=headers).status_code == 403
    assert len(book.list()) == 3


def test_roles_resets_and_shutting_end_the_logins(site, book):
    as_(site, book, "店长")
    for action in ("role", "reset", "disable"):
        token = book.open_login("小林")
        assert site.post("/admin/users", data={"action": action, "name": "小林", "role": "editor"}).status_code == 200
        assert book.account_of(token) is None, action
    assert site.post("/admin/users", data={"action": "enable", "name": "小林"}).status_code == 200
    assert book.open_login("小林")


def test_an_administrator_does_not_shut_himself_out(site, book):
    as_(site, book, "店长")
    for action in ("role", "reset", "disable"):
        answer = site.post("/admin/users", data={"action": action, "name": "店长", "role": "agent"})
        assert answer.status_code == 400 and "您自己的账号" in answer.text
    assert site.get("/admin/users").status_code == 200


def test_names_stay_text_on_every_page(site, book):
    evil = "<img src=x onerror=1>"
    as_(site, book, "店长")
    assert "<img" not in site.post("/admin/users", data={"action": "add", "name": evil, "role": "agent"}).text
    assert "<img" not in site.get("/admin/audit", params={"who": evil}).text
    assert "<img" not in site.post("/admin/users", data={"action": "disable", "name": evil + "x"}).text


def test_the_audit_says_who_did_what(site, book):
    as_(site, book, "店长").post("/admin/users", data={"action": "disable", "name": "小林"})
    row = re.search(r"<tr><td>[\d: -]+</td><td>店长</td><td>停用账号</td><td>小林</td></tr>", site.get("/admin/audit").text)
    assert row and "停用账号" not in site.get("/admin/audit", params={"who": "小编"}).text
