"""How well situations are told: own sheets, real questions, and a public small-talk set mapped onto our labels.

    python benchmarks/bot/situations.py [--letters] [INTENTS.jsonl] [QUERIES.jsonl ...]

With the packaged encoder; --letters: without.

INTENTS holds lines {"text","coarse"}; only coarse labels that mean the same as one of ours are counted. QUERIES hold
lines {"text"} of real questions; the share taken for anything else is printed (real complaints among them included).
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.records import COMPLAINTS  # noqa: E402
from bot.scenario import load_classifier  # noqa: E402
from kb.config import SearchSettings  # noqa: E402
from kb.encoder import load_encoders  # noqa: E402

MAPPED = {
    "greeting": {"greeting"},
    "goodbye": {"goodbye"},
    "thanks": {"thanks"},
    "praise": {"praise"},
    "apology": {"customer_apology"},
    "abuse": {"abusive", "complaint_attitude"},
    "complaint": set(COMPLAINTS),
    "feedback": {"suggestion", "question"},
    "contact": {"question", "human_agent"},
    "about": {"question"},
    "bot_identity": {"question"},
    "ask_help": {"question", "human_agent"},
}


def main() -> None:
    alone = "--letters" in sys.argv
    classifier = load_classifier() if alone else load_classifier(encoder=load_encoders(SearchSettings())[0])
    for name in ("situations_test.tsv", "scenarios.tsv", "scenarios_unseen.tsv"):
        rows = [line.split("\t") for line in (ROOT / "tests/bot/data" / name).read_text(encoding="utf-8").splitlines()]
        told = [(label, classifier.classify(text).scenario) for label, text in rows]
        right = Counter(label for label, got in told if label == got)
        wanted, given = Counter(label for label, _ in told), Counter(got for _, got in told)
        scores = [2 * right[label] / (wanted[label] + given[label]) for label in wanted]
        print(f"{name}: {len(rows)} messages, macro-F1 {sum(scores) / len(scores):.3f}")
    for path in map(Path, (name for name in sys.argv[1:] if name != "--letters")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if "coarse" in rows[0]:
            counted, right = Counter(), Counter()
            for row in rows:
                if row["coarse"] in MAPPED:
                    counted[row["coarse"]] += 1
                    right[row["coarse"]] += classifier.classify(row["text"]).scenario in MAPPED[row["coarse"]]
            print(f"{path.parent.name}: {sum(right.values()) / sum(counted.values()):.3f} of {sum(counted.values())}")
            for label, count in counted.most_common():
                print(f"    {label:14}{right[label] / count:.3f} of {count}")
        else:
            other = Counter(classifier.classify(row["text"]).scenario for row in rows)
            share = 1 - other.pop("question", 0) / len(rows)
            print(f"{path.parent.name}: {share:.3%} of {len(rows)} questions told as something else: {dict(other)}")


if __name__ == "__main__":
    main()
