"""Read files one after another in a child process with limits; a file that breaks it gets a verdict, the others go on."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from ingest.entries import FileResult
from ingest.readers import reader_for
from ingest.sources import Source
from ingest.wire import entry_of, result_of
from kb.config import ShopSettings
from kb.errors import SourceError
from kb.records import Audience, Entry

TIMEOUT_SECONDS = 60.0
"""Most time that one file may take, unless it is a very big one."""
SECONDS_PER_MEGABYTE = 1.5
"""Very big files may take this long instead, several times what plain text needs."""
MOST_WAITING = 3.0
"""On a busy machine a file may take this many times as long, while it has used less than its time of processor."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file of which nothing was taken, and in Chinese why."""

    source: str
    reason: str


class FileReader:
    """Reads files in one long-lived child, which is started when first needed and replaced when it breaks.

    Use as a context manager. Not for use from several threads.
    """

    def __init__(self, shop: ShopSettings, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._shop = shop
        self._timeout = timeout
        self._child: _Child | None = None

    def __enter__(self) -> FileReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def entries(self, source: Source, audience: Audience | None = None) -> FileResult | Rejected:
        """The entries of a file, all of them or none."""
        entries: list[Entry] = []
        try:
            for line in self._ask(source, "entries", audience):
                if "entry" in line:
                    entries.append(entry_of(line))
                elif "done" in line:
                    return result_of(line, entries)
                elif "again" in line:
                    entries.clear()
        except SourceError as error:
            return Rejected(source.name, str(error))
        raise ValueError("the reading child ended its answer without an end line")

    def text(self, source: Source) -> str:
        """The cleaned full text of a file.

        Raises:
            SourceError: it cannot be read.
        """
        for line in self._ask(source, "text", None):
            if "text" in line:
                return str(line["text"])
        raise ValueError("the reading child ended its answer without an end line")

    def _ask(self, source: Source, want: str, audience: Audience | None) -> Iterator[Mapping[str, Any]]:
        """Answer lines for one file; ``{"again": …}`` when a fresh child starts over.

        A child that has read other files before may fail for their sake, so such a failure is tried once more.
        """
        reader_for(source.name)  # an unknown suffix needs no child
        request = {
            "path": str(source.path.resolve()),
            "source": source.name,
            "folders": source.folders,
            "audience": audience,
            "brand": self._shop.brand,
            "want": want,
        }
        for _ in range(2):
            child = self._ready()
            fresh, child.used = not child.used, True
            try:
                yield from child.ask(request, max(self._timeout, SECONDS_PER_MEGABYTE * _megabytes(source.path)))
                return
            except _Broken as error:
                self._stop()
                if fresh or not error.retry:
                    raise SourceError(str(error)) from None
                yield {"again": True}

    def _ready(self) -> _Child:
        if self._child is None:
            self._child = _Child()
        return self._child

    def _stop(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None


def _megabytes(path: Path) -> float:
    try:
        return path.stat().st_size / 1e6
    except OSError:  # the child will say what is wrong with it
        return 0.0


def _processor_seconds(pid: int) -> float:
    """Processor time a process has used; -1 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return -1.0


class _Broken(Exception):
    """The child did not survive a file; ``retry`` if earlier files may be to blame."""

    def __init__(self, reason: str, *, retry: bool) -> None:
        super().__init__(reason)
        self.retry = retry


class _Child:
    def __init__(self) -> None:
        self.used = False
        root = Path(__file__).resolve().parent.parent
        # Idle threads of numerical libraries would eat up the address space on machines with many cores.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ingest.worker"],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._pump, daemon=True).start()

    def ask(self, request: Mapping[str, Any], timeout: float) -> Iterator[Mapping[str, Any]]:
        """Lines that answer ``request``, the last one included.

        Raises:
            SourceError: the child rejects the file. _Broken: it crashed, took too long or ran out of memory.
        """
        start, worked = time.monotonic(), _processor_seconds(self._process.pid)
        deadline = start + timeout
        stdin = self._process.stdin
        assert stdin is not None
        with contextlib.suppress(BrokenPipeError):  # then the empty line below says so
            stdin.write(json.dumps(request).encode("ascii") + b"\n")
            stdin.flush()
        while True:
            try:
                raw = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                now, used = time.monotonic(), _processor_seconds(self._process.pid) - worked
                # At work, but the machine gives it only a share: a child that merely waits gets no more time.
                if worked >= 0 and (now - start) / MOST_WAITING < used < timeout and now < start + MOST_WAITING * timeout:
                    deadline = min(now + max(timeout - used, 0.1), start + MOST_WAITING * timeout)
                    continue
                raise _Broken(f"读了 {timeout:.0f} 秒还没有读完，已放弃；请拆成几个小一些的文件，或另存后再试。", retry=False) from None
            if not raw:
                raise _Broken("读取时程序意外退出，文件可能已损坏或太复杂；请用原来的软件打开后另存，再试一次。", retry=True)
            line: dict[str, Any] = json.loads(raw)
            if line.get("memory"):
                raise _Broken("文件展开后太大，超过读取时的内存上限；请拆成几个小一些的文件。", retry=True)
            if "error" in line:
                raise SourceError(line["error"])
            yield line
            if "done" in line or "text" in line:
                return

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _pump(self) -> None:
        """Bring the child's lines into the queue, so that waiting for them can time out; an empty line is the end."""
        stdout = self._process.stdout
        assert stdout is not None
        with contextlib.suppress(ValueError, OSError):  # closed while reading
            for raw in stdout:
                self._lines.put(raw)
        self._lines.put(b"")
