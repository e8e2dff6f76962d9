"""How well personal data is masked: recall on generated data in every written form, false alarms on real texts.

    python benchmarks/bot/masking.py [--rounds 100] [--seed 7] [CORPUS.jsonl …]

False alarms are counted on every answer of the sample base (``knowledge/``) and, if given, on the texts of JSON Lines
files; every text that changes is printed, for a person to judge whether it was one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bot.numbers import fold  # noqa: E402
from bot.privacy import mask  # noqa: E402
from tests.bot.personal import Sample, samples  # noqa: E402

CHINESE = str.maketrans("零〇幺一二三四五六七八九壹贰叁肆伍陆柒捌玖", "001123456789123456789")


def readable(sample: Sample) -> bool:
    """Whether what was to be masked can still be read."""
    masked = mask(sample.text)
    if sample.kind in ("name", "address", "form", "mail", "wechat"):
        return sample.secret.lower() in fold(masked).lower()
    digits = re.sub(r"[^0-9X]", "", fold(masked.replace("O", "0")).translate(CHINESE).upper())
    secret = re.sub(r"[^0-9X]", "", sample.secret)
    return (secret[3:-4] if len(secret) > 10 else secret) in digits


def recall(rounds: int, seed: int) -> float:
    """Print recall by kind, and what was missed."""
    seen: Counter[str] = Counter()
    missed: dict[str, list[Sample]] = {}
    for sample in samples(seed, rounds):
        seen[sample.kind] += 1
        if readable(sample):
            missed.setdefault(sample.kind, []).append(sample)
    for kind, number in seen.items():
        failures = missed.get(kind, [])
        print(f"{kind:10} {1 - len(failures) / number:.4f}  of {number}")
        for form, times in Counter(one.form for one in failures).most_common(5):
            example = next(one for one in failures if one.form == form)
            print(f"           missed {times:4}  {form}: {example.text!r} -> {mask(example.text)!r}")
    total = 1 - sum(map(len, missed.values())) / sum(seen.values())
    print(f"{'all':10} {total:.4f}  of {sum(seen.values())}")
    return total


def false_alarms(name: str, texts: list[str]) -> None:
    """Print the share of texts that change, and the texts."""
    changed = [text for text in texts if mask(text) != text]
    print(f"{name}: {len(changed)} of {len(texts)} texts changed ({len(changed) / max(1, len(texts)):.2%})")
    for text in changed[:40]:
        masked = mask(text)
        at = next(i for i, (a, b) in enumerate(zip(text, masked + "\0", strict=False)) if a != b)
        print(f"    {text[max(0, at - 20) : at + 25]!r} -> {masked[max(0, at - 20) : at + 25]!r}")


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("corpora", nargs="*", type=Path)
    given = arguments.parse_args()
    recall(given.rounds, given.seed)
    false_alarms("knowledge/", knowledge_texts())
    for path in given.corpora:
        false_alarms(str(path), [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()])
    text = "订单号1234567890，手机138 0013 8000，地址浙江省杭州市文三路1号，" * 250
    start = time.perf_counter()
    mask(text[:10_000])
    print(f"{min(len(text), 10_000)} characters: {time.perf_counter() - start:.3f} s")


def knowledge_texts() -> list[str]:
    """Every passage and answer of the sample base, by the product's own preview."""
    import subprocess

    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "ingest", "preview", str(ROOT / "knowledge"), "--json", "--home", home],
            capture_output=True, text=True, check=True, cwd=ROOT,
        )  # fmt: skip
    return [json.loads(line)["text"] for line in done.stdout.splitlines()]


if __name__ == "__main__":
    main()
