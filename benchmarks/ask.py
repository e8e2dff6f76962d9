"""The whole of a reply in process, from words to a turn that is on the disk, beside the encoder alone.

    python -m benchmarks.ask [--questions 300] [--home HOME]

Both are timed in turn in one run, so that a busy machine burdens both alike; no question is asked twice, and each is a
conversation of its own. ``stored in memory`` keeps the journal where a sync of the disk costs nothing: the difference is what
being durable costs on this disk.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.common import Bars, finish, parser, quantiles
from benchmarks.startup import make_home
from benchmarks.throughput import questions
from bot.journal import Journal
from bot.ui.serve import one_thread_each
from bot.wiring import open_assistant
from kb.config import Home, SearchSettings, load
from kb.encoder import load_encoders

WARM = 20
MEMORY = Path("/dev/shm")


def timed(home: Home, journal: Path, texts: list[str]) -> dict:
    encoder = load_encoders(load(SearchSettings, home))[0]  # not the assistant's, which remembers what it was asked
    assistant = open_assistant(home, "customer", journal=Journal(journal))
    assistant.warm_up()
    alone, whole = [], []
    for text in texts:
        session = assistant.sessions.open()
        began = time.perf_counter()
        encoder.questions([text])
        middle = time.perf_counter()
        assistant.reply(session, text)
        alone.append(middle - began)
        whole.append(time.perf_counter() - middle)
    encoder_alone, ask = quantiles(alone[WARM:]), quantiles(whole[WARM:])
    return {
        "encoder_alone": encoder_alone,
        "ask": ask,
        "p50_to_encoder": round(ask["p50_ms"] / encoder_alone["p50_ms"], 2),
        "p99_to_p50": round(ask["p99_ms"] / ask["p50_ms"], 2),
    }


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--questions", type=int, default=300)
    asked.add_argument("--passages", type=int, default=10_000)
    asked.add_argument("--home", type=Path, help="a home that is ready; else one with made-up passages is built")
    options = asked.parse_args()
    one_thread_each()  # as the sites do
    texts = questions(2 * options.questions)
    found = {}
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as memory:
        home = Home(options.home or Path(folder) / "home")
        if options.home is None:
            make_home(home.path, options.passages)
        found["stored on disk"] = timed(home, Path(folder) / "journal.sqlite", texts[: options.questions])
        found["stored in memory"] = timed(home, Path(memory) / "journal.sqlite", texts[options.questions :])
    bars = {f"{name}, {key[:3]}": value for name, of in found.items() for key, value in of["ask"].items()}
    bars |= {"encoder alone, p50": found["stored on disk"]["encoder_alone"]["p50_ms"]}
    finish("ask", {"questions": options.questions, **found}, [Bars("One reply", "ms", bars)], options.out)


if __name__ == "__main__":
    main()
