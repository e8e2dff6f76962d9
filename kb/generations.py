"""The generations of a home as readers see them: each is whole and verifies, or is refused with the reason.

    store/gen-000012/manifest.json
                     public/    what customers may see; holds no internal text at all
                     internal/  everything, for staff
    store/CURRENT    one line: the id of the live generation
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from kb.changes import Diff, diff
from kb.errors import StoreDamaged, StoreError
from kb.flat import LocalVectors
from kb.index import Index
from kb.manifest import Manifest, OtherFormat, sha256
from kb.records import Audience
from kb.vectors import VectorHome

_ID = re.compile(r"gen-\d{6,}")
_REMEDY = "请运行 python -m ingest rollback 回到上一个版本，或 python -m ingest build --full 重新生成。"
AUDIENCES: tuple[Audience, ...] = ("public", "internal")
MAPPED_BYTES = 64 * 2**20
"""Smaller files are read: 80,000 rows are about as much."""


class Generations:
    """All generations of one home, for reading; needs no lock."""

    def __init__(self, root: Path, vectors: VectorHome | None = None) -> None:
        self.root = root
        self.vectors: VectorHome = vectors or LocalVectors()

    def current(self) -> str | None:
        """Id of the live generation, None before the first publish."""
        try:
            line = (self.root / "CURRENT").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StoreDamaged(f"{self.root / 'CURRENT'} 读不出来（{error}）；请运行 python -m ingest publish 版本号 重新指定。") from error
        if not _ID.fullmatch(line):
            raise StoreDamaged(f"{self.root / 'CURRENT'} 的内容“{line[:40]}”不是版本号；请运行 python -m ingest publish 版本号 重新指定。")
        return line

    def ids(self) -> list[str]:
        """Ids of all generations on disk, newest first; damaged ones too."""
        try:
            names = [path.name for path in self.root.iterdir() if _ID.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        return sorted(names, key=lambda name: int(name[4:]), reverse=True)

    def manifest(self, identity: str) -> Manifest:
        """The manifest of one generation.

        Raises:
            StoreError: there is no such generation.
            StoreDamaged: its manifest cannot be trusted.
        """
        folder = self.folder(identity)
        try:
            manifest = Manifest.from_bytes((folder / "manifest.json").read_bytes())
        except OtherFormat as error:
            raise StoreDamaged(
                f"版本 {identity} 是用另一版程序生成的（{error}）；请换回那一版程序，或运行 python -m ingest build --full 重新生成。"
            ) from error
        except (OSError, ValueError) as error:
            raise StoreDamaged(f"版本 {identity} 的清单损坏（{error}）；{_REMEDY}") from error
        if manifest.id != identity:
            raise StoreDamaged(f"版本 {identity} 的文件夹里放着 {manifest.id} 的清单；{_REMEDY}")
        return manifest

    def load(self, identity: str, audience: Audience) -> Index:
        """One audience's index, every byte checked against the manifest.

        Raises:
            StoreError: there is no such generation.
            StoreDamaged: a file is missing, changed, or cannot be parsed.
        """
        manifest = self.manifest(identity)
        files = _Checked(self.folder(identity), manifest, audience)
        try:
            index = Index.from_files(files, [encoder.fingerprint for encoder in manifest.encoders], self.vectors)
            files.read_the_rest()
            return index
        except ValueError as error:
            raise StoreDamaged(f"版本 {identity} 的 {audience} 索引解析失败（{error}）；{_REMEDY}") from error

    def verify(self, identity: str) -> Manifest:
        """Check every file of a generation by length, digest and parsing, and that no internal entry is public.

        Raises:
            StoreError: there is no such generation.
            StoreDamaged: the first fault found.
        """
        manifest = self.manifest(identity)
        known = {*manifest.files, "manifest.json"}
        folder = self.folder(identity)
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name not in known:
                raise StoreDamaged(f"版本 {identity} 里多出文件 {name}；{_REMEDY}")
        self.load(identity, "internal")
        if any(entry.audience != "public" for entry in self.load(identity, "public").entries):
            raise StoreDamaged(f"版本 {identity} 的公开索引里混入了内部内容；{_REMEDY}")
        return manifest

    def diff(self, old: str, new: str) -> Diff:
        """What ``new`` holds that ``old`` did not, and the other way round, see :func:`kb.changes.diff`."""
        return diff(self.load(old, "internal").entries, self.load(new, "internal").entries)

    def pointers(self, identity: str) -> dict[str, bytes]:
        """The files of a generation that say where its vectors lie, by ``audience/name``; none if they are files too.

        Raises:
            StoreError: as :meth:`load`.
        """
        manifest = self.manifest(identity)
        found: dict[str, bytes] = {}
        for audience in AUDIENCES:
            files = _Checked(self.folder(identity), manifest, audience)
            found |= {f"{audience}/{name}": files[name] for name in files if name.endswith(".milvus.json")}
        return found

    def folder(self, identity: str) -> Path:
        """Where a generation lies.

        Raises:
            StoreError: there is no such generation.
        """
        folder = self.root / identity
        if not _ID.fullmatch(identity) or not folder.is_dir():
            raise StoreError(f"没有版本“{identity}”；可用 python -m ingest versions 查看全部版本。")
        return folder


class _Checked(Mapping[str, bytes]):
    """The files of one audience by name, each read when it is asked for, and checked; none is kept."""

    def __init__(self, folder: Path, manifest: Manifest, audience: Audience) -> None:
        self._folder, self._manifest = folder / audience, manifest
        self._files = {
            name.split("/", 1)[1]: info for name, info in manifest.files.items() if name.startswith(f"{audience}/")
        }
        self._unread = set(self._files)

    def __getitem__(self, name: str) -> bytes:
        info, path = self._files[name], f"{self._folder.name}/{name}"
        try:
            data = read_file(self._folder / name, info.size)
        except OSError as error:
            raise StoreDamaged(f"版本 {self._manifest.id} 的文件 {path} 读不出来（{error.strerror}）；{_REMEDY}") from error
        if len(data) != info.size or sha256(data) != info.sha256:
            raise StoreDamaged(f"版本 {self._manifest.id} 的文件 {path} 已损坏（校验和不符）；{_REMEDY}")
        self._unread.discard(name)
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def read_the_rest(self) -> None:
        """Check those files too that nobody asked for."""
        for name in sorted(self._unread):
            self[name]


def read_file(path: Path, size: int) -> bytes:
    """The content of a file; one of :data:`MAPPED_BYTES` and more is mapped: the system may drop it and read it again.

    A mapped file must not be cut short while it is in use; generations are never written to.
    """
    if size < MAPPED_BYTES or path.suffix != ".faiss":
        return path.read_bytes()
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)  # type: ignore[return-value]  # a buffer like bytes
