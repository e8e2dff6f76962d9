import json

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from kb.models.e5 import CONTAINER, convert
from kb.models.e5file import parse
from tests.kb.models import containers


@pytest.fixture(scope="module")
def source():
    return parse(containers.container())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("e5")
    convert({CONTAINER: containers.container()}, target)
    return target


def test_the_cut_keeps_rows_and_pieces_together(folder, source):
    kept = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁退", "货", "退货", "～", "!", "<mask>"]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())] == kept
    table = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"]
    rows = [containers.PIECES.index(piece) for piece in kept]
    assert np.array_equal(table, source.matrix("emb.word", 32)[rows])
    assert json.loads((folder / "config.json").read_text())["vocab_size"] == len(kept) == len(table)


def test_pieces_of_a_text_are_the_same_before_and_after_the_cut(folder, tmp_path):
    convert({CONTAINER: containers.container()}, tmp_path, keeps=lambda piece: True)
    whole, cut = (Tokenizer.from_file(str(path / "tokenizer.json")) for path in (tmp_path, folder))
    assert whole.get_vocab_size() > cut.get_vocab_size()
    for text in ("退货", "货退货!", "退 货～", "!!", "退货" * 50):
        assert cut.encode(text).tokens == whole.encode(text).tokens


def test_every_weight_finds_its_place(folder, source):
    weights = load_file(folder / "model.safetensors")
    assert len(weights) == len(source.tensors)
    down = weights["encoder.layer.0.output.dense.weight"]
    assert down.shape == (32, 64)
    assert {values.dtype for values in weights.values()} == {np.dtype(np.float32)}
    assert np.array_equal(down, source.matrix("l0.fo.w", 64))
    assert np.array_equal(weights["encoder.layer.0.attention.output.LayerNorm.bias"], source.vector("l0.aln.b"))
    assert weights["embeddings.position_embeddings.weight"].shape == (16, 32)


def test_the_folder_asks_for_float32_prompts_and_unit_length(folder):
    def read(name):
        return json.loads((folder / name).read_text(encoding="utf-8"))

    assert read("config.json")["dtype"] == "float32"
    assert read("sentence_bert_config.json")["model_kwargs"] == {"dtype": "float32", "add_pooling_layer": False}
    assert read("config_sentence_transformers.json")["prompts"]["query"] == "query: "
    assert read("config_sentence_transformers.json")["prompts"]["document"] == "passage: "
    assert [row["type"].rsplit(".", 1)[1] for row in read("modules.json")] == ["Transformer", "Pooling", "Normalize"]
    assert read("1_Pooling/config.json")["pooling_mode"] == "mean"


def test_converting_twice_gives_the_same_bytes(folder, tmp_path):
    convert({CONTAINER: containers.container()}, tmp_path)
    for path in folder.rglob("*.*"):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()
