"""The shape of what is said: curated words inside the prescribed wording."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.privacy import mask
from bot.records import Citation
from bot.wording import Wording
from kb.records import Entry, Hit
from kb.text import normalise, sentences

QUOTED_CHARS = 40
"""Most characters of the customer's own words that are repeated back."""

_GREETED = re.compile(r"^(?:尊敬的(?:客户|顾客)[，,：:]?)?(?:您好|你好|亲)[呀啊哦]?[，,！!。:：~～\s]*")
_HELLO = re.compile(r"(?:(?:您好|早上好)[，！])?")
_OFFERS = re.compile(
    r"随时|联系(?:我们|人工|客服)|告诉(?:我们|我)|咨询(?:我们|人工|客服)|帮您|为您(?:查询|处理|核实|登记|补|解答)"
)
_SAYS_NO = re.compile(
    r"(?:不支持|不能|无法|不可以|不予|不提供|不接受|不办理|未开通|尚未开通|没有开通|暂未|不包邮|不享受|不适用|不参与|不退|不换"
    r"|没有(?:货|库存|实体店|门店|线下))"
)
_UNLESS = re.compile(r"(?:如果|若|如|假如|遇到|为什么|收不到)[^。！？]*$")
_SORRY = re.compile(r"抱歉|歉意|对不起|遗憾|谅解|不好意思|见谅")
_LISTED = re.compile(r"(?:1|一)[.、．)）]|[（(①•·-]")
_MARKUP = re.compile(r"<[^<>]{0,200}>")
_ORDINAL = re.compile(
    r"^(?:\d+(?:\.\d+)*(?=\s)|第[一二三四五六七八九十百\d]+[章节条部分]+|[（(]?[一二三四五六七八九十\d]+[)）、.．])\s*"
)
_QUOTE_MARKS = str.maketrans("", "", "“”\"「」『』‘’《》【】{}\n\r\t")


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply in the making. ``curated`` is the span of the text that comes from knowledge, word for word."""

    text: str
    curated: tuple[int, int] = (0, 0)


def answer(wording: Wording, hit: Hit, words: str, place: str, *, lead: str, tail: str) -> Draft:
    """An answer: ``lead`` (greeting and courtesy), the curated ``words`` themselves, a closing line.

    The words of a guide get its heading before them, because they were not written as an answer; a list begins on a
    line of its own.
    """
    topic = topic_of(hit.entry) if hit.entry.kind == "passage" else ""
    if topic:
        lead += wording.line("answer.topic", place, topic=topic) + "\n"
    elif _LISTED.match(words) and lead:
        lead = lead.rstrip("，, ") + "！\n" if lead.endswith("，") else lead + "\n"
    text = f"{lead}{words}"
    return Draft(text + (f"\n{tail}" if tail else ""), (len(lead), len(text)))


def curated_words(hit: Hit, limit: int) -> str:
    """What an entry has to say: a FAQ's whole answer, of a guide the whole sentences around the best place."""
    if hit.entry.kind == "passage":
        return _GREETED.sub("", extract(hit.entry.text, hit.text, limit))
    return _GREETED.sub("", hit.entry.text.strip())


def extract(text: str, found: str, limit: int) -> str:
    """Whole sentences of ``text`` from where ``found`` begins, at most ``limit`` characters; lists keep their lines.

    A first sentence that alone is longer than ``limit`` is given whole: half a rule would be a wrong rule.
    """
    text = text.strip()
    if len(text) <= limit:
        return text
    spans = sentences(text)
    at = text.find(found.strip("… \n"))
    first = next((row for row, (start, end) in enumerate(spans) if end > max(at, 0) and start >= max(at, 0)), 0)
    last = first
    while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= limit:
        last += 1
    while first > 0 and spans[last][1] - spans[first - 1][0] <= limit:
        first -= 1
    return text[spans[first][0] : spans[last][1]].strip()


def waited(wording: Wording, draft: Draft) -> Draft:
    """``draft`` with an apology for the wait, behind its greeting; just one apology where it begins with its own."""
    at = len(_HELLO.match(draft.text)[0])  # type: ignore[index]
    facts = ("sorry",) if apologises(draft.text[at:]) else ("plain",)
    words = wording.during(*facts).line("answer.waiting", "")
    start, end = (place + len(words) if place >= at else place for place in draft.curated)
    return Draft(draft.text[:at] + words + draft.text[at:], (start, end))


def tail_for(wording: Wording, words: str, place: str, *, again: bool, last: str) -> str:
    """The closing line after ``words``: an offer of a person after a question asked twice, an apology after a "no", an
    offer of help otherwise; none where the answer itself offers it. Never the line said last."""
    if again:
        return wording.line("answer.again", place)
    if says_no(words) and not _SORRY.search(words):
        situation = "answer.tail_no"
    elif _OFFERS.search(words):
        return ""
    else:
        situation = "answer.tail"
    line = wording.line(situation, place)
    if line == last:
        variants = wording.variants(situation)
        line = variants[(variants.index(line) + 1) % len(variants)]
    return line


def says_no(words: str) -> bool:
    """Whether an answer begins with a refusal: in its first sentence, and not under a condition."""
    spans = sentences(words)
    first = words[slice(*spans[0])] if spans else words
    match = _SAYS_NO.search(first)
    return match is not None and _UNLESS.search(first[: match.start()]) is None


def apologises(words: str) -> bool:
    """Whether an answer begins with an apology of its own."""
    return _SORRY.search(words[:30]) is not None


def clarify(head: str, choices: Iterable[str], tail: str = "") -> Draft:
    """Choices as a numbered list below ``head``; ``tail`` is the way out."""
    listed = "\n".join(f"{number}. {choice}" for number, choice in enumerate(choices, 1))
    text = f"{head}\n{listed}"
    return Draft(text + (f"\n{tail}" if tail else ""), (len(head) + 1, len(text)))


def choices_of(hits: Iterable[Hit], limit: int) -> dict[str, Hit]:
    """Questions to choose from, with what answers them: the question of a FAQ or script, the innermost heading of a
    guide; each once, ``limit`` at most."""
    found: dict[str, tuple[str, Hit]] = {}
    for hit in hits:
        choice = hit.entry.question or topic_of(hit.entry)
        if choice and len(found) < limit:
            found.setdefault(normalise(choice), (choice, hit))
    return dict(found.values())


def topic_of(entry: Entry) -> str:
    """The innermost heading of a passage, without its numbering; empty if it has none."""
    if not entry.place.heading:
        return ""
    heading = entry.place.heading[-1].strip()
    return _ORDINAL.sub("", heading) or heading


def citation_of(hit: Hit) -> Citation:
    """Where a hit comes from."""
    entry = hit.entry
    return Citation(entry.id, entry.place.source, " › ".join(entry.place.heading) or entry.question, hit.text)


def quoted(words: str) -> str:
    """The customer's words fit to be repeated inside quotation marks: one short line, no numbers, no markup."""
    line = " ".join(_MARKUP.sub(" ", mask(words)).translate(_QUOTE_MARKS).split()).strip("，,。.！!？?~ ")
    return line if len(line) <= QUOTED_CHARS else line[:QUOTED_CHARS].rstrip("，,、 ") + "…"

