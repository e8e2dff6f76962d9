"""The packaged encoders as prepared on this machine: what they must be able to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kb.config import SearchSettings, load, resolve_home
from kb.encoder import SentenceTransformerEncoder
from kb.errors import ModelDamaged
from kb.models import CATALOGUE, ensure, verify
from kb.models.reference import MINIMUM_COSINE, Reference, compare, read_references
from tests.conftest import MODELS

pytestmark = pytest.mark.model

PARAPHRASES = [
    ("可以货到付款吗？", "支持收到货再给钱吗"),
    ("退款多久能到账？", "錢什麼時候退回我的帳戶"),
    ("怎么修改收货地址？", "地址填错了想换一个"),
    ("发票怎么开？", "我要開發票，怎麼申請"),
]


def sentence_transformer(folder: Path):
    import torch
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32})


def prepared(name: str) -> Path:
    """The folder of an optional encoder; never fetched for the sake of a test."""
    folder = MODELS / CATALOGUE[name].folder
    if not folder.exists():
        pytest.skip(f"{name} is not prepared, run: python -m kb models {name}")
    return ensure(name, MODELS)


def nearest(questions: np.ndarray, paraphrases: np.ndarray) -> list[int]:
    return list((questions @ paraphrases.T).argmax(axis=1))


@pytest.fixture(scope="module")
def e5(e5_folder):
    return sentence_transformer(e5_folder)


def test_e5_folder_is_what_was_sealed(e5_folder):
    verify(e5_folder)


def test_e5_without_its_adapter_agrees_with_the_engine_of_its_wheel():
    references = read_references("e5")
    assert len(references) >= 6
    assert {reference.role for reference in references} == {"query", "document"}
    assert compare("e5-plain", prepared("e5-plain"), references) >= MINIMUM_COSINE


def test_a_wrong_vector_is_noticed(e5_folder):
    swapped = [
        Reference(a.role, b.text, a.vector)
        for a, b in zip(read_references("e5"), read_references("e5")[1:], strict=False)
    ]
    with pytest.raises(ModelDamaged, match="余弦"):
        compare("e5", e5_folder, swapped)


def test_the_adapter_changes_e5_and_leaves_it_a_relative_of_itself(e5, e5_folder):
    plain_folder = prepared("e5-plain")
    plain = sentence_transformer(plain_folder)
    texts = [text for pair in PARAPHRASES for text in pair]
    for role in ("encode_query", "encode_document"):
        ours, theirs = getattr(e5, role)(texts), getattr(plain, role)(texts)
        for vectors in (ours, theirs):
            assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        cosines = (ours * theirs).sum(axis=1)
        assert cosines.max() < 0.999 and cosines.min() > 0.5
    # A base built with one must not be searched with the other.
    prints = {SentenceTransformerEncoder("e5", folder).fingerprint for folder in (e5_folder, plain_folder)}
    assert len(prints) == 2


def test_e5_gives_unit_float32_rows_with_the_prompts_of_its_training(e5):
    import torch

    assert {weight.dtype for weight in e5.parameters()} == {torch.float32}
    text = "退货运费谁出？"
    question, passage = e5.encode_query([text])[0], e5.encode_document([text])[0]
    assert question.shape == (CATALOGUE["e5"].dimension,) and question.dtype == np.float32
    assert np.linalg.norm(question) == pytest.approx(1, abs=1e-5)
    assert np.allclose(question, e5.encode("query: " + text), atol=1e-5)
    assert np.allclose(passage, e5.encode("passage: " + text), atol=1e-5)
    assert question @ passage < 0.999


@pytest.mark.parametrize("text", ["", " ", "😂", "한국어 только", "哈" * 10_000, "ｚｆｂ付款ＯＫ？", "～～～"])
def test_e5_has_a_finite_unit_vector_for_any_text(e5, text):
    vector = e5.encode_query([text])[0]
    assert np.isfinite(vector).all() and np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_e5_finds_the_paraphrase(e5):
    questions, others = zip(*PARAPHRASES, strict=True)
    assert nearest(e5.encode_query(list(questions)), e5.encode_document(list(others))) == [0, 1, 2, 3]


def test_e5_is_the_same_whatever_stands_beside_it_in_the_batch(e5):
    texts = ["您好", "退款多久能到账？" * 20, "可以货到付款吗？"]
    alone = np.concatenate([e5.encode_document([text]) for text in texts])
    assert np.abs(e5.encode_document(texts) - alone).max() < 1e-5


def test_loading_e5_reaches_for_no_network(e5_folder):
    code = (
        "import socket, sys\n"
        "def refuse(*args, **kwargs): raise SystemExit('reached for the network')\n"
        "socket.getaddrinfo = socket.socket.connect = refuse\n"
        "from sentence_transformers import SentenceTransformer\n"
        "model = SentenceTransformer(sys.argv[1], device='cpu', local_files_only=True)\n"
        "print(model.encode_query(['您好']).shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, e5_folder], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "(1, 384)" in done.stdout
    assert "MISSING" not in done.stderr and "newly initialized" not in done.stderr


def test_m3e_gives_unit_rows_without_prompts_and_finds_the_paraphrase():
    model = sentence_transformer(prepared("m3e"))
    questions, others = zip(*PARAPHRASES, strict=True)
    vectors = model.encode_query(list(questions))
    assert vectors.shape == (4, CATALOGUE["m3e"].dimension) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors, model.encode(list(questions)), atol=1e-6)
    assert nearest(vectors, model.encode_document(list(others))) == [0, 1, 2, 3]
    assert not list(prepared("m3e").glob("*.bin"))


def test_use_gives_unit_rows_and_finds_the_paraphrase():
    pytest.importorskip("sentencepiece")
    from kb.models.use import UseEncoder

    encoder = UseEncoder(prepared("use"))
    questions, others = zip(*PARAPHRASES, strict=True)
    vectors = encoder.questions(questions)
    assert vectors.shape == (4, CATALOGUE["use"].dimension) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert nearest(vectors, encoder.passages(others)) == [0, 1, 2, 3]


def test_use_is_the_same_alone_and_in_a_batch_for_any_text():
    pytest.importorskip("sentencepiece")
    from kb.models.use import UseEncoder

    encoder = UseEncoder(prepared("use"))
    texts = ["", " ", "😂😂", "货到付款", "哈" * 10_000, "ｚｆｂ", "Hello, world!"] * 20
    done: list[int] = []
    together = encoder.passages(texts, done.append)
    assert sum(done) == len(texts)
    assert np.isfinite(together).all()
    alone = np.concatenate([encoder.passages([text]) for text in texts[:7]])
    assert np.abs(together[:7] - alone).max() < 1e-4
    assert encoder.passages([]).shape == (0, 512)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CATALOGUE))
def test_preparing_from_the_real_wheel_gives_the_same_folder(name, tmp_path):
    wheels = Path(load(SearchSettings, resolve_home(None)).wheels)
    if not (wheels / CATALOGUE[name].wheel).is_file():
        pytest.skip(f"KB_SEARCH_WHEELS names no folder with {CATALOGUE[name].wheel}")
    lines: list[str] = []
    folder = ensure(name, tmp_path, lines.append, wheels=wheels)
    verify(folder)
    assert CATALOGUE[name].licence_note_zh in lines[0]
    ready = MODELS / CATALOGUE[name].folder
    if ready.exists():
        assert (folder / "ready.json").read_bytes() == (ready / "ready.json").read_bytes()
