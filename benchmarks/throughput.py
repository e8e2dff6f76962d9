"""Questions a second of many clients through the API, beside what the encoder alone does in one batch.

    python -m benchmarks.throughput [--clients 16] [--each 25] [--turns 1] [--home HOME]

No question is asked twice, so nothing is found in a memory. Clients are threads of this process, on the same cores as
the site, as servers of a shop that keep a connection and wait for every answer. ``--turns`` is how many questions make a
conversation: a question behind another one may go on from it, and is looked up in several readings. The encoder's rate is that of such questions as one
batch, before the site is started.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.common import ROOT, Bars, finish, parser, quantiles
from benchmarks.latency import QUESTIONS, WORDS
from benchmarks.startup import make_home
from kb.config import Home, SearchSettings, load
from kb.encoder import load_encoders

KEY = "benchmark-" + "k" * 40
TARGET = 0.6


def questions(count: int) -> list[str]:
    """So many different questions of the length that customers write."""
    chance = random.Random(5)
    found: dict[str, None] = {}
    while len(found) < count:
        start = chance.choice(["请问", "你好，", "麻烦问下", "那个", ""])
        found[start + "".join(chance.sample(WORDS, 2)) + chance.choice(QUESTIONS)] = None
    return list(found)


def encoder_rate(home: Path, texts: list[str]) -> float:
    """Texts a second in one batch, the best of three."""
    encoder = load_encoders(load(SearchSettings, Home(home)))[0]
    encoder.questions(texts[:2])
    best = 0.0
    for _ in range(3):
        began = time.perf_counter()
        encoder.questions(texts)
        best = max(best, len(texts) / (time.perf_counter() - began))
    return best


def client(port: int, texts: list[str], turns: int) -> list[float]:
    """Seconds for each answer."""
    session, took = None, []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
    for number, text in enumerate(texts):
        body = json.dumps({"question": text, **({"session": session} if session and number % turns else {})})
        began = time.perf_counter()
        connection.request("POST", "/api/ask", body.encode(), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        took.append(time.perf_counter() - began)
        if response.status != 200:
            raise SystemExit(f"{response.status}: {answer}")
        session = answer["session"]
    connection.close()
    return took


def asked_by_all(port: int, clients: int, texts: list[str], turns: int) -> dict:
    lots = [texts[number::clients] for number in range(clients)]
    client(port, ["你好"], 1)
    with ThreadPoolExecutor(clients) as pool:
        began = time.perf_counter()
        took = list(pool.map(lambda lot: client(port, lot, turns), lots))
        seconds = time.perf_counter() - began
    return {"a_second": round(len(texts) / seconds, 1), **quantiles([one for lot in took for one in lot])}


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--clients", type=int, default=16)
    asked.add_argument("--each", type=int, default=25)
    asked.add_argument("--turns", type=int, default=1, help="questions of one conversation (default %(default)s)")
    asked.add_argument("--passages", type=int, default=10_000)
    asked.add_argument("--home", type=Path, help="a home that is ready; else one with made-up passages is built")
    asked.add_argument("--port", type=int, default=7968)
    options = asked.parse_args()
    texts = questions(options.clients * options.each)
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        if options.home is None:
            make_home(home, options.passages)
        alone = encoder_rate(home, texts)
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "KB_API_KEYS": hashlib.sha256(KEY.encode()).hexdigest(),
            "KB_API_MESSAGES_PER_MINUTE": "1000000",
            "KB_SERVER_MESSAGES_PER_MINUTE": "1000000",
        }
        command = [sys.executable, "app_gradio.py", "--home", str(home), "--port", str(options.port), "--only", "customer", "--step", "serve"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT, env=environ)
        address = f"http://127.0.0.1:{options.port}"
        try:
            while process.poll() is None:
                try:
                    urllib.request.urlopen(f"{address}/readyz", timeout=5)
                    break
                except OSError:
                    time.sleep(0.1)
            one = asked_by_all(options.port, 1, texts[: options.each * 2], options.turns)
            many = asked_by_all(options.port, options.clients, [f"{text}呢" for text in texts], options.turns)
        finally:
            process.terminate()
            process.wait()
    ratio = round(many["a_second"] / alone, 3)
    results = {
        "clients": options.clients, "turns": options.turns, "questions": len(texts), "encoder_batch_a_second": round(alone, 1),
        "one_client": one, "all_clients": many, "ratio_to_encoder": ratio,
    }  # fmt: skip
    bars = {"encoder, one batch": alone, "1 client": one["a_second"], f"{options.clients} clients": many["a_second"]}
    finish("throughput", results, [Bars("Questions a second", "1/s", bars, TARGET * alone)], options.out)


if __name__ == "__main__":
    main()
