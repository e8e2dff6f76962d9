"""What a turn costs that must be durable before it is acknowledged: in SQLite, and on a PostgreSQL server.

    python -m benchmarks.journal [--url postgresql://user:password@host/name] [--turns 400]

One writer alone, then sixteen at once, each storing turn and state of a conversation of its own as a reply does. The
server of ``--url`` gets tables of the journal, filled with these turns: give it an empty database.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.common import Bars, finish, parser, quantiles
from bot.database import Where
from bot.journal import Journal
from bot.records import Citation, Reply

WRITERS = 16
CITATION = Citation("faq-1", "faq.csv", "付款", "部分地区支持货到付款，请以结算页显示的付款方式为准。")
REPLY = Reply("您好，部分地区支持货到付款，请以结算页显示的付款方式为准。", "answer", "question", 0.9, (CITATION,))


def stored(journal: Journal, writer: int, count: int) -> list[float]:
    """Seconds of each of ``count`` turns."""
    took = []
    for number in range(count):
        began = time.perf_counter()
        with journal.together():
            journal.turn(f"v{writer}", "customer", f"可以货到付款吗{number}", REPLY)
            journal.remember(f"v{writer}", {"turns": number})
        took.append(time.perf_counter() - began)
    return took


def measured(where: Where, turns: int) -> dict:
    journal = Journal(where)
    stored(journal, 0, 5)
    alone = stored(journal, 1, turns // 4)
    with ThreadPoolExecutor(WRITERS) as pool:
        began = time.perf_counter()
        lots = list(pool.map(lambda writer: stored(journal, writer, turns // WRITERS), range(2, 2 + WRITERS)))
        seconds = time.perf_counter() - began
    journal.close()
    together = [one for lot in lots for one in lot]
    return {
        "one_writer": {"a_second": round(len(alone) / sum(alone)), **quantiles(alone)},
        "sixteen_writers": {"a_second": round(len(together) / seconds), **quantiles(together)},
    }


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--url", help="a PostgreSQL database; only SQLite if not given")
    asked.add_argument("--turns", type=int, default=1_600)
    asked.add_argument("--folder", type=Path, help="where SQLite's file goes, on the disk that counts (default: a temporary one)")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found = {"sqlite": measured(Path(folder) / "journal.sqlite3", options.turns)}
    if options.url:
        found["postgresql"] = measured(options.url, options.turns)
    bars = {f"{name}, {count.split('_')[0]}": one["a_second"] for name, both in found.items() for count, one in both.items()}
    finish("journal", found, [Bars("Durable turns a second", "1/s", bars)], options.out)


if __name__ == "__main__":
    main()
