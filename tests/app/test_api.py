"""The JSON API: who may call it, what it takes, and what it says when it does not."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from starlette.testclient import TestClient

from bot.settings import ApiSettings, ServerSettings
from bot.ui.server import BODY_LIMIT, create_customer_app
from bot.ui.visitors import COOKIE
from kb.config import ShopSettings
from kb.errors import InputError, SettingsError
from tests.app.doubles import ShelfBase

HOST = "http://shop.example.com"
KEY, OTHER = "k" * 43, "o" * 43
HERE = {"origin": HOST}
COD = {"question": "可以货到付款吗？"}


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def outage() -> ShelfBase:
    return ShelfBase()


@pytest.fixture(scope="module")
def _api(assistant, ratings, outage, server) -> TestClient:
    api = ApiSettings(keys=(digest(KEY), digest(OTHER).upper()))
    app = create_customer_app(assistant, ratings, outage, ShopSettings(), server, api=api)
    return TestClient(app, base_url=HOST, raise_server_exceptions=False)


@pytest.fixture
def api(_api, outage) -> TestClient:
    _api.cookies.clear()
    outage.problem = None
    return _api


def refusal(answer, status: int) -> str:
    """The words of a refusal; they are Chinese and carry no trace."""
    assert answer.status_code == status, answer.text
    text = answer.json()["error"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text) and "Traceback" not in answer.text
    return str(text)


def test_a_server_with_a_key_asks_and_goes_on_in_the_same_session(api, assistant):
    first = api.post("/api/ask", json=COD, headers=bearer(KEY))
    said = first.json()
    assert first.status_code == 200 and "set-cookie" not in first.headers
    assert set(said) == {
        "session", "turn", "reply", "outcome", "scenario", "confidence", "citations", "choices", "ticket", "generation",
        "ms",
    }  # fmt: skip
    assert said["outcome"] == "answer" and said["citations"][0]["id"] == "cod1" and said["turn"]
    again = api.post("/api/ask", json={"question": "退", "session": said["session"]}, headers=bearer(KEY)).json()
    assert again["session"] == said["session"] and again["choices"]
    assert [view.text for view in assistant.transcript(said["session"]) if view.role == "customer"] == [
        "可以货到付款吗？",
        "退",
    ]
    other = api.post("/api/ask", json=COD, headers=bearer(KEY)).json()
    assert other["session"] != said["session"]


def test_feedback_is_kept_and_unsolved_is_answered(api, ratings, assistant):
    said = api.post("/api/ask", json=COD, headers=bearer(KEY)).json()
    about = {"session": said["session"], "turn": said["turn"]}
    noted = api.post("/api/feedback", json={**about, "value": "down", "reasons": ["wrong"]}, headers=bearer(KEY))
    assert noted.json() == {"status": "ok", "answer": None}
    assert ratings.ratings == [(said["turn"], said["session"], "down")]
    noted = api.post("/api/feedback", json={**about, "value": "unsolved"}, headers=bearer(KEY)).json()
    assert assistant.in_vain[-1] == said["turn"] and noted["answer"]["choices"] == ["怎么退货？"]


@pytest.mark.parametrize("value", ["up", "unsolved"])
def test_a_turn_of_another_session_is_refused(api, ratings, monkeypatch, value):
    def refuse(*args: object) -> None:
        raise InputError("这条回复不属于当前对话。")

    monkeypatch.setattr(ratings, "rate", refuse)
    said = api.post("/api/ask", json=COD, headers=bearer(KEY)).json()
    body = {"session": said["session"], "turn": "turn-99", "value": value}
    refusal(api.post("/api/feedback", json=body, headers=bearer(KEY)), 404)


def test_a_session_belongs_to_who_opened_it(api, assistant):
    session = api.post("/api/ask", json=COD, headers=bearer(KEY)).json()["session"]
    heard = len(assistant.transcript(session))
    mine = api.post("/api/ask", json=COD, headers=HERE).json()["session"]
    for body, who in [
        ({**COD, "session": session}, bearer(OTHER)),
        ({**COD, "session": session}, HERE),
        ({**COD, "session": mine}, bearer(KEY)),
        ({**COD, "session": session[:-1] + ("A" if session[-1] != "A" else "B")}, bearer(KEY)),
        ({**COD, "session": ""}, bearer(KEY)),
        ({**COD, "session": "会话"}, bearer(KEY)),
    ]:
        refusal(api.post("/api/ask", json=body, headers=who), 404)
    body = {"session": session, "turn": "turn-0", "value": "up"}
    refusal(api.post("/api/feedback", json=body, headers=bearer(OTHER)), 404)
    assert len(assistant.transcript(session)) == heard
    api.cookies.clear()  # somebody else at the same site
    refusal(api.post("/api/ask", json={**COD, "session": mine}, headers=HERE), 404)


@pytest.mark.parametrize(
    "headers", [{}, bearer("x" * 43), bearer(""), bearer("short"), {"authorization": f"Basic {KEY}"}, bearer(digest(KEY))]
)
def test_without_a_key_or_a_page_nothing_is_said(api, assistant, headers):
    answer = api.post("/api/ask", json=COD, headers=headers)
    refusal(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer" and not assistant.said


def test_a_digest_that_is_none_is_named_at_the_start(assistant, ratings, base, server):
    with pytest.raises(SettingsError, match="keys"):
        create_customer_app(assistant, ratings, base, ShopSettings(), server, api=ApiSettings(keys=(KEY,)))


def test_keys_are_never_shown():
    assert digest(KEY) not in repr(ApiSettings(keys=(digest(KEY),)))


def test_a_page_of_the_own_site_asks_with_the_visitors_cookie(api):
    first = api.post("/api/ask", json=COD, headers=HERE)
    assert first.status_code == 200 and "HttpOnly" in first.headers["set-cookie"]
    body = {**COD, "session": first.json()["session"]}
    assert api.post("/api/ask", json=body, headers=HERE).status_code == 200


def test_a_page_of_an_allowed_site_asks_with_its_own_visitor_id(assistant, ratings, base, server):
    shop = "https://shop.example"
    allowed = dataclasses.replace(server, allowed_origins=(shop,))
    client = TestClient(create_customer_app(assistant, ratings, base, ShopSettings(), allowed), base_url=HOST)
    headers = {"origin": shop, "x-visitor": "v" * 43}
    asked = {
        "origin": shop,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-visitor",
    }
    assert client.options("/api/ask", headers=asked).status_code == 200
    first = client.post("/api/ask", json=COD, headers=headers)
    assert "set-cookie" not in first.headers and first.headers["access-control-allow-origin"] == shop
    body = {**COD, "session": first.json()["session"]}
    assert client.post("/api/ask", json=body, headers=headers).status_code == 200
    refusal(client.post("/api/ask", json=body, headers={**headers, "x-visitor": "w" * 43}), 404)


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_foreign_page_is_refused_even_with_a_key(api, assistant, origin):
    refusal(api.post("/api/ask", json=COD, headers={**bearer(KEY), "origin": origin}), 403)
    assert not assistant.said


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"question": "长" * 2001}, "2000"),
        ({"question": "  "}, "question"),
        ({}, "question"),
        ({"question": 5}, "question"),
        ({**COD, "role": "agent"}, "role"),
        ({**COD, "session": "s" * 101}, "session"),
    ],
)
def test_what_cannot_be_read_is_named(api, assistant, body, named):
    assert named in refusal(api.post("/api/ask", json=body, headers=bearer(KEY)), 422)
    assert not assistant.said


def test_half_a_letter_is_refused(api):
    body = b'{"question": "\\ud800"}'
    headers = {**bearer(KEY), "content-type": "application/json"}
    refusal(api.post("/api/ask", content=body, headers=headers), 422)


@pytest.mark.parametrize("value", [{"value": "great"}, {"value": "up", "reasons": ["x"]}, {"value": "up", "comment": "x" * 501}])
def test_a_rating_of_another_kind_is_refused(api, ratings, value):
    said = api.post("/api/ask", json=COD, headers=bearer(KEY)).json()
    body = {"session": said["session"], "turn": said["turn"], **value}
    refusal(api.post("/api/feedback", json=body, headers=bearer(KEY)), 422)
    assert not ratings.ratings


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("body", [b"question=1", b"", b"[1]", b"\xff"])
def test_what_is_not_a_json_object_is_refused(api, kind, body):
    refusal(api.post("/api/ask", content=body, headers={**bearer(KEY), "content-type": kind}), 400)


def test_json_under_another_name_is_refused(api):
    """A form of a foreign page can send ``text/plain``, so that is never read as JSON."""
    headers = {**bearer(KEY), "content-type": "text/plain"}
    refusal(api.post("/api/ask", content=b'{"question": "x"}', headers=headers), 400)


def test_a_body_without_end_is_refused(api):
    refusal(api.post("/api/ask", json={"question": "x" * BODY_LIMIT}, headers=bearer(KEY)), 413)


def test_too_many_calls_of_a_key_of_a_session_and_of_a_visitor(assistant, ratings, base):
    def client(per_visitor: int, per_key: int) -> TestClient:
        api = ApiSettings(keys=(digest(KEY),), messages_per_minute=per_key)
        server = ServerSettings(messages_per_minute=per_visitor)
        return TestClient(create_customer_app(assistant, ratings, base, ShopSettings(), server, api=api), base_url=HOST)

    busy = client(100, 2)
    answers = [busy.post("/api/ask", json=COD, headers=bearer(KEY)) for _ in range(3)]
    refusal(answers[2], 429)
    assert int(answers[2].headers["retry-after"]) > 0
    chatty = client(2, 100)
    body = {**COD, "session": chatty.post("/api/ask", json=COD, headers=bearer(KEY)).json()["session"]}
    chatty.post("/api/ask", json=body, headers=bearer(KEY))
    refusal(chatty.post("/api/ask", json=body, headers=bearer(KEY)), 429)
    assert chatty.post("/api/ask", json=COD, headers=bearer(KEY)).status_code == 200
    visitor = [chatty.post("/api/ask", json=COD, headers=HERE) for _ in range(3)]  # each opens a session of its own
    refusal(visitor[2], 429)


def test_one_session_is_answered_once_at_a_time(api, assistant, monkeypatch):
    said = api.post("/api/ask", json=COD, headers=bearer(KEY)).json()
    body = {**COD, "session": said["session"]}
    inner = []
    reply = assistant.reply

    def while_answering(session, text):
        inner.append(api.post("/api/ask", json=body, headers=bearer(KEY)))
        return reply(session, text)

    monkeypatch.setattr(assistant, "reply", while_answering)
    assert api.post("/api/ask", json=body, headers=bearer(KEY)).status_code == 200
    refusal(inner[0], 429)


def test_an_outage_is_no_answer(api, outage, assistant):
    outage.problem = "/home/shop/store damaged"
    answer = api.post("/api/ask", json=COD, headers=bearer(KEY))
    assert "知识库" in refusal(answer, 503) and "/home" not in answer.text
    assert answer.headers["retry-after"] and not assistant.said


def test_a_failure_is_told_in_words(api, assistant):
    assistant.fail = RuntimeError("secret inside")
    answer = api.post("/api/ask", json=COD, headers=bearer(KEY))
    refusal(answer, 503)
    assert "secret" not in answer.text


def test_the_description_is_whole_and_comes_from_here(api):
    described = api.get("/api/openapi.json").json()
    assert set(described["paths"]) == {"/api/ask", "/api/feedback"}
    assert described["components"]["schemas"]["Question"]["properties"]["question"]["maxLength"] == 2000
    page = api.get("/api/docs").text
    assert "/api/feedback" in page and "unsolved" in page and "最多 2000 个字" in page
    assert "http://" not in page and "https://" not in page and COOKIE not in page


def test_one_address_may_not_ask_without_end_whoever_it_says_it_is(assistant, ratings, base):
    from bot.ui.server import ADDRESS_FACTOR

    app = create_customer_app(assistant, ratings, base, ShopSettings(), ServerSettings(messages_per_minute=1))
    client = TestClient(app, base_url=HOST)
    for _ in range(ADDRESS_FACTOR):
        client.cookies.clear()  # a new visitor each time
        assert client.post("/api/ask", json=COD, headers=HERE).status_code == 200
    client.cookies.clear()
    answer = client.post("/api/ask", json=COD, headers=HERE)
    assert "稍等" in refusal(answer, 429) and int(answer.headers["retry-after"]) >= 1


def test_what_is_for_staff_leaves_by_no_address_of_the_public_site(tmp_path, monkeypatch):
    """A real base with an internal entry, asked in its own words, by every way there is."""
    from ingest.build import build
    from kb.config import Home
    from kb.store import Store
    from tests.app.page import Page
    from tests.doubles import BigramEncoder

    canary = "金丝雀四十二号补偿上限"
    for folder, rows in (
        ("public", "可以货到付款吗？,可以的。"), ("internal", f"{canary}是多少？,{canary}是三百元。"),
    ):  # fmt: skip
        path = tmp_path / "knowledge" / folder / "faq.csv"
        path.parent.mkdir(parents=True)
        path.write_text(f"问题,答案\n{rows}\n", encoding="utf-8")
    home = Home(tmp_path / "home")
    encoder = BigramEncoder()
    build([tmp_path / "knowledge" / "public", tmp_path / "knowledge" / "internal"], home, encoders=[encoder])
    monkeypatch.setattr("kb.encoder.load_encoders", lambda *_: (encoder,))
    monkeypatch.setattr("kb.knowledge.load_encoders", lambda *_: (encoder,))
    from bot.ui.serve import customer_app

    internal = Store(home.store).load(str(Store(home.store).current()), "internal").entries
    secret = next(entry for entry in internal if canary in entry.text)
    shown: list[str] = []
    with TestClient(customer_app(home, print), base_url=HOST) as client:
        page = Page(client)
        shown += [
            page.shown("words", "submit", [f"{canary[:6]}，上限是多少？"]),
            page.shown("", "load"),
            page.shown("unsolved", "click"),
        ]
        for question in (secret.question[:8], "可以货到付款吗？", "内部资料里有哪些话术", secret.id):
            shown.append(client.post("/api/ask", json={"question": question}, headers=HERE).text)
        for path in (
            "/", "/config", "/readyz", "/healthz", "/metrics", "/api", "/api/openapi.json", f"/source/{secret.id}",
            "/desk/look-up", "/desk/tickets", "/studio/", "/admin/users", "/gradio_api/info", "/demo", "/embed.js",
        ):  # fmt: skip
            shown.append(client.get(path, follow_redirects=False).text)
        shown.append(client.post("/desk/look-up", data={"text": secret.question}, headers=HERE).text)
    for number, text in enumerate(shown):
        assert "三百元" not in text and "补偿上限" not in text, (number, text[:300])
