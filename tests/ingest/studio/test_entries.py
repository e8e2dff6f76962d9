"""Entries changed in the studio: nothing is lost, nothing is applied to what it was not made for."""

from __future__ import annotations

import dataclasses
import threading

import pytest

from ingest.edits import apply
from kb.editing import Conflict, Fields, Invalid, read_fields
from kb.errors import InputError
from tests.ingest.studio.conftest import FAQ, GUIDE

COD = "可以货到付款吗？"


def changed(piece, **values) -> Fields:
    return dataclasses.replace(Fields.of(piece.entry), **values)


def built(studio):
    """What a build would take."""
    draft = studio.files._drafts.now()
    return studio.workspace.laid_over(entry for name, entries in draft.results() for entry in entries)


def test_an_edit_is_laid_over_the_file_and_the_file_stays_as_it_was(studio):
    piece = studio.asked(COD)
    after = studio.entries.edit(piece.entry.id, piece.version, changed(piece, text="可以，全国通用。"), "小周")
    assert (after.state, after.who) == ("edited", "小周")
    texts = {entry.id: entry.text for entry in built(studio).entries}
    assert texts[piece.entry.id] == "可以，全国通用。"
    assert (studio.workspace.root / "public/faq.csv").read_text(encoding="utf-8") == FAQ
    back = studio.entries.revert(piece.entry.id, after.version)
    assert back.state == "as_is" and back.entry == piece.entry and not built(studio).edited


def test_an_edit_that_saw_another_version_changes_nothing(studio):
    piece = studio.asked(COD)
    studio.entries.edit(piece.entry.id, piece.version, changed(piece, text="甲的话。"), "甲")
    with pytest.raises(Conflict, match="甲"):
        studio.entries.edit(piece.entry.id, piece.version, changed(piece, text="乙的话。"), "乙")
    assert studio.asked(COD).entry.text == "甲的话。"


def test_of_many_editors_at_once_one_wins_and_the_others_are_told(studio):
    piece = studio.asked(COD)
    other = studio.asked("多久能收到货？")
    told: list[str] = []
    start = threading.Barrier(6)

    def edit(number: int) -> None:
        start.wait()
        try:
            studio.entries.edit(piece.entry.id, piece.version, changed(piece, text=f"第 {number} 位。"), f"{number}")
            told.append(f"第 {number} 位。")
        except Conflict:
            told.append("")

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    start.wait()
    studio.entries.edit(other.entry.id, other.version, changed(other, text="三天。"), "旁人")
    for thread in threads:
        thread.join()
    won = [text for text in told if text]
    assert len(won) == 1 and studio.asked(COD).entry.text == won[0]
    assert studio.asked("多久能收到货？").entry.text == "三天。", "an edit of another entry is not lost"


def test_hidden_entries_are_not_built_and_can_be_put_back_with_their_changes(studio):
    piece = studio.asked(COD)
    piece = studio.entries.edit(piece.entry.id, piece.version, changed(piece, text="可以。"), "小周")
    piece = studio.entries.hide(piece.entry.id, piece.version, True, "小周")
    assert piece.state == "hidden" and piece.entry.id not in {entry.id for entry in built(studio).entries}
    piece = studio.entries.hide(piece.entry.id, piece.version, False, "小周")
    assert piece.state == "edited" and piece.entry.text == "可以。"


def test_an_edit_whose_original_changed_waits_and_is_told(studio):
    piece = studio.asked(COD)
    studio.entries.edit(piece.entry.id, piece.version, changed(piece, text="可以，不限金额。"), "小周")
    studio.upload("faq.csv", FAQ.replace("结算时选择“货到付款”", "满 99 元可用"))
    piece = studio.asked(COD)
    assert piece.state == "stale" and "满 99 元可用" in piece.entry.text and piece.wanted.text == "可以，不限金额。"
    outcome = built(studio)
    assert "满 99 元可用" in next(entry.text for entry in outcome.entries if entry.id == piece.entry.id)
    (line,) = map(str, outcome.stale)
    assert COD in line and "原文后来变了" in line
    kept = studio.entries.edit(piece.entry.id, piece.version, Fields.of(piece.wanted), "小周")
    assert kept.state == "edited" and not built(studio).stale


@pytest.mark.parametrize("how", ["hidden", "internal"])
def test_what_was_kept_from_customers_stays_so_when_the_file_changes(studio, how):
    piece = studio.asked(COD)
    if how == "hidden":
        studio.entries.hide(piece.entry.id, piece.version, True, "小周")
    else:
        studio.entries.edit(piece.entry.id, piece.version, changed(piece, audience="internal"), "小周")
    studio.upload("faq.csv", FAQ.replace("结算时选择“货到付款”", "满 99 元可用"))
    outcome = built(studio)
    assert COD not in {entry.question for entry in outcome.entries if entry.audience == "public"}
    assert "暂时仍不对外显示" in str(outcome.stale[0])


def test_an_edit_whose_entry_is_gone_is_told_and_kept_until_somebody_looks(studio):
    piece = studio.asked(COD)
    studio.entries.edit(piece.entry.id, piece.version, changed(piece, text="可以。"), "小周")
    file = next(file for file in studio.files.files() if file.name == "faq.csv")
    studio.files.delete("faq.csv", file.version)
    assert "原文已经不在了" in str(built(studio).stale[0])
    (lost,) = studio.entries.lost()
    assert lost.name == COD and lost.changes["text"] == "可以。"
    studio.files.restore("faq.csv")
    assert studio.asked(COD).entry.text == "可以。", "with the file the change is back"


def test_a_passage_can_be_changed_but_not_emptied(studio):
    (piece, *_) = studio.files.pieces("退货政策.md")
    with pytest.raises(Invalid, match="隐藏"):
        read_fields({"text": "  "}, asked=False)
    after = studio.entries.edit(piece.entry.id, piece.version, changed(piece, text="签收后七天内可以退。"), "小周")
    assert after.entry.place.heading == piece.entry.place.heading and after.entry.place.end is None


def test_own_questions_are_rows_that_the_ordinary_reader_reads(studio):
    fields = read_fields(
        {
            "question": "能开发票吗？",
            "text": "=可以\n=在订单页申请",
            "aliases": "发票怎么开\n要发票；开票",
            "audience": "public",
        }
    )
    piece = studio.entries.add(fields, "小周")
    assert piece.own and piece.entry.aliases == ("发票怎么开", "要发票", "开票")
    assert piece.entry.text == "=可以\n=在订单页申请"
    other = studio.entries.add(dataclasses.replace(fields, question="能开专票吗？"), "小周")
    piece = studio.entries.edit(piece.entry.id, piece.version, dataclasses.replace(fields, text="可以的。"), "小周")
    studio.entries.remove(other.entry.id, other.version)
    assert [one.entry.question for one in studio.entries.questions() if one.own] == ["能开发票吗？"]
    studio.entries.remove(piece.entry.id, piece.version)
    assert not any(one.own for one in studio.entries.questions())
    assert not (studio.workspace.root / "public/常见问题.csv").exists(), "an empty table is no file"


def test_what_cleaning_would_cut_from_a_row_is_refused_before_it_is_kept(studio, monkeypatch):
    import ingest.studio.entries as module

    read = module.read_entries

    def cut(data, *args, **options):
        return read(data.replace("一言为定".encode(), b""), *args, **options)

    monkeypatch.setattr(module, "read_entries", cut)
    with pytest.raises(Invalid, match="改写"):
        studio.entries.add(Fields("能开发票吗？", "可以，一言为定。"), "小周")
    assert not (studio.workspace.root / "public/常见问题.csv").exists()


def test_the_same_question_twice_is_refused(studio):
    with pytest.raises(Invalid, match=r"faq\.csv"):
        studio.entries.add(Fields("可以 货到付款 吗?", "可以。"), "小周")
    studio.entries.add(Fields(COD, "要核对电话。", audience="internal"), "小周")
    piece = studio.asked("多久能收到货？")
    with pytest.raises(Invalid, match="已经有了"):
        studio.entries.edit(piece.entry.id, piece.version, changed(piece, question=COD), "小周")


def test_a_row_of_a_file_is_hidden_not_deleted(studio):
    piece = studio.asked(COD)
    with pytest.raises(InputError, match="隐藏"):
        studio.entries.remove(piece.entry.id, piece.version)


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("question", "", "请写上问题"),
        ("text", "", "请写上答案"),
        ("text", "长" * 5001, "最多 5000"),
        ("question", "问" * 201, "最多 200"),
        ("aliases", "问" * 201, "一行写一个"),
        ("valid_to", "2026-02-30", "不是日期"),
        ("valid_to", "2025-12-31", "早于生效日期"),
        ("audience", "everyone", "可见范围"),
        ("counter_examples", "能用现金吗", "同时写在相似问和反例里"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(field, value, line):
    form = {"question": COD, "text": "可以。", "valid_from": "2026-01-01", "aliases": "能用现金吗", field: value}
    with pytest.raises(Invalid) as caught:
        read_fields(form)
    assert line in caught.value.problems[field]


def test_control_characters_do_not_get_in():
    fields = read_fields({"question": "问\x00\u202e吗？\ufeff", "text": "答\x07\r\n第二行\x1b"})
    assert fields.text == "答\n第二行" and "\x00" not in fields.question and "\ufeff" not in fields.question


def test_a_damaged_record_of_edits_stops_a_build_instead_of_showing_what_was_hidden(studio):
    from kb.errors import SourceError

    piece = studio.asked(COD)
    studio.entries.hide(piece.entry.id, piece.version, True, "小周")
    path = studio.workspace.root / "edits.jsonl"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SourceError, match="第 1 行已损坏"):
        built(studio)


def test_without_edits_everything_is_as_it_was(studio):
    entries = [piece.entry for piece in studio.files.pieces("退货政策.md")]
    assert apply(entries, {}).entries == tuple(entries) and GUIDE
