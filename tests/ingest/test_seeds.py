"""General properties of what comes out of real scraped guides, where they are at hand; none of their text is here."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

import pytest

from ingest.contents import find_contents
from tests.ingest.files import full_text, read

SEEDS = sorted((Path(__file__).resolve().parents[2].parent / "shared" / "seeds").glob("*.txt"))
pytestmark = pytest.mark.skipif(not SEEDS, reason="the scraped guides are not beside the project (../shared/seeds)")


@pytest.fixture(scope="module")
def results():
    return [read(path.read_bytes(), path.name) for path in SEEDS]


@pytest.fixture(scope="module")
def entries(results):
    return [entry for result in results for entry in result.entries]


def passages(entries):
    return [entry for entry in entries if entry.kind == "passage"]


def test_offsets_are_exact_and_a_second_reading_gives_the_same(results):
    for path, result in zip(SEEDS, results, strict=True):
        whole = full_text(path.read_bytes(), path.name)
        assert all(
            whole[entry.place.start : entry.place.end] == entry.text
            for entry in result.entries
            if entry.kind != "script"
        )
        assert read(path.read_bytes(), path.name) == result


def test_no_table_of_contents_in_any_text(entries):
    for entry in entries:
        assert find_contents(entry.text, 0, len(entry.text)) == []
        assert not re.search(r"TOC\s*\\|CONTENTS|Part\d", entry.text)


def test_scripts_lists_and_answers_are_found(entries):
    scripts = [entry for entry in entries if entry.kind == "script"]
    assert sum(bool(entry.wrong) and "：" in entry.text.replace(":", "：") for entry in scripts) >= 12
    assert sum(len(entry.wrong) >= 8 for entry in scripts) >= 2
    assert sum(entry.kind == "faq" for entry in entries) >= 3
    assert all(entry.question and entry.text for entry in scripts)


def test_no_wrong_wording_in_any_text(entries):
    wrong = {wording for entry in entries for wording in entry.wrong if len(wording) >= 6}
    assert len(wrong) >= 30
    assert [(wording, entry.text) for entry in entries for wording in wrong if wording in entry.text] == []
    assert not any(re.search(r"(?:^|[。！？])\s*×", entry.text) for entry in entries)


def test_passages_have_a_length_to_read_at_a_glance(entries):
    lengths = [len(entry.text) for entry in passages(entries)]
    assert max(lengths) <= 400 and 100 <= median(lengths) <= 300
    assert sum(length < 15 for length in lengths) <= 1
    assert sum(length < 80 for length in lengths) <= 0.12 * len(lengths)


def test_passages_start_and_end_with_a_sentence_and_stand_under_a_heading(results):
    starts = ends = headed = count = 0
    for path, result in zip(SEEDS, results, strict=True):
        whole = full_text(path.read_bytes(), path.name)
        for entry in passages(result.entries):
            before = whole[: entry.place.start].rstrip(" \t")
            title = entry.place.heading[-1] if entry.place.heading else ""
            starts += (
                before[-1:] in ("", "\n", *"。！？!?；;：:”）")
                or bool(title)
                and before.replace(" ", "").endswith(title.replace(" ", ""))
            )
            ends += entry.text[-1] in "。！？!?；;”）…"
            headed += bool(entry.place.heading)
            count += 1
    assert (starts / count, ends / count, headed / count) >= (0.9, 0.9, 0.9)
    assert min(starts, ends, headed) >= 0.9 * count


def test_no_two_passages_say_the_same(entries):
    texts = [re.sub(r"\W", "", entry.text) for entry in passages(entries)]
    assert len(set(texts)) == len(texts)


def test_guides_for_staff_are_internal(results):
    assert {result.audience for result in results} == {"internal"}
