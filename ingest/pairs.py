"""Questions with their answers inside running text: 问：…答：…, Q: … A: …"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.columns import split_aliases

Span = tuple[int, int]

_QUESTION = re.compile(
    r"^[ \t]*(?:[-*+][ \t]+)?(?:\*\*)?(?:[Qq]|提问|问题|问)[ \t]*\d{0,3}[ \t]*[:：.．、][ \t]*(?:\*\*)?[ \t]*(?P<question>[^\n]+?)"
    r"[ \t]*(?:\*\*)?[ \t]*$",
    re.MULTILINE,
)
_ANSWER = re.compile(r"\s*(?:[-*+][ \t]+)?(?:\*\*)?(?:[Aa]|答案|答复|回答|答)[ \t]*\d{0,3}[ \t]*[:：.．、][ \t]*(?:\*\*)?[ \t]*")
_INLINE_ANSWER = re.compile(r"(?<=[？?。！! ])[ \t]*(?:[Aa]|答案|回答|答)[ \t]*[:：]")
_ALIASES = re.compile(r"\s*(?:相似问(?:题|法)?|同义问(?:题|法)?|别名|也可以这样问)[ \t]*[:：][ \t]*([^\n]+)(?:\n|$)")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and where its answer stands: ``text[start:end]``."""

    question: str
    start: int
    end: int
    aliases: tuple[str, ...] = ()


def find_pairs(text: str, start: int, end: int) -> tuple[list[Pair], list[Span]]:
    """Pairs in ``text[start:end]`` and the spans around them that belong to none.

    A line counts as a question if it ends with a question mark or is followed by a marked answer.
    """
    found = []
    for match in _QUESTION.finditer(text, start, end):
        inline = _INLINE_ANSWER.search(text, match.start("question"), match.end())
        stop = inline.start() if inline else match.end()
        question = text[match.start("question") : stop].strip().strip("*").strip()
        marked = _ANSWER.match(text, stop, end) is not None
        if question and (marked or question[-1] in "？?"):
            found.append((match.start(), stop, question))
    pairs: list[Pair] = []
    rest: list[Span] = []
    at = start
    for number, (begin, stop, question) in enumerate(found):
        limit = found[number + 1][0] if number + 1 < len(found) else end
        pair = answer_in(text, stop, limit, question)
        if pair is None:
            continue
        rest.append((at, begin))
        pairs.append(pair)
        at = limit
    rest.append((at, end))
    return pairs, [(a, b) for a, b in rest if text[a:b].strip()]


def answer_in(text: str, start: int, end: int, question: str) -> Pair | None:
    """The answer to ``question`` that ``text[start:end]`` holds, without its label; None if there is nothing."""
    aliases: tuple[str, ...] = ()
    listed = _ALIASES.match(text, start, end)
    if listed:
        aliases, start = split_aliases(listed.group(1)), listed.end()
    label = _ANSWER.match(text, start, end)
    if label:
        start = label.end()
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Pair(question, start, end, aliases) if start < end else None
