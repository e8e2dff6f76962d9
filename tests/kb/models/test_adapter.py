"""Low-rank products added to a tiny folder: numbers that can be checked by hand, and files that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kb.errors import ModelDamaged
from kb.models import CATALOGUE, adapter
from kb.models.e5 import CONTAINER, convert
from tests.kb.models import containers

SHIPPED = Path(adapter.__file__).with_name(CATALOGUE["e5"].adapter)
MODULE = "encoder.layer.0.attention.self.query"
WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)
A = np.array([[1, 0, 2], [0, 4, 0]], dtype=np.float16)
B = np.array([[0.5, 1], [0, -0.25]], dtype=np.float16)


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "模型"
    target.mkdir()
    weights = {f"{MODULE}.weight": WEIGHT, f"{MODULE}.bias": np.ones(2, np.float32), "other.weight": WEIGHT.T.copy()}
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    return target


def write(tmp_path: Path, tensors: dict[str, np.ndarray]) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_file(tensors, path, metadata={"licence": "Apache-2.0"})
    return path


def good() -> dict[str, np.ndarray]:
    return {f"{MODULE}.A": A, f"{MODULE}.B": B}


def test_the_product_is_added_to_the_weight_it_names_and_to_nothing_else(folder, tmp_path):
    adapter.apply(folder, write(tmp_path, good()))
    found = load_file(folder / "model.safetensors")
    # B A = [[.5, 4, 1], [0, -1, 0]]
    assert found[f"{MODULE}.weight"].tolist() == [[0.5, 5.0, 3.0], [3.0, 3.0, 5.0]]
    assert {values.dtype for values in found.values()} == {np.dtype(np.float32)}
    assert found[f"{MODULE}.bias"].tolist() == [1, 1] and np.array_equal(found["other.weight"], WEIGHT.T)
    assert sorted(path.name for path in folder.iterdir()) == ["adapter.json", "model.safetensors"]
    assert adapter.read_metadata(folder / "model.safetensors") == {"format": "pt"}


def test_the_folder_says_what_was_added_under_which_licence(folder, tmp_path):
    adapter.apply(folder, write(tmp_path, good()))
    note = json.loads((folder / "adapter.json").read_text(encoding="utf-8"))
    assert (note["file"], note["licence"]) == ("tiny.safetensors", "Apache-2.0")
    assert len(bytes.fromhex(note["sha256"])) == 32


def test_an_adapter_is_not_added_twice(folder, tmp_path):
    path = write(tmp_path, good())
    adapter.apply(folder, path)
    with pytest.raises(ValueError, match="already"):
        adapter.apply(folder, path)


WRONG = {
    "a shape": {f"{MODULE}.A": A[:, :2].copy(), f"{MODULE}.B": B},
    "the other way round": {f"{MODULE}.A": B, f"{MODULE}.B": A},
    "the rank": {f"{MODULE}.A": A[:1].copy(), f"{MODULE}.B": B},
    "a vector": {f"{MODULE}.A": A[0].copy(), f"{MODULE}.B": B},
    "a module that is not there": {"encoder.layer.1.x.A": A, "encoder.layer.1.x.B": B, **good()},
    "half a pair": {f"{MODULE}.A": A},
    "another name": {**good(), f"{MODULE}.C": A},
    "nothing": {},
}


@pytest.mark.parametrize("tensors", WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_refused_and_nothing_is_written(folder, tmp_path, tensors):
    before = (folder / "model.safetensors").read_bytes()
    path = write(tmp_path, tensors)
    with pytest.raises(ModelDamaged) as caught:
        adapter.apply(folder, path)
    text = str(caught.value)
    assert str(path) in text and "不相符" in text and "请重新安装" in text and "\n" not in text
    assert [entry.name for entry in folder.iterdir()] == ["model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == before


def test_weights_in_half_precision_are_refused(folder, tmp_path):
    save_file({f"{MODULE}.weight": WEIGHT.astype(np.float16)}, folder / "model.safetensors")
    with pytest.raises(ModelDamaged, match="float16"):
        adapter.apply(folder, write(tmp_path, good()))


@pytest.mark.parametrize("data", [None, b"", b"not safetensors", "cut"])
def test_a_file_that_cannot_be_read_is_named(folder, tmp_path, data):
    path = write(tmp_path, good())
    if data is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] if data == "cut" else data)
    with pytest.raises(ModelDamaged) as caught:
        adapter.apply(folder, path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert [entry.name for entry in folder.iterdir()] == ["model.safetensors"]


def test_adding_to_a_converted_e5_gives_the_same_bytes_every_time(tmp_path):
    dice = np.random.default_rng(3)
    draw = {
        f"encoder.layer.0.{name}": dice.normal(0, 0.1, shape).astype(np.float16)
        for name, shape in {"output.dense.A": (4, 64), "output.dense.B": (32, 4)}.items()
    }
    path = write(tmp_path, draw)
    results = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        convert({CONTAINER: containers.container()}, tmp_path / name)
        plain = load_file(tmp_path / name / "model.safetensors")
        adapter.apply(tmp_path / name, path)
        results.append((tmp_path / name / "model.safetensors").read_bytes())
    found = load_file(tmp_path / "two" / "model.safetensors")
    a, b = (draw[f"encoder.layer.0.output.dense.{side}"].astype(np.float64) for side in "AB")
    changed = "encoder.layer.0.output.dense.weight"
    assert np.allclose(found[changed], plain[changed] + b @ a, atol=1e-6)
    assert [name for name in plain if not np.array_equal(plain[name], found[name])] == [changed]
    assert results[0] == results[1]


def test_the_shipped_adapter_fits_the_upper_layers_of_e5_and_names_its_licence():
    metadata = adapter.read_metadata(SHIPPED)
    assert (metadata["licence"], metadata["for"]) == ("Apache-2.0", CATALOGUE["e5"].model_id)
    factors = load_file(SHIPPED)
    hidden, wide = 384, 1536
    shapes = {
        "attention.self.query": (hidden, hidden),
        "attention.self.key": (hidden, hidden),
        "attention.self.value": (hidden, hidden),
        "attention.output.dense": (hidden, hidden),
        "intermediate.dense": (wide, hidden),
        "output.dense": (hidden, wide),
    }
    expected = {}
    for layer in range(4, 12):
        for part, (rows, columns) in shapes.items():
            expected[f"encoder.layer.{layer}.{part}.A"] = (16, columns)
            expected[f"encoder.layer.{layer}.{part}.B"] = (rows, 16)
    assert {name: values.shape for name, values in factors.items()} == expected
    assert {values.dtype for values in factors.values()} == {np.dtype(np.float16)}
    assert all(np.isfinite(values).all() and values.any() for values in factors.values())
    assert SHIPPED.stat().st_size < 2_000_000
