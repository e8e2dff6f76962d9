"""Fit the weights of the reply checker to the examples in ``bot/rules``, and write ``bot/rules/likeness.safetensors``.

    python scripts/fit_checker.py

Run it after the examples have changed (a test says so); it takes some seconds.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot.likeness import BITS, WEIGHTS, digest_of, hashed  # noqa: E402
from bot.rulebook import load_rulebook  # noqa: E402
from kb.durable import replace_file  # noqa: E402

CLAUSE_WEIGHT = 0.3
"""What a clause of a good sentence counts beside a sentence: alone it may be anything."""


def main() -> None:
    from safetensors.numpy import save
    from sklearn.linear_model import LogisticRegression

    book = load_rulebook()
    like, unlike = list(book.like), [text for text in book.unlike if text not in set(book.like)]
    whole = {*like, *unlike}
    parts = {part for text in unlike for part in re.split(r"[，,：:]", text) if len(part) >= 4} - whole
    texts = [*like, *unlike, *sorted(parts)]
    wrong = np.array([1] * len(like) + [0] * (len(unlike) + len(parts)))
    weight = np.where(np.arange(len(texts)) < len(whole), 1.0, CLAUSE_WEIGHT)
    print(f"{len(like)} faults, {len(unlike)} fine sentences, {len(parts)} clauses of them", file=sys.stderr)

    counts = _counts(texts)
    seen = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.log((1 + len(texts)) / (1 + seen)) + 1
    letters = LogisticRegression(C=30, solver="liblinear", random_state=0).fit(_unit(counts, idf), wrong, weight)

    tensors = {
        "idf": idf.astype(np.float16),
        "letters": letters.coef_[0].astype(np.float16),
        "bias": letters.intercept_.astype(np.float32),
    }
    digest = digest_of(book.like, book.unlike)
    replace_file(ROOT / "bot" / "rules" / WEIGHTS, save(tensors, metadata={"digest": digest}))


def _counts(texts: list[str]) -> Any:
    from scipy.sparse import csr_matrix

    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        for column, count in hashed(text).items():
            rows.append(row)
            columns.append(column)
            values.append(1 + np.log(count))
    return csr_matrix((values, (rows, columns)), shape=(len(texts), 1 << BITS))


def _unit(counts: Any, idf: Any) -> Any:
    from sklearn.preprocessing import normalize

    return normalize(counts.multiply(idf).tocsr())


if __name__ == "__main__":
    main()
