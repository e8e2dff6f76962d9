"""Pieces of a text as a reader meets them, and the blocks they make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ingest.document import Block, BlockKind
from ingest.tables import Row, TableBlocks, as_item, read_table


@dataclass(frozen=True, slots=True)
class Piece:
    """A heading (``level`` > 0), a paragraph, a list item (``tight``, ``link`` if it is one), or an answer (``block``)."""

    text: str
    level: int = 0
    tight: bool = False
    link: bool = False
    block: Block | None = None
    page: int | None = None


def blocks_of(pieces: Iterable[Piece], kind: BlockKind = "text") -> Iterator[Block]:
    """Blocks between headings, answers and pages; items of a list on neighbouring lines, paragraphs a blank line apart."""
    text = ""
    tight = False
    page: int | None = None
    for piece in pieces:
        if text and (piece.level or piece.block or piece.page != page):
            yield Block(text, kind, page=page)
            text = ""
        if piece.level or piece.block:
            yield piece.block or Block(piece.text, "heading", level=piece.level, page=piece.page)
            continue
        text += ("" if not text else "\n" if tight and piece.tight else "\n\n") + piece.text
        tight, page = piece.tight, piece.page
    if text:
        yield Block(text, kind, page=page)


def table_pieces(rows: list[Row], where: str, page: int | None = None) -> tuple[list[Piece], TableBlocks]:
    """A table within a text: answers by themselves, other rows as items of a list; and what else it told."""
    table = read_table(rows, where, strict=False)
    pieces = [
        Piece(block.text, block=replace(block, page=page), page=page) if block.faq else Piece(as_item(block), tight=True, page=page)
        for block in table.blocks
    ]
    return pieces, table


def named_on_the_left(rows: Iterable[Row]) -> Iterator[str]:
    """Rows of a table that has its names on the left instead of above: every row is a name and its values."""
    for _, values in rows:
        text = "：".join(filter(None, values))
        if text:
            yield f"- {text}".replace("\n", "；")
