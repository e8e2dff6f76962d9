"""From the blocks of a cleaned document to its parts: questions with answers, scripts, and passages under headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.document import Block, Document
from ingest.headings import find_headings, is_question, strip_label
from ingest.pairs import answer_in, find_pairs
from ingest.scripts import find_scripts, has_wrong
from ingest.split import split
from kb.records import Kind

MAX_ANSWER_CHARS = 1_200
"""Text under a question heading up to this length is its answer; beyond, it is a chapter and is cut into passages."""
MAX_ROW_CHARS = 1_200
"""Longer table rows are cut."""

Span = tuple[int, int]
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of knowledge at ``text[start:end]`` of the document.

    ``text`` is that slice, except for a script with several right wordings: there it is the wordings, one a line.
    ``block`` is the table row it came from, if any.
    """

    kind: Kind
    start: int
    end: int
    text: str
    heading: tuple[str, ...]
    question: str = ""
    aliases: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading and what stands under it, up to the next heading of any rank."""

    rank: int
    title: str
    place: Span
    path: tuple[str, ...]
    body: list[tuple[int, int, Block]] = field(default_factory=list)

    @property
    def full_path(self) -> tuple[str, ...]:
        return (*self.path, self.title) if self.title else self.path


class Structure:
    """The parts of one document, in order.

    ``text`` is the document's full text, ``has_scripts`` whether it marks wrong wordings; ``warnings`` holds Chinese
    lines once the parts have been taken.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.text = document.text
        self.has_scripts = has_wrong(self.text)
        self.warnings: list[str] = []

    def parts(self) -> Iterator[Part]:
        """All parts; every letter and digit of the text is in one of them, in a heading or in a mark of structure."""
        before: _Section | None = None
        for section in self._sections():
            if before is not None:
                yield from self._parts_of(before, has_child=section.rank > before.rank)
            before = section
        if before is not None:
            yield from self._parts_of(before, has_child=False)

    def _sections(self) -> Iterator[_Section]:
        """Complete sections, in order; the first holds what stands before any heading."""
        current = _Section(0, "", (0, 0), (self._document.title,) if self._document.title else ())
        above = [current]
        for rank, title, start, end, block in self._pieces():
            if block is not None:
                current.body.append((start, end, block))
                continue
            yield current
            while above[-1].rank >= rank:
                above.pop()
            path = above[-1].full_path
            current = _Section(rank, title, (start, end), () if path == (title,) else path)
            above.append(current)
        yield current

    def _pieces(self) -> Iterator[tuple[int, str, int, int, Block | None]]:
        """Headings (rank, title, place) and the stretches between them (place and block)."""
        for block, (start, end) in zip(self._document.blocks, self._document.spans(), strict=True):
            if block.kind == "heading":
                yield block.level, " ".join(block.text.split()), start, end, None
            elif block.kind in ("text", "raw"):
                at = start
                for heading in find_headings(self.text, start, end, raw=block.kind == "raw"):
                    yield 0, "", at, heading.start, block
                    yield heading.rank, heading.title, heading.start, heading.end, None
                    at = heading.end
                yield 0, "", at, end, block
            else:
                yield 0, "", start, end, block

    def _parts_of(self, section: _Section, *, has_child: bool) -> Iterator[Part]:
        body = [(start, end, block) for start, end, block in section.body if _WORD.search(self.text, start, end)]
        if not body:
            if section.title and not has_child:  # nothing stands under it, so it is no heading but a text
                yield Part("passage", *section.place, self.text[slice(*section.place)], section.path)
            return
        if is_question(section.title) and not has_child and not any(block.faq for _, _, block in body):
            start, end = body[0][0], body[-1][1]
            pair = answer_in(self.text, start, end, strip_label(section.title))
            if pair and pair.end - pair.start <= MAX_ANSWER_CHARS and not self._is_script(start, end):
                answer = self.text[pair.start : pair.end]
                yield Part("faq", pair.start, pair.end, answer, section.path, pair.question, pair.aliases)
                return
        path = section.full_path
        for start, end, block in _merged(body):
            if block.faq is not None:
                yield Part("faq", start, end, block.text, path, block.faq.question, block.faq.aliases, block=block)
            elif block.kind == "row":
                spans = [(start, end)] if end - start <= MAX_ROW_CHARS else split(self.text, start, end)
                for span in spans:
                    yield Part("passage", *span, self.text[slice(*span)], path, block=block)
            else:
                yield from self._running(start, end, section, path)

    def _running(self, start: int, end: int, section: _Section, path: tuple[str, ...]) -> Iterator[Part]:
        """Scripts, pairs and passages of running text, in order."""
        found: list[Part] = []
        spans: list[Span] = [(start, end)]
        if self._is_script(start, end):
            scripts, spans = find_scripts(self.text, start, end, section.title)
            for script in scripts:
                wordings = [self.text[slice(*span)] for span in script.right]
                if not wordings:
                    named = script.situation and script.situation not in section.title
                    name = " › ".join((*path, script.situation) if named else path) or "未写明的情境"
                    self.warnings.append(f"“{name}”只有错误说法（×），没有正确说法（√），没有收录。")
                    continue
                place = (script.right[0][0], script.right[-1][1])
                found.append(Part("script", *place, "\n".join(wordings), path, script.situation, wrong=script.wrong))
        for span in spans:
            pairs, rest = find_pairs(self.text, *span)
            for pair in pairs:
                if pair.end - pair.start > MAX_ANSWER_CHARS:
                    rest.append((pair.start, pair.end))
                    continue
                answer = self.text[pair.start : pair.end]
                found.append(Part("faq", pair.start, pair.end, answer, path, pair.question, pair.aliases))
            for left in rest:
                found.extend(Part("passage", a, b, self.text[a:b], path) for a, b in split(self.text, *left))
        yield from sorted(found, key=lambda part: part.start)

    def _is_script(self, start: int, end: int) -> bool:
        return self.has_scripts and bool(find_scripts(self.text, start, end, "")[0])


def _merged(body: list[tuple[int, int, Block]]) -> Iterator[tuple[int, int, Block]]:
    """Neighbouring text blocks as one stretch; rows and answers stay by themselves."""
    pending: tuple[int, int, Block] | None = None
    for start, end, block in body:
        if block.kind in ("row", "faq"):
            if pending:
                yield pending
            pending = None
            yield start, end, block
        elif pending:
            pending = (pending[0], end, pending[2])
        else:
            pending = (start, end, block)
    if pending:
        yield pending
