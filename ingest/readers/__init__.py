"""One reader per format, and the table that finds it. A reader turns the bytes of a file into a ``Document``."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import PurePosixPath
from typing import Protocol, cast

from ingest.document import Document
from ingest.readers.sniff import ADVICE, check_content
from ingest.suspicious import suspicions
from kb.errors import SourceError


class Reader(Protocol):
    """What every module of this package offers as ``read``."""

    def __call__(self, data: bytes, source: str) -> Document:
        """The document that ``data`` holds; ``source`` is its name.

        Raises:
            SourceError: it cannot be read; the text is one Chinese line without the file's name.
        """
        ...


_MODULES = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "plain",
    ".csv": "delimited",
    ".tsv": "delimited",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".html": "webpage",
    ".htm": "webpage",
    ".jsonl": "records",
    ".docx": "wordfile",
    ".docm": "wordfile",
    ".pptx": "slides",
    ".pptm": "slides",
    ".ppsx": "slides",
    ".pdf": "pdf",
    ".xls": "workbook",
    ".ods": "workbook",
}
SUFFIXES = tuple(_MODULES)
"""Suffixes that can be read, lower case with the dot."""


def reader_for(source: str) -> Reader:
    """The reader for a file of that name.

    Raises:
        SourceError: no reader knows the suffix.
    """
    suffix = PurePosixPath(source).suffix.lower()
    if suffix in ADVICE:
        return cast(Reader, import_module("ingest.readers.unread").read)
    if suffix not in _MODULES:
        kinds = "、".join(known[1:] for known in SUFFIXES)
        raise SourceError(f"暂不支持{f' {suffix} ' if suffix else '没有后缀的'}文件；目前可以读 {kinds}。")
    return cast(Reader, import_module(f"ingest.readers.{_MODULES[suffix]}").read)


def read(data: bytes, source: str) -> Document:
    """Read ``data`` by the suffix of ``source``, after checking that the content is what the suffix says.

    Warnings of the document name what its reader doubts, and text that seems to be meant for a program.

    Raises:
        SourceError: unknown suffix, other content than the suffix says, empty, or unreadable.
    """
    reader = reader_for(source)
    check_content(data, PurePosixPath(source).suffix.lower())
    document = reader(data, source)
    if not document.questions and not any(block.text.strip() for block in document.blocks):
        raise SourceError("文件里没有可以收录的文字。")
    found = suspicions(document)
    return replace(document, warnings=(*document.warnings, *found)) if found else document
