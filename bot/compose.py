"""The shape of what is said: curated words inside the prescribed wording."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.excerpt import excerpt, tidy
from bot.privacy import mask
from bot.records import Citation
from bot.tone import apologises, in_trouble, offers, says_no, sorry
from bot.wording import Wording
from kb.records import Entry, Hit
from kb.text import normalise, terms

QUOTED_CHARS = 40
"""Most characters of the customer's own words that are repeated back."""
VAGUE_CHARS = 6
"""A heading no longer than this may say too little without the one above it (积分 › 有效期)."""

_GREETED = re.compile(r"^(?:尊敬的(?:客户|顾客)[，,：:]?)?(?:您好|你好|亲)[呀啊哦]?[，,！!。:：~～\s]*(?=\S)")
_HELLO = re.compile(r"(?:(?:您好|早上好)[，！])?")
_LISTED = re.compile(r"(?:1|一)[.、．)）]|[（(][1一]|[①•·-]")
_MARKUP = re.compile(r"<[^<>]{0,200}>")
_ORDINAL = re.compile(
    r"^(?:\d+(?:\.\d+)+\s*|\d+(?=\s)|第[一二三四五六七八九十百\d]+[章节条部分步][：:]?|[（(]?[一二三四五六七八九十\d]+[)）、.．])\s*"
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
    line of its own, behind a few words that announce it.
    """
    topic = topic_of(hit.entry) if hit.entry.kind == "passage" else ""
    if topic:
        lead += wording.line("answer.topic", place, topic=topic) + "\n"
    elif _LISTED.match(words):
        lead += wording.line("answer.list", place) + "\n"
    text = f"{lead}{words}"
    return Draft(text + (f"\n{tail}" if tail else ""), (len(lead), len(text)))


def several(wording: Wording, parts: Sequence[tuple[str, str]], place: str, lead: str) -> Draft:
    """An answer to each of several questions under its own words: pairs of question and curated words.

    A question without words gets the line that says so.
    """
    head = f"{lead}{wording.line('answer.several', place)}\n"
    blocks = [f"【{quoted(asked)}】\n{words or wording.line('answer.part_unsure', place)}" for asked, words in parts]
    text = head + "\n\n".join(blocks)
    return Draft(text, (len(head), len(text)))


def curated_words(wording: Wording, hit: Hit, asked: str, limit: int) -> str:
    """What an entry has to say: a FAQ's whole answer word for word, of a guide what answers ``asked``.

    Where only a part of a long list fits into ``limit`` characters, a line says how many points are left and where.
    """
    entry = hit.entry
    if entry.kind != "passage":
        return _GREETED.sub("", entry.text.strip())
    found = excerpt(tidy(_GREETED.sub("", entry.text.strip()), topic_of(entry)), asked, limit)
    if not found.rest:
        return found.text
    title = entry.place.heading[0] if entry.place.heading else PurePosixPath(entry.place.source).stem
    return f"{found.text}\n{wording.line('answer.more', asked, rest=str(found.rest), title=title)}"


def waited(wording: Wording, draft: Draft) -> Draft:
    """``draft`` with an apology for the wait, behind its greeting; just one apology where it begins with its own."""
    at = len(_HELLO.match(draft.text)[0])  # type: ignore[index]
    facts = ("sorry",) if apologises(draft.text[at:]) else ("plain",)
    words = wording.during(*facts).line("answer.waiting", "")
    start, end = (place + len(words) if place >= at else place for place in draft.curated)
    return Draft(draft.text[:at] + words + draft.text[at:], (start, end))


def tail_for(wording: Wording, hit: Hit, words: str, place: str, *, lead: str, again: bool, last: str) -> str:
    """The closing line after ``words``, which answer ``place``.

    An offer of a person after a question asked twice; an apology after a "no" or to a mishap, unless ``lead`` or the
    answer apologises; an offer of help otherwise, unless the answer itself offers it. Never the line said ``last``.
    """
    guide = hit.entry.kind == "passage"
    refused = says_no(words, place if guide else f"{place}\n{hit.entry.question}")
    contrite = sorry(lead + words)
    wording = wording.during(
        "guide" if guide else "faq", "no" if refused else "yes", "sorry" if contrite else "plain",
        "offered" if offers(words) else "unoffered",
    )  # fmt: skip
    if again:
        situation = "answer.again"
    elif refused and not contrite:
        situation = "answer.tail_no"
    elif not refused and not contrite and (in_trouble(place) or in_trouble(hit.entry.question)):
        situation = "answer.tail_trouble"
    elif offers(words):
        return ""
    else:
        situation = "answer.tail"
    return wording.another(situation, place, last)


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
    """The innermost heading of a passage, without its numbering; with the one above it where it alone is vague, as
    ``积分（有效期）``; empty if it has none."""
    given = (heading.strip().rstrip(":：") for heading in entry.place.heading)
    headings = [_ORDINAL.sub("", heading) or heading for heading in given]
    if len(headings) < 3:  # the first is the title of the document
        return headings[-1] if headings else ""
    above, topic = headings[-2:]
    vague = max(len(topic), len(above)) <= VAGUE_CHARS and not set(terms(above)) & set(terms(topic))
    return f"{above}（{topic}）" if vague else topic


def citation_of(hit: Hit) -> Citation:
    """Where a hit comes from."""
    entry = hit.entry
    return Citation(entry.id, entry.place.source, " › ".join(entry.place.heading) or entry.question, hit.text)


def quoted(words: str) -> str:
    """The customer's words fit to be repeated inside quotation marks: one short line, no numbers, no markup."""
    line = " ".join(_MARKUP.sub(" ", mask(words)).translate(_QUOTE_MARKS).split()).strip("，,。.！!？?~ ")
    return line if len(line) <= QUOTED_CHARS else line[:QUOTED_CHARS].rstrip("，,、 ") + "…"

