"""Text that is aimed at a program instead of a person: instructions to a model, and characters nobody sees.

Nothing is taken out here, and finding nothing proves nothing: whether a text is harmless is for the editor to say,
who is shown the place. Source of the kinds looked for: OWASP Top 10 for LLM applications 2025, LLM01 and LLM08.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from ingest.document import Block, Document

MAX_NAMED = 5
"""So many places of one kind are named; the rest is counted."""
QUOTED_CHARS = 12
"""Characters shown on either side of a place."""
SLICE_CHARS = 1 << 20
OVERLAP = 200

_NEAR = r"[^，。,.?？!！；;\n]"
_BEFORE = "(?:以上|上面|上述|之前|前面|先前|此前|所有|全部|一切|系统|系統|原有|原来|原先|任何)"
_ORDERS = "(?:指令|指示|提示词|提示詞|规则|規則|设定|設定|命令|限制|约束|要求|prompt|instruction)"
_THE = r"(?:(?:all|any|the|your|of|my|me|these|every)\s+){0,4}"
# What an order begins with, and how it goes on. Beginnings are found first, for that is many times as fast.
_ORDER_FORMS: tuple[tuple[str, str], ...] = (
    ("忽略 忽视 忽視 无视 無視 抛开 不要理会 不要遵守 不再遵守 不必遵守", rf"{_NEAR}{{0,6}}?{_BEFORE}|{_NEAR}{{0,10}}?{_ORDERS}"),
    ("忘记 忘記 忘掉 绕过 繞過", rf"(?:掉|你|您)?{_NEAR}{{0,2}}?{_BEFORE}{_NEAR}{{0,8}}?(?:{_ORDERS}|内容|對話|对话|一切)"),
    (
        "泄露 洩露 输出 輸出 打印 复述 重复 显示 告诉我 透露",
        rf"{_NEAR}{{0,8}}?(?:系统提示|系統提示|系统指令|系统消息|提示词|提示詞|初始指令|system ?prompt)",
    ),
    ("从现在 從現在 接下来", r"(?:开始|起|開始)?,?，?(?:你|妳)(?:是|将|將|就是|要扮演|必须|必須|不再)"),
    ("你现在 你現在 妳現在", r"(?:是|扮演|不再是|的身份是)"),
    ("开发者 開發者 越狱 越獄 上帝 管理员 root dan developer jailbreak god", r" ?(?:模式|mode)"),
    ("作为 作為 身为", r"(?:一个|一個|一名)?(?:ai|人工智能|语言模型|語言模型|大模型|聊天机器人)"),
    ("对用户 对顾客 对客户 向用户 向顾客 向客户", r"(?:隐瞒|保密|谎称)"),
    (
        "ignore disregard forget override bypass",
        rf"\s+{_THE}(?:previous|prior|above|earlier|preceding|foregoing|system|safety|instructions?|rules|prompts?|guidelines)",
    ),
    ("reveal print repeat show output leak", rf"\s+{_THE}(?:system\s+prompt|(?:hidden|initial)\s+(?:prompt|instructions?))"),
    ("you", r"\s+are\s+now\s+(?:a|an|the|in)\b"),
    ("pretend", r"\s+(?:to\s+be|you\s+are)"),
    ("<|im_ <|system <|user <|assistant <|endoftext [inst] [/inst] <<sys>> ###system ###instruction", ""),
)
_STARTS = tuple((start, re.compile(rest)) for starts, rest in _ORDER_FORMS for start in starts.split())
_NOT_MEANT = ("不要", "别", "別", "勿")
_UNSEEN = re.compile(
    "[\u200b-\u200d\u2060-\u2064\u206a-\u206f\u180e\ufeff\u202a-\u202e\u2066-\u2069\U000e0001-\U000e007f\ufff9-\ufffb\u115f\u1160\u3164\uffa0]+"
)
_EMOJI = re.compile("[\ufe0f\u2600-\u27bf\U0001f000-\U0001faff]")
_WIDE = re.compile("[ａ-ｚＡ-Ｚ]")
_ODD_SPACE = re.compile(r"(?<=[\u3400-\u9fff])[ \u3000]+(?=[\u3400-\u9fff])")


def suspicions(document: Document) -> tuple[str, ...]:
    """What an editor should look at before the document goes live, one Chinese line for each kind."""
    orders: list[str] = []
    unseen: list[str] = []
    counts = [0, 0]
    for stretch in _stretches(document):
        for block, heading, text in stretch:
            for found, index, named in ((_instructions(text), 0, orders), (_hidden(text), 1, unseen)):
                for quote in found:
                    counts[index] += 1
                    if len(named) < MAX_NAMED:
                        named.append(f"“{quote}”{_place(block, heading)}")
    lines = []
    if orders:
        lines.append(f"有 {counts[0]} 处文字像是写给程序的指令：{_listed(orders, counts[0])}；请确认没有人夹带，再发布。")
    if unseen:
        lines.append(f"有 {counts[1]} 处看不见的字符（零宽、方向或标签字符）：{_listed(unseen, counts[1])}；已去掉，请核对原文。")
    return tuple(lines)


def orders_in(text: str) -> bool:
    """Whether anything in ``text`` reads like an order to a program."""
    return next(_instructions(text), None) is not None


def _stretches(document: Document) -> Iterator[list[tuple[Block, str, str]]]:
    """Stretches in which there is something to find: blocks, the headings they stand under, and their texts.

    Many small texts are looked through as one first; in nearly all files that is all.
    """
    stretch: list[tuple[Block, str, str]] = []
    size, heading = 0, ""
    for block in document.blocks:
        if block.kind == "heading":
            heading = " ".join(block.text.split())
        text = block.text if block.faq is None else "\n".join((block.faq.question, *block.faq.aliases, block.text))
        stretch.append((block, heading, text))
        size += len(text)
        if size > SLICE_CHARS:
            if _has_any(stretch):
                yield stretch
            stretch, size = [], 0
    if _has_any(stretch):
        yield stretch


def _has_any(stretch: list[tuple[Block, str, str]]) -> bool:
    text = "\n".join(text for _, _, text in stretch)
    return next(_instructions(text), None) is not None or next(_hidden(text), None) is not None


def _instructions(text: str) -> Iterator[str]:
    for at in range(0, len(text), SLICE_CHARS):
        piece = _plain(text[max(0, at - OVERLAP) : at + SLICE_CHARS])
        found: list[tuple[int, int]] = []
        for start, rest in _STARTS:
            place = piece.find(start)
            while place >= 0:
                match = rest.match(piece, place + len(start))
                is_meant = not (start.startswith("忘") and piece[max(0, place - 2) : place].endswith(_NOT_MEANT))
                if match and is_meant and (not at or match.end() > OVERLAP):
                    found.append((place, match.end()))
                place = piece.find(start, place + len(start))
        end = -1
        for place, stop in sorted(found):
            if place >= end:
                yield _quote(piece, place, stop)
            end = max(end, stop + QUOTED_CHARS)


def _plain(piece: str) -> str:
    """Spread out, in full-width letters or with unseen characters between, it is still the same order."""
    if not piece.isascii():
        if _UNSEEN.search(piece):
            piece = _UNSEEN.sub("", piece)
        if _WIDE.search(piece):
            piece = unicodedata.normalize("NFKC", piece)
        if _ODD_SPACE.search(piece):
            piece = _ODD_SPACE.sub("", piece)
    return piece.lower()


def _hidden(text: str) -> Iterator[str]:
    if text.isascii():
        return
    for match in _UNSEEN.finditer(text):
        if match.group() == "\u200d" and _EMOJI.match(text, match.start() - 1):
            continue  # the joiner of an emoji
        if match.group() == "\ufeff" and not match.start():
            continue  # a byte order mark
        message = "".join(chr(ord(sign) - 0xE0000) for sign in match.group() if "\U000e0020" <= sign <= "\U000e007e")
        near = _quote(text, match.start(), match.end())
        yield f"{near}（其中藏有：{message[:40]}）" if message else near


def _quote(text: str, start: int, end: int) -> str:
    before, after = text[max(0, start - QUOTED_CHARS) : start], text[end : end + QUOTED_CHARS]
    inside = text[start:end]
    seen = "" if _UNSEEN.fullmatch(inside) else inside[:60]
    return " ".join(_UNSEEN.sub("", f"{before}{seen}{after}").split())


def _place(block: Block, heading: str) -> str:
    where = []
    if block.page:
        where.append(f"第 {block.page} 页")
    if block.row:
        where.append(f"第 {block.row} 行")
    if heading and not where:
        where.append(f"“{heading[:20]}”一节")
    return f"（{'，'.join(where)}）" if where else ""


def _listed(named: Iterable[str], count: int) -> str:
    return "、".join(named) + ("等" if count > MAX_NAMED else "")
