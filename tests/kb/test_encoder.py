from __future__ import annotations

import json

import numpy as np
import pytest

from kb.config import SearchSettings
from kb.encoder import RememberingEncoder, SentenceTransformerEncoder, load_encoders
from kb.errors import ModelDamaged, ModelError, ModelMissing
from tests.contracts import EncoderContract
from tests.doubles import BigramEncoder


class TestBigramEncoder(EncoderContract):
    @pytest.fixture
    def encoder(self):
        return BigramEncoder()

    def test_likeness_can_be_worked_out(self, encoder):
        one, other = encoder.passages(["货到", "货到付"])
        # 货 到 货到 against 货 到 付 货到 到付
        assert one @ other == pytest.approx(3 / np.sqrt(3 * 5))


@pytest.mark.model
class TestSentenceTransformerEncoder(EncoderContract):
    @pytest.fixture(scope="class")
    def encoder(self, e5_folder):
        return SentenceTransformerEncoder("e5", e5_folder)

    def test_questions_and_passages_are_prompted_differently(self, encoder):
        assert encoder.questions(["货到付款"])[0] @ encoder.passages(["货到付款"])[0] < 0.999

    def test_a_damaged_model_says_so(self, e5_folder, tmp_path):
        import shutil

        copy = tmp_path / "copy"
        shutil.copytree(e5_folder, copy)
        weights = copy / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:5000])
        with pytest.raises(ModelDamaged, match="加载失败"):
            SentenceTransformerEncoder("copy", copy).questions(["x"])


def test_an_empty_folder_is_no_model(tmp_path):
    with pytest.raises(ModelMissing, match="是空的"):
        SentenceTransformerEncoder("x", tmp_path)
    (tmp_path / "readme.txt").write_text("x")
    with pytest.raises(ModelMissing, match="config.json"):
        SentenceTransformerEncoder("x", tmp_path)


def test_the_fingerprint_follows_the_files(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"hidden_size": 8}))
    first = SentenceTransformerEncoder("x", tmp_path)
    (tmp_path / "weights").write_bytes(b"1" * 100_000)
    second = SentenceTransformerEncoder("x", tmp_path)
    assert first.dimension == 8 and first.fingerprint != second.fingerprint


@pytest.mark.parametrize(("names", "named"), [((), "encoders"), (("e6",), "e6"), (("/no/such/folder",), "/no/such/folder")])
def test_an_unknown_encoder_is_named(names, named, tmp_path):
    with pytest.raises(ModelError, match=named):
        load_encoders(SearchSettings(encoders=names, models=str(tmp_path)))


class TestRememberingEncoder(EncoderContract):
    @pytest.fixture
    def encoder(self):
        return RememberingEncoder(BigramEncoder())

    def test_one_message_is_encoded_once(self, monkeypatch):
        inner = BigramEncoder()
        asked: list[str] = []
        monkeypatch.setattr(inner, "questions", lambda texts: asked.extend(texts) or inner.passages(texts))
        encoder = RememberingEncoder(inner)
        first = encoder.questions(["怎么退货", "运费谁出"])
        assert (encoder.questions(["运费谁出"])[0] == first[1]).all()
        assert asked == ["怎么退货", "运费谁出"]

    def test_what_is_remembered_does_not_grow(self):
        encoder = RememberingEncoder(BigramEncoder())
        for number in range(2 * encoder.KEPT):
            encoder.questions([f"第{number}句"])
        assert len(encoder._known) == encoder.KEPT
