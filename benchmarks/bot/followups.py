"""How often a follow-up is answered as if it had been asked in full.

    python benchmarks/bot/followups.py [--home HOME] [FILE ...]

FILE holds lines {"turns", "full"}; default: both own sets of the tests, the second of which nothing was tuned to.
Answered alike means: same outcome, and the same first citation. HOME must hold the sample base
(``python -m ingest build knowledge``).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.assistant import Assistant  # noqa: E402
from bot.database import MEMORY  # noqa: E402
from bot.journal import Journal  # noqa: E402
from bot.records import Reply  # noqa: E402
from bot.wiring import open_assistant  # noqa: E402
from kb.config import resolve_home  # noqa: E402

DATA = ROOT / "tests" / "bot" / "data"
SETS = (DATA / "followups.jsonl", DATA / "followups_unseen.jsonl")


def said(assistant: Assistant, turns: list[str]) -> Reply:
    session = assistant.sessions.open()
    for turn in turns[:-1]:
        assistant.reply(session, turn)
    return assistant.reply(session, turns[-1])


def entry(reply: Reply) -> str:
    return reply.citations[0].id if reply.citations else ""


def misses(assistant: Assistant, path: Path) -> tuple[int, list[tuple[dict, Reply, Reply]]]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    wrong = []
    for row in rows:
        reply, full = said(assistant, row["turns"]), said(assistant, [row["full"]])
        if (reply.outcome, entry(reply)) != (full.outcome, entry(full)):
            wrong.append((row, reply, full))
    return len(rows), wrong


def main() -> None:
    arguments = sys.argv[1:]
    home = arguments.pop(1) if arguments[:1] == ["--home"] else None
    arguments = arguments[1:] if home else arguments
    assistant = open_assistant(resolve_home(home), "customer", journal=Journal(MEMORY))
    for path in [Path(name) for name in arguments] or SETS:
        number, wrong = misses(assistant, path)
        print(f"{path.name}: {number - len(wrong)} of {number} answered alike ({1 - len(wrong) / number:.0%})")
        for row, reply, _ in wrong:
            print(f"  {' / '.join(row['turns'])}  wanted: {row['full']}  got: {reply.outcome} {reply.text[:60]!r}")


if __name__ == "__main__":
    main()
