"""Changing single entries: the addresses that the cards of the studio call."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated
from xml.etree.ElementTree import Element

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from bot.accounts import Account
from bot.ui.studio.access import Access
from bot.ui.studio.cards import NEW, Checker, Finding, card, form, values_of
from bot.ui.studio.fragment import fragment
from bot.ui.studio.seams import Entries
from kb.editing import Fields, Invalid, read_fields
from kb.errors import InputError
from kb.markup import node
from kb.records import Entry
from kb.shelf import Piece

Text = Annotated[str, Form()]


def entry_routes(router: APIRouter, access: Access, entries: Entries, checker: Checker) -> None:
    """``/studio/entry…``: one entry shown, changed, hidden, put back."""
    editor = Depends(access)

    def done(account: Account, deed: str, piece: Piece, say: str) -> Response:
        access.note(account, "studio_entry", f"{deed}：{name_of(piece.entry)}")
        return fragment(card(piece, source=True), say=say)

    @router.get("/entry")
    def show(id: str) -> Response:  # noqa: A002 - the name in the address
        return fragment(card(entries.piece(id), source=True)) if id != NEW else fragment(new_place())

    @router.get("/entry/form")
    def edit(id: str, question: str = "", aliases: str = "") -> Response:  # noqa: A002
        if id == NEW:
            return fragment(
                form(None, {"question": question, "aliases": aliases}, {}, categories_of(entries.questions()))
            )
        piece = entries.piece(id)
        return fragment(form(piece, values_of(piece.wanted or piece.entry), {}, categories_of(entries.questions())))

    @router.post("/entry/save")
    def save(
        id: Text,  # noqa: A002
        version: Text = "",
        seen: Text = "",
        question: Text = "",
        text: Text = "",
        aliases: Text = "",
        counter_examples: Text = "",
        category: Text = "",
        audience: Text = "public",
        valid_from: Text = "",
        valid_to: Text = "",
        account: Account = editor,
    ) -> Response:
        values = {
            "question": question, "text": text, "aliases": aliases, "counter_examples": counter_examples,
            "category": category, "audience": audience, "valid_from": valid_from, "valid_to": valid_to,
        }  # fmt: skip
        piece = None if id == NEW else entries.piece(id)

        def again(problems: Mapping[str, str], findings: Sequence[Finding] = (), mark: str = "") -> Response:
            # The version is the one that was seen: what happened meanwhile is told when it is saved.
            made = form(piece, values, problems, categories_of(entries.questions()), findings, mark)
            for hidden in made.iter("input"):
                if hidden.get("name") == "version":
                    hidden.set("value", version)
            return fragment(made)

        try:
            fields = read_fields(values, asked=piece is None or piece.original.kind != "passage")
            findings = checker.check(fields.text) if _spoken(fields, piece) else ()
            mark = hashlib.sha256(fields.text.encode()).hexdigest()[:16]
            if findings and seen != mark:
                return again({}, findings, mark)
            if piece is None:
                made = entries.add(fields, account.name)
                access.note(account, "studio_entry", f"新增：{fields.question}")
                return fragment(
                    new_place(), card(made, source=True, said="已保存，发布后生效。"), say="已保存，发布后生效。"
                )
            made = entries.edit(id, version, fields, account.name)
            access.note(account, "studio_entry", f"修改：{name_of(made.entry)}")
        except Invalid as invalid:
            return again(invalid.problems)
        return fragment(card(made, source=True), say="已保存，发布后生效。")

    @router.post("/entry/hide")
    def hide(id: Text, version: Text, account: Account = editor) -> Response:  # noqa: A002
        return done(account, "隐藏", entries.hide(id, version, True, account.name), "已隐藏，发布后生效。")

    @router.post("/entry/show")
    def put_back(id: Text, version: Text, account: Account = editor) -> Response:  # noqa: A002
        return fragment(
            card(entries.hide(id, version, False, account.name), source=True), say="已恢复显示，发布后生效。"
        )

    @router.post("/entry/revert")
    def revert(id: Text, version: Text, account: Account = editor) -> Response:  # noqa: A002
        return done(account, "还原", entries.revert(id, version), "已还原为原文。")

    @router.post("/entry/keep")
    def keep(id: Text, version: Text, account: Account = editor) -> Response:  # noqa: A002
        piece = entries.piece(id)
        if piece.wanted is None:
            raise InputError("这一条已经没有待核对的修改；请刷新。")
        edited = entries.edit(id, version, Fields.of(piece.wanted), account.name)
        return done(account, "套用修改", edited, "已套用，发布后生效。")

    @router.post("/entry/remove")
    def remove(id: Text, version: Text, account: Account = editor) -> Response:  # noqa: A002
        question = entries.piece(id).entry.question
        entries.remove(id, version)
        access.note(account, "studio_entry", f"删除：{question}")
        return fragment(node("p", "已删除，发布后生效。", class_="good", tabindex="-1", data_focus="1"), say="已删除。")

    @router.post("/entry/forget")
    def forget(id: Text, account: Account = editor) -> Response:  # noqa: A002
        entries.drop_lost(id)
        access.note(account, "studio_entry", f"放弃没有套用的修改：{id}")
        return fragment(node("p", "已放弃这处修改。", class_="good"), say="已放弃这处修改。")


def new_place() -> Element:
    """Where the form of a new question opens."""
    return node("div", class_="new-question")


def name_of(entry: Entry) -> str:
    """What an entry is called in the audit."""
    return entry.question or " › ".join((entry.place.source, *entry.place.heading))


def categories_of(pieces: Sequence[Piece]) -> list[str]:
    """The categories in use, to choose from."""
    return sorted({piece.entry.category for piece in pieces if piece.entry.category})


def _spoken(fields: Fields, piece: Piece | None) -> bool:
    """Whether customers may be told these words as they are."""
    return fields.audience == "public" and (piece is None or piece.original.kind != "passage")
