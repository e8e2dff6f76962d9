"""Encoders without torch: the graphs, the numbers of eight bits, the cache, and what is done where they cannot be had."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.config import Home, SearchSettings
from kb.encoder import SentenceTransformerEncoder, comparable, load_encoders
from kb.errors import ModelDamaged
from kb.models import seal
from kb.models.bert import NotExportable, read_bert
from kb.models.export import exported
from kb.models.int8 import Range, quantise
from kb.models.onnxrun import TOKENS, OnnxEncoder, runs
from tests.contracts import EncoderContract
from tests.kb.models.tiny import make_tiny

TEXTS = ["可以货到付款吗？", "退", "", "  ", "abc", "😀", "运费由谁承担" * 30, "怎么退款\n怎么退货"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def tiny(cache):
    return make_tiny(cache / "tiny-模型")


def open_tiny(tiny: Path, cache: Path, backend: str, report=lambda line: None):
    return load_encoders(SearchSettings(encoders=(str(tiny),), models=str(cache), backend=backend), report)[0]


@pytest.fixture(scope="module")
def by_backend(tiny, cache):
    return {backend: open_tiny(tiny, cache, backend) for backend in ("torch", "onnx", "onnx-int8")}


def test_the_float32_graph_is_the_model(by_backend):
    exact, graph = by_backend["torch"], by_backend["onnx"]
    assert isinstance(exact, SentenceTransformerEncoder) and isinstance(graph, OnnxEncoder)
    assert graph.dimension == exact.dimension and graph.fingerprint == exact.fingerprint
    assert np.abs(graph.questions(TEXTS) - exact.questions(TEXTS)).max() < 1e-5
    assert np.abs(graph.passages(TEXTS) - exact.passages(TEXTS)).max() < 1e-5


def test_a_model_that_takes_the_first_token_too(tiny, tmp_path):
    import shutil

    folder = tmp_path / "cls"
    shutil.copytree(tiny, folder)
    (folder / "1_Pooling/config.json").write_text(json.dumps({"embedding_dimension": 16, "pooling_mode": "cls"}))
    exact, graph = (open_tiny(folder, tmp_path, backend) for backend in ("torch", "onnx"))
    assert np.abs(graph.questions(TEXTS) - exact.questions(TEXTS)).max() < 1e-5


def test_eight_bits_are_near_and_say_so_in_the_fingerprint(by_backend):
    exact, quick = by_backend["onnx"], by_backend["onnx-int8"]
    assert (exact.questions(TEXTS) * quick.questions(TEXTS)).sum(axis=1).min() > 0.97
    assert quick.fingerprint != exact.fingerprint
    assert comparable(exact.fingerprint, quick.fingerprint) and comparable(quick.fingerprint, exact.fingerprint)


def test_a_vector_does_not_depend_on_its_neighbours(by_backend):
    texts = [text + extra for text in TEXTS for extra in ("", "退", "吗")]
    for backend in ("onnx", "onnx-int8"):
        alone = np.concatenate([by_backend[backend].passages([text]) for text in texts])
        assert np.abs(by_backend[backend].passages(texts) - alone).max() < 1e-5


def test_other_weights_are_not_comparable(by_backend, tmp_path):
    other = open_tiny(make_tiny(tmp_path / "tiny-模型", seed=1), tmp_path, "onnx-int8")
    assert not comparable(by_backend["onnx-int8"].fingerprint, other.fingerprint)


def test_a_base_made_with_one_back_end_answers_questions_of_another_and_says_so(by_backend, tmp_path, caplog):
    from kb.errors import EncoderMismatch
    from kb.knowledge import KnowledgeBase
    from kb.store import Store
    from tests.doubles import BigramEncoder, faq

    store = Store(tmp_path / "store")
    manifest = store.write([faq("可以货到付款吗？", "可以。"), faq("怎么退款？", "申请退款。")], [by_backend["onnx"]])
    store.publish(manifest.id)
    found = KnowledgeBase(store, [by_backend["onnx-int8"]], "public").search("可以货到付款吗？")
    assert found.hits[0].entry.question == "可以货到付款吗？"
    assert "可比" in caplog.text and by_backend["onnx-int8"].fingerprint in caplog.text
    with pytest.raises(EncoderMismatch):
        KnowledgeBase(store, [BigramEncoder()], "public").search("可以货到付款吗？")
    # But in one base there are vectors of one kind only.
    again = store.write(
        [faq("可以货到付款吗？", "可以。"), faq("怎么退款？", "申请退款。")], [by_backend["onnx-int8"]]
    )
    assert again.counts["reused"] == 0


# The cache.


def test_graphs_are_made_once_sealed_and_told_about(tiny, tmp_path):
    lines: list[str] = []
    first = exported("tiny", tiny, "1234", tmp_path, lines.append)
    assert len(lines) == 1 and "tiny" in lines[0]
    seal.verify(first.folder)
    before = (first.folder / "model.onnx").stat().st_mtime_ns
    assert exported("tiny", tiny, "1234", tmp_path, lines.append) == first
    assert len(lines) == 1 and (first.folder / "model.onnx").stat().st_mtime_ns == before
    assert exported("tiny", tiny, "5678", tmp_path, lines.append).folder != first.folder
    assert not list(tmp_path.glob("*.partial-*"))


def test_the_same_weights_give_the_same_graphs(tiny, tmp_path):
    one, other = (exported("tiny", tiny, digest, tmp_path, print).folder for digest in ("1", "2"))
    for name in ("model.onnx", "model-int8.onnx"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_other_weights_in_the_same_place_are_exported_anew(tmp_path):
    """As after a new adapter: the folder keeps its name, the vectors must not."""
    import shutil

    folder = make_tiny(tmp_path / "model")
    before = open_tiny(folder, tmp_path, "onnx").questions(["可以"])
    shutil.rmtree(folder)
    make_tiny(folder, seed=1)
    exact, graph = (open_tiny(folder, tmp_path, backend) for backend in ("torch", "onnx"))
    assert np.abs(graph.questions(["可以"]) - exact.questions(["可以"])).max() < 1e-5
    assert np.abs(graph.questions(["可以"]) - before).max() > 1e-2


@pytest.mark.parametrize("name", ["model.onnx", "model-int8.onnx"])
def test_a_damaged_graph_names_itself_and_the_remedy(tiny, tmp_path, name):
    folder = exported("tiny", tiny, "1", tmp_path, print).folder
    (folder / name).write_bytes(b"half")
    with pytest.raises(ModelDamaged, match="请删除文件夹"):
        exported("tiny", tiny, "1", tmp_path, print)


def test_a_graph_of_the_right_size_and_wrong_content_is_no_crash(tiny, tmp_path):
    folder = exported("tiny", tiny, "1", tmp_path, print).folder
    size = (folder / "model.onnx").stat().st_size
    (folder / "model.onnx").write_bytes(b"\xff" * size)
    with pytest.raises(ModelDamaged, match="加载失败"):
        OnnxEncoder("tiny", read_bert(tiny), folder, "onnx", "x").questions(["可以"])


# What is done where it cannot be had.


@pytest.mark.parametrize(
    ("file", "values", "named"),
    [
        ("config.json", {"model_type": "xlm-roberta"}, "xlm-roberta"),
        ("config.json", {"hidden_act": "relu"}, "relu"),
        ("1_Pooling/config.json", {"pooling_mode": "max"}, "max"),
        ("1_Pooling/config.json", {"include_prompt": False}, "mean"),
        ("sentence_bert_config.json", {"do_lower_case": True}, "步骤"),
    ],
)
def test_another_kind_of_model_stays_with_torch_in_one_line(tmp_path, file, values, named):
    folder = make_tiny(tmp_path / "other")
    path = folder / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    with pytest.raises(NotExportable, match=named):
        read_bert(folder)
    lines: list[str] = []
    assert isinstance(open_tiny(folder, tmp_path, "onnx-int8", lines.append), SentenceTransformerEncoder)
    assert len(lines) == 1 and named in lines[0] and "torch" in lines[0] and "\n" not in lines[0]


@pytest.mark.parametrize("missing", ["onnxruntime", "onnx"])
def test_without_its_libraries_torch_computes_the_same(tiny, tmp_path, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    lines: list[str] = []
    encoder = open_tiny(tiny, tmp_path, "auto", lines.append)
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert missing in lines[-1] and "torch" in lines[-1]


def test_a_cache_that_cannot_be_written_leaves_torch(tiny, tmp_path):
    (tmp_path / "file").write_text("in the way")
    lines: list[str] = []
    assert isinstance(open_tiny(tiny, tmp_path / "file", "auto", lines.append), SentenceTransformerEncoder)
    assert len(lines) == 1 and "torch" in lines[0]


def test_eight_bits_that_agree_too_little_are_not_taken_by_themselves(tiny, cache, monkeypatch):
    monkeypatch.setattr("kb.encoder.INT8_AGREEMENT", 1.1)
    assert open_tiny(tiny, cache, "auto").backend == "onnx"
    assert open_tiny(tiny, cache, "onnx-int8").backend == "onnx-int8"


# Numbers of eight bits.


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 30), st.floats(0.01, 50))
@settings(max_examples=50, deadline=None)
def test_two_products_always_fit_into_sixteen_bits(seed, half, outputs, scale):
    rng = np.random.default_rng(seed)
    weight = (rng.standard_t(2, (outputs, 2 * half)) * scale).astype(np.float32)
    reach = rng.exponential(scale, 2 * half).astype(np.float32)
    values = quantise(weight, Range(-reach, reach))
    pairs = values.weight[0::2].astype(int) + values.weight[1::2].astype(int)
    assert 255 * pairs.max() <= 32767 and 255 * pairs.min() >= -32768
    assert 255 * np.abs(values.weight.astype(int)).max() <= 32767
    restored = values.weight * values.scale * values.inverse[:, None]
    assert np.all(np.abs(restored - weight.T) <= values.scale * values.inverse[:, None] * 0.501 + 1e-6)


def test_onnxruntime_adds_up_what_was_planned():
    """At the edge of sixteen bits, on this very processor."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(5)
    weight = quantise(rng.normal(size=(24, 64)).astype(np.float32), Range(-np.ones(64, np.float32), np.ones(64, np.float32))).weight
    node = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
    inputs = [helper.make_tensor_value_info("x", TensorProto.UINT8, [None, 64])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.INT32, [None, 24])]
    graph = helper.make_graph([node], "g", inputs, outputs, [numpy_helper.from_array(weight, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = np.concatenate([np.full((1, 64), 255), np.where(weight.T > 0, 255, 0), np.where(weight.T < 0, 255, 0)]).astype(np.uint8)
    assert np.array_equal(session.run(None, {"x": x})[0], x.astype(np.int32) @ weight.astype(np.int32))


@given(st.lists(st.integers(1, 600), max_size=60))
def test_runs_hold_every_text_once_and_only_one_length(lengths):
    made = list(runs([np.zeros(length, np.int64) for length in lengths]))
    assert sorted(row for rows in made for row in rows) == list(range(len(lengths)))
    for rows in made:
        assert len({lengths[row] for row in rows}) == 1
        assert len(rows) == 1 or sum(lengths[row] for row in rows) <= TOKENS


# The packaged encoder.


@pytest.mark.model
class TestOnnxEncoder(EncoderContract):
    @pytest.fixture(scope="class", params=["onnx", "onnx-int8"])
    def encoder(self, request, e5_folder):
        return load_encoders(SearchSettings(models=str(e5_folder.parent), backend=request.param))[0]

    def test_it_is_what_torch_computes(self, encoder, e5_folder):
        exact = SentenceTransformerEncoder("e5", e5_folder)
        least = 0.99 if encoder.backend == "onnx-int8" else 0.99999
        for side in ("questions", "passages"):
            ours, theirs = getattr(encoder, side)(TEXTS), getattr(exact, side)(TEXTS)
            assert (ours * theirs).sum(axis=1).min() > least
        assert comparable(exact.fingerprint, encoder.fingerprint)


@pytest.mark.model
def test_serving_imports_no_torch(e5_folder, tmp_path):
    from kb.store import Store
    from tests.doubles import faq

    home = Home(tmp_path / "home")
    store = Store(home.store)
    encoders = load_encoders(SearchSettings(models=str(e5_folder.parent)))
    store.publish(store.write([faq("可以货到付款吗？", "可以。"), faq("怎么退款？", "申请退款。")], encoders).id)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from kb.config import Home\n"
        "from kb.knowledge import open_base\n"
        "print(open_base(Home(Path(sys.argv[1])), 'public').search('能不能货到付款').hits[0].entry.question)\n"
        "print(*sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home.path)], capture_output=True, text=True, timeout=120,
        env={**__import__("os").environ, "KB_SEARCH_MODELS": str(e5_folder.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer, modules = done.stdout.splitlines()
    assert answer == "可以货到付款吗？" and done.stderr == ""
    assert not {"torch", "transformers", "sentence_transformers", "onnx", "scipy", "sklearn"} & set(modules.split())


@pytest.mark.model
def test_the_smaller_tokenizer_finds_the_same_pieces(e5_folder):
    """Whatever is typed; only the names of special tokens are plain text to it, which nobody means otherwise."""
    from tokenizers import Tokenizer

    from kb.models.pieces import open_pieces

    digest = SentenceTransformerEncoder("e5", e5_folder).fingerprint.rpartition(":")[2]
    quick = open_pieces(exported("e5", e5_folder, digest, e5_folder.parent, print).folder)
    assert quick is not None
    whole = Tokenizer.from_file(str(e5_folder / "tokenizer.json"))
    texts = [*TEXTS, " 前后有空格 ", "a  b", "\n\n", "～～", "ｚｆｂ付款ＯＫ？", "\x00a\u200bb", "한국어 только 中", "㈱①²", "e\u0301"]
    for text in (*texts, *("query: " + text for text in texts)):
        assert quick(text) == whole.encode(text).ids, text
    assert whole.token_to_id("</s>") not in quick("a</s>b")[1:-1]
