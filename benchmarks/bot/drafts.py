"""How well the reply checker tells faults: precision and recall of the verdict, and recall per class.

    python benchmarks/bot/drafts.py [--patterns] [FILE ...]

A FILE holds lines ``bad|ok <tab> class <tab> manual|reworded|- <tab> draft``; without one the kept-apart
``drafts_unseen.tsv`` and ``drafts_second.tsv`` of ``tests/bot/data`` are used. ``--patterns`` leaves the likeness out.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.checker import Checker, load_checker  # noqa: E402
from bot.rulebook import load_rulebook  # noqa: E402


def main() -> None:
    options = {word for word in sys.argv[1:] if word.startswith("--")}
    files = [Path(word) for word in sys.argv[1:] if not word.startswith("--")]
    checker = Checker(load_rulebook()) if "--patterns" in options else load_checker()
    for path in files or [ROOT / "tests" / "bot" / "data" / f"drafts_{name}.tsv" for name in ("unseen", "second")]:
        report(path, checker)


def report(path: Path, checker: Checker) -> None:
    found, classes = Counter[tuple[bool, bool]](), Counter[str]()
    caught, reworded = Counter[str](), Counter[bool]()
    for line in path.read_text(encoding="utf-8").splitlines():
        verdict, kind, *wording, draft = line.split("\t")
        wrong, told = verdict == "bad", bool(checker.check(draft.replace("\\n", "\n")))
        found[wrong, told] += 1
        if wrong:
            classes[kind] += 1
            caught[kind] += told
            if wording == ["reworded"]:
                reworded[told] += 1
    right, missed, false = found[True, True], found[True, False], found[False, True]
    print(f"{path.name}: {found.total()} drafts, {right + missed} faults of which {reworded.total()} reworded")
    print(f"    precision {right / max(right + false, 1):.3f}, recall {right / max(right + missed, 1):.3f}, "
          f"of reworded {reworded[True] / max(reworded.total(), 1):.3f}; false alarms {false}")  # fmt: skip
    print("    " + ", ".join(f"{kind} {caught[kind]}/{classes[kind]}" for kind in classes))


if __name__ == "__main__":
    main()
