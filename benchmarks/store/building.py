"""Time and memory of ``ingest build`` from files: a full build, then one changed entry.

    python benchmarks/store/building.py --passages 20000
    python benchmarks/store/building.py --passages 100000

As in ``incremental.py`` the encoder is a double that costs what e5 costs without computing it. Memory is the peak of this
process less what it had when everything was imported, that is, beside the model.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from incremental import CostedEncoder, passages, peak_mb

from ingest.build import build
from kb.config import Home

PER_FILE = 100


def write(folder: Path, count: int, chars: int) -> Iterator[Path]:
    """Guides of a hundred sections each, every fifth file internal."""
    entries = passages(count, chars)
    for start in range(0, count, PER_FILE):
        number = start // PER_FILE
        file = folder / ("public" if number % 5 else "internal") / f"guide-{number:05d}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        sections = (f"## 第{row}节\n\n{entry.text}\n\n" for row, entry in enumerate(entries[start : start + PER_FILE], 1))
        file.write_text(f"# 指南{number}\n\n{''.join(sections)}", encoding="utf-8")
        yield file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--chars", type=int, default=110)
    parser.add_argument("--rate", type=float, default=40.0)
    chosen = parser.parse_args()
    encoder = CostedEncoder(chosen.rate)
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "knowledge", Home(Path(name) / "home")
        small = Home(Path(name) / "small")
        file = next(write(folder, PER_FILE, chosen.chars))
        build([folder], small, encoders=[encoder])  # everything imported
        import multiprocessing

        writer = multiprocessing.get_context("spawn").Process(target=_write_all, args=(folder, chosen.passages, chosen.chars))
        writer.start()  # elsewhere, so that its memory is not ours
        writer.join()
        before = peak_mb()
        figures: dict[str, float] = {"passages": chosen.passages}
        for what in ("full", "change"):
            began, encoding = time.monotonic(), encoder.seconds
            report = build([folder], home, encoders=[encoder])
            figures[f"{what}_entries"] = report.entries
            figures[f"{what}_s"] = round(time.monotonic() - began + encoder.seconds - encoding, 1)
            figures[f"{what}_without_encoder_s"] = round(time.monotonic() - began, 1)
            figures[f"{what}_peak_mb_beside_model"] = round(peak_mb() - before)
            file.write_text(file.read_text(encoding="utf-8") + "\n## 新的一节\n\n今天刚写好的一条内容。\n", encoding="utf-8")
        figures["share"] = round(figures["change_s"] / figures["full_s"], 4)
    print(json.dumps(figures))


def _write_all(folder: Path, count: int, chars: int) -> None:
    for _ in write(folder, count, chars):
        pass


if __name__ == "__main__":
    main()
