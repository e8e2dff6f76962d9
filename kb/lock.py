"""One writer at a time: a lock that the system frees when its holder dies, and a note that says who holds it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from kb.durable import disk_errors
from kb.errors import StoreLocked


class WriterLock:
    """The right to write below ``root``; may be taken again by who has it (not for use from several threads)."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._note = root / ".lock-holder"
        self._depth = 0

    @contextlib.contextmanager
    def held(self, what: str) -> Iterator[bool]:
        """Hold the lock; ``what`` tells others what is going on. Gives whether it was taken now, not held already.

        Raises:
            StoreLocked: another process holds it; the text says which and since when.
            StoreError: the folder cannot be made or locked.
        """
        from filelock import FileLock, Timeout

        if self._depth:
            self._depth += 1
            try:
                yield False
            finally:
                self._depth -= 1
            return
        with disk_errors(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            guard = FileLock(self._root / ".lock")
            try:
                guard.acquire(timeout=0)
            except Timeout as error:
                raise StoreLocked(f"知识库正被占用：{self._holder()}；请等它结束后再试。") from error
        self._depth = 1
        try:
            self._sign(what)
            yield True
        finally:
            self._depth = 0
            with contextlib.suppress(OSError):  # only a note; the lock itself is what counts
                self._note.unlink()
            guard.release()

    def _sign(self, what: str) -> None:
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        values = {"what": what, "pid": os.getpid(), "host": socket.gethostname(), "since": since}
        with contextlib.suppress(OSError):  # a full disk must not keep anybody from tidying it up
            self._note.write_text(json.dumps(values), encoding="utf-8")

    def _holder(self) -> str:
        try:
            values = json.loads(self._note.read_text(encoding="utf-8"))
            host = values.get("host", "")
            where = f"（在 {host} 上）" if host not in ("", socket.gethostname()) else ""
            return f"进程 {values['pid']}{where} 从 {values['since']} 起在“{values['what']}”"
        except (OSError, ValueError, KeyError, AttributeError):
            return "另一个进程刚刚开始写入"
