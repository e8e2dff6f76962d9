"""Plain text: one block of lines, in which headings are recognised later."""

from __future__ import annotations

from ingest.document import Block, Document
from ingest.encoding import decode


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    decoded = decode(data)
    return Document(source, (Block(decoded.text, "raw"),), warnings=decoded.warnings, encoding=decoded.encoding)
