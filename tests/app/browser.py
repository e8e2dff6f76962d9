"""A real browser on a real server of this machine."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = {"width": 390, "height": 844}
SMALL_PHONE = {"width": 360, "height": 640}
DESK = {"width": 1280, "height": 800}


def find_chromium() -> str:
    """Path of the system's Chromium; skips the test where there is none."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    pytest.skip("no Chromium here: apt-get install --no-install-recommends chromium fonts-noto-cjk")


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """``app`` on a free port; gives its address."""
    import uvicorn

    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    bound.close()


class Visit:
    """One browser window with its own cookies; notes every request elsewhere and every script that ran."""

    def __init__(self, browser: Any, address: str, size: dict[str, int], locale: str = "en-US") -> None:
        self.address = address
        self.context = browser.new_context(viewport=size, locale=locale)
        self.page = self.context.new_page()
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append(dialog.message), dialog.dismiss()))

    def _note(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:", "about:")):
            self.foreign.append(url)

    def open(self) -> Visit:
        """Open the customer page and wait until it can be used."""
        self.page.goto(self.address)
        self.page.locator("#talk .bot").first.wait_for()
        return self

    def ask(self, words: str) -> None:
        """Write and send; returns when the reply is whole."""
        before = self.page.locator("#talk .user").count()
        box = self.page.locator("#words textarea")
        box.fill(words)
        box.press("Enter")
        self.page.locator("#talk .user").nth(before).wait_for()
        self.settle()

    def settle(self) -> None:
        """Wait until no reply is on its way."""
        self.page.locator("#talk .waiting").wait_for(state="detached", timeout=15000)
        self.page.locator("#words .submit-button").wait_for(timeout=15000)

    def last(self) -> str:
        """What the last bubble says."""
        return str(self.page.locator("#talk .bot .message-content").last.inner_text())

    def sideways(self) -> bool:
        """Whether the page can be scrolled sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def close(self) -> None:
        """Close the window; nothing may have gone wrong or gone out."""
        foreign, errors = self.foreign, self.errors
        self.context.close()
        assert not foreign, foreign
        assert not errors, errors
