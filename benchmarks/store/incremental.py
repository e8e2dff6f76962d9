"""How long a one-entry change takes beside a full build, where that time goes, and how much memory a build needs.

    python benchmarks/store/incremental.py --passages 20000 --profile --compare
    python benchmarks/store/incremental.py --passages 100000 --memory

The encoder is a double that costs what e5 costs (``--rate`` texts a second, 40 on two cores) without computing it: a full
build's time is the measured time without encoding plus texts / rate, so that nobody waits for hours. Memory is the peak
of this process less what it had before the build, that is, beside the model.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kb.lexicon import words
from kb.records import Entry, Place
from kb.store import Store

QUESTION = 0.2
"""What a question costs of what a passage of a hundred characters does: it is as much shorter."""


class CostedEncoder:
    """A direction for every text, made from its digest in no time; counts what it would have cost."""

    name, dimension, fingerprint = "costed", 384, "costed:384"

    def __init__(self, rate: float) -> None:
        self.rate, self.seconds, self.texts = rate, 0.0, 0

    def questions(self, texts: Sequence[str]) -> np.ndarray:
        return self._encode(texts, QUESTION)

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> np.ndarray:
        if progress is not None:
            progress(len(texts))
        return self._encode(texts)

    def _encode(self, texts: Sequence[str], cost: float = 1.0) -> np.ndarray:
        self.texts += len(texts)
        self.seconds += cost * len(texts) / self.rate
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = np.random.default_rng(abs(hash(text))).standard_normal(self.dimension, dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def passages(count: int, chars: int) -> list[Entry]:
    """A base of so many passages of about so many characters, of words as frequent as in a dictionary."""
    chance = random.Random(1)
    dictionary = [word for word in words() if 2 <= len(word) <= 4][:20_000]
    weights = [1 / (rank + 20) for rank in range(len(dictionary))]
    stream = iter(chance.choices(dictionary, weights, k=count * (chars // 2 + 8)))
    entries = []
    for number in range(count):
        pieces: list[str] = []
        length = 0
        while length < chars:
            word = next(stream)
            length += len(word)
            pieces.append(word + ("。" if chance.random() < 0.08 else ""))
        audience = "internal" if number % 5 == 0 else "public"
        place = Place(f"guide-{number % 200}.md", (f"第{number % 200}章",), 0, length)
        entries.append(Entry(f"{number:012d}", "passage", audience, "".join(pieces), place))  # type: ignore[arg-type]
    return entries


def timed(store: Store, entries: Sequence[Entry], encoder: CostedEncoder, profile: bool, full: bool) -> tuple[float, float]:
    """Seconds without encoding, and those that encoding would have taken, of a build with its publish."""
    before, began, profiler = encoder.seconds, time.process_time(), cProfile.Profile()
    if profile:
        profiler.enable()
    manifest = store.write(entries, [encoder], full=full)
    store.publish(manifest.id)
    if profile:
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumulative").print_stats(35)
    return time.process_time() - began, encoder.seconds - before


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--chars", type=int, default=110, help="of a passage; beyond 120 it gets windows as well")
    parser.add_argument("--rate", type=float, default=40.0)
    parser.add_argument("--profile", action="store_true", help="where the time of the one-entry change goes")
    parser.add_argument("--compare", action="store_true", help="also build the changed base in full, and compare the bytes")
    parser.add_argument("--memory", action="store_true", help="only build once, and tell the peak")
    chosen = parser.parse_args()
    entries = passages(chosen.passages, chosen.chars)
    encoder = CostedEncoder(chosen.rate)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        small = [replace(entry, id=f"x{entry.id}") for entry in entries[:50]]
        timed(store, small, encoder, False, True)  # everything imported
        before = peak_mb()
        work, encoding = timed(store, entries, encoder, False, True)
        figures = {
            "passages": chosen.passages,
            "texts": encoder.texts,
            "full_s": round(work + encoding, 1),
            "full_without_encoder_s": round(work, 1),
            "peak_mb_beside_model": round(peak_mb() - before),
        }
        if not chosen.memory:
            changed = [replace(entries[0], text=entries[0].text + "新内容。"), *entries[1:]]
            work, encoding = timed(store, changed, encoder, chosen.profile, False)
            figures["change_s"] = round(work + encoding, 1)
            figures["share"] = round(figures["change_s"] / figures["full_s"], 4)
        if chosen.compare and not chosen.memory:
            partly = store.manifest(store.current() or "").files
            fully = Store(Path(folder) / "again").write(changed, [encoder]).files
            figures["same_bytes_as_full"] = partly == fully
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
