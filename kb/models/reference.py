"""The last check of a converted encoder: its vectors against those of the original engine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import ModelDamaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MINIMUM_COSINE = 0.999
"""The engine computes in 8 bits, we in float32: they agree to .9998 or better; a wrong layer falls far below."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A text, the role it is encoded in (``query`` or ``document``), and its unit vector (dimension,)."""

    role: str
    text: str
    vector: tuple[float, ...]


def read_references(family: str) -> tuple[Reference, ...]:
    """The references shipped for the encoders of a ``family``, none where there are none."""
    path = Path(__file__).with_name(f"{family}_reference.json")
    if not path.is_file():
        return ()
    rows = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Reference(row["role"], row["text"], tuple(row["vector"])) for row in rows)


def compare(name: str, folder: Path, references: Sequence[Reference]) -> float:
    """Encode the references with the sentence-transformers model in ``folder``.

    Returns the smallest cosine found, 1.0 without references.

    Raises:
        ModelDamaged: it cannot be loaded, or a cosine is below ``MINIMUM_COSINE``.
    """
    if not references:
        return 1.0
    import numpy as np

    expected = np.array([reference.vector for reference in references], dtype=np.float32)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    try:
        found = _encode(folder, references)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelDamaged(f"编码模型“{name}”转换后加载失败（{error}）；请升级本程序及其依赖后重新运行。") from error
    lowest = float((expected * found).sum(axis=1).min()) if expected.shape == found.shape else 0.0
    if not lowest >= MINIMUM_COSINE:
        raise ModelDamaged(
            f"编码模型“{name}”转换后的向量与参考值不符（余弦 {lowest:.4f}，应不低于 {MINIMUM_COSINE}），没有启用；"
            "请升级 sentence-transformers 与 torch 后重新运行。"
        )
    return lowest


def _encode(folder: Path, references: Sequence[Reference]) -> NDArray[np.float32]:
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer

    with _quiet():
        model = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
        )
    roles = {"query": model.encode_query, "document": model.encode_document}
    rows = [roles[reference.role](reference.text, show_progress_bar=False) for reference in references]
    return np.asarray(rows, dtype=np.float32)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' progress bar for loading weights off the terminal; restore the setting afterwards."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
