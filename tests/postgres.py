"""A real PostgreSQL server for tests, on a port of this machine, from the binaries that the system has."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PLACES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin"), Path("/opt/homebrew/bin"))
"""Debian keeps initdb off the path."""


def missing() -> str:
    """Why no server can be run here; empty if one can."""
    if os.name != "posix":
        return "PostgreSQL is run for tests on POSIX only"
    if binaries() is None:
        return "no PostgreSQL server (initdb, postgres) on this machine"
    return "" if os.geteuid() or _unprivileged() else "PostgreSQL refuses to run as root, and there is no user postgres"


def _unprivileged() -> tuple[int, int] | None:
    """User and group that Debian's package makes, where they are there."""
    import pwd

    with contextlib.suppress(KeyError):
        found = pwd.getpwnam("postgres")
        return found.pw_uid, found.pw_gid
    return None


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``; None where no server is installed."""
    found = shutil.which("initdb")
    folders = (*PLACES, *([Path(found).parent] if found else ()))
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class Server:
    """One server with an empty database; it can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        found = binaries()
        assert found is not None
        self._bin, self._folder = found, folder
        self._user = _unprivileged() if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, *self._user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._run("initdb", "-D", str(folder / "data"), "-U", "journal", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Of the database, with a password that is not asked for."""
        return f"postgresql://journal:secret-password@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["-c", "fsync=off", "-c", "max_connections=100", "-c", "unix_socket_directories="]
        self._process = subprocess.Popen(
            [self._bin / "postgres", "-D", self._folder / "data", "-h", "127.0.0.1", "-p", str(self.port), *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as_user(),
        )  # fmt: skip
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                break
            time.sleep(0.05)
        import psycopg

        for _ in range(300):
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url).close()
                return
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def stop(self) -> None:
        """Stop it at once; open connections break off."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # an immediate shutdown
            self._process.wait(20)
            self._process = None

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([self._bin / program, *arguments], check=True, timeout=60, capture_output=True, **self._as_user())

    def _as_user(self) -> dict[str, object]:
        if self._user is None:
            return {}
        user, group = self._user
        return {"user": user, "group": group, "extra_groups": [], "cwd": "/"}


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A running server; its files are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="journal-"))
    made = Server(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
