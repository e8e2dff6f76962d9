"""The customers' site over a home, in a process of its own, with a double for an encoder; then many who ask it."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kb.encoder
import kb.knowledge
from bot.ui.serve import serve
from kb.config import Home
from tests.doubles import BigramEncoder
from tests.faults.house import mark

ROOT = Path(__file__).parents[2]
KEY = "k" * 43


@contextlib.contextmanager
def site(home: Home, log: Path) -> Iterator[int]:
    """The site running; gives its port. ``log`` gets what it says."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "KB_API_KEYS": hashlib.sha256(KEY.encode()).hexdigest(),
        "KB_API_MESSAGES_PER_MINUTE": "1000000",
        "KB_SERVER_MESSAGES_PER_MINUTE": "1000000",
        "KB_SERVER_MAX_CONCURRENT": "100",
        "KB_SEARCH_MODELS": str(log.with_suffix(".models")),
    }
    with log.open("wb") as stream, subprocess.Popen(
        [sys.executable, "-m", "tests.faults.site", str(home.path), str(port)],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=stream, stderr=stream,
    ) as process:  # fmt: skip
        try:
            for _ in range(1200):
                assert process.poll() is None, log.read_text(encoding="utf-8")
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()


@dataclass
class Visitors:
    """People who ask one question again and again; what came is kept by phase."""

    port: int
    question: str
    think_s: float = 1.0
    phase: str = "quiet"
    times: dict[str, list[float]] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    generations: set[str] = field(default_factory=set)
    torn: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def asking(self, count: int) -> Iterator[None]:
        """So many of them, each in a thread and a session of its own."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._visit, args=(number, stop)) for number in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _visit(self, number: int, stop: threading.Event) -> None:
        chance = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        session: str | None = None
        while not stop.wait(chance.uniform(0, 2 * self.think_s)):
            phase, began = self.phase, time.perf_counter()
            try:
                status, said = self._ask(connection, session)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failures.append(repr(error))
                connection.close()
                continue
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status != 200:
                self.failures.append(f"{status}: {said}")
                continue
            self.times.setdefault(phase, []).append(time.perf_counter() - began)
            session = said["session"]
            self._look(said)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, session: str | None) -> tuple[int, dict[str, Any]]:
        body = {"question": self.question} | ({"session": session} if session else {})
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        connection.request("POST", "/api/ask", json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def _look(self, said: dict[str, Any]) -> None:
        """Reply, citation and the generation it names must be of one base."""
        self.generations.add(said["generation"])
        texts = [said["reply"], *(source["text"] for source in said["citations"])]
        if not said["citations"] or {f"gen-{mark(text):06d}" for text in texts} != {said["generation"]}:
            self.torn.append(json.dumps(said, ensure_ascii=False))


def main(home: str, port: str) -> None:
    kb.encoder.load_encoders = kb.knowledge.load_encoders = lambda *_: (BigramEncoder(),)  # type: ignore[assignment]
    serve("customer", Home(Path(home)), "127.0.0.1", int(port), print)


if __name__ == "__main__":
    main(*sys.argv[1:])
