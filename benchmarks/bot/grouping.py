"""How well questions that mean the same fall into one group: the wordings of the sample FAQ, thrown together.

    python benchmarks/bot/grouping.py [THRESHOLD …]

Pairs of wordings: of those in one group, the share that has one answer (precision); of those with one answer, the share
in one group (recall). Neighbouring entries (invoices of persons and of firms) count as different, so both are strict.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from math import comb
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.unanswered import CLOSE, alike  # noqa: E402
from kb.config import SearchSettings  # noqa: E402
from kb.encoder import load_encoders  # noqa: E402


def main() -> None:
    """Measure and print."""
    wordings: list[tuple[str, str]] = []
    for path in sorted((ROOT / "knowledge" / "public" / "faq").glob("*.csv")):
        for row in csv.DictReader(path.open(encoding="utf-8-sig")):
            wordings += [(one, f"{path.name} {row['问题']}") for one in (row["问题"], *row["相似问"].split("|")[:5]) if one]
    encoder = load_encoders(SearchSettings(), lambda line: print(line, file=sys.stderr))[0]
    for close in [float(given) for given in sys.argv[1:]] or [CLOSE]:
        labels = alike([wording for wording, _ in wordings], encoder, close)
        together = sum(comb(size, 2) for size in Counter(labels).values())
        same = sum(comb(size, 2) for size in Counter(answer for _, answer in wordings).values())
        both = Counter(zip(labels, (answer for _, answer in wordings), strict=True))
        right = sum(comb(size, 2) for size in both.values())
        print(f"{close:.2f}: precision {right / max(1, together):.3f}, recall {right / same:.3f}, "
              f"{len(set(labels))} groups of {len(wordings)} wordings")  # fmt: skip


if __name__ == "__main__":
    main()
