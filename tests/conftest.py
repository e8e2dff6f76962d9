"""What every test gets: no network, a home of its own, and the packaged encoder where one is prepared."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kb.config import Home, SearchSettings, load, resolve_home

for _name, _value in {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}.items():
    os.environ.setdefault(_name, _value)

MODELS = load(SearchSettings, resolve_home(None)).models_folder()
"""Where encoders are prepared outside the tests (``python -m kb models e5``)."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The faults suite runs for minutes, so only where it is asked for by name."""
    if "faults" not in (config.getoption("markexpr") or ""):
        faults = [item for item in items if item.get_closest_marker("faults")]
        config.hook.pytest_deselected(items=faults)
        items[:] = [item for item in items if item not in set(faults)]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine can be reached."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0]) if isinstance(address, tuple) else str(address)
            if host not in {"127.0.0.1", "localhost", "::1", "0.0.0.0"}:
                raise AssertionError(f"a test reached for the network: {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """An empty home; ``$KB_HOME`` names it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("KB_HOME", str(folder))
    yield Home(folder)


@pytest.fixture(scope="session")
def e5_folder() -> Path:
    """The prepared default encoder."""
    from kb.errors import ModelError
    from kb.models import ensure

    try:
        return ensure("e5", MODELS)
    except ModelError as error:
        pytest.skip(f"the packaged encoder is not prepared, run: python -m kb models e5 ({error})")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests: a second one in the same process would find the first one's event loop running."""
    from tests.app.browser import FLAGS, find_chromium

    path = find_chromium()
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
