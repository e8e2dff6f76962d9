"""What both apps refuse, whatever the page behind them."""

from __future__ import annotations

import dataclasses

import pytest
from starlette.testclient import TestClient

from bot.settings import ServerSettings
from bot.ui.security import BodyLimit
from bot.ui.server import BODY_LIMIT, create_customer_app
from bot.ui.visitors import Allowance
from kb.config import ShopSettings
from tests.app.page import JOIN, Page

FOREIGN = ["http://evil.example", "null", "http://shop.example.com.evil.example", "http://localhost:9"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/source/cod1", "/没有这页"])
def test_every_answer_carries_the_headers(customer, path):
    headers = customer.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'self'" in policy and "object-src 'none'" in policy
    assert "unsafe-eval" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


def test_shops_named_in_the_settings_may_embed_and_call(assistant, ratings, base):
    shop = "https://shop.example"
    server = ServerSettings(frame_ancestors=(shop,), allowed_origins=(shop,))
    client = TestClient(create_customer_app(assistant, ratings, base, ShopSettings(), server))
    headers = client.get("/healthz", headers={"origin": shop}).headers
    assert f"frame-ancestors 'self' {shop};" in headers["content-security-policy"]
    assert "x-frame-options" not in headers
    assert headers["access-control-allow-origin"] == shop
    assert client.post(JOIN, json={}, headers={"origin": shop}).status_code != 403


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_can_neither_call_nor_read(customer, assistant, origin):
    page = Page(customer)
    answer = page.send("words", "submit", ["你好"], headers={"origin": origin})
    assert answer.status_code == 403
    assert "别的网站" in answer.json()["detail"]
    assert "access-control-allow-origin" not in answer.headers
    assert not assistant.said
    assert "access-control-allow-origin" not in customer.get("/", headers={"origin": origin}).headers
    asked = {"origin": origin, "access-control-request-method": "POST"}
    preflight = customer.options(JOIN, headers=asked)
    assert preflight.status_code == 400 and "access-control-allow-origin" not in preflight.headers


def test_a_browser_that_hides_the_origin_is_judged_by_its_site(customer):
    page = Page(customer)
    assert page.send("words", "submit", ["你好"], headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert page.send("words", "submit", ["你好"], headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_the_own_page_may_call(customer):
    assert (
        Page(customer).send("words", "submit", ["你好"], headers={"origin": "http://shop.example.com"}).status_code
        == 200
    )


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload",
        "/gradio_api/upload/",
        "//gradio_api/upload",
        "/gradio_api/api/ask",
        "/gradio_api/call/ask",
        "/gradio_api/call/v2/ask",
        "/gradio_api/component_server",
        "/gradio_api/process_recording",
        "/gradio_api/stream/x",
        "/login",
    ],
)
def test_routes_the_page_does_not_use_are_closed(customer, path):
    answer = customer.post(path, files={"files": ("a.txt", b"x")})
    assert answer.status_code == 404, path


def test_a_reply_cannot_be_had_around_the_queue(customer, assistant):
    page = Page(customer)
    body = {"data": ["你好"], "fn_index": page.index("words", "submit"), "session_hash": "h"}
    for name in ("ask", "predict", "opened", "x"):
        assert customer.post(f"/gradio_api/run/{name}", json=body).status_code in {404, 422, 500}, name
    assert not assistant.said


@pytest.mark.parametrize(
    "path",
    [
        "/config",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/proxy=http://evil.example",
        "/gradio_api/runs",
        "/monitoring",
        "/monitoring/summary",
        "/docs",
        "/openapi.json",
        "/ui/chat.py",
        "/ui/..%2fserver.py",
    ],
)
def test_nothing_about_the_inside_can_be_fetched(customer, path):
    assert customer.get(path).status_code == 404


def test_long_bodies_are_refused_by_announced_and_by_true_length(customer):
    body = b"x" * (BODY_LIMIT + 1)
    assert customer.post(JOIN, content=body).status_code == 413
    answer = customer.post(JOIN, content=(chunk for chunk in [body[:1000], body]))
    assert answer.status_code == 413
    assert "太长" in answer.json()["detail"]


def test_a_nonsense_length_is_refused():
    async def never(scope, receive, send):
        raise AssertionError("must not be reached")

    answer = TestClient(BodyLimit(never, 10)).post("/", headers={"content-length": "-5"})
    assert answer.status_code == 413


def test_the_front_page_is_chinese_and_names_no_other_host(customer):
    html = customer.get("/").text
    assert 'lang="zh-CN"' in html and "<title>掌柜生活馆 · 在线客服</title>" in html
    head = html[: html.index("window.gradio_config")]
    for foreign in ("http://", "https://", "og:", "twitter:", "Gradio"):
        assert foreign not in head
    assert "deep_link" not in customer.get("/?deep_link=x&page=y").url.path


def test_looks_may_be_kept_by_browsers_and_carry_nobodys_cookie(customer):
    html = customer.get("/").text
    address = html[html.index("/ui/common.js") :].split('"')[0]
    customer.cookies.clear()
    answer = customer.get(address)
    assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
    assert "set-cookie" not in answer.headers


def test_robots_stay_out(customer):
    assert "Disallow: /" in customer.get("/robots.txt").text


def test_an_allowance_refills_by_the_clock():
    now = [0.0]
    allowance = Allowance(2, clock=lambda: now[0])
    assert [allowance.take("a"), allowance.take("a")] == [0, 0]
    assert allowance.take("a") > 0
    assert allowance.take("b") == 0
    now[0] = 31.0
    assert allowance.take("a") == 0 and allowance.take("a") > 0


def test_an_allowance_forgets_the_oldest_key_first():
    allowance = Allowance(1, clock=lambda: 0.0, keys=2)
    for key in ("a", "b", "c"):
        allowance.take(key)
    assert allowance.take("c") > 0 and allowance.take("a") == 0


def test_one_address_cannot_flood(assistant, ratings, base, server, monkeypatch):
    monkeypatch.setattr("bot.ui.server.ADDRESS_FACTOR", 1)
    slow = dataclasses.replace(server, messages_per_minute=2)
    client = TestClient(create_customer_app(assistant, ratings, base, ShopSettings(), slow))
    answers = [client.post(JOIN, json={}) for _ in range(3)]
    assert answers[2].status_code == 429
    assert "请稍等" in answers[2].json()["detail"] and 0 < int(answers[2].headers["retry-after"]) <= 30


def test_a_full_queue_is_told_in_words(assistant, ratings, base):
    app = create_customer_app(assistant, ratings, base, ShopSettings(), ServerSettings(max_waiting=1))
    client = TestClient(app)  # without start-up nothing works off the queue, so it fills
    page = Page(client)
    answers = [page.send("words", "submit", ["你好"]) for _ in range(3)]
    assert answers[-1].status_code == 429
    assert "咨询的人比较多" in answers[-1].json()["detail"] and answers[-1].headers["retry-after"]
