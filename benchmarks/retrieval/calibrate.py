"""Fit the default calibration: a logistic model of the first hit's signals to whether it was right.

    python benchmarks/retrieval/calibrate.py [--home DIR] DATASET_DIR...

``--home`` adds the base published there: a third of its entries is taken out, their questions become unanswerable, and
half of the aliases of the others are held back as questions.

Prints coefficients for kb/calibration.py, and for each set what a model fitted on the *other* sets gives (AUROC of
being right, of being answerable, and calibration error), so that nothing is judged by what it was fitted on.
"""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from kb.config import Home, SearchSettings, load, resolve_home
from kb.encoder import load_encoders
from kb.evaluate import Dataset, Query, auroc, evaluate, expected_calibration_error, read_dataset
from kb.store import Store

SIGNALS = ("lift", "peak")
RIDGE = 1e-2


def held_out(home: Home) -> Dataset:
    """Questions with and without an answer, made from a base with aliases."""
    chance = random.Random(11)
    store = Store(home.store)
    # Guides say the same things again: a hit there would count as wrong.
    entries = [entry for entry in store.load(store.current() or "", "public").entries if entry.kind == "faq"]
    kept, queries = [], []
    for entry in entries:
        aliases = list(entry.aliases)
        chance.shuffle(aliases)
        if chance.random() < 1 / 3:
            asked, relevant = aliases[:2], {}
        else:
            half = len(aliases) // 2
            asked, relevant = aliases[:half], {entry.id: 1}
            kept.append(replace(entry, aliases=tuple(aliases[half:])))
        queries += [Query(f"{entry.id}-{n}", text, relevant, bool(relevant)) for n, text in enumerate(asked)]
    return Dataset("sample base", tuple(kept), tuple(queries))


def collect(dataset: Dataset, encoders) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, right, answerable = [], [], []

    def observe(query, result) -> None:
        if not result.hits:
            return
        rows.append([result.hits[0].signals[name] for name in SIGNALS])
        right.append(query.relevant.get(result.hits[0].entry.id, 0) > 0)
        answerable.append(query.has_answer)

    print(evaluate(dataset, encoders, observe=observe).as_json(), file=sys.stderr)
    return np.array(rows), np.array(right), np.array(answerable)


def fit(features: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Logistic regression by Newton's method with a small ridge; returns intercept and coefficients."""
    design = np.column_stack([np.ones(len(features)), features])
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ beta))
        gradient = design.T @ (weights * (labels - p)) - RIDGE * beta
        hessian = (design.T * (weights * p * (1 - p))) @ design + RIDGE * np.eye(len(beta))
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return beta


def predict(beta: np.ndarray, features: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(beta[0] + features @ beta[1:])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path)
    parser.add_argument("datasets", type=Path, nargs="*")
    options = parser.parse_args()
    encoders = load_encoders(load(SearchSettings, resolve_home(None)))
    datasets = [read_dataset(folder) for folder in options.datasets]
    if options.home:
        datasets.append(held_out(Home(options.home)))
    data = [collect(dataset, encoders) for dataset in datasets]

    def fitted(chosen) -> np.ndarray:
        features = np.concatenate([d[0] for d in chosen])
        labels = np.concatenate([d[1] for d in chosen]).astype(float)
        # Every set counts the same, whatever its size.
        weights = np.concatenate([np.full(len(d[1]), 1000 / len(d[1])) for d in chosen])
        return fit(features, labels, weights)

    for number, (dataset, (features, right, answerable)) in enumerate(zip(datasets, data, strict=True)):
        if len(data) > 1:
            p = predict(fitted([d for i, d in enumerate(data) if i != number]), features)
            known = auroc(p.tolist(), answerable.tolist())
            print(
                f"{dataset.name:22} left out: AUROC right {auroc(p.tolist(), right.tolist()):.3f}"
                f"  answerable {'–' if known is None else f'{known:.3f}'}"
                f"  ECE {expected_calibration_error(p.tolist(), right.tolist()):.3f}"
                f"  share right {right.mean():.3f}"
            )
    beta = fitted(data)
    print("intercept", round(float(beta[0]), 3), {name: round(float(b), 3) for name, b in zip(SIGNALS, beta[1:], strict=True)})


if __name__ == "__main__":
    main()
