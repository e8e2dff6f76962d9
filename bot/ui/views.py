"""What is said, as HTML that cannot carry anything else: every string is escaped here and nowhere is one trusted.

A bubble is one block of HTML without line breaks. Markdown leaves such a block alone, so that a ``#``, a ``*`` or an
address in somebody's words stays what it is; Gradio's sanitiser and the Content-Security-Policy stand behind this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from bot.records import Citation, TurnView

Message = dict[str, Any]
"""One message as ``gr.Chatbot`` takes it: ``role``, ``content``, and ``options`` to click."""

HUMAN = "转人工"
_ITEM = re.compile(r"(?:[-*•·●▪]|\d{1,2}[.、）)]|[（(]\d{1,2}[）)]|第?[一二三四五六七八九十]{1,3}[、）)]|[①-⑳])\s*\S")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_TABLES = {".csv", ".xlsx", ".xls", ".jsonl"}
_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?\n”’）)]*|[。！？!?\n]+")
MAX_PIECES = 8


def inline(text: str) -> str:
    """``text`` escaped and on one line, to stand inside a block of HTML without ending it."""
    return escape(" ".join(text.split()))


def prose(text: str, css: str = "say") -> str:
    """``text`` as paragraphs; lines that look like list items hang. One line of HTML."""
    lines = [line.strip() for line in text.splitlines()]
    inside = "".join(f"<p{_item(line)}>{escape(line)}</p>" for line in lines if line)
    return f'<div class="{css}">{inside}</div>'


def _item(line: str) -> str:
    return ' class="item"' if _ITEM.match(line) else ""


def source_title(source: str) -> str:
    """A file's name as people say it: without folders and ending; a table with a name for machines is 常见问题."""
    path = PurePosixPath(source.replace("\\", "/"))
    if path.suffix.lower() in _TABLES and not _HAN.search(path.stem):
        return "常见问题"
    return path.stem or source


def place_title(source: str, heading: str) -> str:
    """``退换货政策 › 运费``; the file's title is not said twice when the first heading repeats it."""
    title = source_title(source)
    if not heading or heading.startswith(title):
        return heading or title
    return f"{title} › {heading}"


def source_link(entry_id: str) -> str:
    """Where an entry is shown in its source, at the place."""
    return f"/source/{quote(entry_id, safe='')}#here"


def sources(citations: Iterable[Citation]) -> str:
    """Links to where the words come from; empty without citations."""
    links = "".join(
        f'<a class="source" href="{source_link(citation.id)}">{inline(place_title(citation.source, citation.heading))}</a>'
        for citation in citations
    )
    return f'<div class="sources"><span class="from">来源</span>{links}</div>' if links else ""


def bot_message(text: str, citations: Sequence[Citation] = (), choices: Sequence[str] = ()) -> Message:
    """A bubble of the bot with its sources, or with its choices as buttons instead of as a list."""
    options = [{"value": choice, "label": choice} for choice in choices]
    content = prose(without_choices(text, choices)) + ("" if choices else sources(citations))
    message = {"role": "assistant", "content": content}
    return {**message, "options": options} if options else message


def without_choices(text: str, choices: Sequence[str]) -> str:
    """``text`` without the lines that only number its choices: they stand below it to be clicked."""
    listed = {f"{number}. {choice}" for number, choice in enumerate(choices, 1)}
    return "\n".join(line for line in text.split("\n") if line not in listed)


def customer_message(text: str) -> Message:
    """A bubble of the customer."""
    return {"role": "user", "content": prose(text)}


def waiting_message(text: str = "正在为您查找") -> Message:
    """What stands in the bot's place until there is a reply."""
    dots = "<span></span><span></span><span></span>"
    return {
        "role": "assistant",
        "content": f'<div class="waiting">{inline(text)}<span class="dots">{dots}</span></div>',
    }


def conversation(turns: Sequence[TurnView], offering: bool = True) -> list[Message]:
    """The bubbles of ``turns``; the last one still offers its choices if ``offering``, past ones are a list to read."""
    messages = []
    for place, turn in enumerate(turns, 1):
        if turn.role == "customer":
            messages.append(customer_message(turn.text))
        else:
            citations = () if turn.choices else turn.citations
            offered = turn.choices if offering and place == len(turns) else ()
            messages.append(bot_message(turn.text, citations, offered))
    return messages


def growing(text: str) -> list[str]:
    """``text`` sentence by sentence, each piece holding all before it; at most :data:`MAX_PIECES`, the last is all."""
    sentences = _SENTENCE.findall(text)
    step = max(1, -(-len(sentences) // MAX_PIECES))
    return ["".join(sentences[:end]) for end in range(step, len(sentences), step)] + [text]
