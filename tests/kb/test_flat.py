"""Exact search in half precision; how its rows are widened."""

import numpy as np

from kb import flat


def test_widening_is_exact_for_every_finite_number():
    halves = np.arange(2**16, dtype=np.uint32).astype(np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)]
    assert finite.size == 2 * 31 * 2**10
    assert np.array_equal(flat._widened(finite).view(np.uint32), finite.astype(np.float32).view(np.uint32))
