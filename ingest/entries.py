"""From one file to its entries of knowledge."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from ingest.audience import OPENING_CHARS, Proposal, propose
from ingest.clean import clean, steps_for
from ingest.columns import parse_audience, parse_date
from ingest.document import Document
from ingest.readers import read
from ingest.structure import Part, Structure
from kb.config import ShopSettings
from kb.errors import SourceError
from kb.records import Audience, Entry, Place
from kb.text import normalise

ID_CHARS = 16


@dataclass(frozen=True, slots=True)
class FileResult:
    """All that came of one file.

    ``sha256`` and ``size`` (bytes) are of the file as it was read, ``audience`` with ``reason`` is the proposal for
    entries that do not say themselves, ``steps`` names the cleaning steps that changed something, ``questions`` counts
    rows of a question set, which are not indexed.
    """

    source: str
    sha256: str
    size: int
    entries: tuple[Entry, ...]
    audience: Audience
    reason: str
    warnings: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    encoding: str = ""
    questions: int = 0


def read_document(data: bytes, source: str, shop: ShopSettings) -> tuple[Document, tuple[str, ...]]:
    """The cleaned document in ``data``, and the names of the cleaning steps that changed something.

    Raises:
        SourceError: it cannot be read; the text is one Chinese line without the file's name.
    """
    return clean(read(data, source), steps_for(shop))


def read_entries(
    data: bytes,
    source: str,
    shop: ShopSettings,
    *,
    folders: Sequence[str] = (),
    audience: Audience | None = None,
) -> FileResult:
    """The entries in ``data``. ``folders`` above the file help to propose an audience; ``audience`` overrides all.

    Raises:
        SourceError: it cannot be read, or nothing in it can be used.
    """
    document, steps = read_document(data, source, shop)
    structure = Structure(document)
    parts = list(structure.parts())
    warnings = [*document.warnings, *structure.warnings]
    properties = _Properties.of(document, warnings)
    headings = [document.title, *(block.text for block in document.blocks if block.kind == "heading")]
    headings.extend(part.heading[0] for part in parts[:20] if part.heading)
    proposal = propose(
        source,
        folders,
        [normalise(heading) for heading in dict.fromkeys(headings) if heading],
        normalise(document.text[:OPENING_CHARS]),
        stated=properties.audience,
        has_scripts=any(part.kind == "script" for part in parts),
    )
    if audience is not None:
        proposal = Proposal(audience, "由 --audience 指定")
        opened = sum(1 for part in parts if part.block and part.block.faq and part.block.faq.audience == "internal")
        if audience == "public" and (opened or properties.audience == "internal"):
            warnings.append("文件里标明“内部”的内容已按 --audience public 改为公开；如果不是本意，请去掉这个选项后重新生成。")
    entries = _entries(parts, source, proposal.audience, properties, forced=audience is not None)
    if not entries and not document.questions:
        raise SourceError("没有可以收录的内容" + (f"：{warnings[0]}" if warnings else "。"))
    return FileResult(
        source=source,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        entries=tuple(entries),
        audience=proposal.audience,
        reason=proposal.reason,
        warnings=tuple(warnings),
        steps=steps,
        encoding=document.encoding,
        questions=document.questions,
    )


@dataclass(frozen=True, slots=True)
class _Properties:
    """What front matter says about the whole document."""

    audience: Audience | None = None
    category: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    @classmethod
    def of(cls, document: Document, warnings: list[str]) -> _Properties:
        given = document.properties
        found = cls(category=given.get("category", ""))
        try:
            found = replace(found, audience=parse_audience(given.get("audience", "")))
        except ValueError:
            warnings.append(f"文件开头写的可见范围“{given['audience']}”认不出来，暂按内部处理；请写“公开”或“内部”。")
            found = replace(found, audience="internal")
        try:
            return replace(
                found,
                valid_from=parse_date(given.get("valid_from", "")),
                valid_to=parse_date(given.get("valid_to", "")),
            )
        except ValueError as error:
            raise SourceError("文件开头写的生效日期或失效日期不是日期；请写成 2025-01-31 这样的格式。") from error


def _entries(
    parts: Sequence[Part], source: str, audience: Audience, properties: _Properties, *, forced: bool
) -> list[Entry]:
    seen: Counter[str] = Counter()
    entries = []
    for part in parts:
        fields = part.block.faq if part.block else None
        name = _name(part, source)
        seen[name] += 1
        ordinal = "" if seen[name] == 1 else f"\n{seen[name]}"
        own = fields.audience if fields and not forced else None
        place = Place(
            source,
            part.heading,
            part.start,
            part.end,
            page=part.block.page if part.block else None,
            row=part.block.row if part.block else None,
        )
        entries.append(
            Entry(
                id=hashlib.sha256((name + ordinal).encode("utf-8")).hexdigest()[:ID_CHARS],
                kind=part.kind,
                audience=own or audience,
                text=part.text,
                place=place,
                question=part.question,
                aliases=part.aliases,
                counter_examples=fields.counter_examples if fields else (),
                wrong=part.wrong,
                category=fields.category if fields and fields.category else properties.category,
                valid_from=fields.valid_from if fields and fields.valid_from else properties.valid_from,
                valid_to=fields.valid_to if fields and fields.valid_to else properties.valid_to,
            )
        )
    return entries


def _name(part: Part, source: str) -> str:
    """What an entry's id is made of: an edited answer keeps the id of its question, an unchanged passage its own
    whatever happens around it."""
    if part.kind == "faq":
        return f"{source}\nfaq\n{part.question}"
    head = part.question or "\x1f".join(part.heading)
    return f"{source}\n{part.kind}\n{head}\n{part.text}"
