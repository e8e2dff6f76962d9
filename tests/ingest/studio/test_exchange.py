"""Many questions at once: tried before they are taken, and no cell that acts where it is opened."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.readers import read
from ingest.studio.table import as_csv, as_xlsx, form_of, own_table
from kb.editing import Fields, Invalid, read_fields
from kb.errors import InputError, SourceError
from tests.ingest.studio.conftest import FAQ

TABLE = (
    "问题,答案,相似问,可见范围,失效日期\n"
    "可以货到付款吗？,可以，满 99 元可用。,能到付吗,公开,\n"
    "多久能收到货？,一般三到五天。,,公开,\n"
    "能开发票吗？,可以的。,怎么开票|要发票,公开,\n"
    "能开发票吗,不可以。,,公开,\n"
    "有活动吗？,有。,,公开,后天\n"
    f"太长的,{'长' * 5001},,公开,\n"
)


def tried(studio, text: str, name: str = "表.csv"):
    upload = studio.files.receive(name, 0)
    upload.write(text.encode())
    return studio.exchange.try_import(upload)


def test_a_trial_tells_what_would_change_and_changes_nothing(studio):
    outcome = tried(studio, TABLE)
    assert (outcome.added, outcome.changed, outcome.same) == (("能开发票吗？",), ("可以货到付款吗？",), 1)
    refused = "\n".join(outcome.refused)
    assert "两行" in refused and "不是日期" in refused and "最多 5000" in refused
    assert len(studio.entries.questions()) == 2 and not studio.workspace.edits()


def test_what_was_tried_is_taken_once(studio):
    token = tried(studio, TABLE).token
    studio.exchange.do_import(token, "小周")
    assert studio.asked("能开发票吗？").own and studio.asked("能开发票吗？").entry.aliases == ("怎么开票", "要发票")
    cod = studio.asked("可以货到付款吗？")
    assert cod.state == "edited" and cod.entry.category == "支付", "an empty cell takes nothing away"
    with pytest.raises(InputError, match="已经完成"):
        studio.exchange.do_import(token, "小周")


@pytest.mark.parametrize("token", ["", "../../questions.csv", "0" * 16, "0" * 16 + ".csv"])
def test_made_up_tokens_open_nothing(studio, token):
    with pytest.raises(InputError):
        studio.exchange.do_import(token, "小周")


@pytest.mark.parametrize("text", ["名称,价格\n甲,3\n", "PK\x03\x04", "问题,期望\n能退吗,退货\n"])
def test_what_is_no_table_of_questions_is_told_and_forgotten(studio, text):
    with pytest.raises(SourceError):
        tried(studio, text, "表.xlsx" if text.startswith("PK") else "表.csv")
    assert not any((studio.workspace.root / ".incoming").iterdir())


def test_a_table_taken_away_and_brought_back_changes_nothing(studio):
    studio.entries.add(Fields("能开发票吗？", "=可以\n+另外", ("-发票", "@开票")), "小周")
    for kind in ("csv", "xlsx"):
        upload = studio.files.receive(f"导出.{kind}", 0)
        upload.write(studio.exchange.export(kind))
        outcome = studio.exchange.try_import(upload)
        assert (outcome.added, outcome.changed, outcome.same, outcome.refused) == ((), (), 3, ()), kind


DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://evil.example")']


@pytest.mark.parametrize("cell", DANGEROUS)
def test_no_cell_acts_as_a_formula_where_it_is_opened(cell):
    from openpyxl import load_workbook

    rows = [(Fields(cell, cell, (cell,), (), cell), cell)]
    table = list(csv.reader(io.StringIO(as_csv(rows).decode("utf-8-sig"))))[1]
    assert all(not value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in table)
    sheet = load_workbook(io.BytesIO(as_xlsx(rows))).active
    assert all(one.data_type == "s" for one in sheet[2] if one.value)


words = st.text(st.sampled_from("能退货吗？甲乙=+'-@,\"“”\n；1 。a"), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(words, words, st.lists(words, max_size=4), words)
def test_a_row_reads_back_as_it_was_written(question, text, aliases, category):
    try:
        fields = read_fields({"question": question, "text": text, "aliases": "\n".join(aliases), "category": category})
    except Invalid:
        return
    for data, form in ((own_table([fields]), lambda block: block), (as_csv([(fields, "x")]), None)):
        (block,) = read(data, "常见问题.csv").blocks
        got = Fields(block.faq.question, block.text, block.faq.aliases, (), block.faq.category)
        assert (read_fields(form_of(got)) if form is None else got) == fields
    assert FAQ
