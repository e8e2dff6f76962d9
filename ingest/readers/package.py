"""Office packages (docx, pptx, xlsx): a zip of XML parts, opened so that no file can fill the memory or reach outside.

Sizes are checked before anything is unpacked, and a part with a document type of its own is refused: Office never
writes one, and entity bombs need it.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from kb.errors import SourceError

MAX_UNPACKED_BYTES = 1 << 30
"""A package that unpacks to more than this is refused."""
SUSPECT_BYTES = 64 << 20
MAX_RATIO = 300
"""Beyond ``SUSPECT_BYTES``, a package that unpacks to more than this times its size is a bomb, not a document."""

CHUNK_BYTES = 4 << 20
HEAD_BYTES = 64 << 10
_ENTITIES = "文件里夹带了不该有的实体定义，可能会撑满内存，没有读取；请用原来的软件打开后另存，再试一次。"

_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (b"http://purl.oclc.org/ooxml/drawingml/main", b"http://schemas.openxmlformats.org/drawingml/2006/main"),
)
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_FAULTS = (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, zlib.error, OSError)


class Package:
    """The parts of one Office file. ``kind`` is what it is called in messages, ``program`` what opens it.

    Raises:
        SourceError: on creation, no whole archive, protected, or too big when unpacked.
    """

    def __init__(self, data: bytes, kind: str, program: str) -> None:
        self._damaged = f"{kind}打不开，可能已损坏或没有传完整；请用 {program} 或 WPS 打开后另存，再试一次。"
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            self._members = {member.filename: member for member in self._archive.infolist()}
        except _FAULTS as error:
            raise SourceError(self._damaged) from error
        size = sum(member.file_size for member in self._archive.infolist())
        if size > MAX_UNPACKED_BYTES:
            raise SourceError(f"{kind}展开后超过 {MAX_UNPACKED_BYTES >> 30} GB；请拆成几个小一些的文件后再试。")
        if size > max(SUSPECT_BYTES, MAX_RATIO * len(data)):
            raise SourceError(f"{kind}展开后是原来的 {size // len(data)} 倍，不像正常的文件，没有读取；请用 {program} 打开后另存，再试一次。")
        if any(member.flag_bits & 1 for member in self._archive.infolist()):
            raise SourceError("文件有密码保护，打不开；请取消密码后另存，再试一次。")

    def names(self, folder: str = "") -> list[str]:
        """Names of all parts whose name begins with ``folder``, in the order of the archive."""
        return [name for name in self._members if name.startswith(folder)]

    def size(self, name: str) -> int:
        """Unpacked size of a part in bytes."""
        return self._members[name].file_size

    def read(self, name: str) -> bytes:
        """The bytes of a part.

        Raises:
            SourceError: it is missing or damaged.
        """
        try:
            return self._archive.read(self._members[name])
        except (KeyError, RuntimeError, *_FAULTS) as error:
            raise SourceError(self._damaged) from error

    def xml(self, name: str) -> Any:
        """The root element of a part, in the namespaces of the transitional standard; None if there is no such part.

        Raises:
            SourceError: it is damaged, or has a document type.
        """
        from lxml import etree

        if name not in self._members:
            return None
        data = self.read(name)
        for strict, usual in _STRICT:
            data = data.replace(strict, usual)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
        try:
            root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise SourceError(self._damaged) from error
        if root.getroottree().docinfo.doctype:
            raise SourceError(_ENTITIES)
        return root

    def refuse_entities(self, folder: str) -> None:
        """Look for document types in all XML parts of a folder, for libraries that do not look themselves.

        Raises:
            SourceError: there is one.
        """
        for name in self.names(folder):
            if name.endswith(".xml") and b"<!DOCTYPE" in self.read(name)[:HEAD_BYTES]:
                raise SourceError(_ENTITIES)

    def relations(self, name: str = "", by: str = "Type") -> Mapping[str, str]:
        """Names of the parts that a part (or the package) refers to, by the last word of the kind of relation, or by ``Id``."""
        folder, base = posixpath.split(name)
        root = self.xml(posixpath.join(folder, "_rels", f"{base}.rels"))
        found: dict[str, str] = {}
        for relation in () if root is None else root.iter(_RELATION):
            if relation.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
                found.setdefault(relation.get(by, "").rpartition("/")[2], target)
        return found

    def stream(self, name: str) -> Iterator[bytes]:
        """The bytes of a sheet in pieces of whole rows, for sheets too big to hold.

        Raises:
            SourceError: it is missing or damaged.
        """
        rest = b""
        try:
            with self._archive.open(self._members[name]) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    whole, mark, rest = (rest + chunk).rpartition(b"</row>")
                    if mark:
                        yield whole + mark
        except (KeyError, RuntimeError, *_FAULTS) as error:
            raise SourceError(self._damaged) from error
        yield rest
