"""Small pages of our own, without Gradio: a source opened at the place, the sign-in form, an error in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from fastapi.responses import HTMLResponse, JSONResponse
from starlette.requests import Request
from starlette.responses import Response

from bot.ui.views import prose, source_title
from kb.records import Entry

HERE = Path(__file__).parent
_PAGE = Template(
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="robots" content="noindex"><title>$title</title><style>$style</style></head>'
    '<body class="$kind">$body</body></html>'
)


def page(title: str, body: str, kind: str) -> str:
    """A whole page; ``title`` is escaped here, ``body`` must already be safe."""
    style = "".join((HERE / name).read_text(encoding="utf-8") for name in ("common.css", "pages.css"))
    return _PAGE.substitute(title=escape(title), body=body, kind=kind, style=style)


def error_page(title: str, text: str, back: str = "/") -> str:
    """Something that could not be shown, and the way back."""
    link = f'<p><a class="button" href="{escape(back)}">返回首页</a></p>'
    return page(title, f"<main><h1>{escape(title)}</h1><p>{escape(text)}</p>{link}</main>", "note")


async def in_words(request: Request, error: Exception) -> Response:
    """What a person meets instead of an HTTP error in English."""
    status = getattr(error, "status_code", 500)
    if status == 404 and request.method == "GET":
        return HTMLResponse(error_page("没有找到这个页面", "您要看的页面不存在，或者地址已经更新。"), 404)
    text = "这个请求无法处理，请返回首页重试。"
    return JSONResponse({"detail": text, "error": text}, status)


def source_page(entry: Entry, entries: Sequence[Entry], today: date) -> str:
    """The source of ``entry`` with all that ``entries`` holds of it, the entry itself marked and at ``#here``.

    What has ended or not begun is left out, except for the entry itself, which then says so.
    """
    same = [other for other in entries if other.place.source == entry.place.source]
    shown = [other for other in same if other.id == entry.id or other.is_valid_on(today)]
    shown.sort(key=lambda other: (other.place.page or 0, other.place.row or 0, other.place.start or 0))
    if entry.id not in {other.id for other in shown}:
        shown.append(entry)
    parts: list[str] = []
    heading: tuple[str, ...] = ()
    read_to = 0
    title = source_title(entry.place.source)
    for other in shown:
        if (other.place.heading or (other.category,)) != heading:
            heading = other.place.heading or (other.category,)
            path = " › ".join(part for part in heading if part != title)
            parts.append(f"<h2>{escape(path)}</h2>" if path else "")
        text = _fresh_part(other, read_to)
        if other.place.end is not None:
            read_to = max(read_to, other.place.end)
        if text or other.id == entry.id:
            parts.append(_section(other, text or other.text, other.id == entry.id, today))
    return page(title, f"<main><h1>{escape(title)}</h1>{''.join(parts)}</main>", "source-page")


def _fresh_part(entry: Entry, read_to: int) -> str:
    """The text of ``entry`` without what an overlapping piece before it has already shown."""
    start, end = entry.place.start, entry.place.end
    if start is None or end is None or start >= read_to or end - start != len(entry.text):
        return entry.text
    return entry.text[read_to - start :]


def _section(entry: Entry, text: str, here: bool, today: date) -> str:
    question = f"<h3>{escape(entry.question)}</h3>" if entry.question else ""
    ended = (
        "" if entry.is_valid_on(today) else '<p class="ended">请留意：这条内容目前不在有效期内，请以最新规定为准。</p>'
    )
    wrong = "".join(f'<p class="wrong"><span>×</span>{escape(line)}</p>' for line in entry.wrong)
    mark = ' id="here" class="here"' if here else ""
    said = "" if entry.only_wrong else prose(text, "text")
    return f"<section{mark}>{question}{ended}{said}{wrong}</section>"


def api_page(described: Mapping[str, Any]) -> str:
    """What the API takes and gives, from its OpenAPI description."""
    schemas = described["components"]["schemas"]
    calls = "".join(
        f"<section><h3>{escape(method.upper())} {escape(path)}</h3><p>{escape(operation['summary'])}</p>"
        f"<p>发送 {_schema(operation['requestBody']['content']['application/json']['schema'])}，"
        f"得到 {_schema(operation['responses']['200']['content']['application/json']['schema'])}；"
        f"不成时（{'、'.join(status for status in operation['responses'] if status != '200')}）得到 Problem</p></section>"
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    )
    shapes = "".join(
        f"<h2>{escape(name)}</h2><section>"
        + "".join(_field(key, value, key in schema.get("required", ())) for key, value in schema["properties"].items())
        + "</section>"
        for name, schema in schemas.items()
    )
    body = f"<main><h1>接口说明</h1><p>OpenAPI：/api/openapi.json</p>{calls}{shapes}</main>"
    return page(described["info"]["title"], body, "source-page")


def _field(name: str, schema: Mapping[str, Any], required: bool) -> str:
    limit = f"，最多 {schema['maxLength']} 个字" if "maxLength" in schema else ""
    text = f"：{escape(schema['description'])}" if "description" in schema else ""
    need = "，必填" if required else ""
    return f'<p class="item"><b>{escape(name)}</b>（{_schema(schema)}{limit}{need}）{text}</p>'


def _schema(schema: Mapping[str, Any]) -> str:
    """A JSON schema in a word or two."""
    if "$ref" in schema:
        return escape(schema["$ref"].rpartition("/")[2])
    if "enum" in schema or "const" in schema:
        return escape(" | ".join(map(str, schema.get("enum", [schema.get("const")]))))
    if "anyOf" in schema:
        return " | ".join(map(_schema, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"[{_schema(schema['items'])}]"
    return escape(str(schema.get("type", "object")))


def sign_in_page(message: str = "", name: str = "") -> str:
    """The form for staff; ``message`` says why they are here again."""
    notice = f'<p class="message" role="alert">{escape(message)}</p>' if message else ""
    body = (
        '<main><form method="post" action="/sign-in"><h1>客服工作台</h1><p class="hint">请用您的员工账号登录。</p>'
        f'{notice}<label for="name">账号</label><input id="name" name="name" value="{escape(name)}" required maxlength="40"'
        ' autocomplete="username" autocapitalize="none" autofocus>'
        '<label for="password">密码</label><input id="password" name="password" type="password" required maxlength="200"'
        ' autocomplete="current-password"><button type="submit">登录</button>'
        '<p class="hint">还没有账号，或忘记了密码？请联系您店里的管理员。</p></form></main>'
    )
    return page("登录 · 客服工作台", body, "sign-in")
