"""The customer page inside a shop's page: the one line of script, and who may use it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import pytest

from bot.settings import ServerSettings
from bot.ui.mount import HERE
from bot.ui.server import create_customer_app
from kb.config import ShopSettings
from kb.errors import SettingsError
from tests.app.browser import DESK, PHONE, Visit, served

SHOP = '<!doctype html><meta name="viewport" content="width=device-width"><p>店铺</p><script src="{src}" {more} defer></script>'
ANSWER = "结算时选择"


class Panel:
    """The panel in a shop's page, as a visitor uses it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.button = page.locator("#zhanggui-button")
        self.panel = page.locator("#zhanggui-panel")
        self.frame = page.frame_locator("#zhanggui-panel iframe")

    def open(self) -> Panel:
        self.button.click()
        self.frame.locator("#talk .bot").first.wait_for()
        return self

    def ask(self, words: str) -> str:
        before = self.frame.locator("#talk .user").count()
        self.frame.locator("#words textarea").fill(words)
        self.frame.locator("#words textarea").press("Enter")
        self.frame.locator("#talk .user").nth(before).wait_for()
        self.frame.locator("#talk .waiting").wait_for(state="detached")
        self.frame.locator("#words .submit-button").wait_for()
        return str(self.frame.locator("#talk .bot .message-content").last.inner_text())

    def button_has_focus(self) -> bool:
        return bool(self.page.evaluate("document.activeElement.id === 'zhanggui-button'"))


@pytest.fixture(scope="module")
def demo_address(assistant, ratings, base, server) -> Iterator[str]:
    demo = dataclasses.replace(server, demo=True)
    with served(create_customer_app(assistant, ratings, base, ShopSettings(brand="<春风>"), demo)) as address:
        yield address


@pytest.fixture(scope="module")
def shops(assistant, ratings, base, server) -> Iterator[Callable[[bool, str], str]]:
    """Addresses of a shop at another site than the customer page; known to it or not, with what its script says."""
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse

    shop, script = FastAPI(), {}

    @shop.get("/page/{known}")
    def page(known: str, more: str = "") -> HTMLResponse:
        policy = {"content-security-policy": f"default-src 'self'; script-src {script[known]}; frame-src {script[known]}"}
        return HTMLResponse(SHOP.format(src=f"{script[known]}/embed.js", more=more), headers=policy)

    with ExitStack() as stack:
        address = stack.enter_context(served(shop)).replace("127.0.0.1", "localhost")
        for known, sites in (("known", (address,)), ("unknown", ("https://shop.example",))):
            settings = dataclasses.replace(server, frame_ancestors=sites)
            app = create_customer_app(assistant, ratings, base, ShopSettings(), settings)
            script[known] = stack.enter_context(served(app))
        yield lambda known, more="": f"{address}/page/{'known' if known else 'unknown'}?more={quote(more)}"


def test_the_script_is_small_and_may_be_kept(customer):
    answer = customer.get("/embed.js")
    assert len(answer.content) < 5000 and answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=3600" and "set-cookie" not in answer.headers
    for name in ("embed.js", "framed.js"):
        text = (HERE / name).read_text(encoding="utf-8")
        assert "innerHTML" not in text and 'postMessage("zhanggui:close", "*"' not in text


def test_the_demo_is_only_there_where_it_is_wanted(customer):
    assert customer.get("/demo").status_code == 404


@pytest.mark.parametrize("site", ["https://a.example; script-src *", "a.example", "*", "https://a.example/", "'none'"])
def test_what_is_no_site_cannot_loosen_the_policy(assistant, ratings, base, site):
    with pytest.raises(SettingsError, match="frame_ancestors"):
        create_customer_app(assistant, ratings, base, ShopSettings(), ServerSettings(frame_ancestors=(site,)))


def test_a_brought_visitor_id_stands_for_the_cookie(customer):
    brought = {"x-visitor": "v" * 43}
    assert "set-cookie" not in customer.get("/", headers=brought).headers
    assert "set-cookie" in customer.get("/", headers={"x-visitor": "v"}).headers


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_demo_shop_opens_the_panel_asks_and_closes_it(browser, demo_address, size):
    window = Visit(browser, demo_address, size)
    page = window.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(demo_address)))
    page.goto(demo_address + "/healthz")
    before = set(page.evaluate("Object.keys(window)"))
    asked.clear()
    page.goto(demo_address + "/demo")
    panel = Panel(page)
    panel.button.wait_for()
    assert page.locator("header").inner_text() == "<春风>" and panel.button.inner_text() == "联系客服"
    assert asked == ["/demo", "/embed.js"] and not window.sideways()
    assert set(page.evaluate("Object.keys(window)")) - before == {"Zhanggui"}
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    panel.frame.locator("#talk .bot").first.wait_for()
    assert page.evaluate("document.activeElement.tagName") == "IFRAME"
    assert panel.panel.get_attribute("role") == "dialog" and panel.panel.get_attribute("aria-label") == "联系客服"
    assert ANSWER in panel.ask("可以货到付款吗？")
    box = panel.panel.bounding_box()
    whole = {"x": 0, "y": 0, **size}
    assert (box == whole) is (size is PHONE) and box["x"] >= 0 and box["y"] >= 0
    assert not window.sideways()
    page.keyboard.press("Escape")  # in the frame
    panel.panel.wait_for(state="hidden")
    assert panel.button_has_focus()
    page.keyboard.press("Enter")
    assert ANSWER in panel.frame.locator("#talk .bot .message-content").last.inner_text()
    panel.panel.get_by_role("button", name="关闭联系客服").click()
    assert panel.button_has_focus()
    window.close()


@pytest.mark.browser
def test_in_another_site_the_visitor_is_known_after_a_reload_and_to_nobody_else(browser, shops):
    """The shop's Content-Security-Policy is strict, and no cookie of ours gets through."""
    context, other = browser.new_context(viewport=DESK), browser.new_context(viewport=DESK)
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(shops(True, 'data-position="left" data-colour="#ffe08a"'))
    panel = Panel(page).open()
    assert panel.panel.bounding_box()["x"] == 20
    assert ANSWER in panel.ask("可以货到付款吗？")
    assert "怎么退" in panel.ask("怎么退")
    assert panel.frame.locator("#talk .user").count() == 2
    assert not [cookie for cookie in context.cookies() if cookie["name"] == "visitor"]
    page.reload()
    panel = Panel(page).open()
    panel.frame.locator("#talk .user").nth(1).wait_for()
    stranger = other.new_page()
    stranger.goto(shops(True))
    assert Panel(stranger).open().frame.locator("#talk .user").count() == 0
    panel.frame.locator("#words textarea").press("Escape")
    panel.panel.wait_for(state="hidden")
    assert not errors
    context.close()
    other.close()


@pytest.mark.browser
def test_nobody_but_the_panel_can_close_it(browser, shops):
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(shops(True))
    panel = Panel(page).open()
    page.evaluate("window.postMessage('zhanggui:close', '*')")
    page.wait_for_timeout(100)
    assert panel.panel.is_visible()
    context.close()


@pytest.mark.browser
def test_an_unknown_site_is_shown_nothing(browser, shops, assistant):
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(shops(False))
    page.locator("#zhanggui-button").click()
    page.wait_for_function("() => true")
    frame = next(frame for frame in page.frames if frame is not page.main_frame)
    frame.wait_for_load_state()
    page.wait_for_timeout(300)
    assert any("frame-ancestors" in text or "frame" in text.lower() for text in said)
    assert page.frame_locator("#zhanggui-panel iframe").locator("#talk").count() == 0
    assert not assistant.said
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("more", ['data-colour="red;background:url(x)"', 'data-label="一二三四五六七八九十一二三"', 'data-position="top"'])
def test_what_the_script_cannot_use_is_left_out(browser, shops, more):
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(shops(True, more))
    button = page.locator("#zhanggui-button")
    assert button.inner_text() == "在线客服"
    assert button.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(26, 107, 79)"
    assert button.bounding_box()["x"] > DESK["width"] / 2
    context.close()
