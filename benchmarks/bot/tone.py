"""How well a "no" and a mishap are told apart from other answers: precision and recall on our own labelled answers.

    python benchmarks/bot/tone.py [--wrong]

``answers.tsv`` was looked at while the patterns were written, ``answers_unseen.tsv`` was written before them and is only
measured. ``--wrong`` prints what is told wrongly in the first one.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.tone import in_trouble, says_no  # noqa: E402


def told(question: str, answer: str) -> str:
    return "no" if says_no(answer, question) else "trouble" if in_trouble(question) else "plain"


def measure(name: str) -> list[tuple[str, str, str, str]]:
    lines = (ROOT / "tests/bot/data" / name).read_text(encoding="utf-8").splitlines()
    rows = [(*line.split("\t"), told(*line.split("\t")[1:])) for line in lines]
    print(f"{name}: {len(rows)} answers, {sum(row[0] == row[3] for row in rows) / len(rows):.3f} right")
    for label in ("no", "trouble"):
        right = sum(row[0] == label == row[3] for row in rows)
        given, wanted = (sum(row[place] == label for row in rows) for place in (3, 0))
        print(f"    {label:8} precision {right / given:.3f}, recall {right / wanted:.3f}")
    return rows


def main() -> None:
    seen = measure("answers.tsv")
    measure("answers_unseen.tsv")
    if "--wrong" in sys.argv:
        for wanted, question, answer, got in seen:
            if wanted != got:
                print(f"{wanted} -> {got}: {question} | {answer}")


if __name__ == "__main__":
    main()
