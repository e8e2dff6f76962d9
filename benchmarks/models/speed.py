"""Time the encoders: one short question, and passages of 200 characters in batches of 32.

    python benchmarks/models/speed.py [--models DIR] [--threads 2] [e5 m3e use]

Prints milliseconds for a question (median of 50) and passages per second, on this machine, as busy as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

QUESTION = "可以货到付款吗？"
SENTENCES = (
    "签收之日起七天内，商品完好的，您可以在订单页面申请退货。",
    "客服会在二十四小时内审核，审核通过后请把商品寄回。",
    "退款按原支付方式退回，到账时间以银行为准。",
    "如果商品有质量问题，来回运费由我们承担。",
)


def passages(count: int) -> list[str]:
    return ["".join(SENTENCES[(row + step) % 4] for step in range(12))[:195] + f"{row:05d}" for row in range(count)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["e5", "m3e", "use"])
    parser.add_argument("--models", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--count", type=int, default=128)
    options = parser.parse_args()

    from kb.config import SearchSettings
    from kb.encoder import SentenceTransformerEncoder
    from kb.models import ensure
    from kb.models.use import UseEncoder

    for name in options.names:
        begin = time.perf_counter()
        folder = ensure(name, options.models or SearchSettings().models_folder())
        ready = time.perf_counter() - begin
        encoder = (
            UseEncoder(folder) if name == "use" else SentenceTransformerEncoder(name, folder, threads=options.threads)
        )
        encoder.questions([QUESTION])
        loaded = time.perf_counter() - begin
        times = []
        for _ in range(50):
            begin = time.perf_counter()
            encoder.questions([QUESTION])
            times.append(time.perf_counter() - begin)
        texts = passages(options.count)
        begin = time.perf_counter()
        encoder.passages(texts)
        rate = len(texts) / (time.perf_counter() - begin)
        print(
            f"{name}: look at the ready folder {ready * 1e3:.1f} ms, load {loaded:.1f} s, "
            f"question {sorted(times)[25] * 1e3:.1f} ms (best {min(times) * 1e3:.1f}), {rate:.0f} passages a second"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
