"""Backups: the live generation in one tar file, brought back as a new generation."""

from __future__ import annotations

import os
import tarfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

from kb.durable import disk_errors, sync_folder
from kb.errors import StoreDamaged, StoreEmpty, StoreError
from kb.generations import AUDIENCES
from kb.manifest import Manifest, sha256
from kb.store import Store


def backup(store: Store, file: Path) -> None:
    """Write the live generation and ``CURRENT`` into one new archive, complete or not at all.

    Raises:
        StoreEmpty: nothing has been published. StoreError: the file exists or cannot be written.
    """
    current = store.current()
    if current is None:
        raise StoreEmpty("还没有发布过任何版本，没有可以备份的内容；请先运行 python -m ingest build 资料文件夹。")
    if file.exists():
        raise StoreError(f"备份文件 {file} 已经存在；请换一个文件名，以免覆盖。")
    store.verify(current)
    aside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    with disk_errors(file.parent):
        try:
            with tarfile.open(aside, "w") as archive:
                archive.add(store.root / current, current)
                archive.add(store.root / "CURRENT", "CURRENT")
            with aside.open("rb+") as stream:
                os.fsync(stream.fileno())
            os.replace(aside, file)
            sync_folder(file.parent)
        finally:
            aside.unlink(missing_ok=True)


def restore(store: Store, file: Path) -> str:
    """Bring back the generation of a backup as a new, published one; returns its new id. Nothing else is touched.

    Raises:
        StoreDamaged: the archive is damaged or is no backup. StoreError: it cannot be read, or the disk is full.
    """
    with store.lock("恢复备份"):
        try:
            with tarfile.open(file, "r:") as archive:
                contents = {
                    member.name: stream.read()
                    for member in archive.getmembers()
                    if member.isfile() and (stream := archive.extractfile(member)) is not None
                }
            old = contents.pop("CURRENT").decode("ascii").strip()
            manifest = Manifest.from_bytes(contents.pop(f"{old}/manifest.json"))
        except (OSError, EOFError, tarfile.TarError, KeyError, ValueError) as error:
            raise StoreDamaged(f"{file} 不是完整的备份（{error}）；请换一份备份文件。") from error
        data = {name: contents.get(f"{old}/{name}", b"") for name in manifest.files}
        for name, info in manifest.files.items():
            if PurePosixPath(name).parts[0] not in AUDIENCES or ".." in name or sha256(data[name]) != info.sha256:
                raise StoreDamaged(f"备份 {file} 里的 {name} 与清单不符；请换一份备份文件。")
        restored = store.add(replace(manifest, note=f"恢复自 {file.name}"), data.items())
        store.publish(restored.id)
        return restored.id
