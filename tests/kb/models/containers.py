"""A small E5S1 container, written from the format's description, for tests that need no download."""

from __future__ import annotations

import struct

import numpy as np

HIDDEN, LAYERS, HEADS, FEED_FORWARD, POSITIONS, TYPES = 32, 1, 2, 64, 16, 2
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁", "▁退", "货", "退货", "한", "при", "～", "!", "<mask>")
SCORES = tuple([0.0] * 4 + [-float(i) for i in range(1, len(PIECES) - 4)] + [0.0])
ROWS = len(PIECES) + 3  # the real file too has spare rows


def q4(weights: np.ndarray) -> bytes:
    """Quantise rows of multiples of 32: scale = largest magnitude / -8, as ggml does."""
    out = bytearray()
    for block in weights.reshape(-1, 32):
        peak = block[np.abs(block).argmax()]
        scale = np.float16(peak / -8) if peak else np.float16(1)
        quants = np.clip(np.round(block / np.float32(scale)) + 8, 0, 15).astype(np.uint8)
        out += scale.tobytes() + (quants[:16] | quants[16:] << 4).tobytes()
    return bytes(out)


def tensors() -> dict[str, np.ndarray]:
    """Random weights by their names in the file; matrices are those with two dimensions, all else stays float32."""
    dice = np.random.default_rng(5)

    def draw(*shape: int) -> np.ndarray:
        return dice.normal(0, 0.1, shape).astype(np.float32)

    named = {
        "emb.word": draw(ROWS, HIDDEN),
        "emb.pos": draw(POSITIONS * HIDDEN),
        "emb.type": draw(TYPES * HIDDEN),
        "emb.ln.w": draw(HIDDEN),
        "emb.ln.b": draw(HIDDEN),
    }
    for layer in range(LAYERS):
        for part, (rows, columns) in {
            "q": (HIDDEN, HIDDEN), "k": (HIDDEN, HIDDEN), "v": (HIDDEN, HIDDEN), "ao": (HIDDEN, HIDDEN),
            "fi": (FEED_FORWARD, HIDDEN), "fo": (HIDDEN, FEED_FORWARD),
        }.items():  # fmt: skip
            named[f"l{layer}.{part}.w"] = draw(rows, columns)
            named[f"l{layer}.{part}.b"] = draw(rows)
        for part in ("aln", "oln"):
            named[f"l{layer}.{part}.w"] = draw(HIDDEN)
            named[f"l{layer}.{part}.b"] = draw(HIDDEN)
    return named


def container(magic: bytes = b"E5S1", version: int = 1, block: int = 32) -> bytes:
    encoded = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    blob = b"".join(encoded)
    norm = struct.pack("<IBI", 0x3000, 1, 0x20)
    head = magic + struct.pack("<I7i", version, HIDDEN, LAYERS, HEADS, FEED_FORWARD, ROWS, POSITIONS, TYPES)
    head += struct.pack("<fi", 1e-12, block)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob))
    head += offsets.tobytes() + np.array(SCORES, "<f4").tobytes() + blob
    head += struct.pack("<iI", 1, len(norm)) + norm
    named = tensors()
    directory_size = 4 + sum(2 + len(name) + 21 for name in named)
    offset = len(head) + directory_size
    directory, body = struct.pack("<i", len(named)), b""
    for name, values in named.items():
        kind, data = (1, q4(values)) if values.ndim == 2 else (0, values.tobytes())
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, values.size, offset + len(body), len(data))
        body += data
    return head + directory + body
