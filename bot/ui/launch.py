"""The two processes: started together, watched together, stopped together."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType

from kb.errors import KBError

READY_WITHIN_S = 120.0
STOP_WITHIN_S = 10.0
POLL_S = 0.1
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
_REASONS = {
    errno.EADDRINUSE: ("端口已被占用", "关闭占用它的程序，或用 --port、--staff-port 换一个端口"),
    errno.EADDRNOTAVAIL: ("本机没有这个地址", "用 --host 换一个地址，如 127.0.0.1"),
    errno.EACCES: ("没有使用这个端口的权限", "用 --port、--staff-port 换一个 1024 以上的端口"),
}


class PortTaken(KBError):
    """An address cannot be listened on."""


@dataclass(frozen=True, slots=True)
class Site:
    """One server: what it is called, where it listens, and the command that runs it."""

    title: str
    host: str
    port: int
    command: Sequence[str]

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        return web_address(self.host, self.port)


def web_address(host: str, port: int) -> str:
    """The address to open in a browser on this machine."""
    name = ANYWHERE.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not listening yet.

    Raises:
        PortTaken: another program has the port, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortTaken(f"地址 {host} 无法识别；请用 --host 换一个，如 127.0.0.1。") from error
    try:
        if sys.platform != "win32":  # there this option would let two programs share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        return bound
    except OSError as error:
        bound.close()
        reason, advice = _REASONS.get(error.errno or 0, (error.strerror, "换一个端口或地址"))
        raise PortTaken(f"无法在 {host} 的端口 {port} 上提供页面（{reason}）；请{advice}。") from error


def run_sites(sites: Sequence[Site], say: Callable[[str], None]) -> int:
    """Run all ``sites`` until one ends or this process is told to stop; the exit code for the whole.

    0 when it was told to stop, else the code of the site that ended first (1 if that was 0). Each site's standard
    input is a pipe from here: should this process vanish, the sites see its end and stop as well.
    """
    with _stop_signals() as stopped:
        # In a session of their own, so that Ctrl-C reaches this process alone and they are stopped in order.
        children = [subprocess.Popen(site.command, stdin=subprocess.PIPE, start_new_session=True) for site in sites]
        try:
            return _watch(sites, children, stopped, say)
        finally:
            _stop(children)


def _watch(
    sites: Sequence[Site],
    children: Sequence[subprocess.Popen[bytes]],
    stopped: Callable[[], bool],
    say: Callable[[str], None],
) -> int:
    since = time.monotonic()
    waiting = list(sites)
    while not stopped():
        for site, child in zip(sites, children, strict=True):
            if child.poll() is not None:
                say(f"{site.title}已退出，其余页面也一并停止。")
                return child.returncode if child.returncode > 0 else 1
        waiting_before, waiting = waiting, [site for site in waiting if not _ready(site)]
        if waiting_before and not waiting:
            _announce(sites, time.monotonic() - since, say)
        if waiting and time.monotonic() - since > READY_WITHIN_S:
            say(f"{waiting[0].title}在 {READY_WITHIN_S:.0f} 秒内没有准备好；请查看上面的提示，稍后重试。")
            return 1
        time.sleep(POLL_S)
    say("正在停止…")
    return 0


def stop_with_parent() -> None:
    """Have this process stop when whoever started it is gone, which the end of standard input tells."""

    def wait() -> None:
        # Not through sys.stdin: a thread that waits inside its buffer makes the interpreter abort at exit.
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _announce(sites: Sequence[Site], seconds: float, say: Callable[[str], None]) -> None:
    say(f"已就绪（用时 {seconds:.1f} 秒），请在浏览器打开：")
    for site in sites:
        say(f"  {site.title}  {site.address}")
    say("按 Ctrl+C 停止。")


def _ready(site: Site) -> bool:
    """Whether the site says so itself."""
    try:
        with urllib.request.urlopen(f"{site.address}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@contextlib.contextmanager
def _stop_signals() -> Iterator[Callable[[], bool]]:
    """While inside, Ctrl-C and SIGTERM set a mark instead of ending the process; gives the mark."""
    told: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        told.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """End what still runs: asked first, forced after :data:`STOP_WITHIN_S`."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    until = time.monotonic() + STOP_WITHIN_S
    for child in children:
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
