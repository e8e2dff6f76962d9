"""Two processes that live and die together, over sites that take no time to start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.ui.launch import PortTaken, listen, web_address

ROOT = Path(__file__).parents[2]
SITE = """
import sys, threading, time, os
from http.server import BaseHTTPRequestHandler, HTTPServer
from bot.ui.launch import stop_with_parent
stop_with_parent()
class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *a): pass
if sys.argv[2] != "0": threading.Timer(float(sys.argv[2]), lambda: os._exit(int(sys.argv[3]))).start()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""
LAUNCHER = """
import sys
from bot.ui.launch import Site, run_sites
site, *sites = sys.argv[1:]
sites = [one.split(":") for one in sites]
commands = [[sys.executable, "-c", site, port, lives, code] for port, lives, code in sites]
def say(line): sys.stderr.write(line + "\\n"); sys.stderr.flush()
sys.exit(run_sites([Site("甲乙"[n], "127.0.0.1", int(s[0]), c) for n, (s, c) in enumerate(zip(sites, commands))], say))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(*sites: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", LAUNCHER, SITE, *sites]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def wait_for(process: subprocess.Popen[str], word: str) -> str:
    """What ``process`` says up to the line with ``word``."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if word in line:
            return said
    raise AssertionError(f"never said {word}: {said}")


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def gone(ports: list[int], within: float = 10) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not any(map(is_open, ports)):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_are_announced_and_stopped_on_request(number):
    ports = [free_port(), free_port()]
    process = start(*(f"{port}:0:0" for port in ports))
    said = wait_for(process, "Ctrl+C")
    assert all(f"http://127.0.0.1:{port}" in said for port in ports)
    process.send_signal(number)
    assert process.wait(15) == 0
    assert gone(ports, 1)


def test_when_one_dies_the_other_stops_and_the_code_tells():
    ports = [free_port(), free_port()]
    process = start(f"{ports[0]}:1.5:4", f"{ports[1]}:0:0")
    said = wait_for(process, "已退出")
    assert "甲已退出" in said
    assert process.wait(15) == 4
    assert gone(ports, 1)


def test_an_end_without_reason_is_a_failure():
    process = start(f"{free_port()}:0.5:0", f"{free_port()}:0:0")
    assert process.wait(20) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_no_site_outlives_a_killed_launcher():
    ports = [free_port(), free_port()]
    process = start(*(f"{port}:0:0" for port in ports))
    wait_for(process, "Ctrl+C")
    os.kill(process.pid, signal.SIGKILL)
    process.wait(5)
    assert gone(ports)


def test_a_taken_port_is_named():
    with listen("127.0.0.1", 0) as bound:
        bound.listen()
        port = bound.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"{port}.*已被占用.*--port"):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(PortTaken, match=r"192\.0\.2\.7.*没有这个地址.*--host"):
        listen("192.0.2.7", 1)


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1"), ("kefu.local", "http://kefu.local:1")],
)
def test_the_address_told_can_be_opened(host, address):
    assert web_address(host, 1) == address
