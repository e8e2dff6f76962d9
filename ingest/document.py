"""What a reader hands over: the blocks of a file in reading order, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from kb.records import Audience

BlockKind = Literal["heading", "text", "raw", "row", "faq"]
"""``heading``: a heading the format marks as one. ``text``: paragraphs and lists of a format that marks its headings.
``raw``: lines of a format that marks nothing, where headings must be recognised. ``row``: one table row, kept whole.
``faq``: an answer whose question and particulars are in ``Block.faq``."""


@dataclass(frozen=True, slots=True)
class FaqFields:
    """What a FAQ table says about one answer. ``audience`` is None where the table leaves it open."""

    question: str
    aliases: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    category: str = ""
    audience: Audience | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document; its text may hold many lines. ``level`` counts from 1 for headings, 0 elsewhere."""

    text: str
    kind: BlockKind = "text"
    level: int = 0
    page: int | None = None
    row: int | None = None
    faq: FaqFields | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A file as read.

    ``title`` is a title that stands outside the text (a page's ``<title>``), ``properties`` the front matter by
    role (``audience``, ``category``, …), ``warnings`` Chinese lines for the editor, ``questions`` the number of rows
    that belong to a question set for the publish gate and are not indexed. ``titles`` are those of a table of contents
    that was taken out, by number (``1.2``, ``第3章``).
    """

    source: str
    blocks: tuple[Block, ...]
    title: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    encoding: str = ""
    questions: int = 0
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The full text: all blocks in order, rows of a table on neighbouring lines, the rest one blank line apart."""
        return "".join(separator + lead + block.text for separator, lead, block in self._pieces())

    def spans(self) -> Iterator[tuple[int, int]]:
        """Where each block stands: ``text[start:end] == block.text``."""
        at = 0
        for separator, lead, block in self._pieces():
            at += len(separator) + len(lead)
            yield at, at + len(block.text)
            at += len(block.text)

    def _pieces(self) -> Iterator[tuple[str, str, Block]]:
        before: Block | None = None
        for block in self.blocks:
            separator = "" if before is None else "\n" if before.kind == block.kind == "row" else "\n\n"
            lead = f"问：{block.faq.question}\n答：" if block.faq else ""
            yield separator, lead, block
            before = block
