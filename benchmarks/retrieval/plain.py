"""Us against the plain hybrid that people build by hand, with the same encoder, on the same questions, in one run.

    python benchmarks/retrieval/plain.py DATASET_DIR...

Plain: one vector a document, BM25 over character pairs, 0.6 z(cosine) + 0.4 z(BM25), Simplified on both sides.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from bm25s import BM25

from kb.config import SearchSettings, load, resolve_home
from kb.encoder import load_encoders
from kb.evaluate import hit_at, read_dataset, reciprocal_rank, retriever_for
from kb.text import normalise


def z(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / (values.std() + 1e-6)


def pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)] or [text]


def plain_rankings(dataset, encoder) -> list[list[str]]:
    texts = [normalise(entry.text) for entry in dataset.entries]
    vectors = encoder.passages(texts)
    bm25 = BM25(method="lucene")
    bm25.index([pairs(text) for text in texts], show_progress=False)
    ids = np.array([entry.id for entry in dataset.entries])
    rankings = []
    for query in dataset.queries:
        words = normalise(query.text)
        known = [term for term in pairs(words) if term in bm25.vocab_dict]
        lexical = bm25.get_scores(known) if known else np.zeros(len(texts))
        scores = 0.6 * z(vectors @ encoder.questions([words])[0]) + 0.4 * z(lexical)
        if query.candidates:
            scores[[identity not in query.candidates for identity in ids]] = -np.inf
        rankings.append(ids[np.argsort(-scores, kind="stable")[:10]].tolist())
    return rankings


def figures(dataset, rankings) -> str:
    judged = [(query, ids) for query, ids in zip(dataset.queries, rankings, strict=True) if query.relevant]
    grades = [[query.relevant.get(identity, 0) for identity in ids] for query, ids in judged]
    count = len(grades)
    return "  ".join(
        f"{title} {sum(values) / count:.3f}"
        for title, values in (
            ("hit@1", [hit_at(row, 1) for row in grades]),
            ("hit@5", [hit_at(row, 5) for row in grades]),
            ("MRR@10", [reciprocal_rank(row, 10) for row in grades]),
        )
    )


def main() -> None:
    encoder = load_encoders(load(SearchSettings, resolve_home(None)))[0]
    for folder in map(Path, sys.argv[1:]):
        dataset = read_dataset(folder)
        print(f"{dataset.name} ({len(dataset.queries)} questions, encoder {encoder.name})")
        print("  plain ", figures(dataset, plain_rankings(dataset, encoder)))
        retriever = retriever_for(dataset, [encoder])
        ours = [[hit.entry.id for hit in retriever.search(q.text, 10, q.candidates).hits] for q in dataset.queries]
        print("  ours  ", figures(dataset, ours), flush=True)


if __name__ == "__main__":
    main()
