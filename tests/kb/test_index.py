from __future__ import annotations

import dataclasses
import json
from datetime import date

import pytest

from kb.index import Index, build_index, entry_from_json, entry_to_json
from kb.records import Entry, Place
from tests.doubles import BigramEncoder, faq, passage

FULL = Entry(
    id="a",
    kind="script",
    audience="internal",
    text="很抱歉",
    place=Place("手册.md", ("一", "二"), 3, 6, 2, 9),
    question="客户着急",
    aliases=("催单", "急"),
    counter_examples=("退款",),
    wrong=("急什么",),
    category="安抚",
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
)


@pytest.mark.parametrize("entry", [FULL, passage("只有文字"), faq("问？", "答")])
def test_an_entry_survives_being_written(entry):
    assert entry_from_json(json.loads(json.dumps(entry_to_json(entry)))) == entry


def test_no_field_is_forgotten():
    written = entry_to_json(FULL)
    assert set(written) == {field.name for field in dataclasses.fields(Entry)}
    assert set(written["place"]) == {field.name for field in dataclasses.fields(Place)}


def test_an_index_survives_being_written_byte_by_byte():
    index, counts = build_index([FULL, faq("问？", "答", "问啊"), passage("长。" * 300, "题")], [BigramEncoder()])
    files = index.to_files()
    again = Index.from_files(files, index.fingerprints)
    assert again.entries == index.entries and again.views == index.views
    assert again.to_files() == files
    assert counts.reused == 0 and counts.embedded == len({view.digest for view in index.views})


@pytest.mark.parametrize("name", ["views.jsonl", "entries.jsonl", "vectors-0.faiss", "lexical.npz", "centre-0.npz"])
def test_parts_that_do_not_belong_together_are_refused(name):
    files = build_index([FULL, faq("问？", "答")], [BigramEncoder()])[0].to_files()
    other = build_index([faq("问？", "答", "一", "二", "三"), FULL, passage("短")], [BigramEncoder()])[0].to_files()
    if name == "centre-0.npz":
        other[name] = b"x"
    if name == "entries.jsonl":
        other[name] = b""
    with pytest.raises(ValueError, match=r"index|correspond|middles"):
        Index.from_files({**files, name: other[name]}, ["bigram:256"])
