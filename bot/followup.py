"""What a short message means in the light of the ones before it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.session import Conversation
from kb.text import normalise

SHORT_CHARS = 14
"""Longer messages are taken to say all they mean."""

_LEANS = re.compile(
    r"^(?:那|还有|另外|如果|要是|换成|改成|然后|以及|它|这个|这种|这款|上面|刚才)|呢[?。]*$"
    r"|^(?:要?多久|多少|几天|为什么|怎么办|在哪|哪里|可以吗|行吗|要钱吗|收费吗)"
)
_LEAN_WORDS = re.compile(r"^(?:那么|那|还有|另外|然后|以及)|(?:呢|啊|呀)?[?。！!]*$")
_ASKING = re.compile(r"^(?:请问|可以|能不能|能|可不可以|想问)|(?:吗|么|呢|吧|啊|呀|不|嘛)?[?。！!]*$")
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
    """Whether ``text`` says that the last answer was not what was asked."""
    return _NOT_THAT.search(normalise(text)) is not None


def readings(matter: str, conversation: Conversation) -> tuple[str, ...]:
    """The questions that ``matter`` may mean, likeliest first: when it leans on the last question, both in one."""
    folded = normalise(matter)
    if not conversation.question or len(matter) > SHORT_CHARS or not _LEANS.search(folded):
        return (matter,)
    core = _LEAN_WORDS.sub("", folded).strip()
    before = _ASKING.sub("", normalise(conversation.question)).strip()
    return (f"{before}{core}", matter) if core and before and core not in before else (matter,)
