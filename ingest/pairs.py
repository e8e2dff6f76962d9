"""Questions with their answers inside running text: 问：…答：…, Q: … A: …, 顾客：…客服：…, 顾客询问…：…"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.columns import split_aliases
from ingest.variants import both

Span = tuple[int, int]

_QUESTION = re.compile(
    r"^[ \t]*(?:[-*+][ \t]+)?(?:\*\*)?(?:[Qq]|提[问問]|[问問][题題]|[问問])[ \t]*\d{0,3}[ \t]*[:：.．、][ \t]*(?:\*\*)?[ \t]*(?P<question>[^\n]+?)"
    r"[ \t]*(?:\*\*)?[ \t]*$",
    re.MULTILINE,
)
_ANSWER = re.compile(
    r"\s*(?:[-*+][ \t]+)?(?:\*\*)?(?:[Aa]|答案|答复|回答|答)[ \t]*\d{0,3}[ \t]*[:：.．、][ \t]*(?:\*\*)?[ \t]*"
)
_INLINE_ANSWER = re.compile(r"(?<=[？?。！! ])[ \t]*(?:[Aa]|答案|回答|答)[ \t]*[:：]")
_ALIASES = re.compile(r"\s*(?:相似问(?:题|法)?|同义问(?:题|法)?|别名|也可以这样问)[ \t]*[:：][ \t]*([^\n]+)(?:\n|$)")

_ASKER = both("(?:顾客|客户|买家|用户|消费者|会员|客人|访客|网友)")
_ASKING = both("(?:询问|咨询|问到|问起|提问|想问|想知道|想了解|问)")
_TURN = re.compile(
    rf"^[ \t]*(?:[-*+][ \t]+)?(?:\*\*)?{_ASKER}(?:\*\*)?[ \t]*[:：][ \t]*(?:\*\*)?[ \t]*[“\"]?(?P<question>[^\n]{{2,200}}?)[”\"]?[ \t]*$",
    re.MULTILINE,
)
_NEXT_TURN = re.compile(rf"^[ \t]*(?:[-*+][ \t]+)?(?:\*\*)?{_ASKER}(?:\*\*)?[ \t]*[:：]", re.MULTILINE)
_REPLIER = both("(?:客服(?:人员|代表|专员)?|店家|卖家|商家|店主|店小二|小二|回复)")
_REPLY = re.compile(rf"\s*(?:[-*+][ \t]+)?(?:\*\*)?{_REPLIER}(?:\*\*)?[ \t]*[:：][ \t]*(?:\*\*)?[ \t]*")
_ASKS = re.compile(
    r"[？?]$|[吗嗎]|呢|怎[么麼]|怎[样樣]|如何|什[么麼]|[为為]何|多久|多少|[几幾][天个點点时時元]|哪|[谁誰]|能不能|可不可以|是否|是不是|有[没沒]有"
)
# “顾客询问运费：…” names the question and gives the answer after the colon. “顾客询问时：…” names a moment.
_ASKED = re.compile(
    rf"(?:^|(?<=[。！？!?；;：:”]))[ \t]*(?:[-*+•][ \t]+|\d{{1,2}}[.、．)）][ \t]*|[（(]\d{{1,2}}[)）][ \t]*)?{_ASKER}(?:来电|在线)?"
    rf"{_ASKING}[ \t]*[:：]?[ \t]*[“\"]?(?P<question>[^：:。；;！!\n“”\"]{{2,40}})[”\"]?[ \t]*[:：][ \t]*(?=[^\s。])",
    re.MULTILINE,
)
_ENDING_CHARS = 120
_MOMENT = re.compile(r"(?:时|后|前|中|过程|情况|问题|内容|阶段)$")
_NO_ANSWER = re.compile(r"(?:^|(?<=[。！？!?]))[ \t]*[^。！？!?；;：:\n]{2,40}[：:][。.…\s]*\Z", re.MULTILINE)


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
    found = sorted({begin: (begin, stop, question) for begin, stop, question in _questions(text, start, end)}.values())
    pairs: list[Pair] = []
    rest: list[Span] = []
    at = start
    for number, (begin, stop, question) in enumerate(found):
        limit = found[number + 1][0] if number + 1 < len(found) else end
        if begin < at:
            continue
        named = text[max(stop, limit - 12) : limit].rstrip(" \t\n。.…").endswith(("：", ":"))
        unfinished = _NO_ANSWER.search(text, max(stop, limit - _ENDING_CHARS), limit) if named else None
        if unfinished and unfinished.start() > stop:
            limit = unfinished.start()
        turn = _NEXT_TURN.search(text, stop, limit)
        pair = answer_in(text, stop, turn.start() if turn else limit, question)
        if pair is None:
            continue
        limit = turn.start() if turn else limit
        rest.append((at, begin))
        pairs.append(pair)
        at = limit
    rest.append((at, end))
    return pairs, [(a, b) for a, b in rest if text[a:b].strip()]


def _questions(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Where a question begins, where its answer may begin, and the question."""
    for match in _QUESTION.finditer(text, start, end):
        inline = _INLINE_ANSWER.search(text, match.start("question"), match.end())
        stop = inline.start() if inline else match.end()
        question = text[match.start("question") : stop].strip().strip("*").strip()
        marked = _ANSWER.match(text, stop, end) is not None
        if question and (marked or question[-1] in "？?"):
            yield match.start(), stop, question
    for match in _TURN.finditer(text, start, end):
        reply = _REPLY.match(text, match.end(), end)
        if reply and _ASKS.search(match["question"]):
            yield match.start(), reply.end(), match["question"].strip()
    for match in _ASKED.finditer(text, start, end):
        if not _MOMENT.search(match["question"]):
            yield match.start(), match.end(), match["question"].strip()


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
