from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.calibration import DEFAULT, Calibration

PLAIN = Calibration(intercept=0.0, weights={"lift": 1.0, "overlap": 2.0}, usual=0.4, spread=0.1)


def test_lift_counts_deviations_above_the_usual():
    assert PLAIN.lift(np.array([0.4, 0.5, 0.2])) == pytest.approx([0, 1, -2])


def test_confidence_is_logistic_in_the_named_signals():
    assert PLAIN.confidence({}) == 0.5
    assert PLAIN.confidence({"lift": 1.0, "overlap": 0.5, "unknown": 99.0}) == pytest.approx(1 / (1 + 2.718281828**-2))


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_confidence_is_a_probability_and_never_overflows(lift, overlap):
    assert 0 <= PLAIN.confidence({"lift": lift, "overlap": overlap}) <= 1


@pytest.mark.parametrize(
    ("confidence", "band"),
    [(0.0, "none"), (0.149, "none"), (0.15, "clarify"), (0.549, "clarify"), (0.55, "answer"), (1.0, "answer")],
)
def test_bands_begin_at_their_thresholds(confidence, band):
    assert replace(PLAIN, answer_at=0.55, clarify_at=0.15).band(confidence) == band


def test_in_general_an_editors_own_wording_is_answered_and_a_counter_example_is_not():
    far = {"lift": 0.0, "overlap": 0.0, "peak": 1.0}
    assert DEFAULT.band(DEFAULT.confidence(far)) != "answer"
    asked = {"lift": 2.0, "overlap": 0.9, "peak": 4.0, "exact": 1.0}
    assert DEFAULT.band(DEFAULT.confidence(asked)) == "answer"
    assert DEFAULT.band(DEFAULT.confidence({**asked, "exact": 0.0, "counter": 100.0})) == "none"


def test_values_survive_being_written():
    own = replace(DEFAULT, intercept=-2.5, weights={"peak": 1.0, "lift": 0.3}, usual=0.21, questions=77)
    assert Calibration.from_bytes(own.to_bytes()) == own
    again = replace(own, weights={"lift": 0.3, "peak": 1.0})
    assert own.to_bytes() == again.to_bytes()  # the order of weights does not count


def test_bytes_of_an_earlier_version_take_the_general_values():
    old = json.dumps({"intercept": -3.0, "weights": {"lift": 1.0}}).encode()
    assert Calibration.from_bytes(old) == replace(DEFAULT, intercept=-3.0, weights={"lift": 1.0})


@pytest.mark.parametrize("data", [b"", b"\x80", b"[1]", b"3", b'{"temperature": 1}', b'{"intercept": '])
def test_foreign_bytes_are_refused(data):
    with pytest.raises(ValueError, match=r"calibration|Expecting|decode"):
        Calibration.from_bytes(data)
