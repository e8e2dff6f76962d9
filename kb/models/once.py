"""Something costly in the cache, made once: one process makes it aside, the others wait, and a rename shows it whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.durable import sync_folder
from kb.errors import ModelMissing
from kb.models.wheel import Report


def make_once(target: Path, name: str, report: Report, wait_seconds: float, make: Callable[[Path], None]) -> bool:
    """Have the folder ``target``; whether this call made it. ``make`` gets an empty folder in which it leaves ``result``, sealed.

    ``name`` is the encoder's, for people. Nothing is left of an attempt that fails.

    Raises:
        ModelMissing: another process held the lock for longer than ``wait_seconds``. What ``make`` raises.
    """
    if target.exists():
        return False
    with _turn(target, name, report, wait_seconds):
        # Another process may have finished it while this one waited.
        if target.exists():
            return False
        # Whatever lies about was left by a process that was killed: this one holds the lock.
        for leftover in target.parent.glob(f"{target.name}.partial-*"):
            shutil.rmtree(leftover)
        partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
        try:
            partial.mkdir(parents=True)
            make(partial)
            os.rename(partial / "result", target)
            sync_folder(target.parent)
            return True
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _turn(target: Path, name: str, report: Report, wait_seconds: float) -> Iterator[None]:
    """Hold the lock of ``target``; say so when another process has it, and wait so long."""
    from filelock import FileLock, Timeout

    lock = FileLock(target.with_name(f"{target.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(f"另一个进程正在准备编码模型 {name}，正在等待它完成……")
        try:
            lock.acquire(timeout=wait_seconds)
        except Timeout as error:
            raise ModelMissing(
                f"另一个进程一直在准备编码模型“{name}”（锁文件 {lock.lock_file}）；请结束那个进程后重新运行。"
            ) from error
    try:
        yield
    finally:
        lock.release()
