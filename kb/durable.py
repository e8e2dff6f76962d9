"""Writing files so that they survive a crash: write aside, sync, rename, sync the folder (Pillai et al., OSDI 2014)."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from kb.errors import KBError, StoreError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
_REASONS = {
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "所在的磁盘是只读的",
    errno.EIO: "磁盘读写出错，可能已经损坏",
    errno.ENOLCK: "所在的磁盘不支持加锁，可能是网络文件夹",
    errno.ENOTDIR: "路径里有一段不是文件夹",
    errno.EEXIST: "同名的文件已经存在",
    errno.EMFILE: "打开的文件太多",
    getattr(errno, "ESTALE", errno.EIO): "网络文件夹的连接断开了",
    getattr(errno, "EOPNOTSUPP", errno.EIO): "所在的磁盘不支持这个操作，可能是网络文件夹",
}


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


def replace_file(path: Path, data: bytes, aside: Path | None = None) -> None:
    """Replace ``path`` by ``data`` in one step: a reader sees the old content or the new, never a mixture.

    ``aside``: folder on the same disk for the new content until it is complete, if not the file's own.

    Raises:
        OSError: the disk is full or failing; the old content stands.
    """
    new = (aside or path.parent) / f".{path.name}.{os.getpid()}.tmp"
    try:
        write_file(new, data)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
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
        raise in_words(error, root, needed) from error


def is_full(error: OSError) -> bool:
    """Whether the disk, the quota or the limit on a file's size is used up."""
    return error.errno in _FULL


def in_words(error: OSError, root: Path, needed: int = 0) -> StoreError:
    """What the disk of ``root`` says, as one line for people; ``needed`` bytes are named when it is full."""
    if is_full(error):
        free = shutil.disk_usage(root).free if root.exists() else 0
        size = f"需要约 {-(-needed // 1024)} KB，" if needed else ""
        return StoreError(f"磁盘空间不足，{root} 写不下（{size}剩余 {free // 1024} KB）；请清理磁盘后重试，当前版本不受影响。")
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    return StoreError(f"{root} 写入失败（{reason}）；请检查文件夹权限和磁盘，当前版本不受影响。")
