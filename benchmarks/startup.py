"""Start-up and memory: from nothing to the first answer, with 10,000 passages.

    python -m benchmarks.startup [--passages 10000] [--repeat 3] [--backends onnx-int8 onnx torch]

For each back end, of a search in Python and of the customer site, the seconds from the start of the
process to its first answer (of the site: to a 200 of ``/readyz``, before which it has answered a question), the seconds
of processor time, and the memory in MB (resident; ``own`` without what is mapped from files). The least of several runs,
back ends in turn, so that a busy machine burdens all alike. Linux only. Passages are made up and their vectors drawn at
random: neither changes time or memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.common import ROOT, Bars, finish, parser
from benchmarks.latency import Drawn, made_up
from kb.config import Home, SearchSettings, load
from kb.encoder import load_encoders
from kb.store import Store


def make_home(folder: Path, count: int) -> None:
    home = Home(folder)
    store = Store(home.store)
    store.publish(store.write(made_up(count), [Drawn(load_encoders(load(SearchSettings, home))[0])]).id)


def measured(process: subprocess.Popen) -> dict:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    megabytes = {key: int(status[name].split()[0]) / 1024 for key, name in (("memory_mb", "VmRSS"), ("own_mb", "RssAnon"))}
    return {**megabytes, "cpu_seconds": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")}


def search(home: Path, environ: dict) -> dict:
    begin = time.perf_counter()
    command = [sys.executable, "-c", _SEARCH, str(home)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, cwd=ROOT)
    process.stdout.readline()
    found = {"seconds": time.perf_counter() - begin, **measured(process)}
    process.stdin.close()
    process.wait()
    return found


_SEARCH = """
import sys
from pathlib import Path
from kb.config import Home
from kb.knowledge import open_base
print(open_base(Home(Path(sys.argv[1])), "public").search("退货的运费谁来承担啊").band, flush=True)
sys.stdin.read()
"""


def site(home: Path, environ: dict, port: int) -> dict:
    command = [sys.executable, "app_gradio.py", "--home", str(home), "--port", str(port), "--only", "customer", "--step", "serve"]
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environ, cwd=ROOT)
    try:
        while process.poll() is None:
            try:
                if urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).status == 200:
                    return {"seconds": time.perf_counter() - begin, **measured(process)}
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the site did not start")
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--passages", type=int, default=10_000)
    asked.add_argument("--repeat", type=int, default=3)
    asked.add_argument("--port", type=int, default=7966)
    asked.add_argument("--backends", nargs="+", default=["onnx-int8", "onnx", "torch"])
    options = asked.parse_args()
    runs: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        make_home(home, options.passages)
        for _ in range(options.repeat):
            for backend in options.backends:
                environ = {**os.environ, "KB_SEARCH_BACKEND": backend, "PYTHONPATH": str(ROOT)}
                runs.setdefault((backend, "search"), []).append(search(home, environ))
                runs.setdefault((backend, "site"), []).append(site(home, environ, options.port))
    rows = [
        {"backend": backend, "what": what, **{key: round(min(run[key] for run in found), 2) for key in found[0]}}
        for (backend, what), found in runs.items()
    ]
    charts = [
        Bars(title, unit, {f"{row['what']}, {row['backend']}": row[key] for row in rows}, bound)
        for title, unit, key, bound in (("First answer", "s", "seconds", 4), ("Memory", "MB", "memory_mb", 450))
    ]
    finish("startup", {"passages": options.passages, "repeat": options.repeat, "runs": rows}, charts, options.out)


if __name__ == "__main__":
    main()
