"""Which files a build is about, and what they are called."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.errors import InputError, SourceError


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read.

    ``name`` is its path relative to the folder that was given (its file name if the file itself was given), with
    ``/``; ``folders`` are the folders above it as they were given, outermost first.
    """

    path: Path
    name: str
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Files to read, in a stable order, and the ones left out on purpose with the reason in Chinese."""

    sources: tuple[Source, ...]
    skipped: tuple[tuple[str, str], ...]


def find_sources(paths: Sequence[Path]) -> Found:
    """All files under ``paths`` (files or folders); folders are searched to the bottom.

    Raises:
        InputError: a path does not exist. SourceError: there is no file at all.
    """
    found: dict[Path, tuple[Path, Path | None]] = {}
    skipped: list[tuple[str, str]] = []
    for given in paths:
        if not given.exists():
            raise InputError(f"找不到“{given}”；请检查路径是否写对。")
        if given.is_file():
            found.setdefault(given.resolve(), (given, None))
            continue
        for path in _files(given, skipped):
            name = path.relative_to(given).as_posix()
            reason = reason_to_skip(path.name) if path.is_file() else "不是普通文件"
            if reason:
                skipped.append((name, reason))
            else:
                found.setdefault(path.resolve(), (path, given))
    if not found:
        names = "、".join(f"“{path}”" for path in paths)
        note = f"（略过了 {len(skipped)} 个文件）" if skipped else ""
        raise SourceError(f"{names}里没有可以读取的文件{note}；请放入资料文件后再试。")
    return Found(tuple(_named(found.values())), tuple(skipped))


def _files(folder: Path, skipped: list[tuple[str, str]]) -> Iterable[Path]:
    def unreadable(error: OSError) -> None:
        skipped.append((str(error.filename), f"文件夹打不开（{error.strerror}）"))

    for base, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in sorted(names):
            yield Path(base) / name


def reason_to_skip(name: str) -> str:
    """Why a file of that name is no source, in Chinese; empty for one that is."""
    if name.startswith("~$"):
        return "Office 打开文件时的临时文件"
    if name.startswith("."):
        return "隐藏文件"
    if name.startswith("_"):
        return "文件名以下划线开头"
    if name.lower().startswith("readme"):
        return "说明文件"
    return ""


def _named(files: Iterable[tuple[Path, Path | None]]) -> Iterable[Source]:
    """Sources with names; files of the same name in different folders get the folder's name before theirs."""
    pairs = [(path, root, path.relative_to(root).as_posix() if root else path.name) for path, root in files]
    counts = Counter(name for _, _, name in pairs)
    taken: Counter[str] = Counter()
    for path, root, name in pairs:
        above = root if root else path.parent
        if counts[name] > 1:
            name = f"{above.resolve().name}/{name}"
        taken[name] += 1
        if taken[name] > 1:
            name = f"{name}#{taken[name]}"
        # Folders as they were given, not resolved: a /public/ somewhere above the project says nothing.
        given = root.resolve().name if root else path.resolve().parent.name
        inside = path.relative_to(root).parts[:-1] if root else ()
        yield Source(path, name, (*((above.parts[:-1]) if not above.is_absolute() else ()), given, *inside))
