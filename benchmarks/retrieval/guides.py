"""How well questions about a folder of guides are answered: read, cut, indexed and searched as the product does it.

    python benchmarks/retrieval/guides.py FOLDER [--questions FILE] [--split dev|held|all] [--misses]

A hit is right if what a person reads of it at a glance holds one of the question's anchors (see guides/README.md).
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

from ingest.entries import read_entries
from kb import jsonlines
from kb.config import SearchSettings, ShopSettings, load, resolve_home
from kb.encoder import load_encoders
from kb.evaluate import auroc
from kb.fitting import calibrated
from kb.index import build_index
from kb.search import HybridRetriever
from kb.text import letters, normalise

QUESTIONS = Path(__file__).parent / "guides" / "questions.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--split", default="dev", choices=["dev", "held", "all"])
    parser.add_argument("--misses", action="store_true", help="show what was found instead")
    options = parser.parse_args()

    home = resolve_home(None)
    shop = load(ShopSettings, home)
    entries = [
        entry
        for path in sorted(options.folder.iterdir())
        if path.is_file()
        for entry in read_entries(path.read_bytes(), path.name, shop).entries
    ]
    encoders = load_encoders(load(SearchSettings, home))
    index, _ = build_index(entries, encoders)
    retriever = HybridRetriever(calibrated(index, encoders), encoders, generation="guides")
    rows = [row for _, row in jsonlines.parse(options.questions.read_bytes(), str(options.questions))]
    rows = [row for row in rows if options.split in (row["split"], "all")]

    by_style: dict[str, list[tuple[int, str]]] = defaultdict(list)
    confidences, answerable = [], []
    for row in rows:
        result = retriever.search(row["text"], 10)
        gold = [letters(normalise(anchor)) for anchor in row["gold"]]
        found = [letters(normalise(hit.text)) for hit in result.hits]
        rank = next((at for at, text in enumerate(found, 1) if any(anchor in text for anchor in gold)), 99)
        by_style[row["style"]].append((rank, result.band))
        confidences.append(result.confidence)
        answerable.append(bool(gold))
        if options.misses and gold and rank > 1:
            print(f"{row['id']} {row['text']}  ({row['gold'][0]}, rank {rank}, {result.confidence:.2f})")
            print(f"      {result.hits[0].text[:90]!r}" if result.hits else "      nothing")
        if options.misses and not gold and result.band == "answer":
            print(f"{row['id']} {row['text']}  answered ({result.confidence:.2f}): {result.hits[0].text[:80]!r}")

    print(f"{len(entries)} entries, {len(index.views)} views, {len(rows)} questions ({options.split})")
    print(f"{'':20}{'n':>5}{'@1':>7}{'@3':>7}{'@5':>7}{'answer':>8}{'clarify':>8}{'none':>7}")
    asked = [pair for style, pairs in by_style.items() if not style.startswith("out") for pair in pairs]
    for style, pairs in [*sorted(by_style.items()), ("answerable", asked)]:
        ranks = [f"{sum(rank <= k for rank, _ in pairs) / len(pairs):7.2f}" for k in (1, 3, 5)]
        bands = [f"{sum(band == b for _, band in pairs) / len(pairs):8.2f}" for b in ("answer", "clarify", "none")]
        print(f"{style:20}{len(pairs):5}{''.join(ranks)}{''.join(bands)}")
    value = auroc(confidences, answerable)
    print(f"AUROC of confidence, in scope against out: {value:.3f}" if value is not None else "no refusals asked")


if __name__ == "__main__":
    main()
