"""Cleaning in small named steps, applied to every block before its structure is looked at.

A step keeps the meaning and the wording; the report names the steps that changed something in a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ingest.document import Block, Document
from kb.config import ShopSettings


@dataclass(frozen=True, slots=True)
class Step:
    """One way of cleaning text. ``name`` is its key, ``about`` says in Chinese what it does, ``apply`` does it."""

    name: str
    about: str
    apply: Callable[[str], str]


_LINE_END = re.compile(r"\r+\n?|[\x0b\x0c\x85\u2028\u2029]")
# Zero-width and direction marks, tags, soft hyphens. The joiner stays between parts of an emoji. Private-use characters
# stay too: they are evidence of damage that a later step can mend.
_INVISIBLE = re.compile(
    r"[\xad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
    r"|(?<![\ufe0f\u2600-\u27bf\U0001f000-\U0001faff])\u200d"
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ud800-\udfff]")
_ODD_SPACE = re.compile(r"[\xa0\u1680\u2000-\u200a\u202f\u205f]")
_LINE_EDGE = re.compile(r"[ \t\u3000]+$|^[ \t]*\u3000[ \t\u3000]*", re.MULTILINE)
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_NO_CAPTION = frozenset({"图片", "图", "image", "img", "picture"})
_BLANK_LINES = re.compile(r"\n{3,}")
_EMPTY_RULE = re.compile(r"^[ \t]*(?:[-=_*~—#·.]{4,}|(?:[-*_=~] ){3,}[-*_=~]?|[-*+])[ \t]*(?:\n|$)", re.MULTILINE)
# “×“” in Windows-1252 is D7 93, which reads as the Hebrew letter dalet in UTF-8. Unmended, a wrong wording would pass
# for text.
_BROKEN_MARK = re.compile("\u05d3(?=[\u4e00-\u9fff])")


def _caption(match: re.Match[str]) -> str:
    caption = match.group(1).strip()
    return "" if caption.lower() in _NO_CAPTION else caption


STEPS = (
    Step("line_ends", "统一换行", lambda text: _LINE_END.sub("\n", text)),
    Step("invisible", "去掉零宽字符和方向标记", lambda text: _INVISIBLE.sub("", text)),
    Step("control", "去掉控制字符", lambda text: _CONTROL.sub("", text)),
    Step("spaces", "统一特殊空格", lambda text: _ODD_SPACE.sub(" ", text)),
    Step("marks", "修复损坏的×号和引号", lambda text: _BROKEN_MARK.sub("×“", text)),
    Step("images", "图片换成图注", lambda text: _IMAGE.sub(_caption, text) if "![" in text else text),
    Step("rules", "去掉分隔线和空的列表项", lambda text: _EMPTY_RULE.sub("", text)),
    Step("line_edges", "去掉行首全角空格和行尾空格", lambda text: _LINE_EDGE.sub("", text)),
    Step("blank_lines", "合并多余空行", lambda text: _BLANK_LINES.sub("\n\n", text)),
)
"""Steps for every file, in the order they are applied."""


def steps_for(shop: ShopSettings) -> tuple[Step, ...]:
    """All steps, with the shop's own name filled in for ``{brand}``."""
    return (*STEPS, Step("brand", "填入店铺名称", lambda text: text.replace("{brand}", shop.brand)))


def clean(document: Document, steps: Iterable[Step]) -> tuple[Document, tuple[str, ...]]:
    """``document`` with clean blocks, empty ones left out; and the names of the steps that changed something."""
    changed: dict[str, None] = {}
    steps = tuple(steps)

    def cleaned(text: str) -> str:
        for step in steps:
            after = step.apply(text)
            if after != text:
                changed[step.name] = None
                text = after
        return text

    blocks = tuple(_clean_block(block, cleaned) for block in document.blocks)
    kept = tuple(block for block in blocks if block.text)
    names = tuple(step.name for step in steps if step.name in changed)
    return replace(document, blocks=kept, title=cleaned(document.title).strip()), names


def _clean_block(block: Block, cleaned: Callable[[str], str]) -> Block:
    text = cleaned(block.text).strip("\n") if block.kind in ("text", "raw") else cleaned(block.text).strip()
    if block.faq is None:
        return block if text == block.text else replace(block, text=text)
    fields = block.faq
    fields = replace(
        fields,
        question=" ".join(cleaned(fields.question).split()),
        aliases=tuple(map(cleaned, fields.aliases)),
        counter_examples=tuple(map(cleaned, fields.counter_examples)),
        category=cleaned(fields.category),
    )
    return replace(block, text=text, faq=fields)
