"""From the blocks of a cleaned document to its parts: questions with answers, scripts, and passages under headings."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.deck import RANK
from ingest.document import Block, Document
from ingest.forbidden import Forbidden, find_forbidden, has_forbidden
from ingest.headings import QUESTION_RANK, is_question, strip_label
from ingest.notices import Notices
from ingest.pairs import answer_in, find_pairs
from ingest.repeats import Repeats
from ingest.scripts import Script, find_scripts, has_wrong
from ingest.sections import (
    MAX_JOINED_CHARS,
    MIN_SECTION_CHARS,
    Section,
    Sections,
    opening_of,
    packed,
    related,
)
from ingest.split import split
from kb.records import Kind

MAX_ANSWER_CHARS = 1_200
"""Text under a question heading up to this length is its answer; beyond, it is a chapter and is cut into passages."""
MAX_ROW_CHARS = 1_200
"""Longer table rows are cut."""

Span = tuple[int, int]
_WORD = re.compile(r"\w")
_ONLY_A_NAME = re.compile(r"[^。！？!?；;：:，,\n]{2,40}[：:][。.…\s]*")


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


class Structure:
    """The parts of one document, in order.

    ``text`` is the document's full text, ``has_scripts`` whether it marks or lists wrong wordings; ``warnings`` are
    Chinese lines, complete once the parts have been taken.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.text = document.text
        self._has_forbidden = has_forbidden(self.text)
        self._has_wrong = has_wrong(self.text)
        self.has_scripts = self._has_wrong or self._has_forbidden
        self._notices = Notices()
        self._sections = Sections(document, self.text, self._notices)
        self._pages = _pages(document)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out, and where."""
        return tuple(self._notices)

    def page_at(self, place: int) -> int | None:
        """The page or slide of the block in which ``text[place]`` stands, if its format has pages."""
        after = bisect.bisect_right(self._pages, place, key=lambda page: page[0])
        return self._pages[after - 1][1] if after else None

    def parts(self) -> Iterator[Part]:
        """All parts; every letter and digit of the text is in one of them, in a heading, in a mark of structure, or
        in something that a warning names."""
        repeats = Repeats()
        for part in self._parts():
            running = part.kind == "passage" and part.block is None
            if running and repeats.first(part.start, part.text) is not None:
                self._notices.add("重复", f"与前文重复的一段没有收录：{_place(part)}，位于第 {part.start + 1} 字。")
            else:
                yield part

    def _parts(self) -> Iterator[Part]:
        joined: list[Section] = []
        before: Section | None = None
        for section in self._sections:
            if before is not None:
                yield from self._gather(joined, before, has_child=section.rank > before.rank)
            before = section
        if before is not None:
            yield from self._gather(joined, before, has_child=False)
        yield from self._release(joined)

    def _gather(self, joined: list[Section], section: Section, *, has_child: bool) -> Iterator[Part]:
        """Short neighbours among the sections of one chapter are put together, with their titles in the text."""
        if joined and not related(joined, section):
            yield from self._release(joined)
        if self._can_join(section, has_child=has_child):
            joined.append(section)
        else:
            yield from self._release(joined)
            yield from self._parts_of(section, has_child=has_child)

    def _release(self, joined: list[Section]) -> Iterator[Part]:
        for group in packed(joined):
            if len(group) == 1:
                yield from self._parts_of(group[0], has_child=False)
                continue
            path = group[1].path
            start = group[0].body[0][0] if group[0].full_path == path else group[0].place[0]
            yield from self._passages((start, group[-1].body[-1][1]), path)
        joined.clear()

    def _can_join(self, section: Section, *, has_child: bool) -> bool:
        """Whether a section of a raw text is short, has lost the break after its title, and holds nothing of a kind of
        its own."""
        if not section.rank or section.rank >= QUESTION_RANK or is_question(section.title) and not has_child:
            return False
        if not section.body or any(block.kind != "raw" for _, _, block in section.body):
            return False
        start, end = section.body[0][0], section.body[-1][1]
        if self.text.startswith("\n", section.place[1]) or not _WORD.search(self.text, start, end):
            return False
        longest = MIN_SECTION_CHARS if has_child else MAX_JOINED_CHARS
        if section.rank <= RANK or section.length > longest:
            return False
        return not self._special(start, end, section)

    def _special(self, start: int, end: int, section: Section) -> bool:
        """Whether a stretch holds scripts or forbidden phrases."""
        return bool(
            self._has_wrong
            and find_scripts(self.text, start, end, "")[0]
            or self._has_forbidden
            and find_forbidden(self.text, start, end, section.full_path, section.place)[0]
        )

    def _parts_of(self, section: Section, *, has_child: bool) -> Iterator[Part]:
        body = [(start, end, block) for start, end, block in section.body if _WORD.search(self.text, start, end)]
        if not body:
            if section.title and not has_child:  # nothing stands under it, so it is no heading but a text
                yield Part("passage", *section.place, self.text[slice(*section.place)], section.path)
            return
        if (
            section.rank != RANK
            and is_question(section.title)
            and not has_child
            and not any(block.faq for _, _, block in body)
        ):
            start, end = body[0][0], body[-1][1]
            pair = answer_in(self.text, start, end, strip_label(section.title))
            if pair and pair.end - pair.start <= MAX_ANSWER_CHARS and not self._special(start, end, section):
                answer = self.text[pair.start : pair.end]
                yield Part("faq", pair.start, pair.end, answer, section.path, pair.question, pair.aliases)
                return
        path = section.full_path
        for start, end, block in self._merged(body):
            if block.faq is not None:
                yield Part("faq", start, end, block.text, path, block.faq.question, block.faq.aliases, block=block)
            elif block.kind == "row":
                spans = [(start, end)] if end - start <= MAX_ROW_CHARS else split(self.text, start, end)
                for span in spans:
                    yield Part("passage", *span, self.text[slice(*span)], path, block=block)
            else:
                yield from self._running(start, end, section, path)

    def _running(self, start: int, end: int, section: Section, path: tuple[str, ...]) -> Iterator[Part]:
        """Lists of forbidden phrases, scripts, pairs and passages of running text, in order."""
        found: list[Part] = []
        spans: list[Span] = [(start, end)]
        if self._has_forbidden:
            lists, spans = find_forbidden(self.text, start, end, path, section.place)
            found.extend(self._forbidden(one, path) for one in lists)
        if self._has_wrong:
            apart: list[Span] = []
            for span in spans:
                scripts, rest = find_scripts(self.text, *span, section.title)
                found.extend(part for script in scripts if (part := self._script(script, section, path)))
                apart.extend(rest)
            spans = apart
        for span in spans:
            pairs, rest = find_pairs(self.text, *span)
            for pair in pairs:
                if pair.end - pair.start > MAX_ANSWER_CHARS:
                    rest.append((pair.start, pair.end))
                    continue
                answer = self.text[pair.start : pair.end]
                found.append(Part("faq", pair.start, pair.end, answer, path, pair.question, pair.aliases))
            for left in rest:
                found.extend(self._passages(left, path))
        yield from sorted(found, key=lambda part: part.start)

    def _passages(self, span: Span, path: tuple[str, ...]) -> Iterator[Part]:
        for start, end in split(self.text, *span):
            text = self.text[start:end]
            if _ONLY_A_NAME.fullmatch(text):
                self._notices.add("空白", f"“{text}”后面没有内容，没有收录。")
            else:
                yield Part("passage", start, end, text, path)

    def _forbidden(self, one: Forbidden, path: tuple[str, ...]) -> Part:
        path = (*path, one.section) if one.section and one.section not in path else path
        return Part("script", one.start, one.end, self.text[one.start : one.end], path, one.name, wrong=one.phrases)

    def _script(self, script: Script, section: Section, path: tuple[str, ...]) -> Part | None:
        path = (*path, script.section) if script.section else path
        wordings = [self.text[slice(*span)] for span in script.right]
        if not wordings:
            named = script.situation and script.situation not in section.title
            name = " › ".join((*path, script.situation) if named else path) or "未写明的情境"
            self._notices.add("错误说法", f"“{name}”只有错误说法（×），没有正确说法（√），没有收录。")
            return None
        place = (script.right[0][0], script.right[-1][1])
        return Part("script", *place, "\n".join(wordings), path, script.situation, wrong=script.wrong)

    def _merged(self, body: list[tuple[int, int, Block]]) -> Iterator[tuple[int, int, Block]]:
        """Neighbouring text blocks as one stretch; rows and answers stay by themselves."""
        pending: tuple[int, int, Block] | None = None
        for start, end, block in body:
            if block.kind in ("row", "faq"):
                if pending:
                    yield pending
                pending = None
                yield start, end, block
            elif pending and not _WORD.search(self.text, pending[1], start):
                pending = (pending[0], end, pending[2])
            else:
                if pending:
                    yield pending
                pending = (start, end, block)
        if pending:
            yield pending


def _pages(document: Document) -> list[tuple[int, int | None]]:
    """Where blocks of another page than the block before them begin; empty for formats without pages."""
    found: list[tuple[int, int | None]] = []
    if any(block.page is not None for block in document.blocks):
        for block, (start, _) in zip(document.blocks, document.spans(), strict=True):
            if not found or found[-1][1] != block.page:
                found.append((start, block.page))
    return found


def _place(part: Part) -> str:
    """Where a part stands, for warnings."""
    under = f"“{' › '.join(part.heading)}”下的" if part.heading else ""
    return under + opening_of(part.text, 0, len(part.text))
