from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.errors import SourceError
from tests.ingest.files import ETIQUETTE_MD, FAQ_CSV, GUIDE_MD, entry_of, full_text, read

LINES = st.sampled_from(
    [
        "# 售后政策",
        "## 一、退货",
        "##换货",
        "一、退货条件",
        "1.1 时间",
        "（二）费用",
        "自签收次日起七天内，商品完好的可以申请退货。请在订单页提交申请。",
        "退款多久到账？",
        "问：能换货吗？",
        "答：同款可以换。",
        "- 保留包装",
        "1. 提交申请",
        "√ 您好，请稍等。",
        "× 等着。\n",
        "| 地区 | 运费 |",
        "|---|---|",
        "| 江苏 | 8元 |",
        "```",
        "----",
        "",
        "",
        "\u3000\u3000缩进的一段，{brand}欢迎您。",
        "货" * 500,
        "👍🏻",
        "<!-- 备注 -->",
    ]
)
DOCUMENTS = st.lists(LINES, min_size=1, max_size=40).map("\n".join)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(DOCUMENTS, st.sampled_from(["a.md", "a.txt"]))
def test_offsets_are_exact_and_nothing_is_lost_and_wrong_wordings_are_not_text(text, name):
    try:
        result, whole = read(text, name), full_text(text, name)
    except SourceError:
        return
    assert read(text, name) == result
    covered = bytearray(len(whole))
    for entry in result.entries:
        start, end = entry.place.start, entry.place.end
        if entry.kind == "script" and "\n" in entry.text:
            assert whole[start:end].startswith(entry.text.split("\n")[0])
        else:
            assert whole[start:end] == entry.text
        assert "等着" not in entry.text
        covered[start:end] = b"x" * (end - start)
    rest = "".join(character if not taken else "\n" for character, taken in zip(whole, covered, strict=True))
    told = [*(title for entry in result.entries for title in (*entry.place.heading, entry.question, entry.text, *entry.wrong))]
    told += [*result.warnings, "等着"]
    known = "\n".join(map(words, told))
    assert [line for line in map(words, rest.split("\n")) if line.lstrip("问答") not in known] == []


def words(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def test_ids_of_untouched_parts_survive_changes_elsewhere():
    before = read(GUIDE_MD, "售后政策.md")
    after = read(GUIDE_MD.replace("本政策适用于", "第一版说明：本政策自今日起适用于") + "\n## 三、换货\n\n只换同款。\n", "售后政策.md")
    changed = {entry.id for entry in before.entries} - {entry.id for entry in after.entries}
    assert changed == {before.entries[0].id}
    assert len({entry.id for entry in after.entries}) == len(after.entries) == 4


def test_an_edited_answer_keeps_the_id_of_its_question():
    before, after = read(FAQ_CSV, "faq.csv"), read(FAQ_CSV.replace("由我们承担", "由本店承担"), "faq.csv")
    assert [entry.id for entry in before.entries] == [entry.id for entry in after.entries]
    assert before.entries != after.entries
    assert read(FAQ_CSV, "other.csv").entries[0].id != before.entries[0].id


def test_a_repeated_question_gets_an_id_of_its_own():
    result = read("问题,答案\n怎么退货？,甲。\n怎么退货？,乙。\n", "faq.csv")
    assert len({entry.id for entry in result.entries}) == 2
    assert all(len(entry.id) >= 12 for entry in result.entries)


def test_a_faq_table_gives_everything_it_says():
    result = read(FAQ_CSV, "faq.csv")
    cod = entry_of(result, "可以货到付款吗")
    assert (cod.kind, cod.audience, cod.aliases, cod.category, cod.place.row) == (
        "faq",
        "public",
        ("能到付吗", "收到再给钱行不行"),
        "付款",
        2,
    )
    assert entry_of(result, "补偿最多").audience == "internal"
    whole = full_text(FAQ_CSV, "faq.csv")
    assert all(whole[entry.place.start : entry.place.end] == entry.text for entry in result.entries)


def test_the_command_line_overrides_every_row_and_says_so():
    result = read(FAQ_CSV, "faq.csv", audience="public")
    assert {entry.audience for entry in result.entries} == {"public"}
    assert any("--audience public" in warning for warning in result.warnings)
    assert {entry.audience for entry in read(FAQ_CSV, "faq.csv", audience="internal").entries} == {"internal"}


def test_front_matter_speaks_for_the_whole_file():
    result = read("---\n可见范围: 内部\n分类: 权限\n失效日期: 2030-12-31\n---\n# 权限\n\n主管可批准三百元。\n", "权限.md")
    (entry,) = result.entries
    assert (entry.audience, entry.category, entry.valid_to.isoformat()) == ("internal", "权限", "2030-12-31")
    with pytest.raises(SourceError, match="日期"):
        read("---\n失效日期: 明年\n---\n正文。\n")


def test_scripts_make_a_file_internal_without_other_signs():
    assert read(ETIQUETTE_MD, "范例.md").reason.startswith("标题含“礼仪”")
    result = read("### 客户催发货\n√ 马上核实。\n× 等着。\n", "范例.md")
    assert result.audience == "internal" and "√" in result.reason


def test_files_that_give_nothing_are_refused():
    for text, name in (("", "a.md"), ("\u200b\n----\n", "a.md"), ("问题,答案\n怎么退？,\n", "a.csv"), ("### 甲\n× 乙。\n", "a.md")):
        with pytest.raises(SourceError):
            read(text, name)


def test_a_question_set_is_no_knowledge():
    result = read("问题,期望\n能到付吗,可以货到付款吗？\n", "questions.csv")
    assert (result.entries, result.questions) == ((), 1)


def test_an_unchanged_file_in_another_encoding_gives_the_same_entries():
    assert read(FAQ_CSV.encode("gb18030"), "faq.csv").entries == read(FAQ_CSV, "faq.csv").entries
    assert read(GUIDE_MD.replace("\n", "\r\n").encode("utf-16"), "a.md").entries == read(GUIDE_MD, "a.md").entries
