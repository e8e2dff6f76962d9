from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import InputError
from kb.synonyms import FILE, Synonyms, load_synonyms
from kb.text import normalise

TEXT = "# 说明 不算\n\n货到付款 hdfk  到付\t送到再给钱\n支付宝 ＺＦＢ\n只有一个\n  貨到付款 貨到給錢  \n＃全角的说明 也不算\n".encode()


def test_a_line_is_a_group_and_is_normalised():
    assert Synonyms.from_bytes(TEXT).groups == (
        ("货到付款", "hdfk", "到付", "送到再给钱"),
        ("支付宝", "zfb"),
        ("货到付款", "货到给钱"),
    )


@pytest.mark.parametrize("data", [b"", b"\n\n", "# 只有说明\n".encode(), "一个词\n".encode()])
def test_a_file_may_hold_no_group(data):
    synonyms = Synonyms.from_bytes(data)
    assert synonyms.groups == () and synonyms.spelt_out("zfb") == "zfb" and synonyms.beside("现钱") == ""


def test_a_byte_order_mark_and_windows_lines_are_read():
    assert Synonyms.from_bytes("\ufeff现金 现钱\r\n淘宝 tb\r\n".encode()).groups == (("现金", "现钱"), ("淘宝", "tb"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hdfk可以吗", "货到付款可以吗"),
        ("用zfb还是hdfk", "用支付宝还是货到付款"),
        ("zfb2和xzfb不是", "zfb2和xzfb不是"),
        ("170zfb", "170zfb"),
        ("到付可以吗", "到付可以吗"),  # Han words are not replaced: they may be part of others
    ],
)
def test_letters_are_replaced_as_whole_words(typed, meant):
    assert Synonyms.from_bytes(TEXT).spelt_out(typed) == meant


def test_what_the_knowledge_says_stands_beside():
    synonyms = Synonyms.from_bytes("现金 现钱 现款\n运费 邮费 费\n".encode())
    assert synonyms.beside("现钱还是现款,邮费多少") == "现金 运费"
    assert synonyms.beside("现钱就是现金吗") == ""  # said already
    assert synonyms.beside("怎么退货") == ""


def test_the_longest_word_is_taken():
    synonyms = Synonyms.from_bytes("费用 费\n运费 快递费\n".encode())
    assert synonyms.beside("快递费多少") == "运费"


def test_a_word_belongs_to_the_first_group_that_names_it():
    assert Synonyms([("微信支付", "wx"), ("微信", "wx")]).spelt_out("wx") == "微信支付"


WORDS = st.text(alphabet="货到付款zfb7#＃", min_size=1, max_size=5)


@given(st.lists(st.lists(WORDS, min_size=2, max_size=4).map(" ".join), max_size=5))
def test_groups_survive_being_written(lines):
    synonyms = Synonyms.from_bytes("\n".join(lines).encode())
    again = Synonyms.from_bytes(synonyms.to_bytes())
    assert again.groups == synonyms.groups and again.to_bytes() == synonyms.to_bytes()


def test_the_packaged_groups_are_used_without_a_file(home):
    assert load_synonyms(home).groups == load_synonyms().groups != ()


def test_the_shops_own_groups_come_first(home):
    home.path.mkdir()
    (home.path / FILE).write_text("微信小店 wx\n竹篮 zl\n", encoding="utf-8")
    synonyms = load_synonyms(home)
    assert synonyms.spelt_out("wx") == "微信小店" and synonyms.spelt_out("zl") == "竹篮"
    assert synonyms.spelt_out("zfb") == "支付宝"


@pytest.mark.parametrize("data", ["现金 现钱".encode("gbk"), b"\xff\xfe\x00", "现金 现钱".encode()[:-1]])
def test_a_file_that_cannot_be_read_is_named(home, data):
    home.path.mkdir()
    (home.path / FILE).write_bytes(data)
    with pytest.raises(InputError, match=r"同义词文件 .*synonyms\.txt 读不出来.*UTF-8"):
        load_synonyms(home)


def test_in_the_packaged_file_no_word_stands_in_two_groups():
    words = Counter(word for group in load_synonyms().groups for word in group)
    assert [word for word, count in words.items() if count > 1] == []


def test_the_packaged_file_is_normalised():
    import kb.synonyms

    lines = kb.synonyms.Path(kb.synonyms.__file__).with_name(FILE).read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert len(lines) == len(load_synonyms().groups)
    assert [line for line in lines if normalise(line) != line] == []
