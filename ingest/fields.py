r"""What Word leaves in text that was taken out of it: field codes, and tables of contents.

A field is written ``HYPERLINK "…" \h``; a table of contents is a field whose result lists every heading with a hidden
number before and a page behind it, often run together in one line. It goes with its code, but the titles in it are worth
keeping: they tell where headings end in a text that has lost its line breaks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.contents import find_contents

_HINT = re.compile(r"\\|HYPERLINK|PAGEREF|INCLUDEPICTURE|MERGEFORMAT")
_SWITCHES = r'(?:[ \t]*\\(?:\*[ \t]*(?:MERGEFORMAT(?:INET)?|CHARFORMAT)|[a-z@#](?:[ \t]*"[^"\n]*")?))*'
_CIRCLED = re.compile(r"\{?[ \t]*(?<![A-Za-z])eq[ \t]*\\o\\ac[ \t]*\([○〇◯],[ \t]*(\d{1,2})\)[ \t]*\}?", re.IGNORECASE)
_FIELD = re.compile(
    r'(?:HYPERLINK|INCLUDEPICTURE|INCLUDETEXT)[ \t]*(?:\\l[ \t]*)?"[^"\n]*"'
    + _SWITCHES
    + r"|PAGEREF[ \t]*_?\w+"
    + r"[ \t]*(?:\\[a-z][ \t]*)+(?:\d{1,4}(?!\d))?"
    r"|(?<![A-Za-z])REF[ \t]+_?\w+" + r"[ \t]*(?:\\[a-z][ \t]*)+"
    r"|(?<![A-Za-z])SEQ[ \t]+\S{1,12}[ \t]*\\\*[ \t]*[A-Za-z]+"
    r"|(?<![A-Za-z])(?:PAGE|NUMPAGES|DATE|TIME|FORMTEXT|FORMCHECKBOX)[ \t]*\\\*?[ \t]*\w+"
    + _SWITCHES
    + r"|\\\*[ \t]*(?:MERGEFORMAT(?:INET)?|ARABIC|CHARFORMAT)"
    r"|(?<![A-Za-z])EMBED[ \t]+\w+\.\w+(?:\.\d+)?" + _SWITCHES
)
_CONTENTS_FIELD = re.compile(r'TOC[ \t]*\\[a-z][ \t]*(?:"[^"\n]*")?' + _SWITCHES)
_ENTRY = re.compile(r"[^\n]{1,160}?[ \t]\d{1,12}")
_NUMBER = re.compile(r"[\d.]*")
_LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Stripped:
    """A ``text`` without field codes. ``contents``: the tables of contents that went, as they stood there; ``titles``
    what they say of headings, by number (``1.2``, ``第3章``)."""

    text: str
    contents: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)


def has_fields(text: str) -> bool:
    """A cheap first look: whether there may be a field code in ``text``."""
    return _HINT.search(text) is not None


def without_fields(text: str) -> Stripped:
    """``text`` without field codes; what a field shows stays, but for a table of contents."""
    if not has_fields(text):
        return Stripped(text)
    contents, titles = list[str](), dict[str, str]()
    code = _CONTENTS_FIELD.search(text)
    while code:
        listed = next((one for one in find_contents(text, code.start(), len(text)) if one.start <= code.end() < one.end), None)
        end = listed.end if listed else _end_of_entries(text, code.end())
        if end > code.end():
            contents.append(text[code.end() : end])
            titles.update(listed.titles if listed else {})
        text = text[: code.start()] + ("\n" if end > code.end() else "") + text[end:]
        code = _CONTENTS_FIELD.search(text, code.start())
    return Stripped(_FIELD.sub("", _CIRCLED.sub(_circle, text)), tuple(contents), titles)


def _end_of_entries(text: str, at: int) -> int:
    """Where the entries that start at ``at`` end: before the second time that the first title stands, without a page."""
    first = _ENTRY.match(text, at)
    if not first:
        return at
    title = first.group().rsplit(None, 1)[0]
    number = _NUMBER.match(title)
    bare = title[number.end() :].strip() if number else title
    if 2 <= len(bare) <= _LONGEST_TITLE:
        body = re.compile(re.escape(bare) + r"(?![ \t]*\d{1,12}(?:\D|$))|" + re.escape(bare) + r"(?=\d+\.\d)").search(
            text, first.end()
        )
        if body and _ENTRY.match(text, first.end()):
            return _before_number(text, body.start())
    end = at
    while entry := _ENTRY.match(text, end):
        end = entry.end()
    return end


def _before_number(text: str, at: int) -> int:
    """The first heading may begin with 1 or 1.1; digits before that are the last page."""
    match = re.search(r"1(?:\.1)?[.、 ]?$", text[max(0, at - 5) : at])
    return at - len(match.group()) if match else at


def _circle(match: re.Match[str]) -> str:
    number = int(match.group(1))
    return chr(0x2460 + number - 1) if 1 <= number <= 20 else f"({number})"
