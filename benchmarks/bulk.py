"""A full build beside the encoder's own batched rate, and a build of the same files again.

    python -m benchmarks.bulk [--passages 2000] [--backend auto] [DATASET_DIR...]

Passages come from data sets as ``kb evaluate`` takes them (real lengths, real repeats), or are made up. They are written as
Markdown files of 50 sections each and built as ``python -m ingest build`` does: reading, cutting, encoding, calibrating,
writing, verifying, publishing. ``share_of_encoder_rate`` is the encoder's time for the distinct texts of that base, all at
once, over the time of the build, by the clock and in processor time (which other work on the machine changes little);
``unchanged`` the time of the second build over that of the first.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from benchmarks.common import Bars, finish, parser
from benchmarks.latency import made_up
from ingest.build import build
from kb.config import Home, SearchSettings
from kb.encoder import load_encoders
from kb.evaluate import read_dataset
from kb.store import Store
from kb.views import views_of

SECTIONS = 50


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("folders", type=Path, nargs="*")
    asked.add_argument("--passages", type=int, default=2_000)
    asked.add_argument("--backend", default="auto")
    asked.add_argument("--rounds", type=int, default=1)
    options = asked.parse_args()
    texts = [entry.text for folder in options.folders for entry in read_dataset(folder).entries]
    texts = list(dict.fromkeys(text.replace("\n", " ") for text in texts if len(text) > 30))[: options.passages]
    texts = texts or [entry.text for entry in made_up(options.passages)]
    encoder = load_encoders(SearchSettings(backend=options.backend))[0]
    encoder.passages(texts[:8])
    alone, full, again = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, start in enumerate(range(0, len(texts), SECTIONS)):
            sections = [f"## 第{row}条说明\n\n{text}\n" for row, text in enumerate(texts[start : start + SECTIONS], start)]
            path = Path(folder) / "files" / f"guide-{number:04d}.md"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"# 说明 {number}\n\n" + "\n".join(sections), encoding="utf-8")
        for turn in range(options.rounds):
            home = Home(Path(folder) / f"home-{turn}")
            home.path.mkdir()
            full.append(seconds(lambda home=home: build([Path(folder) / "files"], home, encoders=[encoder])))
            again.append(seconds(lambda home=home: build([Path(folder) / "files"], home, encoders=[encoder])))
            store = Store(home.store)
            entries = store.load(store.current(), "internal").entries
            encoded = sorted({view.text for view in views_of(entries)})
            alone.append(seconds(lambda encoded=encoded: encoder.passages(encoded)))
    (alone_s, alone_cpu), (full_s, full_cpu), (again_s, _) = min(alone), min(full), min(again)
    results = {
        "encoder": encoder.name,
        "backend": options.backend,
        "passages": len(texts),
        "entries": len(entries),
        "texts_encoded": len(encoded),
        "encoder_alone_s": round(alone_s, 1),
        "encoder_texts_a_second": round(len(encoded) / alone_s, 1),
        "full_build_s": round(full_s, 1),
        "unchanged_build_s": round(again_s, 2),
        "share_of_encoder_rate": round(alone_s / full_s, 3),
        "share_in_processor_time": round(alone_cpu / full_cpu, 3),
        "unchanged": round(again_s / full_s, 4),
    }
    bars = {"encoder alone": alone_s, "full build": full_s, "unchanged": again_s}
    finish("bulk", results, [Bars(f"{len(texts)} passages", "s", bars)], options.out)


def seconds(work) -> tuple[float, float]:
    """By the clock, and of processor time with that of child processes."""
    began, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return time.perf_counter() - began, sum(after[:4]) - sum(before[:4])


if __name__ == "__main__":
    main()
