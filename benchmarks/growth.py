"""Search by vectors as a base grows: latency, recall, memory, build and publish at 1 k to 1 M passages.

    python -m benchmarks.growth DATASET_DIR... [--sizes 1000 10000 100000 1000000] [--encoder e5]

The vectors are grown from real ones (:mod:`benchmarks.growing` says how) and asked real questions. ``build``: from vectors
to an index; ``publish``: written, synced and read back with digests; ``memory``: what a fresh process grows by when it
opens the index and answers all questions, mapped files included; ``recall``: the share of the true nearest that is found,
of 10 and of the 200 that search takes. A million passages take ten minutes and 5 GB.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.common import ROOT, Chart, finish, memory_mb, parser, quantiles
from benchmarks.growing import Seedlings, seedlings
from kb.config import SearchSettings
from kb.durable import write_file
from kb.encoder import load_encoders
from kb.flat import FlatIndex, LocalVectors
from kb.generations import read_file
from kb.manifest import sha256

NEAR = 200
"""What ``kb.search.Fusion`` asks of each encoder."""


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("folders", type=Path, nargs="*")
    asked.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    asked.add_argument("--encoder", default="e5")
    asked.add_argument("--texts", type=int, default=20_000, help="real texts that the vectors are grown from")
    asked.add_argument("--questions", type=int, default=1_000)
    asked.add_argument("--seedlings", type=Path, help="npz of real vectors that is there already: passages, questions")
    asked.add_argument("--open", type=Path, help="used by the benchmark itself: open an index and answer")
    options = asked.parse_args()
    if options.open:
        print(json.dumps(opened(options.open)))
        return
    if options.seedlings:
        with np.load(options.seedlings, allow_pickle=False) as arrays:
            real = Seedlings(*(unit(arrays[name].astype(np.float32)) for name in ("passages", "questions")))
    else:
        encoder = load_encoders(SearchSettings(encoders=(options.encoder,)))[0]
        real = seedlings(encoder, options.folders, options.texts, options.out)
    rows = [measured(real, size, options.questions) for size in options.sizes]
    results = {
        "encoder": options.encoder,
        "dimension": real.passages.shape[1],
        "grown_from": len(real.passages),
        "questions": min(options.questions, len(real.questions)),
        "sizes": rows,
    }
    finish(f"growth-{options.encoder}", results, charts(rows), options.out)


def measured(real: Seedlings, size: int, questions: int) -> dict[str, object]:
    """All figures of one size."""
    print(f"{size} vectors …", file=sys.stderr, flush=True)
    chosen = real.questions[:questions]
    blocks = [np.asarray(block, dtype=np.float16) for block in real.grown(size)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "questions.npy", chosen)
        began = time.perf_counter()
        index = FlatIndex.build(real.passages.shape[1], (unit(block.astype(np.float32)) for block in blocks))
        built = time.perf_counter()
        files = {}
        for file, data in index.files(0):
            write_file(folder / file, data)
            files[file] = sha256(data)
        if any(sha256(read_file(folder / file, len(data))) != digest for file, digest in files.items()):
            raise SystemExit("what was written is not what is read")
        published = time.perf_counter()
        sizes = {file: (folder / file).stat().st_size for file in files}
        del blocks, data
        true = exact(index, chosen)
        del index
        gc.collect()
        command = [sys.executable, "-m", "benchmarks.growth", "--open", name]
        found = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
        rows = np.load(folder / "found.npy")
    vectors_mb = sizes["vectors-0.faiss"] / 2**20
    memory = found.pop("memory_mb")
    recall = {
        f"recall_at_{k}": round(float(np.mean([len(set(a[:k]) & set(b[:k])) / k for a, b in zip(rows, true, strict=True)])), 4)
        for k in (10, NEAR)
    }
    return {
        "vectors": size,
        "lists": len(files) > 1,
        **found,
        **recall,
        "vectors_mb": round(vectors_mb, 1),
        "memory_mb": memory,
        "memory_share": round(memory["rss"] / vectors_mb, 3),
        "build_s": round(built - began, 3),
        "publish_s": round(published - built, 3),
    }


def opened(folder: Path) -> dict[str, object]:
    """What a fresh process needs to open the index in ``folder`` and to answer its questions, one after another."""
    import faiss

    faiss.omp_set_num_threads(1)
    questions = np.load(folder / "questions.npy")
    LocalVectors().build(4, [np.eye(4, dtype=np.float32)]).nearest(np.eye(4, dtype=np.float32)[0], 1)  # all imported
    before, began = memory_mb(), time.perf_counter()
    files = {path.name: read_file(path, path.stat().st_size) for path in folder.glob("*.faiss")}
    _ = [sha256(data) for data in files.values()]
    index = LocalVectors().open(files, 0)
    ready, seconds, found = time.perf_counter() - began, [], []
    del files
    for turn in range(2):  # the first round brings the pages in
        found.clear()
        seconds.clear()
        for question in questions:
            start = time.perf_counter()
            rows = index.nearest(question, NEAR)[0]
            seconds.append(time.perf_counter() - start)
            found.append(np.pad(rows, (0, NEAR - len(rows)), constant_values=-1))
        if not turn:
            gc.collect()
    now = memory_mb()
    np.save(folder / "found.npy", np.array(found))
    return {
        **quantiles(seconds),
        "open_s": round(ready, 3),
        "memory_mb": {key: round(now[key] - before[key], 1) for key in now},
    }


def exact(index: FlatIndex, questions: np.ndarray) -> np.ndarray:
    """The true nearest rows, by looking at all."""
    return index._index.search(questions, NEAR)[1]


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def charts(rows: list[dict]) -> list[Chart]:
    def line(key: str, part: str | None = None) -> list[tuple[float, float]]:
        return [(row["vectors"], row[key][part] if part else row[key]) for row in rows]

    size = "vectors"
    return [
        Chart("Search alone", size, "ms", {"p50": line("p50_ms"), "p99": line("p99_ms")}, True, True, bound=10),
        Chart("Recall", size, "share found", {"of 10": line("recall_at_10"), "of 200": line("recall_at_200")}, True, bound=0.99, low=0.95),
        Chart("Memory", size, "MB", {"vectors": line("vectors_mb"), "process": line("memory_mb", "rss")}, True, True),
        Chart("Build and publish", size, "s", {"build": line("build_s"), "publish": line("publish_s"), "open": line("open_s")}, True, True),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
