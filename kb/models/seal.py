"""``ready.json``: the note that a prepared folder is complete, with the size and SHA-256 of every file in it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kb.durable import sync_folder, write_file
from kb.errors import ModelDamaged

READY = "ready.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class _File:
    size: int
    sha256: str


def seal(folder: Path, about: Mapping[str, Any]) -> None:
    """Write ``ready.json`` with ``about`` and the digests of all files, and force everything to the disk.

    Raises:
        OSError: writing or ``fsync`` failed; the folder must not be used then.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256_of(path)} for path in paths
    }
    for path in paths:
        # Windows flushes only handles that may write.
        with path.open("rb+") as stream:
            os.fsync(stream.fileno())
    note = json.dumps({"format": _FORMAT, **about, "files": files}, ensure_ascii=False, indent=2)
    write_file(folder / READY, f"{note}\n".encode())
    for path in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        sync_folder(path)


def check(folder: Path) -> None:
    """Compare the size of every file with ``ready.json``: cheap enough for every start.

    Raises:
        ModelDamaged: a file is missing or has another size; the text names the file and the remedy.
    """
    for name, expected in _read(folder).items():
        size = _size(folder, name)
        if size != expected.size:
            raise _damaged(folder, name, f"大小是 {size} 字节，应为 {expected.size} 字节")


def verify(folder: Path) -> None:
    """Compare size and SHA-256 of every file with ``ready.json``; reads the folder whole (a second or so).

    Raises:
        ModelDamaged: a file is missing or altered; the text names the file and the remedy.
    """
    check(folder)
    for name, expected in _read(folder).items():
        try:
            digest = sha256_of(folder / name)
        except OSError as error:
            raise _damaged(folder, name, f"读不出来：{error.strerror}") from error
        if digest != expected.sha256:
            raise _damaged(folder, name, "SHA-256 与准备时不符")


def fingerprint(folder: Path) -> str:
    """Sixteen hexadecimal digits that change whenever a sealed file changes.

    Raises:
        ModelDamaged: ``ready.json`` is missing or unreadable.
    """
    lines = (f"{name}:{file.sha256}\n" for name, file in sorted(_read(folder).items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _read(folder: Path) -> dict[str, _File]:
    try:
        note = json.loads((folder / READY).read_text(encoding="utf-8"))
        if note["format"] != _FORMAT:
            raise ValueError(f"format {note['format']}")
        return {name: _File(int(file["size"]), str(file["sha256"])) for name, file in note["files"].items()}
    except FileNotFoundError as error:
        raise _damaged(folder, READY, "文件不见了") from error
    except OSError as error:
        raise _damaged(folder, READY, f"读不出来：{error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, READY, "内容不完整") from error


def _size(folder: Path, name: str) -> int:
    try:
        return (folder / name).stat().st_size
    except FileNotFoundError as error:
        raise _damaged(folder, name, "文件不见了") from error
    except OSError as error:
        raise _damaged(folder, name, f"读不出来：{error.strerror}") from error


def _damaged(folder: Path, name: str, problem: str) -> ModelDamaged:
    return ModelDamaged(
        f"编码模型文件 {folder / name} 已损坏（{problem}）；请删除文件夹 {folder} 后重新运行，程序会重新准备。"
    )
