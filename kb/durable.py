"""Writing files so that they survive a crash: write aside, sync, rename, sync the folder (Pillai et al., OSDI 2014)."""

from __future__ import annotations

import os
from pathlib import Path


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
