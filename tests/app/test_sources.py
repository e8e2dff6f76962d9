"""A source opened at the place, and health."""

from __future__ import annotations

from datetime import date

import pytest
from starlette.testclient import TestClient

from bot.ui.pages import source_page
from bot.ui.server import create_customer_app
from kb.config import ShopSettings
from kb.records import Entry, Place
from tests.app.doubles import ShelfBase

TODAY = date(2026, 11, 22)


def test_a_source_shows_the_entry_marked_and_its_neighbours(customer):
    html = customer.get("/source/cod1").text
    assert '<section id="here" class="here"><h3>可以货到付款吗？</h3>' in html
    assert "常见问题" in html and "货到付款" in html
    assert 'lang="zh-CN"' in html


def test_what_has_ended_is_left_out_unless_it_is_asked_for(customer):
    assert "活动价八折" not in customer.get("/source/cod1").text
    asked = customer.get("/source/ended1").text
    assert "活动价八折" in asked and "不在有效期内" in asked


def test_a_source_is_escaped(customer):
    html = customer.get("/source/evil1").text
    assert "<script" not in html and "<b>" not in html and "<i>" not in html and "<u>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize("identity", ["secret1", "nothing", "../secret1", "%3Cscript%3E", "secret1%00"])
def test_internal_and_unknown_ids_look_the_same(customer, identity):
    answer = customer.get(f"/source/{identity}")
    assert answer.status_code == 404
    assert "没有找到" in answer.text
    assert "内部话术" not in answer.text and "<script" not in answer.text


def test_staff_see_internal_sources_and_only_they(staff, signed_in):
    html = signed_in.get("/source/secret1").text
    assert "内部话术" in html and "急什么。" in html
    signed_in.cookies.clear()
    refused = signed_in.get("/source/secret1", follow_redirects=False)
    assert refused.status_code == 303 and "内部话术" not in refused.text


def test_overlapping_pieces_are_shown_once():
    whole = "第一句话。第二句话。第三句话。"
    pieces = [
        Entry(f"p{start}", "passage", "public", whole[start:end], Place("指南.md", ("指南",), start, end))
        for start, end in ((0, 10), (5, 15))
    ]
    html = source_page(pieces[1], pieces, TODAY)
    assert html.count("第二句话。") == 1 and html.count("第三句话。") == 1
    assert html.count('id="here"') == 1


def test_a_piece_wholly_inside_another_is_still_marked():
    whole = "第一句话。第二句话。"
    outer = Entry("a", "passage", "public", whole, Place("指南.md", (), 0, 10))
    inner = Entry("b", "passage", "public", whole[5:], Place("指南.md", (), 5, 10))
    html = source_page(inner, [outer, inner], TODAY)
    assert '<section id="here" class="here"><div class="text"><p>第二句话。' in html


def test_a_base_that_is_out_is_said_so(assistant, ratings, server):
    class Out(ShelfBase):
        def entry(self, identity):
            from kb.errors import StoreDamaged

            raise StoreDamaged("知识库版本 gen-000001 损坏")

    app = create_customer_app(assistant, ratings, Out(), ShopSettings(), server)
    answer = TestClient(app).get("/source/cod1")
    assert answer.status_code == 503 and "维护" in answer.text and "gen-000001" not in answer.text


def test_health_is_the_process_and_readiness_is_the_base(assistant, ratings, server):
    base = ShelfBase()
    client = TestClient(create_customer_app(assistant, ratings, base, ShopSettings(), server))
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready", "generation": "gen-000001"}
    base.problem = "知识库还是空的；请先建立。"
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json() == {"status": "not ready"}, "reasons name files: staff only"


def test_staff_health_needs_no_login(staff):
    assert staff.get("/healthz").status_code == 200
    assert staff.get("/readyz").json()["generation"] == "gen-000001"


class Figures:
    def text(self) -> bytes:
        return b"zhanggui_ready 1.0\n"


@pytest.mark.parametrize(
    ("token", "host", "given", "status"),
    [
        ("", "127.0.0.1", "", 200),
        ("", "10.0.0.9", "", 403),
        ("geheim", "127.0.0.1", "", 403),
        ("geheim", "10.0.0.9", "Bearer geheim", 200),
        ("geheim", "10.0.0.9", "Bearer 猜", 403),
    ],
)
def test_figures_are_for_this_machine_or_for_who_has_the_token(token, host, given, status):
    from fastapi import FastAPI

    from bot.ui.server import _metrics

    app = FastAPI()
    _metrics(app, Figures(), token)
    client = TestClient(app, client=(host, 1))
    answer = client.get("/metrics", headers={"authorization": given.encode()} if given else {})
    assert answer.status_code == status
    assert (b"zhanggui_ready" in answer.content) is (status == 200)


def test_customers_find_no_figures(customer):
    assert customer.get("/metrics").status_code == 404
