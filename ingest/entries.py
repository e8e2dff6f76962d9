"""From one file to its entries of knowledge."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ingest.audience import OPENING_CHARS, TOP_HEADINGS, Proposal, propose
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
OPENING_PARTS = 20
"""So many first parts are looked at to propose an audience."""


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
    """The entries in ``data``, see :class:`EntryStream`.

    Raises:
        SourceError: it cannot be read, or nothing in it can be used.
    """
    stream = EntryStream(data, source, shop, folders=folders, audience=audience)
    return stream.result(tuple(stream))


class EntryStream:
    """The entries of one file, made one by one, so that a big file needs little more memory than its text.

    ``folders`` above the file help to propose an audience; ``audience`` overrides all. Iterate once.

    Raises:
        SourceError: on creation, if the file cannot be read; at the end, if nothing in it can be used.
    """

    def __init__(
        self,
        data: bytes,
        source: str,
        shop: ShopSettings,
        *,
        folders: Sequence[str] = (),
        audience: Audience | None = None,
    ) -> None:
        self._source = source
        self._sha256, self._size = hashlib.sha256(data).hexdigest(), len(data)
        self._document, self._steps = read_document(data, source, shop)
        del data
        self._structure = Structure(self._document)
        self._warnings = list(self._document.warnings)
        self._properties = _Properties.of(self._document, self._warnings)
        self._forced = audience
        parts = self._structure.parts()
        opening = list(itertools.islice(parts, OPENING_PARTS))
        self._parts = itertools.chain(opening, parts)
        if audience is None:
            self.proposal = self._propose(opening, folders)
        else:
            self.proposal = Proposal(audience, "由 --audience 指定")
        self._opened = audience == "public" and self._properties.audience == "internal"

    def __iter__(self) -> Iterator[Entry]:
        seen: Counter[str] = Counter()
        for part in self._parts:
            name = _digest(_name(part, self._source))
            seen[name] += 1
            identity = name if seen[name] == 1 else _digest(f"{name}\n{seen[name]}")
            yield self._entry(part, identity)
        self._warnings.extend(self._structure.warnings)
        if self._opened:
            self._warnings.append("标明“内部”的内容已按 --audience public 改为公开；如果不是本意，请去掉这个选项后重新生成。")
        if not seen and not self._document.questions:
            raise SourceError("没有可以收录的内容" + (f"：{self._warnings[0]}" if self._warnings else "。"))

    def result(self, entries: tuple[Entry, ...]) -> FileResult:
        """What there is to say about the file, once all entries have been taken."""
        return FileResult(
            source=self._source,
            sha256=self._sha256,
            size=self._size,
            entries=entries,
            audience=self.proposal.audience,
            reason=self.proposal.reason,
            warnings=tuple(self._warnings),
            steps=self._steps,
            encoding=self._document.encoding,
            questions=self._document.questions,
        )

    def _propose(self, opening: Sequence[Part], folders: Sequence[str]) -> Proposal:
        document = self._document
        headings = [document.title, *(part.heading[0] for part in opening if part.heading)]
        headings.extend(block.text for block in document.blocks[: 4 * TOP_HEADINGS] if block.kind == "heading")
        return propose(
            self._source,
            folders,
            [normalise(heading) for heading in dict.fromkeys(headings) if heading],
            normalise(self._structure.text[:OPENING_CHARS]),
            stated=self._properties.audience,
            has_scripts=self._structure.has_scripts,
        )

    def _entry(self, part: Part, identity: str) -> Entry:
        block, properties = part.block, self._properties
        fields = block.faq if block else None
        own = fields.audience if fields else None
        if own and self._forced:
            self._opened |= own == "internal" and self._forced == "public"
            own = None
        return Entry(
            id=identity,
            kind=part.kind,
            audience=own or self.proposal.audience,
            text=part.text,
            place=Place(
                self._source,
                part.heading,
                part.start,
                part.end,
                page=self._structure.page_at(part.start),
                row=block.row if block else None,
            ),
            question=part.question,
            aliases=part.aliases,
            counter_examples=fields.counter_examples if fields else (),
            wrong=part.wrong,
            category=fields.category if fields and fields.category else properties.category,
            valid_from=fields.valid_from if fields and fields.valid_from else properties.valid_from,
            valid_to=fields.valid_to if fields and fields.valid_to else properties.valid_to,
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


def _name(part: Part, source: str) -> str:
    """What an entry's id is made of: an edited answer keeps the id of its question, an unchanged passage its own
    whatever happens around it."""
    if part.kind == "faq":
        return f"{source}\nfaq\n{part.question}"
    head = part.question or "\x1f".join(part.heading)
    return f"{source}\n{part.kind}\n{head}\n{part.text}"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8")).hexdigest()[:ID_CHARS]
