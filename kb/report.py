"""An evaluation as one HTML page that works offline: what was reached, where it fails, and what to mend first.

The page loads nothing from anywhere and runs no script; the same results give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from xml.etree.ElementTree import Element

from kb.breakdown import AMONG, Case, Lot, Run, at_bands, crossed, grouped, invented, missed, refused, steps, styles
from kb.charts import histogram, reliability, trade_off
from kb.evaluate import Query, calibration_bins, share
from kb.markup import Child, document, node, table
from kb.records import Band, Entry, Hit

MOST_MISSED, MOST_REFUSED, MOST_INVENTED = 30, 15, 15
OPENED = 3
"""How many cases of a list stand open; the others open at a click."""
GLANCE = 300

BANDS: dict[Band, str] = {"answer": "直接回答", "clarify": "给出选项", "none": "转人工"}
LOTS: dict[Lot, str] = {"first": "首条正确", "among": f"排第 2 到 {AMONG}", "wrong": f"前 {AMONG} 条里没有", "absent": "库里没有答案"}
VERDICTS: dict[tuple[Band, Lot], str] = {
    ("answer", "first"): "good", ("answer", "among"): "bad", ("answer", "wrong"): "bad", ("answer", "absent"): "bad",
    ("clarify", "first"): "good", ("clarify", "among"): "good", ("clarify", "wrong"): "poor", ("clarify", "absent"): "poor",
    ("none", "first"): "poor", ("none", "among"): "poor", ("none", "wrong"): "good", ("none", "absent"): "good",
}  # fmt: skip
KINDS = {"near": "话题相近", "far": "话题无关"}
MEASURES = (
    ("hit1", "首条命中 hit@1", "有答案的问题里，第一条就正确的比例。越高越好。"),
    ("hit5", "前五命中 hit@5", "有答案的问题里，前五条中有正确一条的比例。越高越好。"),
    ("mrr10", "MRR@10", "正确的一条排得越靠前分越高：第一得 1 分，第二得 1/2，第三得 1/3，第十以后得 0，再取平均。"),
    ("ndcg10", "nDCG@10", "前十条的次序与理想次序相比有多好，也看相关程度的高低。1 为最理想。"),
    ("answered", "直接回答", "有答案的问题里，系统直接回答的比例（不论对错）。"),
    ("served", "回答或给选项", "有答案的问题里，直接回答或列出“您可能想问”的比例。越高越好。"),
    ("right_when_answered", "答对率", "直接回答的里面（包括本不该回答的），第一条正确的比例。越高越好。"),
    ("not_answered", "不乱答", "库里没有答案的问题里，没有直接回答的比例。越高越好。"),
    ("handed_over", "及时转人工", "库里没有答案的问题里，直接转人工的比例。"),
    ("refusal_auroc", "拒答区分度 AUROC", "各取一个有答案和没有答案的问题，前者把握更高的机会。0.5 等于碰运气，1 为完全分得开。"),
    ("false_answer_at_95", "误答率（答出 95% 时）", "如果放宽界线，让有答案的问题 95% 都得到回答，没有答案的会有多少也被回答。越低越好。"),
    ("calibration_error", "校准误差 ECE", "系统报出的把握与实际答对率平均差多少。越低越好，0 就是说八成便有八成对。"),
    ("ms_per_question", "每题用时（毫秒）", "平均查一个问题要多久，和机器有关，只宜在同一台机器上比较。"),
    ("build_seconds", "建索引（秒）", "为这套题临时建索引用了多久。"),
)


@dataclass(frozen=True, slots=True)
class Head:
    """What the page says about itself: when and how it was made."""

    made: datetime
    encoders: tuple[str, ...]
    version: str
    command: str


def render(runs: Sequence[Run], head: Head) -> str:
    """The whole page as text."""
    style = resources.files("kb").joinpath("report.css").read_text(encoding="utf-8")
    title = "检索评测报告"
    meta = [
        node("meta", charset="utf-8"),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        node("meta", name="color-scheme", content="light dark"),
        node("title", f"{title} · {'、'.join(run.dataset.name for run in runs)}"),
        node("style", style),
    ]
    body = node(
        "body",
        node("header", node("h1", title), _facts(head)),
        node(
            "main",
            node("section", node("h2", "总览"), _figures(runs)),
            *(_dataset(number, run) for number, run in enumerate(runs, 1)),
        ),
        node("footer", node("p", "报告里有问题和知识的原文，请按内部资料保管。")),
    )
    return document(node("html", node("head", *meta), body, lang="zh-CN"))


def _facts(head: Head) -> Element:
    facts: list[tuple[str, Child]] = [
        ("生成时间", f"{head.made:%Y-%m-%d %H:%M}"),
        ("编码模型", "、".join(head.encoders)),
        ("版本", head.version),
        ("命令", node("code", head.command)),
    ]
    return node("dl", *(node("div", node("dt", name), node("dd", value)) for name, value in facts), class_="facts")


def _figures(runs: Sequence[Run]) -> Element:
    values = [run.figures.as_json() for run in runs]
    rows: list[list[Child]] = [
        ["知识条数", *(f"{len(run.dataset.entries)}" for run in runs)],
        ["问题数", *(f"{len(run.dataset.queries)}" for run in runs)],
        ["其中库里没有答案的", *(f"{sum(not query.has_answer for query in run.dataset.queries)}" for run in runs)],
    ]
    for key, name, meaning in MEASURES:
        title = node("span", node("b", name), node("small", meaning))
        digits = 1 if key in ("ms_per_question", "build_seconds") else 3
        rows.append([title, *("–" if value[key] is None else f"{value[key]:.{digits}f}" for value in values)])
    names = [node("a", run.dataset.name, href=f"#d{number}") for number, run in enumerate(runs, 1)]
    return table("各题库的成绩", ["指标", *names], rows, "figures")


def _dataset(number: int, run: Run) -> Element:
    cases, mark = run.cases(), f"d{number}"
    lists = (
        (
            "missed", "错得最有把握的", missed(cases), MOST_MISSED,
            "有答案却没有排在第一的问题，把握最高的在前：这些最容易误导顾客。常见的原因是两条知识太像，或者正确的一条没有顾客的说法；"
            "可以给正确的条目补充相似问，给误中的条目加反例问，或把内容重复的条目合并。",
        ),
        (
            "refused", "不该转人工的", refused(cases), MOST_REFUSED,
            f"正确的一条就在前 {AMONG} 条里，却因为把握太低转了人工；把握最低的在前。给这些条目补充顾客的说法最见效。",
        ),
        (
            "invented", "不该回答的", invented(cases), MOST_INVENTED,
            "库里没有答案却直接回答了，把握最高的在前。若确实该有答案，请补充知识；否则可给误中的条目加反例问。",
        ),
    )  # fmt: skip
    links = [("forms", "问法"), ("bands", "处理与对错"), ("curves", "把握"), *((key, title) for key, title, *_ in lists)]
    entries = {entry.id: entry for entry in run.dataset.entries}
    return node(
        "section",
        node("h2", run.dataset.name, id=mark),
        node("nav", *(node("a", title, href=f"#{mark}-{key}") for key, title in links), aria_label=f"{run.dataset.name} 的各节"),
        node("h3", "按问法看", id=f"{mark}-forms"),
        *_forms(cases),
        node("h3", "处理与对错", id=f"{mark}-bands"),
        node("p", "每一行是一种处理；百分比以这一行为准。绿色合适，黄色可惜，红色会误导顾客。"),
        _bands(cases),
        node("h3", "把握", id=f"{mark}-curves"),
        _curves(cases),
        *(_list(f"{mark}-{key}", title, note, found[:most], len(found), entries) for key, title, found, most, note in lists),
    )


def _forms(cases: Sequence[Case]) -> list[Element]:
    """How the figures differ by the way a question is asked; unanswerable ones by how far they are from the base."""
    answerable = [case for case in cases if case.lot != "absent"]
    absent = [case for case in cases if case.lot == "absent"]
    parts = []
    if answerable:
        rows = [
            [
                name,
                str(len(group)),
                _percent([case.lot == "first" for case in group]),
                _percent([case.lot != "wrong" for case in group]),
                _percent([case.result.band == "answer" for case in group]),
                _percent([case.lot == "first" for case in group if case.result.band == "answer"]),
                _percent([case.result.band == "none" for case in group]),
            ]
            for name, group in {"全部": answerable, **grouped(answerable, styles)}.items()
        ]
        head = ["有答案的问题", "题数", "首条正确", f"前 {AMONG} 条里有", "直接回答", "回答中正确", "转人工"]
        parts += [table("有答案的问题，按问法", head, rows)]
        if not all(case.query.style for case in answerable):
            parts.append(node("p", "题库没有注明问法，按文字自动归类；一题可以同时属于几类。", class_="aside"))
    if absent:
        rows = [
            [
                name,
                str(len(group)),
                *(_percent([case.result.band == band for case in group]) for band in BANDS),
                f"{sum(case.result.confidence for case in group) / len(group):.0%}",
            ]
            for name, group in {"全部": absent, **grouped(absent, _kinds)}.items()
        ]
        parts.append(table("库里没有答案的问题，按类型", ["没有答案的问题", "题数", *BANDS.values(), "平均把握"], rows))
    return parts or [node("p", "这套题里没有问题。", class_="aside")]


def _kinds(query: Query) -> tuple[str, ...]:
    return (KINDS.get(query.kind, query.kind) or query.style or "未注明",)


def _bands(cases: Sequence[Case]) -> Element:
    counts, rows = crossed(cases), []
    for band, name in BANDS.items():
        whole = sum(counts.get((band, lot), 0) for lot in LOTS)
        row: list[Child] = [name, str(whole)]
        for lot in LOTS:
            count = counts.get((band, lot), 0)
            part = node("small", f" {count / whole:.0%}") if count else None
            row.append(node("td", str(count), part, class_=VERDICTS[band, lot] if count else None))
        rows.append(row)
    totals = [str(sum(counts.get((band, lot), 0) for band in BANDS)) for lot in LOTS]
    return table("处理与对错", ["处理", "合计", *LOTS.values()], [*rows, ["合计", str(len(cases)), *totals]], "crossed")


def _curves(cases: Sequence[Case]) -> Element:
    confidences, right = [case.result.confidence for case in cases], [case.lot == "first" for case in cases]
    return node(
        "div",
        reliability(calibration_bins(confidences, right)),
        histogram(cases),
        trade_off(steps(cases), at_bands(cases)),
        class_="charts",
    )


def _list(mark: str, title: str, note: str, shown: Sequence[Case], count: int, entries: dict[str, Entry]) -> Element:
    """Cases side by side with the right entry; there are ``count`` in all."""
    if not shown:
        return node("section", node("h3", title, id=mark), node("p", "没有这样的问题。", class_="aside"))
    size = f" 共 {count} 题" + (f"，列出前 {len(shown)} 题" if count > len(shown) else "")
    cards = [_card(case, entries, number <= OPENED) for number, case in enumerate(shown, 1)]
    return node("section", node("h3", title, node("small", size), id=mark), node("p", note), *cards)


def _card(case: Case, entries: dict[str, Entry], opened: bool) -> Element:
    band, first = case.result.band, case.result.hits[0]
    absent = case.lot == "absent"
    place = "库里没有答案" if absent else f"正确的排第 {case.rank}" if case.rank else "正确的没有找到"
    summary = node(
        "summary",
        node("b", case.query.text),
        node("span", f"把握 {case.result.confidence:.0%}", class_="sure"),
        node("span", BANDS[band], class_=f"band {VERDICTS[band, case.lot]}"),
        node("span", place, class_="place"),
    )
    columns = [_column("返回的第一条" + ("（正确）" if case.rank == 1 else ""), first.entry, first.text, first)]
    if absent:
        kind = _kinds(case.query)[0]
        columns.append(node("div", node("h4", "应有的处理"), node("p", f"库里没有答案（{kind}），应转人工，至多给出选项。")))
    elif case.rank != 1:
        columns.append(_right(case, entries))
    return node("details", summary, node("div", *columns, class_="pair"), class_="case", open="" if opened else None)


def _right(case: Case, entries: dict[str, Entry]) -> Element:
    """The right entry that came first of those found, else the most relevant one of the corpus."""
    others = len(case.query.relevant) - 1
    more = f"；另有 {others} 条也算正确" if others else ""
    if case.rank is not None:
        hit = case.result.hits[case.rank - 1]
        return _column(f"正确的（排第 {case.rank}{more}）", hit.entry, hit.text, hit)
    identity = max(case.query.relevant, key=lambda name: (case.query.relevant[name], name))
    entry = entries.get(identity)
    if entry is None:
        return node("div", node("h4", "正确的"), node("p", f"题库把 {identity} 标为正确，但 corpus.jsonl 里没有这一条。"))
    return _column(f"正确的（前 {len(case.result.hits)} 条里没有{more}）", entry, entry.text, None)


def _column(title: str, entry: Entry, text: str, hit: Hit | None) -> Element:
    heading = entry.question or " › ".join(entry.place.heading)
    signals = {} if hit is None else {"score": hit.score, **hit.signals}
    return node(
        "div",
        node("h4", title),
        node("p", node("b", heading)) if heading else None,
        node("p", text[:GLANCE] + ("…" if len(text) > GLANCE else ""), class_="text"),
        node(
            "p",
            node("code", entry.id),
            *(node("span", f"{name} ", node("i", f"{value:.2f}")) for name, value in signals.items() if value),
            class_="signals",
        ),
    )


def _percent(truths: Sequence[bool]) -> str:
    value = share(truths)
    return "–" if value is None else f"{value:.0%}"
