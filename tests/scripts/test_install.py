"""The installer asks an index for the CPU build of torch without ever hanging on it."""

from __future__ import annotations

import http.server
import importlib.util
import socket
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def install(monkeypatch):
    spec = importlib.util.spec_from_file_location("install_script", ROOT / "scripts" / "install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PROBE_SECONDS", 1)
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.delenv("KB_TORCH_INDEX", raising=False)
    return module


@pytest.fixture
def index():
    """An index that lists one CPU build."""

    class Listing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'<a href="torch-9.9.9%2Bcpu-cp311-cp311-linux_x86_64.whl">')

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_index_with_the_build_is_used(install, index, monkeypatch):
    monkeypatch.setattr(install, "CANDIDATES", (("--extra-index-url", index, "torch/"),))
    assert install.cpu_source("9.9.9") == ["--extra-index-url", index]


def test_an_index_without_the_build_is_passed_over(install, index, monkeypatch, capsys):
    monkeypatch.setattr(install, "CANDIDATES", (("--extra-index-url", index, "torch/"),))
    assert install.cpu_source("1.2.3") == []
    assert "CPU 版" in capsys.readouterr().err


def test_an_index_that_never_answers_costs_seconds(install, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(install, "CANDIDATES", (("--find-links", address, ""),))
        began = time.monotonic()
        assert install.cpu_source("9.9.9") == []
        assert time.monotonic() - began < 10


def test_the_users_own_index_comes_first(install, monkeypatch):
    monkeypatch.setenv("KB_TORCH_INDEX", "https://mirror.example/cpu")
    assert install.cpu_source("9.9.9") == ["--extra-index-url", "https://mirror.example/cpu"]


def test_other_systems_need_no_index(install, monkeypatch):
    monkeypatch.setattr(install.sys, "platform", "darwin")
    assert install.cpu_source("9.9.9") == []


def test_the_wanted_torch_is_pinned(install):
    assert install.wanted_torch().count(".") == 2
