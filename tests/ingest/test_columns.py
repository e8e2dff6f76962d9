from __future__ import annotations

from datetime import date, datetime

import pytest

from ingest.columns import parse_audience, parse_date, roles_of, split_aliases


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        (["问题", "相似问", "答案"], {"question": 0, "aliases": 1, "answer": 2}),
        (["標準問題", "回答", "類別"], {"question": 0, "answer": 1, "category": 2}),
        (["答复*", " 标准问 ", "可见范围（公开/内部）"], {"answer": 0, "question": 1, "audience": 2}),
        (["Question", "Answer", "Aliases"], {"question": 0, "answer": 1, "aliases": 2}),
        (["问", "答"], {"question": 0, "answer": 1}),
        (["分段标题（选填）", "分段内容（必填）", "问题（一行一个）"], {"question": 2, "answer": 1}),
        (["标题", "答案"], {"question": 0, "answer": 1}),
        (["问题", "期望", "可见范围"], {"question": 0, "expected": 1, "audience": 2}),
        (["标题", "内容"], {}),
        (["姓名", "电话"], {}),
        (["a", "b", "c"], {}),
    ],
)
def test_columns_are_known_by_their_usual_names(header, roles):
    assert roles_of(header) == roles


def test_the_first_column_of_a_name_wins():
    assert roles_of(["问题", "问题", "答案"])["question"] == 0


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2025-01-31", date(2025, 1, 31)),
        ("2025/1/31", date(2025, 1, 31)),
        ("2025.01.31", date(2025, 1, 31)),
        ("2025年1月31日", date(2025, 1, 31)),
        ("２０２５－０１－３１", date(2025, 1, 31)),
        ("20250131", date(2025, 1, 31)),
        ("2025-01-31 00:00:00", date(2025, 1, 31)),
        (datetime(2025, 1, 31, 8), date(2025, 1, 31)),
        (date(2025, 1, 31), date(2025, 1, 31)),
        ("", None),
        ("长期有效", None),
        ("—", None),
    ],
)
def test_dates_are_read_as_people_write_them(cell, day):
    assert parse_date(cell) == day


@pytest.mark.parametrize("cell", ["明年", "2025-13-01", "2025-02-30", "45000", "31/01/2025"])
def test_what_is_no_date_is_no_date(cell):
    with pytest.raises(ValueError):
        parse_date(cell)


def test_audience_words():
    assert parse_audience("公开") == parse_audience("PUBLIC") == parse_audience("公開") == "public"
    assert parse_audience("仅内部") == parse_audience("客服") == "internal"
    assert parse_audience(" ") is None
    with pytest.raises(ValueError):
        parse_audience("不公开")


def test_aliases_are_cut_at_bars_semicolons_and_line_ends():
    assert split_aliases("能到付吗|到付行吗；货到给钱;\n能到付吗\n\n收到再付") == ("能到付吗", "到付行吗", "货到给钱", "收到再付")
    assert split_aliases("运费、税费怎么算") == ("运费、税费怎么算",)
