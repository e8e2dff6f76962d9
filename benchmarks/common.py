"""What all benchmarks share: facts of the machine, results as JSON, and a plot as SVG.

A benchmark fills a plain dictionary and hands it to :func:`finish`, which writes ``NAME.json`` (with the machine and the
commit) and, where there are charts, ``NAME.svg`` into the folder of ``--out``, and prints the JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

from kb.cores import cores
from kb.markup import node

ROOT = Path(__file__).parents[1]
LIBRARIES = ("faiss-cpu", "numpy", "onnxruntime", "tokenizers", "torch", "bm25s")
COLOURS = ("#1b6ac9", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#0f766e")
WIDTH, HEIGHT, GAP = 460, 270, 24
LEFT, RIGHT, TOP, BOTTOM = 62, 440, 48, 222
"""One chart in its own units; charts stand side by side, two a line."""


def parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser with the option that all benchmarks have."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--out", type=Path, default=ROOT / "build" / "benchmarks", help="folder for results (default %(default)s)")
    return made


def machine() -> dict[str, object]:
    """Processor, cores this process may use, memory, and the versions that decide speed."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {key.strip(): value.strip() for key, value in found.items()}
    flags = facts.get("flags", "").split()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "processor": facts.get("model name", platform.processor()),
        "cores": cores(),
        "instructions": [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx_vnni") if flag in flags],
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        **{name: _version(name) for name in LIBRARIES},
    }


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile in milliseconds."""
    ordered = sorted(seconds)
    return {
        "p50_ms": round(1e3 * ordered[len(ordered) // 2], 3),
        "p99_ms": round(1e3 * ordered[min(len(ordered) - 1, math.ceil(0.99 * len(ordered)) - 1)], 3),
    }


def memory_mb() -> dict[str, float]:
    """Resident memory of this process in MB; ``own`` is without what is mapped from files, which the system may drop."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: round(int(status[key].split()[0]) / 1024, 1) for name, key in (("rss", "VmRSS"), ("own", "RssAnon"))}


class Peak:
    """The most memory seen while :func:`watched`, in MB, as in :func:`memory_mb`."""

    def __init__(self) -> None:
        self.rss = self.own = 0.0

    def look(self) -> None:
        now = memory_mb()
        self.rss, self.own = max(self.rss, now["rss"]), max(self.own, now["own"])


@contextmanager
def watched(every: float = 0.02) -> Iterator[Peak]:
    """Look at this process's memory again and again until the block ends."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(every):
            peak.look()

    thread = threading.Thread(target=watch, daemon=True)
    peak.look()
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()
        peak.look()


@dataclass(frozen=True)
class Chart:
    """Lines over a common axis: ``series`` maps a name to points (across, up); logarithmic where asked for.

    ``bound``: a line across at the value aimed for; ``low``: where an axis that is not logarithmic begins.
    """

    title: str
    across: str
    up: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    log_x: bool = False
    log_y: bool = False
    bound: float | None = None
    low: float = 0.0


@dataclass(frozen=True)
class Bars:
    """One bar a name."""

    title: str
    up: str
    values: Mapping[str, float]
    bound: float | None = None


def finish(name: str, results: Mapping[str, object], charts: Sequence[Chart | Bars], out: Path) -> None:
    """Write and print the results; the charts go into one SVG."""
    out.mkdir(parents=True, exist_ok=True)
    whole = {"benchmark": name, "when": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": machine(), **results}
    text = json.dumps(whole, ensure_ascii=False, indent=1)
    (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    if charts:
        (out / f"{name}.svg").write_text(drawing(charts), encoding="utf-8")
    print(text)
    print(f"{out / name}.json" + (", .svg" if charts else ""), file=sys.stderr)


def drawing(charts: Sequence[Chart | Bars]) -> str:
    """All charts in one SVG with its own colours, two a line."""
    columns = min(2, len(charts))
    rows = -(-len(charts) // columns)
    width, height = columns * (WIDTH + GAP), rows * (HEIGHT + GAP)
    parts = []
    for number, chart in enumerate(charts):
        at = f"translate({number % columns * (WIDTH + GAP)},{number // columns * (HEIGHT + GAP)})"
        parts.append(node("g", *(_bars(chart) if isinstance(chart, Bars) else _lines(chart)), transform=at))
    back = node("rect", width=width, height=height, fill="#fff")
    root = node("svg", back, *parts, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}", width=width,
                height=height, font_family="sans-serif", font_size=11)  # fmt: skip
    return tostring(root, encoding="unicode") + "\n"


def _lines(chart: Chart) -> list[Element]:
    points = [point for line in chart.series.values() for point in line]
    across = _Scale([x for x, _ in points], LEFT, RIGHT, chart.log_x)
    ups = [y for _, y in points] + ([chart.bound] if chart.bound is not None else [])
    up = _Scale(ups, BOTTOM, TOP, chart.log_y, zero=None if chart.log_y else chart.low)
    parts = [_text(8, 16, chart.title, weight="bold"), _text(8, 34, chart.up), _text(RIGHT, HEIGHT - 6, chart.across, "end")]
    for tick in up.ticks():
        parts += [_rule(LEFT, up(tick), RIGHT, up(tick), "#e2e2e2"), _text(LEFT - 6, up(tick) + 4, _short(tick), "end")]
    for tick in across.ticks():
        parts.append(_text(across(tick), BOTTOM + 16, _short(tick), "middle"))
    if chart.bound is not None:
        parts.append(_rule(LEFT, up(chart.bound), RIGHT, up(chart.bound), "#b00020", "5 4"))
    for number, (name, line) in enumerate(chart.series.items()):
        colour = COLOURS[number % len(COLOURS)]
        spots = [(round(across(x), 1), round(up(y), 1)) for x, y in line]
        drawn = " ".join(f"{x},{y}" for x, y in spots)
        parts.append(node("polyline", points=drawn, fill="none", stroke=colour, stroke_width=2))
        parts += [node("circle", cx=x, cy=y, r=3, fill=colour) for x, y in spots]
        parts += [node("rect", x=LEFT + 8, y=TOP + 4 + 15 * number, width=10, height=3, fill=colour)]
        parts.append(_text(LEFT + 23, TOP + 9 + 15 * number, name))
    return parts


def _bars(chart: Bars) -> list[Element]:
    ups = [*chart.values.values(), *([chart.bound] if chart.bound is not None else [])]
    up = _Scale(ups, BOTTOM, TOP, log=False, zero=0.0)
    parts = [_text(8, 16, chart.title, weight="bold"), _text(8, 34, chart.up)]
    for tick in up.ticks():
        parts += [_rule(LEFT, up(tick), RIGHT, up(tick), "#e2e2e2"), _text(LEFT - 6, up(tick) + 4, _short(tick), "end")]
    room = (RIGHT - LEFT) / max(len(chart.values), 1)
    for number, (name, value) in enumerate(chart.values.items()):
        left = LEFT + number * room + room * 0.15
        size = {"x": round(left, 1), "y": round(up(value), 1), "width": round(room * 0.7, 1)}
        parts.append(node("rect", **size, height=round(BOTTOM - up(value), 1), fill=COLOURS[number % len(COLOURS)]))
        parts.append(_text(left + room * 0.35, up(value) - 5, _short(value), "middle"))
        parts.append(_text(left + room * 0.35, BOTTOM + 16, name, "middle"))
    if chart.bound is not None:
        parts.append(_rule(LEFT, up(chart.bound), RIGHT, up(chart.bound), "#b00020", "5 4"))
    return parts


class _Scale:
    """From values to places; a logarithmic one spans whole powers of ten."""

    def __init__(self, values: Sequence[float], start: float, end: float, log: bool, *, zero: float | None = None) -> None:
        self._start, self._end, self._log = start, end, log
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        if log:
            low, high = 10 ** math.floor(math.log10(max(low, 1e-9))), 10 ** math.ceil(math.log10(max(high, 1e-9)) - 1e-9)
        elif zero is not None:
            low = min(low, zero)
        self.low, self.high = low, high if high > low else low + (9 * low if log else 1)

    def __call__(self, value: float) -> float:
        place = math.log10 if self._log else float
        share = (place(max(value, self.low)) - place(self.low)) / (place(self.high) - place(self.low))
        return self._start + share * (self._end - self._start)

    def ticks(self) -> list[float]:
        if self._log:
            return [10.0**power for power in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)]
        step = 10 ** math.floor(math.log10((self.high - self.low) / 2))
        step *= next((factor for factor in (1, 2, 5) if (self.high - self.low) / (step * factor) <= 6), 10)
        return [number * step for number in range(math.ceil(self.low / step), math.floor(self.high / step + 1e-9) + 1)]


def _short(value: float) -> str:
    for size, sign in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{sign}"
    return f"{value:.3g}"


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str, dashes: str | None = None) -> Element:
    places = {name: round(value, 1) for name, value in (("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2))}
    return node("line", **places, stroke=colour, stroke_dasharray=dashes)


def _text(x: float, y: float, words: str, anchor: str = "start", weight: str | None = None) -> Element:
    return node("text", words, x=round(x, 1), y=round(y, 1), text_anchor=anchor, font_weight=weight, fill="#222")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"
