"""Many customers at once on the page: when each reads the first words, and whether anybody sees what is another's.

    python -m benchmarks.chats [--chats 100] [--rounds 3] [--home HOME]

The customer site runs as it is started for a shop, in a process of its own; the customers speak to it as the page's own
code does (Gradio's queue over HTTP), each with a cookie of his own and a mark in his words. All send at the same
moment. "First words" is the first piece of the reply itself, not the sign that it is being looked up. The target is a
95th percentile of 3 s.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.common import ROOT, Bars, finish, parser
from kb.config import Home
from kb.store import Store

OTHERS = ("可以货到付款吗", "怎么申请退货", "发票怎么开", "运费谁出", "多久能到", "能用花呗吗", "怎么修改地址", "积分有效期多久")


class Customer:
    """One page that is open."""

    def __init__(self, address: str, number: int) -> None:
        self.client = httpx.AsyncClient(base_url=address, timeout=60)
        self.mark = f"暗号{number:03d}{random.randrange(10**6):06d}"
        self.session = f"chat{number}"

    async def open(self) -> None:
        """Fetch the page and what it shows at first, as a browser does."""
        html = (await self.client.get("/")).text
        start = html.index("window.gradio_config = ") + len("window.gradio_config = ")
        config = json.JSONDecoder().raw_decode(html[start:])[0]
        words = next(one["id"] for one in config["components"] if one["props"].get("elem_id") == "words")
        self.event = next(
            one["id"] for one in config["dependencies"] if any(target == [words, "submit"] for target in one["targets"])
        )
        load = next(one["id"] for one in config["dependencies"] if any(target[1] == "load" for target in one["targets"]))
        body = {"data": [], "fn_index": load, "session_hash": self.session, "event_data": None}
        (await self.client.post("/gradio_api/run/predict", json=body)).raise_for_status()

    async def ask(self, question: str) -> tuple[str, float, float, str]:
        """How it ended, seconds to the first words and to the whole reply, and all that was shown."""
        begun = time.perf_counter()
        body = {"data": [f"{question}（{self.mark}）"], "fn_index": self.event, "session_hash": self.session, "event_data": None}
        joined = await self.client.post("/gradio_api/queue/join", json=body)
        if joined.status_code == 429:
            return "asked to wait", 0.0, time.perf_counter() - begun, ""
        joined.raise_for_status()
        shown, first = "", 0.0
        pieces = 0
        async with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            async for line in stream.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message: dict[str, Any] = json.loads(line[5:])
                if message["msg"] == "process_generating":
                    pieces += 1
                    shown += json.dumps(message["output"], ensure_ascii=False)
                    if pieces == 2:  # the first only says that it is being looked up
                        first = time.perf_counter() - begun
                if message["msg"] == "process_completed":
                    shown += json.dumps(message["output"], ensure_ascii=False)
                    ended = "answered" if message["success"] else "failed"
                    return ended, first or time.perf_counter() - begun, time.perf_counter() - begun, shown
        return "cut off", 0.0, time.perf_counter() - begun, shown


async def crowd(address: str, chats: int, rounds: int) -> list[list[tuple[str, float, float, str, str]]]:
    """All customers at once, ``rounds`` times."""
    customers = [Customer(address, number) for number in range(chats)]
    for customer in customers:
        await customer.open()
    found = []
    for turn in range(rounds):
        asked = [customer.ask(OTHERS[(number + turn) % len(OTHERS)]) for number, customer in enumerate(customers)]
        replies = await asyncio.gather(*asked)
        found.append([(*reply, customer.mark) for reply, customer in zip(replies, customers, strict=True)])
        await asyncio.sleep(1)
    for customer in customers:
        await customer.client.aclose()
    return found


def main() -> None:
    """Start the site, let them come, and write what they saw."""
    options = parser(__doc__)
    options.add_argument("--chats", type=int, default=100)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--home", type=Path)
    chosen = options.parse_args()
    folder = Path(tempfile.mkdtemp())
    home = Home(folder / "home")
    if chosen.home is not None:
        shutil.copytree(chosen.home, home.path)
    if Store(home.store).current() is None:
        from ingest.build import build

        build([ROOT / "knowledge" / "public", ROOT / "knowledge" / "internal"], home)
    # All customers come from one address here, which in a shop would be an office; its limit is not what is measured.
    home.settings_file.write_text("[server]\nmessages_per_minute = 600\n", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "app_gradio.py", "--only", "customer", "--home", str(home.path), "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if httpx.get(f"{address}/readyz").status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        rounds = asyncio.run(crowd(address, chosen.chats, chosen.rounds))
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)
    results = []
    for replies in rounds:
        firsts = sorted(first for ended, first, *_ in replies if ended == "answered")
        wholes = sorted(whole for ended, _, whole, *_ in replies if ended == "answered")
        marks = [mark for *_, mark in replies]
        mixed = sum(any(other in shown for other in marks if other != mark) for _, _, _, shown, mark in replies)
        own = sum(mark in shown for ended, _, _, shown, mark in replies if ended == "answered")
        counts: dict[str, int] = {}
        for ended, *_ in replies:
            counts[ended] = counts.get(ended, 0) + 1
        at = lambda ordered, share: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)  # noqa: E731
        results.append({
            **counts, "saw_anothers_words": mixed, "saw_own_words": own,
            "first_words_s": {"p50": at(firsts, 0.5), "p95": at(firsts, 0.95), "max": round(firsts[-1], 2)},
            "whole_s": {"p50": at(wholes, 0.5), "p95": at(wholes, 0.95)},
        })  # fmt: skip
    bars = Bars("First words, p95", "s", {f"round {n}": r["first_words_s"]["p95"] for n, r in enumerate(results, 1)}, bound=3)
    finish("chats", {"chats": chosen.chats, "rounds": results}, [bars], chosen.out)


if __name__ == "__main__":
    main()
