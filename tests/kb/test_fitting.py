from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kb.calibration import DEFAULT
from kb.fitting import FITTED, LEAST_ALIASES, MOST_ALIASES, PRIOR, calibrate, calibrated, fit
from kb.index import Index, build_index
from kb.search import HybridRetriever
from kb.synonyms import Synonyms
from tests.doubles import BigramEncoder, faq

TOPICS = {
    "货到付款": "部分地区支持货到付款，结算页会显示。",
    "退货运费": "质量问题由我们承担，其他情形由您承担。",
    "电子发票": "订单完成以后可以在订单页下载。",
    "修改收货地址": "发货以前可以在订单页修改。",
    "会员积分": "每消费一元得一分，年底清零。",
    "优惠券使用": "结算时选择，每单一张。",
    "预售商品发货": "以商品页写明的日期为准。",
    "缺货补货提醒": "点击到货通知，补货后会发消息。",
    "保修期限": "自签收之日起一年。",
    "破损赔付": "签收后两天内拍照联系我们。",
    "取消订单": "未发货的订单可以直接取消。",
    "尺码选择": "请参考商品页的尺码表。",
}
SHORT = [faq(f"{topic}是怎么规定的？", text) for topic, text in TOPICS.items()]
RICH = [
    faq(f"{topic}是怎么规定的？", text, f"想问{topic}怎么办", f"{topic}有什么要求", f"你们的{topic}")
    for topic, text in TOPICS.items()
]
FAR = ["红烧肉怎么做才不腻", "故宫是哪一年建成的", "明天会下雨吗", "一光年等于多少公里", "股票今天涨了没有", "谁写了红楼梦"]


def index_of(*entries) -> Index:
    return build_index(entries, [BigramEncoder()], synonyms=Synonyms())[0]


def calibration_of(*entries):
    return calibrate(index_of(*entries), [BigramEncoder()]).calibration


@pytest.fixture(scope="module")
def rich() -> HybridRetriever:
    return HybridRetriever(calibrated(index_of(*RICH), [BigramEncoder()]), [BigramEncoder()], generation="g")


def test_far_questions_are_not_answered(rich):
    results = [rich.search(question) for question in FAR]
    assert all(result.band != "answer" for result in results)
    assert np.mean([result.confidence for result in results]) < 0.25


@pytest.mark.parametrize("topic", TOPICS)
def test_what_the_base_holds_is_likelier_than_what_it_does_not(rich, topic):
    assert rich.search(f"请问{topic}怎么弄").confidence > np.median([rich.search(far).confidence for far in FAR])


def test_aliases_give_a_base_its_own_fit():
    own = calibration_of(*RICH)
    assert own.questions > LEAST_ALIASES
    assert {name: own.weights[name] for name in FITTED} != {name: DEFAULT.weights[name] for name in FITTED}
    assert (own.weights["exact"], own.weights["counter"]) == (DEFAULT.weights["exact"], DEFAULT.weights["counter"])
    assert (own.answer_at, own.clarify_at) == (DEFAULT.answer_at, DEFAULT.clarify_at)


def test_a_base_with_few_aliases_keeps_the_general_model_at_its_own_place():
    own = calibration_of(*SHORT, faq("怎么联系你们？", "请留言。", "客服在哪"))
    assert own.questions == 0
    assert own == replace(DEFAULT, usual=own.usual, spread=own.spread) != DEFAULT


def test_a_base_of_nothing_keeps_the_general_model():
    assert calibrate(index_of(), [BigramEncoder()]).calibration == DEFAULT


@pytest.mark.parametrize("aliases", [0, LEAST_ALIASES + 2])
def test_a_base_of_one_entry(aliases):
    own = calibration_of(faq("可以货到付款吗？", "部分地区可以。", *(f"第{number}种付款问法" for number in range(aliases))))
    assert all(map(math.isfinite, (own.intercept, own.usual, own.spread, *own.weights.values())))
    assert own.spread > 0 and (own.questions > 0) is (aliases > 0)


def test_dates_do_not_change_the_calibration():
    past = [replace(entry, valid_to=date(2020, 1, 1)) for entry in RICH]
    future = [replace(entry, valid_from=date(2999, 1, 1)) for entry in RICH]
    assert calibration_of(*past) == calibration_of(*future) == calibration_of(*RICH)


def test_the_same_base_gives_the_same_bytes():
    assert calibration_of(*RICH).to_bytes() == calibration_of(*RICH).to_bytes()


def test_questions_that_hit_a_twin_are_named():
    one = faq("优惠券能叠加使用吗？", "不能。", "两张优惠券能不能一起用")
    twin = faq("两张优惠券能一起用吗？", "活动期间可以。")
    strays = calibrate(index_of(*RICH, one, twin), [BigramEncoder()]).strays
    assert ("两张优惠券能不能一起用", one.id, twin.id) in [(stray.alias, stray.entry, stray.found) for stray in strays]


def test_at_most_so_many_aliases_are_asked():
    entries = [faq(f"{topic}{number}？", "见页面。", f"问{topic}{number}") for topic in TOPICS for number in range(40)]
    asked: list[str] = []

    class Counting(BigramEncoder):
        def questions(self, texts):
            asked.extend(texts)
            return super().questions(texts)

    calibrate(index_of(*entries), [Counting()])
    assert sum(text[0] == "问" or text[:-1] in str(TOPICS) for text in asked) <= 2 * 2 * MOST_ALIASES


PRIOR_BETA = np.array([-1.0, 0.5, 1.5])


def drawn(count: int, beta: np.ndarray, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, len(beta) - 1))
    p = 1 / (1 + np.exp(-(beta[0] + features @ beta[1:])))
    return features, (random.random(count) < p).astype(float)


def test_a_fit_recovers_the_coefficients_that_made_the_data():
    true = np.array([-0.5, 2.0, -1.0])
    assert fit(*drawn(20_000, true), PRIOR_BETA) == pytest.approx(true, abs=0.1)


def test_a_fit_to_nothing_stays_at_the_prior():
    assert fit(np.zeros((0, 2)), np.zeros(0), PRIOR_BETA) == pytest.approx(PRIOR_BETA)
    assert fit(np.array([]), np.array([]), PRIOR_BETA) == pytest.approx(PRIOR_BETA)


def test_a_fit_to_little_stays_near_the_prior():
    true = np.array([-0.5, 2.0, -1.0])
    little, much = (np.abs(fit(*drawn(count, true), PRIOR_BETA) - PRIOR_BETA).max() for count in (8, 4_000))
    assert little < 0.75 < much


def test_a_stronger_prior_holds_more():
    data = drawn(200, np.array([-0.5, 2.0, -1.0]))
    weak, strong = (np.abs(fit(*data, PRIOR_BETA, strength) - PRIOR_BETA).max() for strength in (PRIOR / 10, PRIOR * 10))
    assert strong < weak


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_questions_of_one_outcome_and_a_constant_signal_do_not_diverge(label):
    features = np.column_stack([np.linspace(0, 1, 200), np.full(200, 0.3)])
    beta = fit(features, np.full(200, label), PRIOR_BETA)
    assert np.isfinite(beta).all() and np.abs(beta[0] + features @ beta[1:]).max() < 12
