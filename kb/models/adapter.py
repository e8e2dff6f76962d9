"""The product's own correction of a packaged encoder: low-rank products added once to its weights.

LoRA (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"): beside a weight matrix W (out, in) two thin
matrices A (rank, in) and B (out, rank) are trained, and W + B A is used in its place. Half-way back to the model as it
was (WiSE-FT, Wortsman et al. 2022) it keeps what it knew of other domains; the factor is already part of B.
``benchmarks/models/adapter`` trains them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save

from kb.durable import replace_file
from kb.errors import ModelDamaged
from kb.models.layout import write_json
from kb.models.seal import sha256_of

WEIGHTS, NOTE = "model.safetensors", "adapter.json"

_Arrays = dict[str, NDArray[np.float32]]


def apply(folder: Path, adapter: Path) -> None:
    """Add the products in ``adapter`` to the float32 weights of the converted ``folder``, and note that in it.

    ``adapter`` holds ``<module>.A`` (rank, in) and ``<module>.B`` (out, rank) for every ``<module>.weight`` (out, in)
    to change. Equal files give equal bytes on every machine: the products are summed in one fixed order, which no BLAS
    promises. ``adapter.json`` names file, SHA-256 and licence; it also tells the folder apart from the plain one.

    Raises:
        ModelDamaged: a file cannot be read, or names, shapes or types do not fit; nothing has been written then.
        OSError: writing failed; the old weights stand.
        ValueError: the folder has an adapter already.
    """
    if (folder / NOTE).exists():
        raise ValueError(f"{folder} has an adapter already")
    weights, factors = _read(folder / WEIGHTS), _read(adapter)
    for module in _modules(factors, adapter):
        a, b = (factors[f"{module}.{side}"].astype(np.float32) for side in "AB")
        weight = weights.get(f"{module}.weight")
        if weight is None:
            raise _unfit(adapter, f"模型里没有 {module}.weight")
        if weight.dtype != np.float32 or a.ndim != 2 or b.ndim != 2 or weight.shape != (len(b), a.shape[1]):
            raise _unfit(adapter, f"{module} 的形状是 {b.shape}×{a.shape}，模型里是 {weight.dtype} {weight.shape}")
        if b.shape[1] != len(a):
            raise _unfit(adapter, f"{module} 的秩不一致：{b.shape[1]} 与 {len(a)}")
        product = np.zeros_like(weight)
        for column, row in zip(b.T, a, strict=True):
            product += np.outer(column, row)
        weights[f"{module}.weight"] = weight + product
    replace_file(folder / WEIGHTS, save(weights, metadata={"format": "pt"}))
    write_json(
        folder / NOTE,
        {"file": adapter.name, "sha256": sha256_of(adapter), "licence": read_metadata(adapter).get("licence", "")},
    )


def read_metadata(adapter: Path) -> Mapping[str, str]:
    """What the file says about itself: ``licence`` (SPDX), ``for`` (id of the model), how it was made.

    Raises:
        ModelDamaged: the file cannot be read.
    """
    try:
        with safe_open(adapter, framework="numpy") as opened:
            return dict(opened.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise _unreadable(adapter, error) from error


def _read(path: Path) -> _Arrays:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error


def _modules(factors: _Arrays, adapter: Path) -> list[str]:
    """The modules that are changed, sorted; each must have both factors."""
    modules = sorted({name[:-2] for name in factors})
    if not modules:
        raise _unfit(adapter, "里面没有权重")
    if sorted(factors) != sorted(f"{module}.{side}" for module in modules for side in "AB"):
        raise _unfit(adapter, "权重没有两两成对（A 与 B）")
    return modules


def _unreadable(path: Path, error: Exception) -> ModelDamaged:
    reason = "文件不见了" if isinstance(error, FileNotFoundError) else str(error).splitlines()[0]
    return ModelDamaged(f"权重文件 {path} 读不出来（{reason}）；请重新安装本程序后重试。")


def _unfit(adapter: Path, problem: str) -> ModelDamaged:
    return ModelDamaged(f"微调权重 {adapter} 与编码模型不相符（{problem}），没有启用；请重新安装本程序后重试。")
