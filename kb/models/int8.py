"""Numbers of eight bits for the matrices of an encoder: how they are chosen so that little is lost.

Activations are given a fixed range, found once on everyday texts, so that a vector depends on its own text alone and
not on what stands beside it. Single channels of a BERT reach ten times the range of the others and would leave these
no resolution; dividing each channel by a factor and multiplying the weights by it evens that out (SmoothQuant, Xiao et
al. 2023). Weights have a scale for every output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.models.bert import Floats

SHARE = 0.7
"""How much of a channel's range the factor takes away (SmoothQuant's alpha); the best of .5, .7, .85 by cosine."""
MARGIN = 1.1
"""The range is this much wider than what was seen."""
_LEVELS, _PAIR = 127, 128


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest value of every input channel of a matrix."""

    low: Floats
    high: Floats

    def joined(self, other: Range) -> Range:
        """The range of both."""
        import numpy as np

        return Range(np.minimum(self.low, other.low), np.maximum(self.high, other.high))


@dataclass(frozen=True, slots=True)
class Quantised:
    """A matrix (in, out) for ``(round(x * inverse / step) + zero - zero) * step @ weight * scale``."""

    weight: NDArray[np.int8]
    scale: Floats
    inverse: Floats
    step: np.float32
    zero: np.uint8


def quantise(weight: Floats, seen: Range) -> Quantised:
    """``weight`` (out, in) for inputs within ``seen``.

    Processors without VNNI add two products of unsigned and signed bytes in sixteen bits and cut off what does not fit.
    The scale keeps every two neighbouring weights so small that it always fits: every processor gets the same numbers.
    """
    import numpy as np

    reach = np.maximum(np.maximum(-seen.low, seen.high), 1e-3)
    factor = (reach**SHARE / np.maximum(np.abs(weight).max(axis=0), 1e-4) ** (1 - SHARE)).astype(np.float32)
    low = min(float((seen.low / factor).min()), 0.0) * MARGIN
    high = max(float((seen.high / factor).max()), 0.0) * MARGIN
    step = np.float32((high - low) / 255)
    columns = (weight * factor).T
    pairs = np.abs(columns[0::2] + columns[1::2]).max(axis=0)
    scale = np.maximum(np.maximum(np.abs(columns).max(axis=0) / _LEVELS, pairs / (_PAIR - 1)), 1e-12).astype(np.float32)
    rounded = np.rint(columns / scale).astype(np.int8)
    return Quantised(rounded, scale, (1 / factor).astype(np.float32), step, np.uint8(round(-low / step)))
