from __future__ import annotations

import threading

import pytest

from kb.config import SearchSettings
from kb.errors import ModelError, ModelMissing
from kb.index import build_index
from kb.reranker import CrossEncoderReranker, SecondLook, load_reranker
from kb.search import HybridRetriever
from tests.contracts import RetrieverContract
from tests.doubles import BigramEncoder, faq

COD = faq("可以货到付款吗？", "部分地区支持货到付款。", "能不能送到再给钱")
FEE = faq("货到付款要手续费吗？", "货到付款不收手续费。")
RETURN = faq("退货运费谁出？", "质量问题由我们承担。")


class Preferring:
    """Puts texts that hold ``word`` first."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[str] = []

    def scores(self, question, texts):
        self.asked.append(question)
        return [float(self.word in text) for text in texts]


def fused() -> HybridRetriever:
    encoder = BigramEncoder()
    index, _ = build_index([COD, FEE, RETURN], [encoder])
    return HybridRetriever(index, [encoder], generation="gen-000001")


def looking(reranker, seconds: float = 5.0) -> SecondLook:
    first = fused()
    return SecondLook(first, reranker, seconds=seconds, judge=first.judge)


class TestSecondLook(RetrieverContract):
    @pytest.fixture
    def retriever(self):
        return looking(Preferring("手续费"))


def test_the_second_look_reorders_and_says_so():
    plain, again = fused().search("货到付款", 3), looking(Preferring("手续费")).search("貨到付款", 3)
    assert plain.hits[0].entry == COD and again.hits[0].entry == FEE
    assert again.hits[0].signals["reranker"] == 1.0
    assert {hit.entry.id for hit in again.hits} == {hit.entry.id for hit in plain.hits}
    assert again.confidence == fused().judge(again.hits[0])[0]


def test_an_unchanged_first_keeps_its_confidence():
    plain, again = fused().search("货到付款能用吗", 3), looking(Preferring("部分地区")).search("货到付款能用吗", 3)
    assert (again.hits[0].entry, again.confidence, again.band) == (COD, plain.confidence, plain.band)


def test_an_editors_own_words_need_no_second_look():
    reranker = Preferring("手续费")
    assert looking(reranker).search("可以货到付款吗").hits[0].entry == COD and reranker.asked == []


class Broken:
    def scores(self, question, texts):
        raise RuntimeError("out of memory")


class Unsure:
    def scores(self, question, texts):
        return [float("nan")] * len(texts)


class Short:
    def scores(self, question, texts):
        return [1.0]


@pytest.mark.parametrize("reranker", [Broken(), Unsure(), Short()])
def test_a_broken_reranker_costs_nothing_but_its_opinion(reranker):
    plain, again = fused().search("货到付款", 3), looking(reranker).search("货到付款", 3)
    assert (again.hits, again.confidence, again.band) == (plain.hits, plain.confidence, plain.band)


def test_a_late_reranker_is_not_waited_for_nor_queued_behind():
    done, calls = threading.Event(), []

    class Slow:
        def scores(self, question, texts):
            calls.append(question)
            done.wait(30)
            return [0.0] * len(texts)

    late = looking(Slow(), seconds=0.05)
    plain = fused().search("货到付款", 3)
    assert late.search("货到付款", 3).hits == plain.hits
    assert late.search("货到付款", 3).hits == plain.hits
    assert len(calls) == 1
    done.set()


def test_settings_name_a_folder_or_a_hub_id(tmp_path):
    assert load_reranker(SearchSettings()) is None
    assert load_reranker(SearchSettings(reranker=str(tmp_path))) is not None
    assert load_reranker(SearchSettings(reranker="BAAI/bge-reranker-base")) is not None
    for wrong in ("e5", "没有这个"):
        with pytest.raises(ModelError, match=f"“{wrong}”不能用作重排模型"):
            load_reranker(SearchSettings(reranker=wrong))


def test_an_empty_folder_is_named_when_it_is_used(tmp_path):
    with pytest.raises(ModelMissing, match="reranker"):
        CrossEncoderReranker(str(tmp_path), local=True).scores("货到付款", ["部分地区支持。"])


def test_a_real_cross_encoder_scores_pairs(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"货到付款部分地区支持。"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    config = BertConfig(
        vocab_size=len(words), hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, num_labels=1
    )
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    marks = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks).save_pretrained(tmp_path)
    scores = CrossEncoderReranker(str(tmp_path), local=True).scores("货到付款", ["部分地区支持。", "货到付款"])
    assert len(scores) == 2 and all(isinstance(score, float) for score in scores)
    again = looking(CrossEncoderReranker(str(tmp_path), local=True), seconds=60).search("货到付款", 3)
    assert len(again.hits) == 3 and "reranker" in again.hits[0].signals
