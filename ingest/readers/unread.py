"""Files that are known but cannot be read: the verdict says what to do with them."""

from __future__ import annotations

from pathlib import PurePosixPath

from ingest.document import Document
from ingest.readers.sniff import ADVICE
from kb.errors import SourceError


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`; never returns."""
    suffix = PurePosixPath(source).suffix.lower()
    raise SourceError(f"暂时读不了 {suffix} 文件；{ADVICE[suffix]}。")
