"""One suite per seam; every implementation and every double inherits it and overrides one fixture."""

from __future__ import annotations

import numpy as np
import pytest

from kb.encoder import Encoder
from kb.search import Retriever
from kb.vectors import VectorHome


class EncoderContract:
    """What callers of an ``Encoder`` rely on."""

    @pytest.fixture
    def encoder(self) -> Encoder:
        raise NotImplementedError

    def test_vectors_are_unit_float32_rows(self, encoder):
        for encode in (encoder.questions, encoder.passages):
            vectors = encode(["可以货到付款吗？", "x", "😀", "您好" * 600])
            assert vectors.shape == (4, encoder.dimension)
            assert vectors.dtype == np.float32
            assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)

    def test_no_texts_give_no_rows(self, encoder):
        assert encoder.passages([]).shape == (0, encoder.dimension)

    def test_rows_keep_their_order_whatever_the_lengths(self, encoder):
        texts = ["退货运费由谁承担？" * 9, "发票", "可以货到付款吗？", "怎么修改收货地址" * 4]
        together = encoder.passages(texts)
        for row, text in enumerate(texts):
            assert together[row] @ encoder.passages([text])[0] > 0.999

    def test_progress_adds_up(self, encoder):
        done = []
        encoder.passages([f"第{number}条" for number in range(70)], done.append)
        assert sum(done) == 70

    def test_a_question_is_nearer_to_its_answer_than_to_another(self, encoder):
        question = encoder.questions(["退货的运费谁来承担？"])[0]
        right, wrong = encoder.passages(["退货运费由谁承担，看退货原因。", "电子发票在订单页面下载。"])
        assert question @ right > question @ wrong

    def test_fingerprint_is_stable_text(self, encoder):
        assert encoder.fingerprint and encoder.fingerprint == encoder.fingerprint
        assert encoder.name


class RetrieverContract:
    """What callers of a ``Retriever`` rely on. The fixture must know an answer to 可以货到付款吗？"""

    @pytest.fixture
    def retriever(self) -> Retriever:
        raise NotImplementedError

    def test_hits_are_ordered_and_at_most_k(self, retriever):
        result = retriever.search("可以货到付款吗？", k=2)
        assert 1 <= len(result.hits) <= 2
        assert [hit.score for hit in result.hits] == sorted((hit.score for hit in result.hits), reverse=True)
        assert "货到付款" in result.hits[0].entry.question + result.hits[0].text

    def test_result_says_what_was_asked_and_who_answers(self, retriever):
        result = retriever.search("可以货到付款吗？")
        assert result.question == "可以货到付款吗？"
        assert result.generation.startswith("gen-")
        assert 0 <= result.confidence <= 1
        assert result.band in ("answer", "clarify", "none")

    @pytest.mark.parametrize("text", ["", "   ", "？？！", "😀😀", "\x00\x07"])
    def test_nothing_to_look_up_finds_nothing(self, retriever, text):
        result = retriever.search(text)
        assert (result.band, result.confidence, result.hits) == ("none", 0.0, ())

    @pytest.mark.parametrize(
        "text", ["货" * 10_000, "<script>alert(1)</script>", "'; DROP TABLE entries; --", "a" * 5_000, "可以\u200b货到付款\ufeff吗"]
    )
    def test_odd_input_gets_a_result(self, retriever, text):
        assert retriever.search(text).band in ("answer", "clarify", "none")


class GeneratorContract:
    """What the assistant relies on in a ``Generator``. Fixtures: one that answers, one that cannot."""

    @pytest.fixture
    def generator(self):
        raise NotImplementedError

    @pytest.fixture
    def broken(self):
        raise NotImplementedError

    def test_an_answer_is_text(self, generator):
        answer = generator.rephrase("可以退货吗？", ["签收后7天内可以退货。"], 5.0)
        assert isinstance(answer, str) and "退货" in answer

    def test_no_answer_is_said_in_one_line_not_returned(self, broken):
        from bot.errors import GenerationError

        with pytest.raises(GenerationError, match="原文"):
            broken.rephrase("可以退货吗？", ["签收后7天内可以退货。"], 5.0)


class ReaderContract:
    """What the rest of ingest relies on in a reader. ``file`` gives (content, source) that holds 货到付款."""

    @pytest.fixture
    def file(self) -> tuple[bytes, str]:
        raise NotImplementedError

    def read(self, data: bytes, source: str):
        from ingest.readers import read

        return read(data, source)

    def test_the_text_is_there_in_blocks(self, file):
        document = self.read(*file)
        assert document.source == file[1]
        assert any("货到付款" in repr(block) for block in document.blocks)

    def test_the_same_bytes_give_the_same_document(self, file):
        assert self.read(*file) == self.read(*file)

    @pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
    def test_half_a_file_is_a_verdict_or_the_text_so_far(self, file, share):
        from kb.errors import SourceError

        data, source = file
        whole = self.read(data, source).text
        try:
            text = self.read(data[: int(len(data) * share)], source).text
        except SourceError as error:
            assert len(str(error)) > 4 and "\n" not in str(error)
        else:
            assert text.rstrip("\ufffd\n") in whole or len(text) < len(whole)

    def test_a_page_is_a_number_from_one_or_none(self, file):
        assert all(block.page is None or block.page >= 1 for block in self.read(*file).blocks)

    @pytest.mark.parametrize("data", [b"", b"\x00" * 64, b"\xff\xfe\xfd" * 40], ids=["empty", "zeros", "noise"])
    def test_what_cannot_be_read_is_a_verdict(self, file, data):
        from kb.errors import SourceError

        try:
            document = self.read(data, file[1])
        except SourceError as error:
            assert len(str(error)) > 4 and "\n" not in str(error)
        else:  # nothing legible may be made up
            assert not "".join(block.text for block in document.blocks).strip("\x00 ")


def unit(rows: int, seed: int = 3, dimension: int = 16) -> np.ndarray:
    """Rows of unit length in all directions."""
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class VectorHomeContract:
    """What the index of an audience relies on in whatever keeps its vectors."""

    @pytest.fixture
    def home(self) -> VectorHome:
        raise NotImplementedError

    @pytest.fixture
    def opened(self, home):
        """Builds an index, writes it and opens it again."""

        def opened(vectors: np.ndarray):
            built = home.build(vectors.shape[1], [vectors[:300], vectors[300:]])
            return home.open(dict(built.files(0)), 0)

        return opened

    def test_nearest_equals_brute_force(self, opened):
        vectors, question = unit(500), unit(1, seed=4)[0]
        index = opened(vectors)
        rows, cosines = index.nearest(question, 7)
        expected = np.argsort(-(vectors @ question))[:7]
        assert rows.tolist() == expected.tolist()
        assert cosines == pytest.approx(vectors[expected] @ question, abs=5e-4)
        assert index.cosines(question, rows) == pytest.approx(cosines, abs=1e-5)

    def test_cosines_are_those_of_the_rows_asked_for_in_their_order(self, opened):
        vectors, question = unit(400), unit(1, seed=4)[0]
        rows = np.array([399, 0, 17, 17, 250])
        assert opened(vectors).cosines(question, rows) == pytest.approx(vectors[rows] @ question, abs=5e-4)
        assert opened(vectors).cosines(question, np.zeros(0, dtype=np.int64)).shape == (0,)

    def test_rows_are_kept_in_half_precision(self, opened):
        vectors = unit(320)
        index = opened(vectors)
        assert (index.rows, index.dimension) == (320, 16)
        kept = index.take([0, 299, 319])
        assert np.array_equal(kept, vectors[[0, 299, 319]].astype(np.float16).astype(np.float32))

    def test_rows_taken_over_into_a_new_version_keep_their_bytes(self, home, opened):
        first = opened(unit(310))
        rows = first.take(range(first.rows))
        assert dict(opened(rows).files(0)) == dict(first.files(0))

    def test_a_sample_is_spread_over_all_rows(self, opened):
        vectors = unit(400)
        sample = opened(vectors).sample(40)
        assert len(sample) == 40 and np.allclose(sample[-1], vectors[390], atol=1e-3)

    def test_fewer_rows_than_asked_for(self, opened):
        rows, cosines = opened(unit(2)).nearest(unit(1)[0], 10)
        assert sorted(rows.tolist()) == [0, 1] and len(cosines) == 2

    def test_an_index_without_rows(self, opened):
        index = opened(np.zeros((0, 16), dtype=np.float32))
        assert index.rows == 0 and len(index.nearest(unit(1)[0], 3)[0]) == 0
        assert index.sample(5).shape == (0, 16)

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
    def test_rows_that_would_never_be_found_are_refused(self, home, vectors, message):
        with pytest.raises(ValueError, match=message):
            home.build(4 if vectors.shape[-1] == 4 else 16, [unit(1, dimension=vectors.shape[-1]), vectors])

    def test_what_is_missing_is_said(self, home):
        with pytest.raises((KeyError, ValueError)):
            home.open({}, 0)
