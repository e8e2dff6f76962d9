from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from kb.errors import InputError
from kb.evaluate import (
    Dataset,
    Query,
    auroc,
    evaluate,
    expected_calibration_error,
    false_positive_rate,
    measure,
    ndcg,
    read_dataset,
    reciprocal_rank,
)
from kb.records import SearchResult
from tests.doubles import BigramEncoder, hit, passage


def write_set(folder: Path, **files) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in files.items():
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def dataset(tmp_path):
    return write_set(
        tmp_path / "small",
        corpus=[
            {"id": "a", "text": "部分地区支持货到付款。"},
            {"id": "b", "text": "质量问题的退货运费由我们承担。"},
            {"id": "c", "question": "怎么开发票？", "answer": "在订单页面申请。", "text": "怎么开发票？在订单页面申请。"},
        ],
        queries=[
            {"id": "1", "text": "支持貨到付款嗎"},
            {"id": "2", "text": "退货运费谁承担"},
            {"id": "3", "text": "怎样开发票", "candidates": ["a", "c"]},
            {"id": "4", "text": "明天下雨吗", "answerable": False},
        ],
        qrels=[{"query": "1", "doc": "a", "rel": 1}, {"query": "2", "doc": "b", "rel": 2}, {"query": "3", "doc": "c", "rel": 1}],
    )


def test_figures_of_a_set_that_can_be_worked_out(dataset):
    seen = []
    figures = evaluate(read_dataset(dataset), [BigramEncoder()], observe=lambda query, result: seen.append((query.id, result)))
    assert (figures.hit1, figures.hit5, figures.mrr10, figures.ndcg10) == (1, 1, 1, 1)
    assert figures.queries == 4 and figures.refusal_auroc == 1 and figures.false_answer_at_95 == 0
    assert {hit.entry.id for hit in dict(seen)["3"].hits} == {"a", "c"}


def test_ranks():
    assert reciprocal_rank([0, 0, 1], 10) == pytest.approx(1 / 3)
    assert reciprocal_rank([0, 0, 1], 2) == 0
    assert ndcg([0, 2], [2, 1], 10) == pytest.approx((3 / math.log2(3)) / (3 + 1 / math.log2(3)))
    assert ndcg([], [], 10) == 0


def test_auroc_counts_pairs_with_ties_half():
    assert auroc([0.9, 0.5, 0.5, 0.1], [True, True, False, False]) == pytest.approx((2 + 1 + 0.5) / 4)
    assert auroc([0.9], [True]) is None


def test_false_positives_at_a_recall():
    scores, labels = [0.9, 0.8, 0.7, 0.6, 0.65], [True, True, True, False, False]
    assert false_positive_rate(scores, labels, 1.0) == 0
    assert false_positive_rate([*scores, 0.5], [*labels, True], 1.0) == 1


def test_calibration_error():
    assert expected_calibration_error([0.8] * 10, [True] * 8 + [False] * 2) == pytest.approx(0)
    assert expected_calibration_error([1.0, 0.0], [False, True]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("corpus", '{"text": "x"}', "corpus.jsonl 第 1 行.*id"),
        ("queries", '{"id": "1"}\n', "queries.jsonl 第 1 行.*text"),
        ("qrels", '\n{"query": "1"}', "qrels.jsonl 第 2 行"),
        ("queries", "[1]", "不是一个 JSON 对象"),
        ("queries", "{", "不是正确的 JSON"),
    ],
)
def test_a_bad_line_is_named(dataset, name, content, named):
    (dataset / f"{name}.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=named):
        read_dataset(dataset)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="corpus.jsonl"):
        read_dataset(tmp_path)


def test_what_the_bands_do_can_be_worked_out():
    found = {"right": (hit(passage("甲")),), "wrong": (hit(passage("乙")),)}
    relevant = {passage("甲").id: 1}
    rows = [
        (relevant, "answer", "right"),
        (relevant, "answer", "wrong"),
        (relevant, "clarify", "right"),
        (relevant, "none", "wrong"),
        ({}, "answer", "wrong"),
        ({}, "clarify", "wrong"),
        ({}, "none", "wrong"),
        ({}, "none", "wrong"),
    ]
    queries = tuple(Query(str(n), "问", relevant, bool(relevant)) for n, (relevant, _, _) in enumerate(rows))
    results = [SearchResult("问", band, 0.5, found[what], "g") for _, band, what in rows]
    figures = measure(Dataset("d", (), queries), results, ms=0, build_seconds=0)
    assert (figures.answered, figures.served, figures.not_answered, figures.handed_over) == (0.5, 0.75, 0.75, 0.5)
    assert figures.right_when_answered == pytest.approx(1 / 3)
    alone = measure(Dataset("d", (), queries[:1]), results[:1], ms=0, build_seconds=0).as_json()
    assert alone["not_answered"] is None and alone["handed_over"] is None


def test_style_and_kind_are_read(dataset):
    rows = [{"id": "1", "text": "wx能付不", "style": "缩写"}, {"id": "2", "text": "能刻字吗", "answerable": False, "kind": "near"}]
    write_set(dataset, queries=rows)
    assert [(query.style, query.kind) for query in read_dataset(dataset).queries] == [("缩写", ""), ("", "near")]
