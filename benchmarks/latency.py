"""What a search costs beside the encoder: one question, in process, over a base of 10,000 passages.

    python -m benchmarks.latency [--passages 10000]

The floor is the encoder's own time for the question. Passages are made up and their vectors drawn at random: neither
changes the time. Both are timed alternately in one run, so that a busy machine burdens both alike.
"""

from __future__ import annotations

import random
import statistics
import time

import numpy as np

from benchmarks.common import Bars, finish, parser, quantiles
from kb.config import SearchSettings, load, resolve_home
from kb.encoder import load_encoders
from kb.index import build_index
from kb.records import Entry, Place
from kb.search import HybridRetriever
from kb.text import normalise

QUESTIONS = [
    "可以货到付款吗？",
    "退货的运费谁来承担啊",
    "买了三天还没发货怎么回事",
    "發票可以開公司抬頭嗎",
    "你好，想问下优惠券过期了还能补吗，谢谢",
    "zfb付款失败了怎么办",
    "保修期多久",
    "收货地址写错了，还没发货，能不能帮我改一下",
]
ROUNDS = 25
WORDS = "订单 付款 退货 换货 运费 发票 物流 签收 保修 客服 优惠券 积分 会员 地址 商品 质量 申请 审核 到账 时间 规则 支持 部分 地区".split()


def made_up(count: int) -> list[Entry]:
    """So many passages of the words of a shop, all different."""
    chance = random.Random(2)
    return [
        Entry(f"p{n}", "passage", "public", "，".join(chance.choices(WORDS, k=40)) + f"{n}。", Place("made-up"))
        for n in range(count)
    ]


class Drawn:
    """The real encoder for questions, random unit vectors for passages."""

    def __init__(self, encoder) -> None:
        self._encoder = encoder
        self.name, self.dimension, self.fingerprint = encoder.name, encoder.dimension, encoder.fingerprint
        self._random = np.random.default_rng(1)

    def questions(self, texts):
        return self._encoder.questions(texts)

    def passages(self, texts, progress=None):
        vectors = self._random.normal(size=(len(texts), self.dimension)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--passages", type=int, default=10_000)
    options = asked.parse_args()
    encoder = Drawn(load_encoders(load(SearchSettings, resolve_home(None)))[0])
    index, _ = build_index(made_up(options.passages), [encoder])
    retriever = HybridRetriever(index, [encoder], generation="gen-000001")
    alone, whole = [], []
    for turn in range(-1, ROUNDS):
        for question in QUESTIONS:
            words = normalise(question)
            began = time.perf_counter()
            encoder.questions([words])
            middle = time.perf_counter()
            retriever.search(question)
            ended = time.perf_counter()
            if turn >= 0:  # the first round warms up
                alone.append(middle - began)
                whole.append(ended - middle)
    figures = {"encoder alone": quantiles(alone), "encoder and search": quantiles(whole)}
    results = {
        "passages": options.passages,
        "views": len(index.views),
        "questions": len(alone),
        "encoder": encoder.name,
        **figures,
        "ratio_median_of_pairs": round(statistics.median(b / a for a, b in zip(alone, whole, strict=True)), 3),
    }
    bars = {f"{name}, {key[:3]}": value for name, of in figures.items() for key, value in of.items()}
    finish("latency", results, [Bars("One question", "ms", bars)], options.out)


if __name__ == "__main__":
    main()
