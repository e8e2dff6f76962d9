"""One question asked of the draft and of the live version, side by side."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from bot.ui.studio.fragment import choice, paragraphs
from kb.markup import node
from kb.records import Band, SearchResult

BANDS: dict[Band, str] = {"answer": "直接回答", "clarify": "请顾客选择", "none": "不回答，转人工"}
QUESTION_CHARS = 500


def try_form(draft: str) -> Element:
    """The box in which an editor asks the draft."""
    return node(
        "form",
        node("input", type="hidden", name="draft", value=draft),
        node("label", "试问草稿", for_="f-try"),
        node("input", type="search", id="f-try", name="q", placeholder="像顾客那样问一句，看看草稿怎么答", maxlength=str(QUESTION_CHARS)),
        *choice("audience", "以谁的身份", {"public": "当作顾客", "internal": "当作客服"}, "public", at="try"),
        node("button", "试问", type="submit"),
        class_="bar",
        data_get="/studio/publish/try",
        data_into="#tried",
    )  # fmt: skip


def tried(before: SearchResult | None, after: SearchResult) -> Element:
    """What both said."""
    columns = [_said("正式版", before)] if before else []
    return node("div", node("div", *columns, _said("草稿", after), class_="row sides"), id="tried", aria_live="polite")


def _said(title: str, result: SearchResult) -> Element:
    hits = [
        node("details", node("summary", hit.entry.question or " › ".join(hit.entry.place.heading) or hit.entry.place.source), *paragraphs(hit.text), node("p", hit.entry.place.source, class_="soft"), open="open" if number == 0 else None)
        for number, hit in enumerate(result.hits)
    ]  # fmt: skip
    return node("div", node("h3", f"{title}：{BANDS[result.band]}（把握 {result.confidence:.0%}）"), *hits)
