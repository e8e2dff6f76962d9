"""The two real sites over one home, with the real encoder, each step as a person takes it in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import app_gradio
from bot.accounts import Accounts
from kb.config import Home
from kb.store import Store
from tests.app.browser import DESK, PHONE, Visit, served

pytestmark = [pytest.mark.browser, pytest.mark.model]

KNOWLEDGE = """问题,答案,分类
可以货到付款吗？,可以的，结算时选择“货到付款”即可。,付款
怎么申请退货？,在订单详情里点“申请退货”，填写原因后提交即可。,售后
发票怎么开？,下单时勾选“需要发票”并填写抬头即可。,发票
"""


@pytest.fixture(scope="module")
def home(e5_folder, tmp_path_factory) -> Home:
    from ingest.build import build

    home = Home(tmp_path_factory.mktemp("journey") / "店 铺")
    source = home.sources / "public" / "faq.csv"
    source.parent.mkdir(parents=True)
    source.write_text(KNOWLEDGE, encoding="utf-8")
    build([], home)
    accounts = Accounts(home.journal)
    accounts.add("小周", "editor", "correct horse")
    accounts.add("小林", "agent", "correct horse")
    accounts.close()
    return home


@pytest.fixture(scope="module")
def customer_site(home) -> Iterator[str]:
    from bot.ui.serve import customer_app

    with served(customer_app(home, print)) as address:
        yield address


@pytest.fixture(scope="module")
def staff_site(home) -> Iterator[str]:
    from bot.ui.serve import staff_app

    with served(staff_app(home, print, app_gradio.lend)) as address:
        yield address


def sign_in(browser, address: str, name: str) -> Visit:
    window = Visit(browser, address, DESK)
    window.page.goto(address)
    window.page.get_by_label("账号").fill(name)
    window.page.get_by_label("密码").fill("correct horse")
    window.page.get_by_role("button", name="登录").click()
    window.page.locator("#found .filled > *").first.wait_for()
    return window


def test_a_complaint_by_form_reaches_the_agents_and_is_settled(browser, customer_site, staff_site):
    customer = Visit(browser, customer_site, PHONE).open()
    customer.ask("你们发错货了，我很生气")
    page = customer.page
    page.locator("#form").wait_for()
    page.get_by_label("怎么称呼您").fill("王女士")
    page.get_by_label("手机号或邮箱").fill("13812345678")
    page.locator("#form-send").click()
    page.locator("#form").wait_for(state="hidden")
    customer.settle()
    assert "138****5678" in customer.last() and "13812345678" not in page.content()
    page.locator("#talk .option", has_text="没有了").click()
    page.locator("#talk .bot", has_text="登记号是").last.wait_for()

    agent = sign_in(browser, staff_site, "小林")
    desk = agent.page
    desk.get_by_role("tab", name="工单").click()
    desk.locator("#frame-tickets .tickets button", has_text="发错货").click()
    card = desk.locator(".ticket-card")
    card.wait_for()
    assert "13812345678" in card.inner_text() and "王女士" in card.inner_text()
    desk.get_by_role("button", name="接手").click()
    card.get_by_text("处理中：小林").wait_for()
    desk.get_by_label("备注或处理结果").fill("<b>已补发</b>，单号告知顾客")
    desk.get_by_role("button", name="办结").click()
    card.get_by_text("已办结").first.wait_for()
    assert "<b>已补发</b>" in card.inner_text()
    assert not agent.sideways()
    agent.close()
    customer.close()


def test_what_an_editor_publishes_is_answered_without_a_restart_and_can_be_taken_back(
    browser, home, customer_site, staff_site
):
    customer = Visit(browser, customer_site, PHONE).open()
    customer.ask("可以用花呗分期吗")
    assert "三期免息" not in customer.last()
    before = Store(home.store).current()

    editor = sign_in(browser, staff_site, "小周")
    page = editor.page
    page.goto(f"{staff_site}/studio/")
    page.locator("article.file").first.wait_for()
    table = "问题,相似问,答案\n可以用花呗分期吗？,花呗能分期吗,可以的，满300元支持花呗三期免息。\n".encode()
    page.set_input_files("#upload-files", [{"name": "花呗.csv", "mimeType": "text/csv", "buffer": table}])
    page.locator("#uploads .added", has_text="花呗.csv").wait_for()
    page.get_by_role("tab", name="发布").click()
    page.get_by_role("button", name="生成草稿").click()
    page.get_by_role("button", name="发布", exact=True).click(timeout=60_000)
    page.get_by_role("button", name="确定发布？").dblclick()
    page.locator(".said.seen", has_text="已发布").wait_for(timeout=60_000)
    live = Store(home.store).current()
    assert live != before and len(Store(home.store).ids()) == 2, "pressed twice, published once"

    deadline = 20
    while "三期免息" not in customer.last() and deadline:
        deadline -= 1
        customer.page.wait_for_timeout(250)
        customer.ask("可以用花呗分期吗")
    assert "三期免息" in customer.last()

    page.get_by_role("button", name="退回上一版").click()
    page.get_by_role("button", name="确定退回上一版？").click()
    page.locator(".said.seen", has_text="已退回").wait_for(timeout=60_000)
    assert Store(home.store).current() == before
    stranger = Visit(browser, customer_site, PHONE).open()
    stranger.page.wait_for_timeout(600)
    stranger.ask("可以用花呗分期吗")
    assert "三期免息" not in stranger.last()
    assert "发错货" not in stranger.page.content(), "nobody sees what others said"
    for window in (stranger, editor, customer):
        window.close()
