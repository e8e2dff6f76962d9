"""Cleaning in small named steps, applied to every block before its structure is looked at.

A step keeps the meaning and the wording; the report names the steps that changed something in a file, and what a step
could not mend or took away stands among the file's warnings.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ingest.boilerplate import is_scraped, without_boilerplate
from ingest.document import Block, Document, FaqFields
from ingest.fields import has_fields, without_fields
from ingest.pinyin import remove_pinyin
from kb.config import ShopSettings

Apply = Callable[[str], str]


@dataclass(slots=True)
class Findings:
    """What steps have to tell: ``notes`` for the editor, places (as pieces of the text) by what happened to them, in
    Chinese; ``titles`` of headings by number, from tables of contents that went."""

    notes: dict[str, list[str]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def note(self, what: str, place: str) -> None:
        """One more ``place`` where ``what`` happened."""
        self.notes.setdefault(what, []).append(place)


@dataclass(frozen=True, slots=True)
class Step:
    """One way of cleaning text. ``name`` is its key, ``about`` says in Chinese what it does.

    ``apply`` does it; it leaves an ordinary line (see :func:`is_ordinary`) as it is, so that such lines need not be
    asked. A step that must know the whole document first, or has something to tell, has ``prepare`` instead: it gets all
    texts of a document and returns what to apply to each, or None if the document does not need it. ``cells``: whether
    it is for table cells, too.
    """

    name: str
    about: str
    apply: Apply | None = None
    prepare: Callable[[Sequence[str], Findings], Apply | None] | None = None
    cells: bool = True


MOST_PLACES = 12
"""So many places are shown for one kind of note."""
_PLACE_CHARS = 40

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
# A page that was scraped breaks the line after a full stop, also where the speech goes on or ends.
_LONE_CLOSING = re.compile(r"(?<=[。！？!?.…，,；;])[ \t]*\n[ \t]*(?=(?P<close>[”」』）)]))")
_OPENING = {"”": "“", "」": "「", "』": "『", "）": "（", ")": "("}
_SPEECH_CHARS = 500
_LINE_LABEL = re.compile(r"(?:[^\n]{0,30}\d[.、)）]|[-*•·])?[ \t]*")
_LEAST_REPEATED = 20
"""Shorter lines may say the same twice with good reason."""
_WORD = r"\u4e00-\u9fffA-Za-z0-9"
_ORDINARY_SIGN = _WORD + r"，。、；：？！（）“”《》…—·%￥,.:?;()/\-"
_ORDINARY = re.compile(f"[{_WORD}](?:[{_ORDINARY_SIGN} ]*[{_ORDINARY_SIGN}])?")


def _caption(match: re.Match[str]) -> str:
    caption = match.group(1).strip()
    return "" if caption.lower() in _NO_CAPTION else caption


def is_ordinary(text: str) -> bool:
    """Whether ``text`` is one line of words and common signs, in which there is nothing to clean."""
    return _ORDINARY.fullmatch(text) is not None


def _join_closing(text: str) -> str:
    def joined(match: re.Match[str]) -> str:
        before = text[max(0, match.start() - _SPEECH_CHARS) : match.start()].rpartition("\n\n")[2]
        return "" if before.rfind(_OPENING[match["close"]]) > before.rfind(match["close"]) else match.group()

    return _LONE_CLOSING.sub(joined, text)


def _pinyin(texts: Sequence[str], findings: Findings) -> Apply | None:
    return remove_pinyin(texts, findings.note)


def _fields(texts: Sequence[str], findings: Findings) -> Apply | None:
    if not any(map(has_fields, texts)):
        return None

    def apply(text: str) -> str:
        stripped = without_fields(text)
        for contents in stripped.contents:
            findings.note("目录没有收录", contents)
        findings.titles.update(stripped.titles)
        return stripped.text

    return apply


def _repeated_lines(_: Sequence[str], findings: Findings) -> Apply | None:
    def apply(text: str) -> str:
        lines = text.split("\n")
        kept = lines[:1]
        for before, line in itertools.pairwise(lines):
            if len(line) >= _LEAST_REPEATED and before.endswith(line) and _LINE_LABEL.fullmatch(before[: -len(line)]):
                findings.note("去掉了紧接着重复的一行", line)
            else:
                kept.append(line)
        return text if len(kept) == len(lines) else "\n".join(kept)

    return apply


def _boilerplate(texts: Sequence[str], findings: Findings) -> Apply | None:
    if not is_scraped(texts):
        return None

    def apply(text: str) -> str:
        text, gone = without_boilerplate(text)
        for line in gone:
            findings.note("去掉了文档网站附带的文字", line)
        return text

    return apply


STEPS = (
    Step("line_ends", "统一换行", lambda text: _LINE_END.sub("\n", text)),
    Step("invisible", "去掉零宽字符和方向标记", lambda text: _INVISIBLE.sub("", text)),
    Step("control", "去掉控制字符", lambda text: _CONTROL.sub("", text)),
    Step("spaces", "统一特殊空格", lambda text: _ODD_SPACE.sub(" ", text)),
    Step("pinyin", "去掉混入的拼音，修复被它拆散的汉字，恢复简体", prepare=_pinyin),
    Step("marks", "修复损坏的×号和引号", lambda text: _BROKEN_MARK.sub("×“", text)),
    Step("fields", "去掉 Word 域代码和它生成的目录", prepare=_fields),
    Step("boilerplate", "去掉文档网站附带的文字", prepare=_boilerplate, cells=False),
    Step("images", "图片换成图注", lambda text: _IMAGE.sub(_caption, text) if "![" in text else text),
    Step("rules", "去掉分隔线和空的列表项", lambda text: _EMPTY_RULE.sub("", text)),
    Step("line_edges", "去掉行首全角空格和行尾空格", lambda text: _LINE_EDGE.sub("", text)),
    Step("closing_marks", "接回被断开的后引号和后括号", _join_closing),
    Step("repeated_lines", "去掉紧接着重复的一行", prepare=_repeated_lines, cells=False),
    Step("blank_lines", "合并多余空行", lambda text: _BLANK_LINES.sub("\n\n", text)),
)
"""Steps for every file, in the order they are applied."""


def steps_for(shop: ShopSettings) -> tuple[Step, ...]:
    """All steps, with the shop's own name filled in for ``{brand}``."""
    return (*STEPS, Step("brand", "填入店铺名称", lambda text: text.replace("{brand}", shop.brand)))


def clean(document: Document, steps: Iterable[Step]) -> tuple[Document, tuple[str, ...]]:
    """``document`` with clean blocks, empty ones left out; and the names of the steps that changed something.

    What steps have to tell is added to its warnings, one line for each kind.
    """
    names = []
    blocks, title = list(document.blocks), document.title
    unusual = _unusual(blocks)
    findings = Findings()
    for step in steps:
        apply, places = step.apply, unusual
        if step.prepare is not None:
            places = [at for at, block in enumerate(blocks) if step.cells or block.kind not in ("row", "faq")]
            apply = step.prepare([blocks[at].text for at in places], findings)
        if apply is None:
            continue
        changed = False
        for at in places:
            after = _clean_block(blocks[at], apply)
            changed |= after is not blocks[at]
            blocks[at] = after
        title_after = apply(title)
        if changed or title_after != title:
            names.append(step.name)
        if changed and step.prepare is not None:
            unusual = _unusual(blocks)
        title = title_after
    kept = tuple(block for block in map(_trimmed, blocks) if block.text)
    warnings = (*document.warnings, *(_warning(what, places) for what, places in findings.notes.items()))
    clean_document = replace(document, blocks=kept, title=title.strip(), warnings=warnings, titles=findings.titles)
    return clean_document, tuple(names)


def _unusual(blocks: Sequence[Block]) -> list[int]:
    """Places of the blocks in which there may be something to clean."""
    return [
        at
        for at, block in enumerate(blocks)
        if not (is_ordinary(block.text) and (block.faq is None or all(map(is_ordinary, _written(block.faq)))))
    ]


def _written(fields: FaqFields) -> Iterable[str]:
    return filter(None, (fields.question, fields.category, *fields.aliases, *fields.counter_examples))


def _warning(what: str, places: Sequence[str]) -> str:
    shown = "、".join(
        f"“{place[:_PLACE_CHARS]}{'……' if len(place) > _PLACE_CHARS else ''}”" for place in places[:MOST_PLACES]
    )
    return f"{what}（{len(places)} 处）：{shown}{'……' if len(places) > MOST_PLACES else '。'}"


def _clean_block(block: Block, cleaned: Apply) -> Block:
    text = cleaned(block.text)
    if block.faq is None:
        return block if text == block.text else replace(block, text=text)
    fields = block.faq
    fields = replace(
        fields,
        question=cleaned(fields.question),
        aliases=tuple(map(cleaned, fields.aliases)),
        counter_examples=tuple(map(cleaned, fields.counter_examples)),
        category=cleaned(fields.category),
    )
    return block if (text, fields) == (block.text, block.faq) else replace(block, text=text, faq=fields)


def _trimmed(block: Block) -> Block:
    text = block.text.strip("\n") if block.kind in ("text", "raw") else block.text.strip()
    fields = block.faq and replace(block.faq, question=" ".join(block.faq.question.split()))
    return block if (text, fields) == (block.text, block.faq) else replace(block, text=text, faq=fields)
