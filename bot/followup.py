"""What a short message means in the light of the ones before it: follow-ups, corrections, choices, plans given up.

A follow-up is rewritten from the last question: the object of that is replaced by the new one (换货运费谁出 + 退货呢 →
退货运费谁出), or the new aspect is put behind its topic (怎么开发票 + 那要多久 → 开发票要多久). Several rewritings are
possible; whoever looks them up takes the surest (:func:`bot.lookup.surest`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.session import Conversation
from kb import lexicon
from kb.text import is_han, letters, normalise

SHORT_CHARS = 16
"""Longer messages are taken to say all they mean."""
MOST_READINGS = 8
"""Rewritings that are looked up."""

_LEAN_WORDS = re.compile(r"^(?:那么?|还有|另外|然后|以及|那个|如果是?|要是|换成|改成|嗯|哦|好的?)+[\s,，]*|(?:[呢啊呀哈]|怎么样)*[?。！!~\s]*$")
_LEANS = re.compile(r"^(?:那|还有|另外|如果|要是|换成|改成|然后|以及|它|这|那个|该|上面|刚才|都|也)|呢[?。\s]*$|^(?:怎么|咋)(?:弄|办|操作|申请|办理|用|处理)[?。\s]*$")
_PRONOUN = re.compile(r"^(?:它的?|(?:这|那|该)(?:个|种|款|件|些|边)?(?:的|情况)?)")
_MEANT = re.compile(
    r"(?:我)?(?:说|问|要|想问|想说|指|意思)的?(?:是)(?P<new>[^,，。不]+?)(?:[,，]?(?:而)?(?:不是|并非)(?P<old>[^,，。]+))?[。！!?]*$"
    r"|^(?:(?:都)?不是(?P<old2>[^,，。是]{2,8})[,，]\s*(?:我(?:说|问)的)?是?)(?P<new2>[^,，。]{2,12})[。！!?]*$"
    r"|^(?:不对|错了|说错了|打错了|问错了|写错了|不是这个|不是)(?:了|啊|呀)?[,，。!！\s]+(?:我(?:说|问|要)的)?(?:应该)?是(?P<new3>[^,，。]{2,14})[。！!?]*$"
)
_ASKING_FIRST = re.compile(
    r"^(?:请问|想问|我想|我要|你们?|您|现在|那|如果|可以|能不能|能否|能|可不可以|支持|是否|有没有|有|怎么样?|如何|怎样|为什么|哪些|什么|在哪里?|哪里|用|要)+"
)
_ASKING_WITHIN = re.compile(r"怎么|如何|怎样|为什么|多久|多少|可以|能不能|能|谁|在哪|哪里|哪些|几[点天个时]|什么|是否|会不会|会|要不要|有没有|支持")
_ASKING_LAST = re.compile(r"(?:怎么(?:办|处理|算|弄)|吗|么|呢|吧|啊|呀|不|嘛|[?。！!])+$")

_NOT_THAT = re.compile(
    r"^(?:都)?(?:不是|不对)(?:的|啊|呀|吧|哦)?(?:这个|这些|这样|问这个|我想问的|我问的|我要的)?(?:的|啊|呀|吧)*[。！!]*$"
    r"|^(?:我)?(?:问的|想问的|要问的|说的)不是(?:这个|这些|这)|答非所问|没(?:有)?(?:回答|答)(?:到)?(?:我的)?(?:问题|点上)|^都不是|^没(?:有)?解决"
)
_GIVES_UP = re.compile(
    r"^(?:哎|唉|那|嗯|好|好吧)*(?:还是|就)?算了(?:吧)?(?:我|还是|就)?(?:先)?(?:不|别)(?:想|用|要|再)?[\u4e00-\u9fff]{1,4}了?(?:吧)?$"
    r"|^(?:那|我|还是|先|就)*不(?:想|用|要|再)?(?:退|换|修|寄|问|查|办|申请|取消|投诉)(?:货|款|票|修|理|货款|订单)?了(?:吧)?$"
)
_MARKS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"^(?:第)?\s*([1-9一二三四五六七八九])\s*(?:个|条|项|号|种)?[。.、！!]*$")
_DIGITS = "一二三四五六七八九"
_VERBS = frozenset("开用买寄退换修发改查")
_HOLLOW = frozenset("的了吗呢要那这个么怎可以能不有是会啊呀吧都也还就我你您们在到用多少")
"""Characters that say nothing of what a follow-up is about."""

_ASPECTS = {"要多久": "什么时候", "多久": "什么时候", "要钱": "收费", "多少钱": "怎么收费"}
"""Other words for what is asked of a thing."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A question that a message may mean. ``about``: what of the message must be found again in its answer; empty for
    the message by itself."""

    text: str
    about: str = ""


def chosen(text: str, choices: Iterable[str]) -> str | None:
    """The offered question that ``text`` repeats, or points at by its number ("2", "第二个"); None if it does not."""
    offered = list(choices)
    folded = normalise(text)
    match = _NUMBER.match(folded)
    if match is None:
        return next((choice for choice in offered if normalise(choice) == folded), None)
    number = int(match[1]) if match[1].isdigit() else _DIGITS.index(match[1]) + 1
    return offered[number - 1] if number <= len(offered) else None


def gives_up(text: str) -> bool:
    """Whether ``text`` says that what was spoken of is no longer wanted: 算了不退了."""
    return _GIVES_UP.search(_MARKS.sub("", normalise(text))) is not None


def points_beyond(text: str) -> bool:
    """Whether ``text`` is a bare number, as if choosing something."""
    return _NUMBER.match(normalise(text)) is not None


def rejects(text: str) -> bool:
    """Whether ``text`` says that the last answer was not what was asked, and no more than that."""
    return _NOT_THAT.search(normalise(text)) is not None and _MEANT.search(normalise(text)) is None


def leans(matter: str) -> bool:
    """Whether ``matter`` says by its form that it goes on from the message before."""
    folded = normalise(matter)
    return bool(_LEANS.search(folded) or _MEANT.search(folded) or len(letters(_core(folded))) <= 3)


def readings(matter: str, conversation: Conversation) -> tuple[Reading, ...]:
    """The questions that ``matter`` may mean, the message by itself first and alone where it says all it means."""
    itself = Reading(matter)
    before = normalise(conversation.subject or conversation.question)
    folded = normalise(matter)
    if not before or len(folded) > SHORT_CHARS + 8 * (_MEANT.search(folded) is not None):
        return (itself,)
    meant = _MEANT.search(folded)
    if meant is not None:
        new = next(filter(None, (meant["new"], meant["new2"], meant["new3"])), "").strip()
        old = (meant["old"] or meant["old2"] or "").strip("了的 ")
        itself = Reading(new, new)
        core = _core(new)
        found = [before.replace(old, core)] if old and old in before else []
    else:
        core, found = _core(folded), []
    if not letters(core):
        return (itself,)
    aspects = [core, *[core.replace(said, other) for said, other in _ASPECTS.items() if said in core][:1]]
    found += _replaced(before, core)
    found += [f"{topic}{aspect}" for topic in _topics(before, core) for aspect in aspects]
    if not _ASKING_WITHIN.search(core):
        found.append(f"{core}{_bare(before)}")
    texts = [text for text in dict.fromkeys(found) if text not in (before, core)]
    return (itself, *(Reading(text, core) for text in texts[: MOST_READINGS - 1]))


def names(about: str, question: str) -> bool:
    """Whether a standard ``question`` names the very object that a follow-up is ``about``; an aspect (要多久) names none."""
    told = letters(about)
    return len(told) > 1 and not _ASKING_WITHIN.search(told) and told in letters(normalise(question))


def means(text: str) -> bool:
    """Whether ``text`` corrects what was asked: 我说的是换货不是退货."""
    return _MEANT.search(normalise(text)) is not None


def concerns(about: str, words: str) -> bool:
    """Whether ``words`` (an answer with its question) have to do with ``about``; hollow words have to do with all."""
    told = set(about) - _HOLLOW
    return not told or bool(told & set(words))


def _core(folded: str) -> str:
    """A follow-up without what only ties it to the last question."""
    rest = _LEAN_WORDS.sub("", _LEAN_WORDS.sub("", folded)).strip(" ,?!。")
    return _PRONOUN.sub("", rest) or rest


def _bare(question: str) -> str:
    return _ASKING_LAST.sub("", question).strip(" ,?!。")


def _topics(question: str, core: str) -> list[str]:
    """What ``question`` is about, in several lengths: without its asking words, up to them, its first and last word."""
    clause = re.split(r"[,，。;；]", _bare(question))[0]
    plain = _ASKING_FIRST.sub("", clause)
    asked = _ASKING_WITHIN.search(plain)
    head = plain[: asked.start()] if asked and asked.start() >= 2 else plain
    parts = [word for word in _segments(head) if len(word) > 1]
    noun = head[1:] if head[:1] in _VERBS else head  # 发票 of 开发票
    found = [head, noun, plain, *(parts[:1] if len(parts) > 1 else []), *parts[-1:]]
    return [topic for topic in dict.fromkeys(found) if len(topic) > 1 and topic not in core]


def _replaced(question: str, core: str) -> list[str]:
    """``question`` with one of its words replaced by ``core``, the likeliest first: alike ones, then equally long ones."""
    if _ASKING_WITHIN.search(core) or len(core) > 6:
        return []  # an aspect, not an object
    bare, size, at = _bare(question), len(core), 0
    found = []
    for start in range(len(bare) - size + 1):
        shared = sum(one == other for one, other in zip(bare[start : start + size], core, strict=True))
        if size > 1 and 0 < shared < size:  # 退货 for 换货
            found.append((-2 * size - shared, start, size))
    for word in _segments(bare):
        if len(word) > 1 and not _ASKING_WITHIN.fullmatch(word):
            found.append((-2 * len(set(word) & set(core)) - (len(word) == size), at, len(word)))
        at += len(word)
    return [bare[:at] + core + bare[at + size :] for _, at, size in sorted(found)][:3]


def _segments(text: str) -> list[str]:
    """``text`` cut into words, the likeliest way by their frequencies."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(text) + 1):
        options = []
        for start in range(max(0, end - lexicon.LONGEST), end):
            piece = text[start:end]
            if len(piece) == 1 or (piece in lexicon.words() and all(map(is_han, piece))):
                options.append((best[start][0] + lexicon.cost(piece), start))
        best.append(min(options))
    words, end = [], len(text)
    while end:
        start = best[end][1]
        words.append(text[start:end])
        end = start
    return words[::-1]
