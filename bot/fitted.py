"""What was learnt from the examples, kept between starts: encoding thousands of lines takes longer than people wait.

One safetensors file an encoder, in the user's cache beside the encoders; a filled one is packaged. A line's vector
depends on the line and the encoder alone, so that a changed example file costs its new lines only.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.kernel import BIAS, MARKS, MEANING, RIDGE, WIDTH, Fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.encoder import Encoder

    Reals = NDArray[np.float32]

logger = logging.getLogger(__name__)

PACKAGED = "scenarios.safetensors"
FORMAT = 1
SAME = 0.99
"""Least cosine of the vectors of a line for two encoders to count as one: rounding to bytes costs .0005 at most."""
PROBES = 4


@dataclass(frozen=True, slots=True)
class Kept:
    """``vectors`` (n, d) of the lines with these ``digests``, and the fits (``letters``, ``both``) to the examples of
    ``key``, which are these lines in this order."""

    key: str
    digests: tuple[bytes, ...]
    vectors: Reals
    fits: dict[str, Fit]


def key_of(examples: Sequence[tuple[str, str]], rules: object) -> str:
    """Changes whenever another fit would come out: with the examples, the rules that mark them, or the constants."""
    constants = (FORMAT, MEANING, MARKS, BIAS, WIDTH, RIDGE)
    return hashlib.sha256(repr((constants, list(examples), rules)).encode()).hexdigest()[:32]


def digest_of(line: str) -> bytes:
    """What a line is found by."""
    return hashlib.blake2b(line.encode("utf-8", "replace"), digest_size=8).digest()


def vectors_of(
    lines: Sequence[str], encoder: Encoder, kept: Sequence[Kept] = (), report: Callable[[str], None] = lambda line: None
) -> Reals:
    """Vectors (n, d) of ``lines``: from ``kept``, which must be of this encoder, or encoded now."""
    import numpy as np

    known: dict[bytes, Reals] = {}
    for one in kept:
        known |= dict(zip(one.digests, one.vectors, strict=True))
    digests = list(map(digest_of, lines))
    new = [line for line, digest in zip(lines, digests, strict=True) if digest not in known]
    if new:
        if len(new) > 100:
            report(f"第一次使用，正在为 {len(new)} 条情形例句计算向量，请稍候…")
        known |= dict(zip(map(digest_of, new), rounded(encoder.questions(new)), strict=True))
    return np.stack([known[digest] for digest in digests])


def is_of(kept: Kept, lines: Sequence[str], encoder: Encoder) -> bool:
    """Whether ``encoder`` gives the kept vectors, tried on the first few of ``lines`` that are kept.

    Fingerprints cannot tell: they also change with versions of libraries that give the same vectors.
    """
    row_of = {digest: row for row, digest in enumerate(kept.digests)}
    probes = [line for line in lines if digest_of(line) in row_of][:PROBES]
    stored = kept.vectors[[row_of[digest_of(line)] for line in probes]]
    if not probes or stored.shape[1] != encoder.dimension:
        return False
    return bool((stored * encoder.questions(probes)).sum(axis=1).min() >= SAME)


def rounded(vectors: Reals) -> Reals:
    """Unit ``vectors`` as they come back from being kept, so that a first start says what every other one says."""
    return _restored(_as_bytes(vectors))


def pack(key: str, lines: Sequence[str], vectors: Reals, fits: dict[str, Fit]) -> bytes:
    """A file that :func:`unpack` reads: vectors as bytes, weights in half precision."""
    import numpy as np
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]] = {
        "lines": np.frombuffer(b"".join(map(digest_of, lines)), dtype=np.uint8).reshape(-1, 8),
        "vectors": _as_bytes(vectors),
    }
    for name, fitted in fits.items():
        tensors[f"{name}.dual"] = fitted.dual.astype(np.float16)
        tensors[f"{name}.marks"] = fitted.marks
        tensors[f"{name}.mean"] = fitted.mean
    # safetensors writes memory as it lies, and a solver may leave its result by columns.
    return save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, metadata={"key": key})


def unpack(data: bytes) -> Kept:
    """What :func:`pack` wrote.

    Raises:
        ValueError: the data is something else.
    """
    import json

    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
        key = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["key"]
        fits = {
            name: Fit(
                tensors[f"{name}.dual"].astype(np.float32), tensors[f"{name}.marks"], tensors[f"{name}.mean"]
            )
            for name in ("letters", "both")
            if f"{name}.dual" in tensors
        }
        digests = tuple(row.tobytes() for row in tensors["lines"])
        return Kept(key, digests, _restored(tensors["vectors"]), fits)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise ValueError(f"no fit of situations: {error}") from error


def packaged() -> Kept | None:
    """The fit that comes with the package; None where it was taken out of it."""
    file = importlib.resources.files("bot").joinpath(PACKAGED)
    return unpack(file.read_bytes()) if file.is_file() else None


def read(path: Path) -> Kept | None:
    """The fit kept at ``path``; None if there is none, or none that can be read, which is logged."""
    try:
        return unpack(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        logger.warning("kept fit %s not used, it will be made anew: %s", path, error)
        return None


def write(path: Path, data: bytes) -> None:
    """Keep ``data`` at ``path``; where that is not possible the next start is slower, which is logged."""
    from kb.durable import replace_file

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
    except OSError as error:
        logger.warning("fit of situations not kept at %s: %s", path, error)


def _as_bytes(vectors: Reals) -> NDArray[np.int8]:
    import numpy as np

    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-12)
    rounded: NDArray[np.int8] = np.rint(vectors * (127 / largest)).astype(np.int8)
    return rounded


def _restored(stored: NDArray[np.int8]) -> Reals:
    import numpy as np

    vectors = stored.astype(np.float32)
    unit: Reals = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
