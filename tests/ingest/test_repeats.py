from __future__ import annotations

import pytest

from ingest.duplicates import drop_duplicates
from ingest.notices import MOST_LISTED
from ingest.repeats import Repeats
from tests.doubles import passage
from tests.ingest.files import read
from tests.ingest.test_duplicates import at

TEXT = "签收之前请先检查外箱，外箱破损或者封条打开的，可以当面拒收，并请快递员写明原因，我们收到退回的包裹后会尽快安排补发。"


def is_repeat(text: str) -> bool:
    seen = Repeats()
    assert seen.first(0, TEXT) is None
    return seen.first(1, text) == 0


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("，", "、 ") + "\n",
        TEXT.replace("尽快", "尽速"),
        TEXT.replace("，可以当面拒收", "，可以当面地拒收"),
        TEXT.replace("签收之前请先", "签收前请"),
    ],
)
def test_the_same_in_words_of_no_weight_is_a_repeat(text):
    assert is_repeat(text)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("可以", "不可以"),
        TEXT.replace("封条", "三处封条"),
        TEXT.replace("补发", "退还全部货款和运费"),
        TEXT + "补发的包裹用航空件寄出，一般第二天就能送到您手里。",
        "满99元包邮。",
        "货" * 200,
    ],
)
def test_what_says_something_else_is_none(text):
    assert not is_repeat(text)


def test_a_repeated_block_in_a_file_is_kept_once_and_told():
    result = read(f"# 收货\n\n## 签收\n\n{TEXT}\n\n## 注意事项\n\n{TEXT.replace('尽快', '尽速')}\n", "收货.md")
    assert [entry.text for entry in result.entries] == [TEXT]
    (warning,) = result.warnings
    assert "重复" in warning and "收货 › 注意事项" in warning


def test_a_block_repeated_a_thousand_times_is_told_briefly():
    result = read(f"# 收货\n\n{TEXT}\n\n" + "".join(f"## 第{n}节\n\n{TEXT}\n\n" for n in range(1_000)), "收货.md")
    assert len(result.entries) == 1 and len(result.warnings) == MOST_LISTED + 1
    assert "重复" in result.warnings[-1] and f"另有 {1_000 - MOST_LISTED} 处" in result.warnings[-1]


def test_nearly_the_same_in_two_files_is_kept_once_the_public_one():
    inner = at(passage(TEXT.replace("尽快", "尽速"), audience="internal"), "内部.md")
    outer = at(passage(TEXT), "公开.md")
    result = drop_duplicates([inner, outer])
    assert [entry.id for entry in result.entries] == ["公开.md"]
    assert [(pair.kept.id, pair.other.id) for pair in result.dropped] == [("公开.md", "内部.md")]


def test_thousands_of_texts_that_differ_in_figures_stay():
    seen = Repeats()
    assert all(seen.first(n, TEXT.replace("外箱破损", f"外箱{n}号破损")) is None for n in range(2_000))
