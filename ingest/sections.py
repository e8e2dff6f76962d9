"""The sections of a document: every heading with what stands under it, without tables of contents and page furniture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.contents import find_contents, is_contents
from ingest.deck import Slides, find_slides
from ingest.document import Block, Document
from ingest.headings import TITLE_RANK, Heading, find_headings
from ingest.notices import Notices
from ingest.split import DEFAULT

MIN_SECTION_CHARS = 80
MAX_JOINED_CHARS = 300
"""Sections shorter than the first are joined to their neighbours, up to the second."""
OPENING_CHARS = 24

Span = tuple[int, int]
_SENTENCE = re.compile(r"[。！？；]")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, up to the next heading of any rank."""

    rank: int
    title: str
    place: Span
    path: tuple[str, ...]
    body: list[tuple[int, int, Block]] = field(default_factory=list)

    @property
    def full_path(self) -> tuple[str, ...]:
        """Titles from the outermost to its own."""
        return (*self.path, self.title) if self.title else self.path

    @property
    def length(self) -> int:
        """Characters from the beginning of its body to the end."""
        return self.body[-1][1] - self.body[0][0] if self.body else 0


class Sections:
    """The sections of one document whose full text is ``text``, in order; what they leave out is told to ``notices``."""

    def __init__(self, document: Document, text: str, notices: Notices) -> None:
        self._document = document
        self._text = text
        self._notices = notices

    def __iter__(self) -> Iterator[Section]:
        """All sections but those under a heading 目录 that only name others."""
        listed: list[Section] = []
        for section in self._sections():
            within = is_contents(section.title) or bool(listed) and section.rank > listed[0].rank
            if within and not any(_SENTENCE.search(self._text, start, end) for start, end, _ in section.body):
                listed.append(section)
                continue
            self._tell_listed(listed)
            yield section
        self._tell_listed(listed)

    def _tell_listed(self, listed: list[Section]) -> None:
        if listed:
            last = listed[-1]
            end = last.body[-1][1] if last.body else last.place[1]
            opening = opening_of(self._text, listed[0].place[0], end)
            self._notices.add("目录", f"目录没有收录：{opening}（共 {len(listed)} 段）。")
        listed.clear()

    def _sections(self) -> Iterator[Section]:
        """Complete sections, in order; the first holds what stands before any heading."""
        current = Section(0, "", (0, 0), (self._document.title,) if self._document.title else ())
        above = [current]
        for rank, title, start, end, block in self._pieces():
            if block is not None:
                current.body.append((start, end, block))
                continue
            yield current
            while above[-1].rank >= rank:
                above.pop()
            path = above[-1].full_path
            current = Section(rank, title, (start, end), () if path == (title,) else path)
            if not is_contents(title):
                above.append(current)
        yield current

    def _pieces(self) -> Iterator[tuple[int, str, int, int, Block | None]]:
        """Headings (rank, title, place) and the stretches between them (place and block)."""
        for block, (start, end) in zip(self._document.blocks, self._document.spans(), strict=True):
            if block.kind == "heading":
                yield block.level, " ".join(block.text.split()), start, end, None
            elif block.kind in ("text", "raw"):
                yield from self._laid_out(block, start, end)
            else:
                yield 0, "", start, end, block

    def _laid_out(self, block: Block, start: int, end: int) -> Iterator[tuple[int, str, int, int, Block | None]]:
        """Headings and stretches of running text, without tables of contents and what belongs to pages."""
        raw = block.kind == "raw"
        contents = find_contents(self._text, start, end)
        for one in contents:
            opening = opening_of(self._text, one.start, one.end)
            self._notices.add("目录", f"目录没有收录：{opening}（共 {one.entries} 项）。")
        slides = find_slides(self._text, start, end, TITLE_RANK) if raw else Slides()
        if slides.furniture:
            opening = opening_of(self._text, *slides.furniture[0])
            furniture = f"幻灯片的目录页、页码没有收录：{opening}等 {len(slides.furniture)} 处。"
            self._notices.add("页码", furniture)
        titles = {**self._document.titles, **{number: title for one in contents for number, title in one.titles.items()}}
        marks = [Heading(*slide) for slide in slides.titles]
        dropped = [Heading(a, b, 0, "") for a, b in (*((one.start, one.end) for one in contents), *slides.furniture)]
        at = start
        for mark in [*sorted((*marks, *dropped), key=lambda mark: (mark.start, -mark.end)), Heading(end, end, 0, "")]:
            if mark.start < at:
                continue
            if raw and contents and mark.start == contents[0].start and (title := self._title_before(at, mark.start)):
                yield 0, "", at, title.start, block
                yield title.rank, title.title, title.start, title.end, None
                at = title.end
            for heading in find_headings(self._text, at, mark.start, raw=raw, titles=titles):
                if raw and at == start and heading.rank == TITLE_RANK and (title := self._title_before(at, heading.start)):
                    yield 0, "", at, title.start, block
                    yield title.rank - 1, title.title, title.start, title.end, None
                else:
                    yield 0, "", at, heading.start, block
                yield heading.rank, heading.title, heading.start, heading.end, None
                at = heading.end
            yield 0, "", at, mark.start, block
            if mark.title:
                yield mark.rank, mark.title, mark.start, mark.end, None
            at = mark.end

    def _title_before(self, start: int, end: int) -> Heading | None:
        """A short line without a full stop right before a table of contents is the title of what follows."""
        end = start + len(self._text[start:end].rstrip())
        begin = max(start, self._text.rfind("\n", start, end) + 1)
        title = self._text[begin:end].strip()
        return (
            Heading(begin, end, TITLE_RANK, title)
            if 2 <= len(title) <= 40 and not re.search(r"[。！？；，：]", title)
            else None
        )


def opening_of(text: str, start: int, end: int) -> str:
    """The beginning of a stretch, for warnings."""
    words = " ".join(text[start : min(end, start + OPENING_CHARS)].split())
    return f"“{words}{'……' if end - start > OPENING_CHARS else ''}”"


def related(joined: list[Section], section: Section) -> bool:
    """Whether ``section`` is a sister of the last one, or the first child of the only one."""
    last = joined[-1]
    return (
        section.path == last.path and section.rank == last.rank or len(joined) == 1 and section.path == last.full_path
    )


def packed(sections: list[Section]) -> Iterator[list[Section]]:
    """Short sections with their neighbours, those that can stand alone by themselves."""
    groups: list[list[Section]] = []
    for section in sections:
        if groups:
            group = groups[-1]
            short = section.length < MIN_SECTION_CHARS or _length(group) < MIN_SECTION_CHARS
            if short and _length([*group, section]) <= MAX_JOINED_CHARS:
                group.append(section)
                continue
        groups.append([section])
    if (
        len(groups) > 1
        and _length(groups[-1]) < MIN_SECTION_CHARS
        and _length([*groups[-2], *groups[-1]]) <= DEFAULT.most
    ):
        last = groups.pop()
        groups[-1].extend(last)
    yield from groups


def _length(group: list[Section]) -> int:
    return group[-1].body[-1][1] - group[0].body[0][0]
