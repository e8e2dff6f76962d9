"""A value made from a file that may be changed while the program runs; a broken file never takes the good value away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from kb.errors import KBError

log = logging.getLogger(__name__)

T = TypeVar("T")
EVERY_S = 1.0
"""How often the file is looked at, at most."""


class Watched(Generic[T]):
    """What ``load`` makes of ``files``, made anew after one of them was replaced; safe to use from many threads.

    ``load`` is called once here and may raise; later failures are logged, and what was there stays.
    """

    def __init__(
        self, files: Sequence[Path], load: Callable[[], T], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._files = tuple(files)
        self._load = load
        self._clock = clock
        self._lock = threading.Lock()
        self._stamp = self._look()
        self._looked = clock()
        self._value = load()

    def now(self) -> T:
        """The latest value that could be made."""
        now = self._clock()
        if now - self._looked < EVERY_S or not self._lock.acquire(blocking=False):
            return self._value
        try:
            self._looked = now
            stamp = self._look()
            if stamp != self._stamp:
                self._stamp = stamp  # a broken file is not tried again until it changes
                self._value = self._load()
                log.info("taken over: %s", ", ".join(file.name for file in self._files))
        except KBError as error:
            log.error("not taken over, what was there stays: %s", error)
        finally:
            self._lock.release()
        return self._value

    def _look(self) -> tuple[tuple[int, int] | None, ...]:
        found: list[tuple[int, int] | None] = []
        for file in self._files:
            try:
                status = file.stat()
                found.append((status.st_mtime_ns, status.st_ino))
            except OSError:
                found.append(None)
        return tuple(found)
