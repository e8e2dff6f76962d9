"""Fit the default calibration: a logistic model of the first hit's signals to whether it was right.

    python benchmarks/retrieval/calibrate.py DATASET_DIR...

Prints coefficients for kb/calibration.py, and for each set what a model fitted on the *other* sets gives (AUROC of
being right, of being answerable, and calibration error), so that nothing is judged by what it was fitted on.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from kb.config import SearchSettings, load, resolve_home
from kb.encoder import load_encoders
from kb.evaluate import auroc, evaluate, expected_calibration_error, read_dataset

SIGNALS = ("dense", "overlap", "margin")
RIDGE = 1e-2


def collect(folder: Path, encoders) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, right, answerable = [], [], []

    def observe(query, result) -> None:
        if not result.hits:
            return
        rows.append([result.hits[0].signals[name] for name in SIGNALS])
        right.append(query.relevant.get(result.hits[0].entry.id, 0) > 0)
        answerable.append(query.answerable and bool(query.relevant))

    print(evaluate(read_dataset(folder), encoders, observe=observe).as_json(), file=sys.stderr)
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
    folders = [Path(argument) for argument in sys.argv[1:]]
    encoders = load_encoders(load(SearchSettings, resolve_home(None)))
    data = [collect(folder, encoders) for folder in folders]

    def fitted(chosen) -> np.ndarray:
        features = np.concatenate([d[0] for d in chosen])
        labels = np.concatenate([d[1] for d in chosen]).astype(float)
        # Every set counts the same, whatever its size.
        weights = np.concatenate([np.full(len(d[1]), 1000 / len(d[1])) for d in chosen])
        return fit(features, labels, weights)

    for number, (folder, (features, right, answerable)) in enumerate(zip(folders, data, strict=True)):
        if len(data) > 1:
            p = predict(fitted([d for i, d in enumerate(data) if i != number]), features)
            known = auroc(p.tolist(), answerable.tolist())
            print(
                f"{folder.name:22} left out: AUROC right {auroc(p.tolist(), right.tolist()):.3f}"
                f"  answerable {'–' if known is None else f'{known:.3f}'}"
                f"  ECE {expected_calibration_error(p.tolist(), right.tolist()):.3f}"
                f"  share right {right.mean():.3f}"
            )
    beta = fitted(data)
    print("intercept", round(float(beta[0]), 3), {name: round(float(b), 3) for name, b in zip(SIGNALS, beta[1:], strict=True)})


if __name__ == "__main__":
    main()
