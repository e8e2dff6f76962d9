"""What a message asks: courtesies aside, abbreviations and slips spelt out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.sounds import Sounds
from kb.synonyms import Synonyms
from kb.text import has_words, letters, normalise, sentences

LEAST_LETTERS = 4
"""A sentence of fewer letters asks nothing by itself: 可以吗？"""
LONG_CHARS = 40
"""Longer messages tell a story: what they ask is looked for in the sentences that ask."""
_GAP = r"[\s,。、!?~…:;.·—-]*"
_OPENING = re.compile(
    rf"^(?:{_GAP}(?:(?:你|您)们?好(?:啊|呀|哇)?(?!评)|(?:hi|hello)(?![a-z0-9])|哈[啰喽罗]|嗨|喂(?![奶养食])|早上好|上午好|中午好|下午好|晚上好|在吗|在不在|有人吗|有人在吗|亲+(?:爱的)?(?![子属友戚人肤自手笔])"
    r"|(?:老板|掌柜|店家|店主|客服|小姐姐|小哥哥|美女|帅哥)(?:你好|您好|好|在吗)?(?=[\s,。!?~])|不好意思|打扰(?:一?下|了)?|麻烦(?:问|请教|咨询)?(?:一?下)?(?:(?:你们?|您)(?!好))?"
    r"|(?:我?想|我要|能|可以)?(?:请问|请教|咨询(?![电热师费台])|问问|问(?![题卷号答候世]))(?:一?下|个问题|一个问题)?(?:(?:你们?|您)(?!好))?(?:哈|啊|呀)?|我?(?:想|想要)(?:知道|了解)(?:一?下)?|有没有人知道|有谁知道|谁知道|求助)"
    rf"{_GAP})+"
)
_CLOSING = re.compile(
    r"(?<![\s,。!?~;.、])[\s,。!?~;.、]+(?:(?:非常|十分|先|万分)?(?:谢谢|多谢|感谢|谢了|谢啦|谢过)(?:你们?|您|大家|各位|啦|了|哈|咯|喽)*|thanks|thank you|thx|3q|拜托(?:了|啦|你们?|您)*|(?:麻烦|辛苦)(?:你们?|您)?(?:了|啦)"
    r"|(?:很|挺|好|比较|真的)?(?:急|着急)+(?:的|啊|死了|死人了|用)?|在线等|等回复|求(?:解答|回复|告知)|好吗|可以吗(?=[\s,。!?~]+$))[\s,。!?~;.]*$"
)
_ASKS = re.compile(
    r"\?|[吗呢么嘛]|怎|咋|如何|为什么|为啥|多久|多少|几[天个时点日号次]|哪|谁|什么|啥|是否|能否|可否|(.)不\1|(.)没\2|有没|可不可以|能不能|是不是|要不要|行不|可以不|求"
)


@dataclass(frozen=True, slots=True)
class Question:
    """A message, normalised, in the wordings it is looked up in.

    ``words`` is the whole of it; ``plain`` without courtesies, with abbreviations and pinyin spelt out; ``meant`` with
    slips mended too. ``beside`` holds what the knowledge says for some of its words, for matching by words only.
    """

    words: str
    plain: str
    meant: str
    beside: str = ""

    @property
    def readings(self) -> tuple[str, ...]:
        """The wordings to be encoded: two where a slip was mended, because what was typed may be right after all."""
        return (self.plain,) if self.meant == self.plain else (self.plain, self.meant)


def understand(words: str, synonyms: Synonyms, sounds: Sounds) -> Question:
    """What ``words`` (normalised) ask."""
    plain = sounds.spelt_out(synonyms.spelt_out(core(words)))
    meant = sounds.mend(plain)
    return Question(words, plain, meant, synonyms.beside(meant))


def parts(text: str) -> tuple[str, ...]:
    """The sentences of ``text`` (as typed) that ask something by themselves, without their courtesies.

    >>> parts("你好！请问怎么退货？运费谁出？谢谢")
    ('怎么退货？', '运费谁出？')
    """
    found: dict[str, None] = {}
    for start, end in sentences(text):
        words = normalise(text[start:end])
        asked = core(words)
        if _ASKS.search(words) and len(letters(asked)) >= LEAST_LETTERS:
            found[_as_typed(text[start:end], words, asked)] = None
    return tuple(found)


def _as_typed(piece: str, words: str, asked: str) -> str:
    """The part of ``piece`` that became ``asked`` in ``words``; all of it where letters were lost or won on the way."""
    at = words.find(asked)
    return piece[at : at + len(asked)] if len(piece) == len(words) and at >= 0 else piece


def core(words: str) -> str:
    """``words`` (normalised) without greetings and thanks; of a long message only the sentences that ask."""
    rest = words
    while (shorter := _shorter(rest)) != rest:
        rest = shorter
    return rest


def _shorter(words: str) -> str:
    rest = words
    if len(rest) > LONG_CHARS:
        asking = [rest[start:end] for start, end in sentences(rest) if _ASKS.search(rest[start:end])]
        rest = " ".join(asking) or rest
    rest = _OPENING.sub("", rest, count=1)
    while (shorter := _CLOSING.sub("", rest)) != rest:
        rest = shorter
    return rest.strip() if has_words(rest) and len(letters(rest)) > 1 else words
