from __future__ import annotations

import numpy as np
import pytest

from kb.vectors import VectorIndex


def unit(rows: int, seed: int = 3) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def rows_of(index: VectorIndex) -> np.ndarray:
    return np.stack([index.row(number) for number in range(index.rows)])


def test_nearest_equals_brute_force():
    vectors = unit(500)
    index = VectorIndex.from_bytes(VectorIndex.build(vectors).to_bytes())
    question = unit(1, seed=4)[0]
    rows, cosines = index.nearest(question, 7)
    expected = np.argsort(-(vectors @ question))[:7]
    assert rows.tolist() == expected.tolist()
    assert cosines == pytest.approx(vectors[expected] @ question, abs=2e-4)
    assert index.cosines(question, rows) == pytest.approx(cosines, abs=1e-6)


def test_memory_of_a_read_index_outlives_the_bytes_it_came_from():
    vectors = unit(50)
    index = VectorIndex.from_bytes(VectorIndex.build(vectors).to_bytes())
    assert np.array_equal(rows_of(index), vectors.astype(np.float16).astype(np.float32))


def test_rows_taken_over_into_a_new_version_keep_their_bytes():
    first = VectorIndex.build(unit(50))
    assert VectorIndex.build(rows_of(first)).to_bytes() == first.to_bytes()


def test_a_row_takes_two_bytes_a_dimension():
    assert len(VectorIndex.build(unit(1000)).to_bytes()) < 1000 * 16 * 2 + 500


def test_fewer_rows_than_asked_for():
    assert len(VectorIndex.build(unit(2)).nearest(unit(1)[0], 10)[0]) == 2


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones((2, 4), dtype=np.float32), "length 2"),
        (np.full((1, 4), np.nan, dtype=np.float32), "length nan"),
        (np.zeros((1, 4), dtype=np.float32), "length 0"),
        (unit(2).astype(np.float64), "float64"),
        (unit(2)[0], "want"),
    ],
)
def test_rows_that_would_never_be_found_are_refused(vectors, message):
    with pytest.raises(ValueError, match=message):
        VectorIndex.build(vectors)


@pytest.mark.parametrize("data", [b"", b"IxFI", b"x" * 300])
def test_foreign_bytes_are_refused(data):
    with pytest.raises(ValueError, match="FAISS"):
        VectorIndex.from_bytes(data)


def test_an_index_without_rows():
    index = VectorIndex.from_bytes(VectorIndex.build(np.zeros((0, 16), dtype=np.float32)).to_bytes())
    assert index.rows == 0 and len(index.nearest(unit(1)[0], 3)[0]) == 0
