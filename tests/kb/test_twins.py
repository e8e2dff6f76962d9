from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

import kb.twins
from kb.cli import cli
from kb.config import Home
from kb.console import run
from kb.fitting import LEAST_ALIASES
from kb.index import Index, build_index
from kb.store import Store
from kb.twins import twins
from tests.doubles import BigramEncoder, faq, passage

COD = faq("可以货到付款吗？", "部分地区支持货到付款。", "能不能货到付款", "支持货到付款吗")
COD_AGAIN = faq("货到付款可以吗？", "目前支持货到付款。", "可不可以货到付款", "支不支持货到付款")
INVOICE = faq("怎么开发票？", "在订单详情页申请电子发票。", "如何开具发票", "电子发票怎么申请")
ADDRESS = faq("怎么修改收货地址？", "未出库可以自行修改。", "收货地址填错了", "想换一个收货地址")
SUBJECTS = "货到付款 电子发票 收货地址 退货运费 会员积分 优惠券码 保修期限 礼品卡片 尺寸颜色 物流进度 账号密码 投诉建议".split()
ASKED = ("{}怎么弄？", "{}在哪里办", "请教{}的事", "关于{}要问一下")


def index_of(*entries, encoders=None) -> Index:
    return build_index(entries, encoders or [BigramEncoder()])[0]


def names(found) -> list[tuple[str, str]]:
    return [(pair.a.question, pair.b.question) for pair in found]


def shop() -> list:
    """Twelve entries about different things, each asked in four ways."""
    return [faq(ASKED[0].format(of), f"{of}的说明。", *(way.format(of) for way in ASKED[1:])) for of in SUBJECTS]


def test_one_thing_under_two_questions_is_told_with_the_closest_wordings():
    found = twins(index_of(COD, INVOICE, COD_AGAIN, ADDRESS))
    assert names(found) == [(COD.question, COD_AGAIN.question)]
    pair = found[0]
    assert pair.wording_a in (COD.question, *COD.aliases) and pair.wording_b in (COD_AGAIN.question, *COD_AGAIN.aliases)
    encoder, index = BigramEncoder(), index_of(COD)
    texts = index.centres[0].passages(encoder.passages([pair.wording_a, pair.wording_b]))
    assert pair.cosine == pytest.approx(float(texts[0] @ texts[1]), abs=2e-3) and pair.cosine > 0.5


def test_the_base_itself_says_how_close_is_close():
    entries = shop()
    assert twins(index_of(*entries)) == ()
    again = faq("货到付款怎么弄呢？", "另一个答案。", "货到付款在哪里能办", "请教一下货到付款", "要问货到付款的事")
    assert names(twins(index_of(*entries, again))) == [(entries[0].question, again.question)]


def test_two_halves_of_one_entry_are_found_again():
    entries = shop()
    texts = [entries[3].question, *entries[3].aliases]
    halves = [faq(texts[0], "一", texts[2]), faq(texts[1], "二", texts[3])]
    rest = [entry for entry in entries if entry is not entries[3]]
    assert (halves[0].question, halves[1].question) in names(twins(index_of(*rest, *halves)))


def test_a_shared_wording_is_told_however_unlike_the_rest_is():
    other = replace(INVOICE, aliases=(*INVOICE.aliases, "收貨地址填錯了！"))
    assert names(twins(index_of(*shop()[3:], INVOICE, ADDRESS))) == []
    assert names(twins(index_of(*shop()[3:], other, ADDRESS))) == [(other.question, ADDRESS.question)]


def test_a_counter_example_settles_a_pair():
    told_apart = replace(COD_AGAIN, counter_examples=("貨到付款可以吗", "能不能货到付款？"))
    assert twins(index_of(COD, INVOICE, told_apart)) == ()
    assert len(twins(index_of(COD, INVOICE, replace(COD_AGAIN, counter_examples=("可以赊账吗",))))) == 1


def test_pairs_that_are_never_valid_together_are_no_twins():
    old = replace(COD, valid_to=date(2026, 10, 31))
    assert twins(index_of(old, replace(COD_AGAIN, valid_from=date(2026, 11, 1)))) == ()
    assert len(twins(index_of(old, replace(COD_AGAIN, valid_from=date(2026, 10, 31))))) == 1


def test_passages_are_held_against_those_of_other_files():
    text = "签收后四十八小时内拍照联系我们，核实后补发或者全额退款。"
    here = passage(text, "破损")
    there = passage("请在签收后四十八小时内拍照联系我们，我们核实后补发或者全额退款。", "破损")
    elsewhere = replace(there, place=replace(there.place, source="配送.md"))
    assert twins(index_of(here, there)) == ()
    found = twins(index_of(here, elsewhere, passage("积分当年有效，次年清零。", "积分")))
    assert [(pair.a.id, pair.b.id) for pair in found] == [(here.id, elsewhere.id)]
    assert text.startswith(found[0].wording_a)


def test_questions_are_not_held_against_passages():
    question = faq("签收后发现破损怎么办", "请联系我们。")
    assert twins(index_of(question, passage("签收后发现破损怎么办", "破损"))) == ()


@pytest.mark.parametrize("block", [1, 3])
def test_blocks_do_not_change_what_is_found(block, monkeypatch):
    entries = [*shop(), COD, COD_AGAIN, INVOICE, replace(INVOICE, id="又", question="发票怎么开？")]
    whole = twins(index_of(*entries))
    monkeypatch.setattr(kb.twins, "BLOCK", block)
    assert len(whole) > 1 and twins(index_of(*entries)) == whole


def test_at_most_so_many_the_closest_first():
    same = [replace(COD, id=f"{number}") for number in range(6)]
    index = index_of(*same, INVOICE)
    assert len(twins(index)) >= 5 and len(twins(index, most=2)) == 2 and twins(index, most=0) == ()
    cosines = [pair.cosine for pair in twins(index_of(*shop(), COD, COD_AGAIN, INVOICE, ADDRESS))]
    assert cosines == sorted(cosines, reverse=True)


def test_bases_of_nothing_or_one_thing_have_no_twins():
    assert twins(index_of()) == () and twins(index_of(COD)) == () and twins(index_of(passage("一段话。"))) == ()


def test_cosines_of_several_encoders_are_averaged():
    class Other(BigramEncoder):
        fingerprint = "other:1"

        def _encode(self, texts):
            return -super()._encode(texts)[:, ::-1].copy()

    one = twins(index_of(COD, INVOICE, COD_AGAIN))
    two = twins(index_of(COD, INVOICE, COD_AGAIN, encoders=[BigramEncoder(), Other()]))
    assert names(one) == names(two) and two[0].cosine == pytest.approx(one[0].cosine, abs=1e-3)


@pytest.fixture
def served(home: Home, monkeypatch) -> Home:
    monkeypatch.setattr("kb.encoder.load_encoders", lambda settings, report=None: (BigramEncoder(),))
    return home


def publish(home: Home, *entries) -> None:
    store = Store(home.store)
    store.publish(store.write(entries, [BigramEncoder()]).id)


def lines_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_command_prints_pairs_and_strays_as_json_lines(served, capsys):
    stray = faq("怎么寄回商品？", "申请后寄回。", *(f"{of}在哪里办理呢" for of in SUBJECTS))
    publish(served, *shop(), COD, COD_AGAIN, stray)
    assert run(cli, ["twins", "--json"]) == 0
    lines = lines_of(capsys.readouterr().out)
    pair = next(line for line in lines if line["kind"] == "pair" and line["a"]["id"] == COD.id)
    assert set(pair) == {"kind", "a", "b", "wording_a", "wording_b", "cosine"}
    assert pair["b"] == {"id": COD_AGAIN.id, "question": COD_AGAIN.question, "source": "faq.csv"}
    strays = [line for line in lines if line["kind"] == "stray"]
    assert any(line["expected"]["id"] == stray.id and line["question"] in stray.aliases for line in strays)
    assert all(line["expected"]["id"] != line["found"]["id"] for line in strays)


def test_the_command_tells_people_what_to_do(served, capsys):
    publish(served, COD, COD_AGAIN, INVOICE)
    assert run(cli, ["twins"]) == 0
    out = capsys.readouterr().out
    assert COD.question in out and COD_AGAIN.question in out and "反例问" in out and "合并" in out
    assert "没有检查误中" in out and len(COD.aliases) * 3 < LEAST_ALIASES


def test_internal_entries_are_listed_for_staff_only(served, capsys):
    publish(served, COD, replace(COD_AGAIN, audience="internal"))
    assert run(cli, ["twins", "--json", "--audience", "public"]) == 0
    assert capsys.readouterr().out == ""
    assert run(cli, ["twins", "--json"]) == 0
    assert len(lines_of(capsys.readouterr().out)) == 1


def test_an_empty_home_is_one_clear_line(served, capsys):
    assert run(cli, ["twins"]) == 1
    assert "知识库还是空的" in capsys.readouterr().err


def test_a_large_base_is_compared_in_bounded_blocks(monkeypatch):
    shapes = []
    closeness = kb.twins._Group._closeness

    def watched(self, one, two):
        values = closeness(self, one, two)
        shapes.append(values.shape)
        return values

    monkeypatch.setattr(kb.twins, "BLOCK", 8)
    monkeypatch.setattr(kb.twins._Group, "_closeness", watched)
    twins(index_of(*(faq(f"第{number}种商品能退吗", "可以。") for number in range(30))))
    assert shapes and np.array(shapes).max() == 8
