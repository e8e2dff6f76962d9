"""Writing files so that they survive a crash: write aside, sync, rename, sync the folder (Pillai et al., OSDI 2014)."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from kb.errors import KBError, StoreError


def write_file(path: Path, data: bytes) -> None:
    """Write and sync ``data`` into a new file, then read its length back.

    Raises:
        OSError: the disk is full or failing; the file may be there in part.
    """
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    if path.stat().st_size != len(data):
        raise OSError(f"{path} holds {path.stat().st_size} of {len(data)} bytes")


def replace_file(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data`` in one step: a reader sees the old content or the new, never a mixture.

    Raises:
        OSError: the disk is full or failing; the old content stands.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write_file(aside, data)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and new names in ``folder`` durable; nothing to do where folders cannot be opened (Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def disk_errors(root: Path, needed: int = 0) -> Iterator[None]:
    """Turn what the disk of ``root`` says into one line for people; ``needed`` bytes are named when it is full.

    Raises:
        StoreError: instead of any OSError of the block.
    """
    try:
        yield
    except KBError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            free = shutil.disk_usage(root).free if root.exists() else 0
            size = f"需要约 {needed // 1024} KB，" if needed else ""
            raise StoreError(f"磁盘空间不足，{root} 写不下（{size}剩余 {free // 1024} KB）；请清理磁盘后重试，当前版本不受影响。") from error
        raise StoreError(f"{root} 写入失败（{error.strerror or error}）；请检查文件夹权限和磁盘，当前版本不受影响。") from error
