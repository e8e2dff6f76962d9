"""What an editor should look at in one entry before it goes live."""

from __future__ import annotations

from ingest.suspicious import orders_in
from kb.records import Entry

SHORT_CHARS = 15
"""A passage of fewer characters hardly reads well alone."""
LONG_CHARS = 600
"""Longer entries are more than a phone shows at a glance."""


def doubts(entry: Entry) -> tuple[str, ...]:
    """Chinese lines about ``entry``, none as a rule."""
    found = []
    if entry.kind == "passage" and len(entry.text) < SHORT_CHARS:
        found.append(f"只有 {len(entry.text)} 个字，单独看可能不明白")
    if len(entry.text) > LONG_CHARS:
        found.append(f"有 {len(entry.text)} 个字，顾客在手机上要翻很久，建议分成几条")
    if entry.kind == "passage" and not entry.place.heading:
        found.append("没有标题，看不出讲的是什么事")
    if "\ufffd" in entry.text or any("\ue000" <= character <= "\uf8ff" for character in entry.text):
        found.append("含有无法还原的字符，请对照原文改正")
    if entry.kind == "faq" and not entry.aliases:
        found.append("没有相似问，换个说法问可能找不到")
    if orders_in(" ".join((entry.question, *entry.aliases, entry.text))):
        found.append("有文字像是写给程序的指令，请确认没有人夹带")
    return tuple(found)
