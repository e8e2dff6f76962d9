from __future__ import annotations

import mmap
import tempfile

import numpy as np
import pytest

from kb.flat import FlatIndex, LocalVectors
from kb.lists import InvertedLists
from kb.vectors import BLOCK
from tests.contracts import VectorHomeContract, unit


def built(vectors: np.ndarray, **options) -> FlatIndex:
    return FlatIndex.build(vectors.shape[1], [vectors], **options)


def files_of(index: FlatIndex) -> dict[str, bytes]:
    return dict(index.files(0))


def neighbourhoods(rows: int, dimension: int = 32) -> np.ndarray:
    """Rows in neighbourhoods, as texts are: without any, no list could tell which rows are worth a look."""
    chance = np.random.default_rng(5)
    middles = chance.normal(size=(rows // 40, dimension))
    vectors = middles[chance.integers(len(middles), size=rows)] + 0.5 * chance.normal(size=(rows, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class TestLocalVectors(VectorHomeContract):
    @pytest.fixture
    def home(self):
        return LocalVectors()


class TestInvertedLists(VectorHomeContract):
    """The same promises where not all rows are looked at; with few rows, all of them still are."""

    @pytest.fixture
    def home(self):
        class Listed(LocalVectors):
            def build(self, dimension, blocks):
                return FlatIndex.build(dimension, blocks, exact_rows=100)

        return Listed()


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    return neighbourhoods(BLOCK + 3_616)


@pytest.fixture(scope="module")
def listed(many) -> FlatIndex:
    return built(many, exact_rows=1_000)


def test_lists_find_nearly_all_neighbours_with_their_exact_cosines(many, listed):
    questions = neighbourhoods(1_000)[:40]
    found = 0
    for question in questions:
        rows, cosines = listed.nearest(question, 50)
        assert np.allclose(cosines, many[rows] @ question, atol=5e-4)
        assert (np.diff(cosines) <= 1e-6).all()
        found += len(set(rows.tolist()) & set(np.argsort(-(many @ question))[:50].tolist()))
    assert found / (50 * len(questions)) >= 0.99


def test_the_same_rows_give_the_same_lists_on_any_number_of_threads(many, listed):
    import faiss

    before = faiss.omp_get_max_threads()
    try:
        faiss.omp_set_num_threads(1 if before > 1 else 2)
        again = files_of(built(many, exact_rows=1_000))
    finally:
        faiss.omp_set_num_threads(before)
    assert again == files_of(listed)


def test_lists_survive_being_written(many, listed):
    files = files_of(listed)
    again = LocalVectors().open(files, 0)
    assert files_of(again) == files
    assert again.nearest(many[7], 5)[0].tolist() == listed.nearest(many[7], 5)[0].tolist()


def test_lists_cost_little_beside_the_rows(listed):
    files = files_of(listed)
    assert len(files["lists-0.faiss"]) < 0.7 * len(files["vectors-0.faiss"])  # of 32 dimensions; .16 of 384


def test_lists_over_other_rows_are_refused(many, listed):
    other = files_of(built(many[:5_000], exact_rows=1_000))
    with pytest.raises(ValueError, match="5000|20000"):
        LocalVectors().open({**files_of(listed), "lists-0.faiss": other["lists-0.faiss"]}, 0)


@pytest.mark.parametrize("data", [b"", b"IwPf", b"x" * 300])
def test_foreign_bytes_are_no_lists(data):
    with pytest.raises(ValueError, match="lists"):
        InvertedLists.from_bytes(data, 10, 16)


def test_an_index_lives_in_a_mapped_file(many):
    """Several processes share it, and none holds a copy."""
    files = files_of(built(many))
    with tempfile.TemporaryFile() as stream:
        stream.write(files["vectors-0.faiss"])
        stream.flush()
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    index = LocalVectors().open({"vectors-0.faiss": mapped}, 0)
    assert np.shares_memory(index._matrix, np.frombuffer(mapped, dtype=np.uint8))
    del mapped
    assert index.nearest(many[7], 3)[0][0] == 7
    assert files_of(index) == files


def test_rows_that_were_read_lie_where_they_are_fast(many):
    index = LocalVectors().open(files_of(built(many)), 0)
    assert index._matrix.flags.aligned and np.array_equal(index.take([3]), many[[3]].astype(np.float16).astype(np.float32))


def test_a_row_takes_two_bytes_a_dimension():
    assert len(files_of(built(unit(1000)))["vectors-0.faiss"]) < 1000 * 16 * 2 + 500


@pytest.mark.parametrize("data", [b"", b"IxFI", b"x" * 300])
def test_foreign_bytes_are_refused(data):
    with pytest.raises(ValueError, match="FAISS"):
        LocalVectors().open({"vectors-0.faiss": data}, 0)
