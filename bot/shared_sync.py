"""One sync of the disk for all who wait for one at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future


class SharedSync:
    """Runs ``sync`` for many threads: those who come while it runs share the next one (group commit)."""

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._arriving = threading.Lock()
        self._syncing = threading.Lock()
        self._next: Future[None] | None = None

    def wait(self) -> None:
        """Return when a sync is done that began after this call; raises what it raised."""
        with self._arriving:
            own = self._next
            if leads := own is None:
                own = self._next = Future()
        if leads:
            try:
                with self._syncing:
                    self._close()
                    self._sync()
            except BaseException as error:  # an interrupt too: nobody may wait for ever
                self._close()
                own.set_exception(error)
            else:
                own.set_result(None)
        own.result()

    def _close(self) -> None:
        """Who comes from here on may have written too late for the sync that is next."""
        with self._arriving:
            self._next = None
