"""Time the encoders on every back end beside the bare session: one short question, and passages of 200 characters.

    python benchmarks/models/speed.py [--models DIR] [--threads 1] [--count 64] [e5] > speed.json

Prints JSON: milliseconds for a question, and passages a second, in processor time of this process (the least of several
rounds, back ends in turn), so that other work on the machine counts little. ``floor`` is the session alone on tokens
made before: what no code around it can undercut. ``cosine`` is the mean to the first back end.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

QUESTION = "可以货到付款吗？"
SENTENCES = (
    "签收之日起七天内，商品完好的，您可以在订单页面申请退货。",
    "客服会在二十四小时内审核，审核通过后请把商品寄回。",
    "退款按原支付方式退回，到账时间以银行为准。",
    "如果商品有质量问题，来回运费由我们承担。",
)
BACKENDS = ("torch", "onnx", "onnx-int8")


def passages(count: int) -> list[str]:
    """Some of the same length, most not, as passages are."""
    return ["".join(SENTENCES[(row + step) % 4] for step in range(12))[: 150 + row % 40] + f"{row:05d}" for row in range(count)]


def seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["e5"])
    parser.add_argument("--models", default="")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    from kb.config import SearchSettings
    from kb.encoder import load_encoders
    from kb.models.onnxrun import OnnxEncoder, runs

    texts, rows = passages(options.count), []
    for name in options.names:
        timed: dict[str, dict[str, Callable[[], object]]] = {}
        vectors = {}
        for backend in BACKENDS if name != "use" else ("numpy",):
            setting = SearchSettings(
                encoders=(name,), models=options.models, threads=options.threads,
                backend="auto" if backend == "numpy" else backend,
            )  # fmt: skip
            encoder = load_encoders(setting, lambda line: print(line, file=sys.stderr))[0]
            vectors[backend] = encoder.passages(texts[:16])
            timed[backend] = {
                "question": lambda encoder=encoder: encoder.questions([QUESTION]),
                "passages": lambda encoder=encoder: encoder.passages(texts),
            }
            if isinstance(encoder, OnnxEncoder):
                runner = encoder._loaded()
                asked = runner._ids("query: " + QUESTION)
                tokens = [runner._ids("passage: " + text) for text in texts]
                work = [[tokens[row] for row in piece] for piece in runs(tokens)]
                timed[f"{backend} floor"] = {
                    "question": lambda runner=runner, asked=asked: runner._run([asked]),
                    "passages": lambda runner=runner, work=work: [runner._run(piece) for piece in work],
                }
        best: dict[tuple[str, str], float] = {}
        for _ in range(options.rounds):
            for label, works in timed.items():
                for what, times in (("question", 30), ("passages", 1)):
                    for _ in range(times):
                        spent = seconds(works[what])
                        best[label, what] = min(best.get((label, what), spent), spent)
        first = next(iter(vectors.values()))
        for label in timed:
            row = {"encoder": name, "backend": label, "question_ms": round(best[label, "question"] * 1e3, 2)}
            row["passages_per_second"] = round(len(texts) / best[label, "passages"], 1)
            if label in vectors:
                row["cosine"] = round(float((vectors[label] * first).sum(axis=1).mean()), 5)
            rows.append(row)
    json.dump({"threads": options.threads, "passages": len(texts), "rows": rows}, sys.stdout, indent=2)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
