"""One entry of the draft as a card, and as the form it is changed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from xml.etree.ElementTree import Element

from bot.ui.studio.fragment import audience_badge, badge, button, choice, field, paragraphs, post
from kb.editing import Fields
from kb.markup import node
from kb.records import Entry
from kb.shelf import Piece

KINDS = {"faq": "问答", "passage": "正文", "script": "话术"}
STATES = {"edited": "改过", "hidden": "已隐藏", "stale": "修改待核对"}
CARD = ".card"
NEW = "new"
"""What stands for the id of a question that is not there yet."""


class Finding(Protocol):
    """What the reply checker found."""

    @property
    def message(self) -> str:
        """What is wrong."""

    @property
    def suggestion(self) -> str:
        """How it is better said; may be empty."""


class Checker(Protocol):
    """The house rules of speaking."""

    def check(self, text: str) -> Sequence[Finding]:
        """What in ``text`` breaks them."""


def card(piece: Piece, *, source: bool = False, said: str = "") -> Element:
    """An entry as it would be built; ``source`` also names its file, ``said`` is a line about what was just done."""
    entry = piece.entry
    title = entry.question or (entry.place.heading[-1] if entry.place.heading else "")
    path = " › ".join(entry.place.heading[: None if entry.question else -1])
    where = path if piece.own or not source else " › ".join(part for part in (entry.place.source, path) if part)
    where += f" 第 {entry.place.row} 行" if entry.place.row and where and not piece.own else ""
    return node(
        "article",
        node("div", *_badges(piece), class_="badges"),
        node("p", where, class_="soft") if where else None,
        node("h3", title) if title else None,
        *([] if entry.only_wrong else paragraphs(entry.text)),
        *(node("p", f"× {line}", class_="wrong") for line in entry.wrong),
        _listed("相似问", entry.aliases),
        _listed("反例", entry.counter_examples),
        *(node("p", f"请留意：{line}", class_="warn") for line in piece.doubts if piece.state != "hidden"),
        *_waiting(piece),
        node("p", said, class_="good") if said else None,
        _buttons(piece),
        class_="card off" if piece.state == "hidden" else "card",
    )


def form(
    piece: Piece | None,
    values: Mapping[str, str],
    problems: Mapping[str, str],
    categories: Sequence[str] = (),
    findings: Sequence[Finding] = (),
    seen: str = "",
) -> Element:
    """The form of an entry, of a new question without one.

    ``values`` are what stands in it, ``problems`` what is wrong by field, ``findings`` those of the reply checker:
    the same text sent again with ``seen`` is kept all the same.
    """
    kind = piece.original.kind if piece else "faq"
    identity, version = (piece.original.id, piece.version) if piece else (NEW, "")

    def one(name: str, label: str, hint: str = "", kind: str = "text", **more: object) -> list[Element | None]:
        wrong = problems.get(name)
        described = {"aria_invalid": "true", "aria_describedby": f"p-{name}-{identity}"} if wrong else {}
        made: list[Element | None] = [
            *field(name, label, values.get(name, ""), hint, kind, identity, **more, **described)
        ]
        return [*made, node("p", wrong, class_="trouble", id=f"p-{name}-{identity}", role="alert") if wrong else None]

    question = {"faq": "问题", "script": "情形", "passage": ""}[kind]
    focus = next(iter(problems), "question" if question and not findings else "text")
    at = {name: {"data_focus": "1"} if name == focus else {} for name in ("question", "text", "aliases", "valid_to")}
    again = [node("p", f"用语检查：{_advice(finding)}", class_="warn", role="alert") for finding in findings]
    listed = node("datalist", *(node("option", value=category) for category in categories), id=f"categories-{identity}")
    return node(
        "form",
        node("h3", "新增问答" if piece is None else "修改"),
        node("input", type="hidden", name="id", value=identity),
        node("input", type="hidden", name="version", value=version),
        node("input", type="hidden", name="seen", value=seen) if seen else None,
        *(one("question", question, maxlength="400", **at["question"]) if question else ()),
        *one("text", "答案" if kind == "faq" else "内容", kind="textarea", rows="6", **at["text"]),
        *(one("aliases", "相似问", "一行一个，换个问法也能找到", "textarea", rows="3", **at["aliases"]) if kind == "faq" else ()),
        *(one("counter_examples", "反例", "一行一个，看着像但不该用这条回答的问法", "textarea", rows="2") if kind == "faq" else ()),
        node(
            "div",
            node("div", *one("category", "分类", list=f"categories-{identity}", maxlength="100")),
            node("div", *choice("audience", "可见范围", {"public": "公开", "internal": "仅内部"}, values.get("audience", "public"), identity)),
            node("div", *one("valid_from", "生效日期", "可不填", "date")),
            node("div", *one("valid_to", "失效日期", "可不填，当天仍有效", "date", **at["valid_to"])),
            class_="row",
        ),
        listed,
        *again,
        node(
            "div",
            node("button", "仍然保存" if findings else "保存", type="submit", class_="main"),
            button("取消", "/studio/entry", CARD, {"id": identity}),
            class_="buttons",
        ),
        class_="card editing",
        data_post="/studio/entry/save",
        data_into=CARD,
    )  # fmt: skip


def values_of(entry: Entry) -> dict[str, str]:
    """An entry as its form shows it."""
    fields = Fields.of(entry)
    return {
        "question": fields.question,
        "text": fields.text,
        "aliases": "\n".join(fields.aliases),
        "counter_examples": "\n".join(fields.counter_examples),
        "category": fields.category,
        "audience": fields.audience,
        "valid_from": fields.valid_from.isoformat() if fields.valid_from else "",
        "valid_to": fields.valid_to.isoformat() if fields.valid_to else "",
    }


def _advice(finding: Finding) -> str:
    better = f"。建议：{finding.suggestion}" if finding.suggestion else ""
    return finding.message.rstrip("。") + (better or "。")


def _badges(piece: Piece) -> list[Element]:
    entry = piece.entry
    made = [badge(KINDS[entry.kind]), audience_badge(entry.audience)]
    if entry.category:
        made.append(badge(entry.category, "public"))
    if entry.valid_from or entry.valid_to:
        made.append(badge(f"{entry.valid_from or '…'} 至 {entry.valid_to or '…'}", "note"))
    if piece.state in STATES:
        by = f"（{piece.who} {piece.when[:10]}）" if piece.who else ""
        made.append(badge(f"{STATES[piece.state]}{by}", "bad" if piece.state == "stale" else "note"))
    return made


def _listed(title: str, lines: Sequence[str]) -> Element | None:
    return node("p", f"{title}：{' / '.join(lines)}", class_="soft") if lines else None


def _waiting(piece: Piece) -> list[Element]:
    """What an editor wanted of an entry that says something else since."""
    if piece.wanted is None:
        return []
    lines = [
        node("p", "原文后来变了，之前的修改没有套用。当时改成的是：", class_="warn"),
        *paragraphs(piece.wanted.text),
    ]
    return [node("blockquote", *lines)]


def _buttons(piece: Piece) -> Element:
    about = {"id": piece.original.id, "version": piece.version}
    edit = button("修改", "/studio/entry/form", CARD, {"id": piece.original.id})
    edit.set("data-focus", "1")
    if piece.own:
        made = [edit, post("删除", "/studio/entry/remove", about, CARD, sure="确定删除这条问答？")]
    elif piece.state == "stale":
        made = [
            post("套用当时的修改", "/studio/entry/keep", about, CARD, class_="main"),
            post("用新的原文", "/studio/entry/revert", about, CARD),
            edit,
        ]
    elif piece.state == "hidden":
        made = [post("恢复显示", "/studio/entry/show", about, CARD)]
    else:
        # A list of what must not be said has no wording of its own that could be changed.
        made = [*([] if piece.entry.only_wrong else [edit]), post("隐藏", "/studio/entry/hide", about, CARD)]
        if piece.state == "edited":
            made.append(post("还原为原文", "/studio/entry/revert", about, CARD, sure="确定放弃修改？"))
    return node("div", *made, class_="buttons")
