from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import lxml.html
import pytest

import kb.cli
from kb.breakdown import Run, at_bands, crossed, invented, missed, refused, steps, styles
from kb.charts import wilson
from kb.console import run
from kb.evaluate import Dataset, Query, measure
from kb.records import SearchResult
from kb.report import MOST_INVENTED, MOST_MISSED, MOST_REFUSED, Head, render
from tests.doubles import BigramEncoder, faq, hit, passage
from tests.kb.test_evaluate import write_set

COD = faq("可以货到付款吗？", "部分地区支持货到付款，结算页会显示。")
INVOICE = faq("怎么开发票？", "在订单详情页申请电子发票。")
FREIGHT = passage("质量问题的退货运费由我们承担。", "售后", "运费")
HEAD = Head(datetime(2026, 11, 23, 9, 5), ("bigram:256",), "0.1.0", "python -m kb evaluate 题库 --report r.html")
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&amp; 能退吗"


def made(*rows, entries=(COD, INVOICE, FREIGHT), name="小题库") -> Run:
    """Rows of (query, band, confidence, hits)."""
    queries = tuple(row[0] for row in rows)
    results = tuple(
        SearchResult(query.text, band, confidence, tuple(hit(entry, 1 / rank) for rank, entry in enumerate(hits, 1)), "g")
        for query, band, confidence, hits in rows
    )
    dataset = Dataset(name, tuple(entries), queries)
    return Run(dataset, measure(dataset, results, ms=1.5, build_seconds=2), results)


def asks(text: str, *relevant, **fields) -> Query:
    return Query(text, text, {entry.id: 1 for entry in relevant}, bool(relevant), **fields)


@pytest.fixture
def mixed() -> Run:
    return made(
        (asks("可以貨到付款嗎", COD), "answer", 0.9, [COD, INVOICE]),
        (asks("发票咋开", INVOICE), "answer", 0.8, [COD, INVOICE]),
        (asks("退货包邮不", FREIGHT), "clarify", 0.5, [COD, INVOICE]),
        (asks("送到再给钱", COD), "none", 0.2, [COD]),
        (asks("能刻字吗", kind="near"), "answer", 0.8, [INVOICE]),
        (asks("今天下雨吗", kind="far"), "none", 0.1, [FREIGHT]),
    )


def page(*runs: Run) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(render(runs, HEAD))


def words(element) -> str:
    return " ".join(element.text_content().split())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("壞了幫不幫修啊，想問一下", ("繁体字",)),
        ("请问可以用ＡＴＭ转账吗？", ("含字母",)),
        ("wx能付不", ("含字母", "短（少于 8 字）")),
        ("买了一个星期还没有收到货" * 4, ("长（超过 40 字）",)),
        ("请问你们支持货到付款吗？", ("其余",)),
    ],
)
def test_how_a_question_is_asked_is_told_from_its_text(text, told):
    assert styles(asks(text)) == told


def test_the_style_a_dataset_gives_wins():
    assert styles(asks("wx能付不", style="缩写")) == ("缩写",)


def test_every_question_has_a_band_and_a_lot(mixed):
    assert crossed(mixed.cases()) == {
        ("answer", "first"): 1,
        ("answer", "among"): 1,
        ("clarify", "wrong"): 1,
        ("none", "first"): 1,
        ("answer", "absent"): 1,
        ("none", "absent"): 1,
    }


def test_the_surest_mistakes_come_first(mixed):
    cases = mixed.cases()
    assert [case.query.text for case in missed(cases)] == ["发票咋开", "退货包邮不"]
    assert [case.query.text for case in refused(cases)] == ["送到再给钱"]
    assert [case.query.text for case in invented(cases)] == ["能刻字吗"]


def test_steps_can_be_worked_out_and_ties_move_together(mixed):
    first, second, *_, last = steps(mixed.cases())
    assert (first.threshold, first.answered, first.false, first.wrong) == (0.9, 0.25, 0, 0)
    assert (second.threshold, second.answered, second.false) == (0.8, 0.5, 0.5)
    assert second.wrong == pytest.approx(2 / 3)
    assert (last.answered, last.false) == (1, 1)
    assert at_bands(mixed.cases()) == second


def test_the_interval_of_a_share():
    # Newcombe 1998, table I: 81 of 263, and 0 of 20, without continuity correction.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)


def test_the_page_says_what_was_measured_and_how(mixed):
    text = words(page(mixed))
    for said in ("2026-11-23 09:05", "bigram:256", "0.1.0", "python -m kb evaluate 题库 --report r.html", "小题库"):
        assert said in text
    rows = {words(row[0]): [words(cell) for cell in row[1:]] for row in page(mixed).iterfind(".//tr")}
    assert rows["话题相近"] == ["1", "100%", "0%", "0%", "80%"]
    assert rows["繁体字"] == ["1", "100%", "100%", "100%", "100%", "0%"]
    assert rows["直接回答"] == ["3", "1 33%", "1 33%", "0", "1 33%"]


def test_a_miss_stands_beside_what_was_right(mixed):
    case = next(case for case in page(mixed).find_class("case") if "退货包邮不" in words(case))
    returned, right = case.find_class("pair")[0]
    assert COD.text in words(returned) and COD.id in words(returned) and "cosine 1.00" in words(returned)
    assert FREIGHT.text in words(right) and "售后 › 运费" in words(right) and "前 2 条里没有" in words(right)


def test_a_right_entry_that_the_corpus_lacks_is_said(mixed):
    text = words(page(made((Query("1", "发票咋开", {"没有的": 1}), "clarify", 0.4, [COD]))))
    assert "题库把 没有的 标为正确，但 corpus.jsonl 里没有这一条" in text


def test_long_lists_are_cut_and_say_so():
    rows = [(asks(f"发票{n}", INVOICE), "answer", n / 100, [COD]) for n in range(40)]
    rows += [(asks(f"付款{n}", COD), "none", n / 100, [COD]) for n in range(20)]
    rows += [(asks(f"天气{n}"), "answer", n / 100, [COD]) for n in range(20)]
    tree = page(made(*rows))
    assert len(tree.find_class("case")) == MOST_MISSED + MOST_REFUSED + MOST_INVENTED == 60
    assert "共 40 题，列出前 30 题" in words(tree) and tree.text_content().count("共 20 题，列出前 15 题") == 2
    shown = [words(case[0]) for case in tree.find_class("case")]
    assert "发票39" in shown[0] and "付款0" in shown[30] and "天气19" in shown[45]


def test_nothing_shown_can_carry_markup():
    evil = faq(HOSTILE, HOSTILE)
    rows = (asks(HOSTILE, COD, style=HOSTILE), "answer", 0.9, [evil]), (asks(HOSTILE, kind=HOSTILE), "answer", 0.8, [evil])
    html = render([made(*rows, entries=(COD, evil), name=HOSTILE)], HEAD)
    tree = lxml.html.document_fromstring(html)
    assert not tree.xpath("//script | //img | //*[@onerror]")
    assert HOSTILE in tree.text_content()


@pytest.mark.parametrize("text", ["🚚到哪了", "", "\x00\x1b[31m", "货" * 10_000, "\ud800坏"])
def test_any_question_can_be_shown(text, tmp_path):
    html = render([made((Query("1", text, {COD.id: 1}), "clarify", 0.4, [INVOICE]))], HEAD)
    assert html.encode("utf-8", "replace")
    assert html.endswith("</html>\n")


def test_the_page_stands_alone(mixed):
    html = render([mixed, made(*[], name="空")], HEAD)
    tree = lxml.html.document_fromstring(html)
    assert not tree.xpath("//script | //link | //iframe | //*[@src]") and not re.search(r"https?:|@import|url\(", html)
    identities = tree.xpath("//@id")
    assert len(identities) == len(set(identities))
    assert {link.removeprefix("#") for link in tree.xpath("//a/@href")} <= set(identities)


def test_every_chart_has_a_name_and_its_numbers(mixed):
    figures = list(page(mixed).iter("figure"))
    assert len(figures) == 3
    for figure in figures:
        assert figure.find(".//svg/title").text and len(figure.findall(".//details//tbody/tr")) > 1
        coordinates = [float(value) for value in re.findall(r'\b(?:x|y|x1|y1|cx|cy)="([^"]+)"', lxml.html.tostring(figure).decode())]
        assert coordinates and all(0 <= value <= 360 for value in coordinates)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(asks("能刻字吗"), "none", 0.0, [])],
        [(asks("能刻字吗"), "answer", 1.0, [COD])],
        [(asks("货到付款", COD), "none", 0.0, [])],
        [(asks("货到付款", COD), "answer", 1.0, [COD])],
    ],
    ids=["no question", "nothing found", "all unanswerable", "nothing right", "all right"],
)
def test_one_sided_sets_have_a_page(rows):
    assert "nan" not in render([made(*rows)], HEAD)


def test_the_same_results_give_the_same_page(mixed):
    assert render([mixed], HEAD) == render([mixed], HEAD)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(kb.cli, "_encoders", lambda home, names: (BigramEncoder(),))
    return write_set(
        tmp_path / "题库",
        corpus=[{"id": entry.id, "text": entry.text} for entry in (COD, INVOICE, FREIGHT)],
        queries=[{"id": "1", "text": "貨到付款", "style": "口语"}, {"id": "2", "text": "下雨吗", "answerable": False, "kind": "far"}],
        qrels=[{"query": "1", "doc": COD.id, "rel": 1}],
    )


def test_evaluate_writes_the_page_and_says_where(folder, home, capsys):
    report = folder.parent / "报告 1.html"
    assert run(kb.cli.cli, ["evaluate", str(folder), "--report", str(report), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["dataset"] == "题库" and str(report) in shown.err
    text = words(lxml.html.document_fromstring(report.read_text(encoding="utf-8")))
    assert "口语" in text and "话题无关" in text and f"--report '{report}'" in text


def test_evaluate_prints_what_the_bands_do(folder, home, capsys):
    assert run(kb.cli.cli, ["evaluate", str(folder)]) == 0
    head, row = capsys.readouterr().out.splitlines()
    titles = re.split(r"\s{2,}", head.strip())
    values = dict(zip(titles, row.split()[1:], strict=True))
    assert values["hit@1"] == "1.000" and {"answered", "right", "handed over"} <= set(values)


@pytest.mark.parametrize(("place", "said"), [("没有/r.html", "不存在"), (".", "是文件夹")])
def test_a_report_that_cannot_be_written_is_said_before_measuring(folder, home, place, said, monkeypatch, capsys):
    monkeypatch.setattr(kb.cli, "_run", lambda *_: pytest.fail("measured first"))
    assert run(kb.cli.cli, ["evaluate", str(folder), "--report", str(folder / place)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.browser
def test_the_page_fits_a_phone_and_asks_for_nothing(mixed, tmp_path, browser):
    from tests.app.browser import SMALL_PHONE

    file = tmp_path / "report.html"
    file.write_text(render([mixed, mixed], HEAD), encoding="utf-8")
    shown = browser.new_page(viewport=SMALL_PHONE, color_scheme="dark")
    asked, complaints = [], []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: complaints.append(message.text))
    shown.goto(file.as_uri())
    assert not shown.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 25, 23)"
    assert asked == [file.as_uri()] and not complaints
    shown.close()
