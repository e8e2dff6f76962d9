"""What the serving process holds, step by step: the libraries, the base, the encoder.

    python -m benchmarks.memory [--passages 10000]

Each step is what resident memory grew by, in MB: ``rss`` with, ``own`` without what is mapped from files. Linux only.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common import ROOT, Bars, finish, parser

_STEPS = """
import json, sys
from pathlib import Path
from benchmarks.common import memory_mb
steps, before = {}, memory_mb()
def step(name):
    global before
    now = memory_mb()
    steps[name] = {key: round(now[key] - before[key], 1) for key in now}
    before = now
step("python")
from kb.config import Home, SearchSettings, load
from kb.encoder import load_encoders
from kb.search import HybridRetriever
from kb.store import Store
import faiss, numpy, onnxruntime
step("libraries")
home = Home(Path(sys.argv[1]))
encoders = load_encoders(load(SearchSettings, home))
encoders[0].questions(["退货的运费谁来承担啊"])
step("encoder")
store = Store(home.store)
index = store.load(store.current(), "public")
step("index")
retriever = HybridRetriever(index, encoders, generation=store.current())
retriever.search("退货的运费谁来承担啊")
step("first search")
steps["all"] = memory_mb()
print(json.dumps(steps))
"""


def main() -> None:
    import json

    from benchmarks.startup import make_home

    asked = parser(__doc__)
    asked.add_argument("--passages", type=int, default=10_000)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_home(Path(folder), options.passages)
        command = [sys.executable, "-c", _STEPS, folder]
        steps = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    bars = {name: values["rss"] for name, values in steps.items()}
    finish("memory", {"passages": options.passages, "steps": steps}, [Bars("Resident memory", "MB", bars, 450)], options.out)


if __name__ == "__main__":
    main()
