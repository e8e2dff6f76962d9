"""What a shop's page needs to show ours: one small script, and a page that shows it at work. See docs/embedding.md."""

from __future__ import annotations

from html import escape
from string import Template

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from bot.ui.mount import HERE
from bot.ui.security import EMBED_SCRIPT


def serve_embed(app: FastAPI, brand: str, *, demo: bool) -> None:
    """Serve the script, and with ``demo`` the page ``/demo`` of a make-believe shop.

    The script may be fetched by any site; which sites may show the page in a frame is told by the
    Content-Security-Policy.
    """
    script = (HERE / EMBED_SCRIPT.lstrip("/")).read_bytes()

    @app.get(EMBED_SCRIPT)
    def embed() -> Response:
        return Response(script, media_type="text/javascript; charset=utf-8")

    if demo:
        shown = Template((HERE / "demo.html").read_text(encoding="utf-8")).substitute(brand=escape(brand))

        @app.get("/demo")
        def shop() -> Response:
            return HTMLResponse(shown)
