"""Plain text: one block of lines, in which headings are recognised later; Markdown saved as .txt is read as such."""

from __future__ import annotations

import re

from ingest.document import Block, Document
from ingest.encoding import decode
from ingest.readers import markdown

_MARKED_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)


def read(data: bytes, source: str) -> Document:
    """See :class:`ingest.readers.Reader`."""
    decoded = decode(data)
    headings = _MARKED_HEADING.finditer(decoded.text)
    if next(headings, None) and next(headings, None):
        return markdown.parse(decoded, source)
    return Document(source, (Block(decoded.text, "raw"),), warnings=decoded.warnings, encoding=decoded.encoding)
