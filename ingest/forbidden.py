"""Lists of what must not be said: 服务忌语, 禁语, 不要说：“…”, 不可以说：…；改为：…

Their phrases are wrong wordings even without a cross before each, so none of them may become a text that answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.headings import strip_label
from ingest.variants import both

Span = tuple[int, int]

_NO = r"(?:不(?:可以?|要|能|得|应该?|宜|准|许|允许)|禁止|严禁|避免|切忌|切勿|请勿|勿|忌)"
_SAY = r"(?:出现|使用|用|说|讲|回复|写)"
_THESE = r"(?:的|以下|下列|如下|这些|这样的?)*"
_WORDING = r"(?:说法|用语|话术|话语|话|语句|句子|表达|词语|词|字眼|措辞)?"
_NEVER = both(rf"(?:{_NO}{_SAY}{_THESE}{_WORDING}|(?:错误|不当|不推荐)(?:说法|用语|示例|示范|回复)|反面?例子?)")
_INSTEAD = both(
    r"(?:(?:可以|应该?|建议|请)?(?:改为|改成|改说|换成|替换为)|(?:应该?|可以|建议|推荐)(?:的)?(?:说法?|用语|表达|回复)|(?:正确|推荐)(?:说法|用语|示例|示范|回复|表达)|正面?例子?)"
)
_TITLE = re.compile(
    both("(?:服务|客服|接待|电话|沟通|常见)*(?:忌语|禁语|禁用语|禁忌语|忌用语|禁用词语?|禁止用语|禁忌用语|不文明用语)")
)
_TITLE_LINE = re.compile(rf"{_NEVER}$|{_TITLE.pattern}$")
_INSTEAD_LINE = re.compile(_INSTEAD)
_GLUED_TITLE = re.compile(rf"(?:^|(?<=[。！？!?；;”]))[ \t]*(?P<title>{_TITLE.pattern})(?![”」])", re.MULTILINE)
_HINT = re.compile(
    rf"{_TITLE.pattern}|^[ \t]*(?:[-*+•]|[^\n]{{1,4}}[、.．）)])?[ \t]*{_NEVER}(?:[：:]|[ \t]*$)", re.MULTILINE
)

_QUOTED = re.compile(r"[“「]([^”」\n]{1,200})[”」]")
_SAYS = re.compile(
    rf"^[ \t]*(?:[-*+•][ \t]+|\d{{1,2}}[.、)）][ \t]*)?{_NEVER}[：:][ \t]*(?=[“「])(?P<phrases>(?:[“「][^”」\n]{{1,200}}[”」][ \t]*(?:[、，,；;。]|以?及|或者?|和|等)*)+)",
    re.MULTILINE,
)
_SAYS_INSTEAD = re.compile(rf"\s*(?:[-*+•][ \t]+)?{_INSTEAD}[：:]?[ \t]*(?P<right>[^\n]+)")
_ROW = re.compile(
    rf"^[ \t]*(?:[-*+•][ \t]+)?{_NEVER}[：:][ \t]*(?P<wrong>[^\n]{{1,300}}?)[；;\n][ \t]*{_INSTEAD}[：:][ \t]*(?P<right>[^\n]+)$",
    re.MULTILINE,
)
_LABEL = re.compile(
    r"(?P<bracket>[（(]\d{1,2}[)）])|(?P<circle>[①-⑳])|(?P<dot>\d{1,2}[.、．](?!\d))|(?P<bullet>^[ \t]*[-*+•·●][ \t]*)",
    re.MULTILINE,
)
_OTHER_TOPIC = re.compile(r"\n[ \t]*\n|\n(?=[^\n。！？!?；;“”]{2,24}[：:])")
_RULE = re.compile(r"(?:不(?!行|是|知|清|归|规|会|太|好|就|用你|关我)|禁止|严禁|避免|切忌|切勿|请勿|勿)")
_SPEECH = re.compile(r"^[“「\"]|[你我]|[？?！!吧吗啊呢]")
MIN_PHRASES = 3
MAX_INTRODUCTION_CHARS = 200
MAX_LIST_CHARS = 8_000
"""No list without a heading of its own is longer."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Phrases that must not be said, under what name, and the place ``text[start:end]`` that may be shown for them.

    That is the wording to use ``instead``. A list that has none shows its name and nothing else, so that
    ``text[start:end] == name``: whoever meets such an entry knows that there is nothing in it that may be said.
    ``section`` is the title of the whole list where it has parts.
    """

    name: str
    start: int
    end: int
    phrases: tuple[str, ...]
    section: str = ""
    instead: bool = False


def has_forbidden(text: str) -> bool:
    """Whether there may be such a list in ``text``."""
    return _HINT.search(text) is not None


def find_forbidden(
    text: str, start: int, end: int, path: Sequence[str], place: Span
) -> tuple[list[Forbidden], list[Span]]:
    """Lists of forbidden phrases in ``text[start:end]`` and the spans around them.

    ``path`` is the path of headings above the text and ``place`` where the last of them stands.
    """
    title = strip_label(path[-1]) if path else ""
    found: list[Forbidden] = []
    rest: list[Span] = []
    at = start
    for begin, stop, entry in _labelled(text, start, end, title, place):
        if begin < at:
            continue
        rest.append((at, begin))
        found.append(entry)
        at = stop
    rest.append((at, end))
    titled = [_TITLE_LINE.search(heading.rstrip("：: ")) is not None for heading in path]
    if any(titled) and not _INSTEAD_LINE.match(title):
        lists = [_listed(text, *span, place, title, speech=not titled[-1]) for span in rest]
    else:
        lists = [_under_glued_title(text, *span) for span in rest]
    found.extend(entry for entries, _ in lists for entry in entries)
    found = [entry if entry.instead else _by_name(text, entry) for entry in found]
    return sorted(found, key=lambda entry: entry.start), [
        span for _, spans in lists for span in spans if text[slice(*span)].strip()
    ]


def _by_name(text: str, entry: Forbidden) -> Forbidden:
    """``entry`` at the place of its name, without a number before it and a colon behind it."""
    at = text.find(entry.name, entry.start, entry.end) if entry.name else -1
    if at >= 0:
        return replace(entry, start=at, end=at + len(entry.name))
    shown = text[entry.start : entry.end]
    name = shown.strip().rstrip("：: ")
    start = entry.start + shown.index(name)
    return replace(entry, name=name, start=start, end=start + len(name))


def _labelled(text: str, start: int, end: int, title: str, place: Span) -> list[tuple[int, int, Forbidden]]:
    """不可以说：甲；改为：乙 in one row, and 不可以说：“甲”“乙” with or without 改为 after it."""
    found = []
    for row in _ROW.finditer(text, start, end):
        phrases = tuple(_QUOTED.findall(row["wrong"])) or (row["wrong"].strip(),)
        found.append((row.start(), row.end(), Forbidden(title, *row.span("right"), phrases, instead=True)))
    for says in _SAYS.finditer(text, start, end):
        instead = _SAYS_INSTEAD.match(text, says.end(), end)
        shown = (
            instead.span("right")
            if instead
            else place
            if place[0] < place[1]
            else (says.start(), says.start("phrases"))
        )
        stop = instead.end() if instead else says.end()
        phrases = tuple(_QUOTED.findall(says["phrases"]))
        found.append((says.start(), stop, Forbidden(title, *shown, phrases, instead=instead is not None)))
    return sorted(found, key=lambda item: item[:2])


def _under_glued_title(text: str, start: int, end: int) -> tuple[list[Forbidden], list[Span]]:
    """Lists whose title stands at the beginning of a line or sentence, often without a break after it."""
    found: list[Forbidden] = []
    rest: list[Span] = []
    at = start
    for title in _GLUED_TITLE.finditer(text, start, end):
        near = min(end, title.end() + MAX_INTRODUCTION_CHARS)
        if title.start() < at or _LABEL.search(text, title.end(), near) is None:
            continue
        stop = _end_of_list(text, title.end(), min(end, title.end() + MAX_LIST_CHARS))
        entries, spans = _listed(text, title.start("title"), stop, title.span("title"), title["title"])
        if entries:
            rest.extend([(at, title.start("title")), *spans])
            found.extend(entries)
            at = stop
    rest.append((at, end))
    return found, rest


def _end_of_list(text: str, start: int, end: int) -> int:
    """The list ends before a blank line or a line that opens another topic, once it has begun."""
    first = _LABEL.search(text, start, end)
    if first is None:
        return end
    for other in _OTHER_TOPIC.finditer(text, first.end(), end):
        if not _LABEL.match(text[other.end() : other.end() + 8].lstrip()):
            return other.start()
    return end


def _listed(
    text: str, start: int, end: int, place: Span, title: str, *, speech: bool = False
) -> tuple[list[Forbidden], list[Span]]:
    """The items of a list as phrases, by the groups that it has; items that forbid something are rules, not phrases.

    With ``speech`` only if most items are something that a person says to another.
    """
    items = _items(text, start, end)
    leaves = [text[body:stop].strip() for _, _, body, stop, has_child in items if not has_child]
    if len(leaves) < MIN_PHRASES or sum(_RULE.match(leaf) is not None for leaf in leaves) > 0.6 * len(leaves):
        return [], [(start, end)]
    if speech and 2 * sum(_SPEECH.search(leaf) is not None for leaf in leaves) < len(leaves):
        return [], [(start, end)]
    deepest = max(level for level, *_ in items)
    found: list[Forbidden] = []
    rest: list[Span] = []
    at, name, shown, phrases = start, title, place, list[str]()

    def close() -> None:
        if phrases:
            found.append(Forbidden(name, *shown, tuple(phrases), title if name != title else ""))
        phrases.clear()

    for level, begin, body, stop, has_child in items:
        if level < deepest and not has_child:  # a rule among groups of phrases
            close()
            rest.append((at, stop))
            at = stop
            continue
        if at < begin:
            rest.append((at, begin))
        at = stop
        if has_child:
            close()
            name, shown = text[body:stop].strip().rstrip("：:"), (body, stop)
        else:
            phrases.append(text[body:stop].strip())
    close()
    rest.append((at, end))
    return found, list(_joined(rest, text))


def _items(text: str, start: int, end: int) -> list[tuple[int, int, int, int, bool]]:
    """Level, beginning, body, end of each item, and whether items of a deeper level follow below it.

    A number counts as a label if it is the first of its kind or one more than the one before of its kind.
    """
    styles: list[str] = []
    last: dict[str, int] = {}
    labels: list[tuple[int, int, int]] = []
    for match in _LABEL.finditer(text, start, end):
        style = match.lastgroup or ""
        number = _number(match.group())
        expected = style == "bullet" or number == 1 or number == last.get(style, 0) + 1
        if not expected or (style not in styles and number > 1):
            continue
        if style not in styles:
            styles.append(style)
        level = styles.index(style)
        for deeper in styles[level + 1 :]:
            last.pop(deeper, None)
        del styles[level + 1 :]
        last[style] = number
        labels.append((level, match.start(), match.end()))
    items = []
    for position, (level, begin, body) in enumerate(labels):
        following = labels[position + 1] if position + 1 < len(labels) else (0, end, end)
        stop = following[1]
        while stop > body and text[stop - 1].isspace():
            stop -= 1
        items.append((level, begin, body, stop, following[0] > level))
    return items


def _number(label: str) -> int:
    if "①" <= label <= "⑳":
        return ord(label) - ord("①") + 1
    digits = re.sub(r"\D", "", label)
    return int(digits) if digits else 0


def _joined(spans: list[Span], text: str) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], end)
        elif start < end:
            joined.append((start, end))
    return joined
