"""The JSON API of the public process: a question in, an answer out, and whether it helped. See docs/api.md.

Who calls is either a server that shows a key, or a browser with the visitor's own id; a session belongs to who opened
it. What is said comes from the assistant of the public page, which has never seen an internal entry.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from bot.journal import Rating, Reason
from bot.records import Outcome, Reply, Scenario
from bot.ui.chat import APOLOGY, Ratings, Speaker
from bot.ui.visitors import BUSY, TOO_FAST, Allowance, session_of
from kb.errors import InputError, KBError, SettingsError

if TYPE_CHECKING:
    from bot.settings import ApiSettings, ServerSettings
    from bot.ui.server import Base

log = logging.getLogger(__name__)

MAX_QUESTION, MAX_COMMENT = 2000, 500
MIN_KEY = 32
"""Digests in the settings are not salted, which is sound only for long random keys."""
_NONCE = 22
_DIGEST = re.compile(r"[0-9a-f]{64}")

NO_KEY = "请在 Authorization 里带上有效的密钥（Bearer 密钥）；浏览器里的调用须来自本站或已允许的网站。"
NO_SESSION = "没有这个会话，或者它不属于您；不带 session 再发一次即可开始新的会话。"
NO_TURN = "这个会话里没有这条回复，评价没有记下。"
STILL_ANSWERING = "上一个问题还在回答，请收到回复后再发。"
OUTAGE = "知识库暂时不可用，这次没有作答；请稍后重试，或为顾客转接人工客服。"
NOT_KEPT = "评价这次没有记下，请稍后重试。"


class Question(BaseModel):
    """One message of a customer."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    question: str = Field(min_length=1, max_length=MAX_QUESTION, description="顾客的话")
    session: str | None = Field(None, max_length=100, description="上次回复里的 session；不填则开始新的会话")


class Source(BaseModel):
    """What an answer rests on."""

    id: str = Field(description="条目编号；原文在 /source/编号")
    source: str
    heading: str
    text: str


class Answer(BaseModel):
    """The answer line of ``python -m bot ask --json``, with its session, turn and ticket."""

    session: str = Field(description="同一位顾客的下一个问题请带上它")
    turn: str = Field(description="这条回复的编号，评价时用；没能存下时为空")
    reply: str = Field(description="纯文本，可含换行；显示前请转义")
    outcome: Outcome
    scenario: Scenario
    confidence: float = Field(ge=0, le=1)
    citations: list[Source]
    choices: list[str] = Field(description="可供点选的问题")
    ticket: str | None = Field(description="已建好的工单号")
    generation: str | None = Field(description="作答所用的知识版本")
    ms: float


class Feedback(BaseModel):
    """Whether a reply helped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    session: str = Field(max_length=100)
    turn: str = Field(min_length=1, max_length=100)
    value: Rating | Literal["unsolved"] = Field(description="有帮助、没帮助、没解决")
    reasons: list[Reason] = Field(default=[], max_length=10)
    comment: str = Field("", max_length=MAX_COMMENT)


class Noted(BaseModel):
    """A rating that is stored; ``answer`` is what is said to 没解决, None for the other values."""

    status: Literal["ok"] = "ok"
    answer: Answer | None = None


class Problem(BaseModel):
    """Every refusal, whatever its status."""

    error: str = Field(description="一句中文说明")


class Refused(Exception):
    """A call that is not served; ``wait`` seconds from now it may be."""

    def __init__(self, status: int, text: str, wait: int = 0) -> None:
        super().__init__(text)
        self.status = status
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. ``secret`` is the key shown, or the name of the visitor's own conversation; nobody else knows it.

    A session id is a random number signed with it, so that nothing has to be stored to know whose a session is.
    """

    secret: str
    by_key: bool

    @property
    def name(self) -> str:
        """For counting what it sends."""
        return hashlib.sha256(self.secret.encode()).hexdigest() if self.by_key else self.secret

    def open(self) -> str:
        """A new session id."""
        nonce = secrets.token_urlsafe(16)
        return nonce + self._signature(nonce)

    def check(self, session: str) -> str:
        """``session`` as it came.

        Raises:
            Refused: it was not opened by this caller.
        """
        if not hmac.compare_digest(session[_NONCE:].encode(), self._signature(session[:_NONCE]).encode()):
            raise Refused(404, NO_SESSION)
        return session

    def _signature(self, nonce: str) -> str:
        signed = hmac.digest(self.secret.encode(), nonce.encode(), "sha256")[:16]
        return base64.urlsafe_b64encode(signed).decode().rstrip("=")


class Calls:
    """The calls under way: at most ``limit``, and one for a session, so that nobody can fill the threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._under_way: set[str] = set()
        self._lock = Lock()

    @contextmanager
    def one(self, session: str) -> Iterator[None]:
        """While inside, no other of this session.

        Raises:
            Refused: there is one already, or there are too many.
        """
        with self._lock:
            if session in self._under_way:
                raise Refused(429, STILL_ANSWERING, 1)
            if len(self._under_way) >= self.limit:
                raise Refused(429, BUSY, 2)
            self._under_way.add(session)
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(session)


def who_calls(keys: tuple[str, ...], per_minute: int, visitors: Allowance) -> Callable[[Request], Caller]:
    """A function that tells who calls, or refuses: 401 without a right, 429 when it calls too often.

    ``keys`` are SHA-256 digests in hexadecimal, ``per_minute`` is the limit of each key.

    Raises:
        SettingsError: one of ``keys`` is not such a digest.
    """
    known = frozenset(key.strip().lower() for key in keys)
    if not all(_DIGEST.fullmatch(key) for key in known):
        raise SettingsError("设置 [api] keys 里有一项不是 SHA-256 摘要（64 位十六进制）；请按 docs/api.md 生成密钥和摘要。")
    servers = Allowance(per_minute)

    def caller(request: Request) -> Caller:
        given = request.headers.get("authorization")
        if given is None:
            # A browser names the page a POST comes from, and foreign ones were refused on the way here (OriginCheck).
            if "origin" not in request.headers:
                raise Refused(401, NO_KEY)
            found = Caller(session_of(request), by_key=False)
        else:
            scheme, _, key = given.partition(" ")
            found = Caller(key.strip(), by_key=True)
            if scheme.lower() != "bearer" or len(found.secret) < MIN_KEY or found.name not in known:
                raise Refused(401, NO_KEY)
        _take(servers if found.by_key else visitors, found.name)
        return found

    return caller


def _take(allowance: Allowance, name: str) -> None:
    wait = allowance.take(name)
    if wait:
        raise Refused(429, TOO_FAST.format(seconds=wait), wait)


def serve_api(
    app: FastAPI,
    speaker: Speaker,
    ratings: Ratings,
    base: Base,
    visitors: Allowance,
    server: ServerSettings,
    api: ApiSettings,
) -> None:
    """Add the API to ``app``; ``visitors`` is what a visitor may send, here and on the page together.

    Raises:
        SettingsError: a key in the settings is not a digest.
    """
    who = Depends(who_calls(api.keys, api.messages_per_minute, visitors))
    sessions = Allowance(server.messages_per_minute)
    calls = Calls(server.max_concurrent)
    problems: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem} for status in (400, 401, 403, 404, 413, 422, 429, 503)
    }
    router = APIRouter(prefix="/api", responses=problems)

    @router.post("/ask", summary="提问")
    def ask(asked: Question, caller: Caller = who) -> Answer:
        session = caller.open() if asked.session is None else caller.check(asked.session)
        if caller.by_key:
            _take(sessions, session)
        with calls.one(session):
            return _answer(session, _said(lambda: speaker.reply(session, asked.question)))

    @router.post("/feedback", summary="评价")
    def feedback(given: Feedback, caller: Caller = who) -> Noted:
        session = caller.check(given.session)
        try:
            if given.value == "unsolved":
                with calls.one(session):
                    return Noted(answer=_answer(session, _said(lambda: speaker.unsolved(session, given.turn))))
            ratings.rate(given.turn, session, given.value, given.comment, given.reasons)
        except InputError as error:
            raise Refused(404, NO_TURN) from error
        except KBError as error:
            log.error("a rating was not stored: %s", error)
            raise Refused(503, NOT_KEPT, 30) from error
        return Noted()

    def _said(work: Callable[[], Reply]) -> Reply:
        if base.status().generation is None:  # a machine can try again; a line of excuse would pass for an answer
            raise Refused(503, OUTAGE, 30)
        try:
            return work()
        except InputError:
            raise
        except Exception as error:  # the border: the caller is told in words, the log gets the trace
            log.exception("a reply failed")
            raise Refused(503, APOLOGY, 5) from error

    app.include_router(router)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    _describe(app, router)


def _answer(session: str, reply: Reply) -> Answer:
    fields = asdict(reply)
    return Answer.model_validate(
        {**fields, "reply": fields.pop("text"), "session": session, "confidence": round(reply.confidence, 4)}
    )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    headers = {"Retry-After": str(error.wait)} if error.wait else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": str(error)}, error.status, headers)


_WRONG = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项",
    "string_too_short": "不能为空",
    "string_too_long": "太长，最多 {max_length} 个字",
    "too_long": "太多，最多 {max_length} 项",
    "string_type": "需要文字",
    "string_unicode": "含有不能用的字符",
    "list_type": "需要一个列表",
    "literal_error": "只能是：{expected}",
}


async def _misread(request: Request, error: Exception) -> Response:
    """The first thing wrong with a body, in words; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part != "body"]
    if first["type"] == "json_invalid" or not place:
        return JSONResponse({"error": "请发送一个 JSON 对象，并注明 Content-Type: application/json。"}, 400)
    context = {name: str(value).replace(" or ", "、") for name, value in first.get("ctx", {}).items()}
    wrong = _WRONG.get(first["type"], "不对").format_map(context)
    return JSONResponse({"error": f"“{place[0][:40]}”{wrong}。"}, 422)


def _describe(app: FastAPI, router: APIRouter) -> None:
    """``/api/openapi.json``, and ``/api/docs`` to read: FastAPI's own page would be fetched from another host."""
    from bot.ui.pages import api_page

    described = get_openapi(title=f"{app.title} API", version="1", routes=router.routes)
    described["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    described["security"] = [{"key": []}, {}]
    shown = api_page(described)

    @app.get("/api/openapi.json")
    def openapi() -> Response:
        return JSONResponse(described)

    @app.get("/api/docs")
    def docs() -> Response:
        return HTMLResponse(shown)
