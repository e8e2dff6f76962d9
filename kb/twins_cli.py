"""``python -m kb twins``: entries that are taken for one another, for the editor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from kb.config import Home, SearchSettings, load
from kb.console import emit, home_option, json_option, say

if TYPE_CHECKING:
    from kb.fitting import Fit
    from kb.records import Entry
    from kb.twins import Twin

MOST_LINES = 20
"""So many pairs and questions are written out for people; JSON has them all."""
REMEDY = "处理办法：内容重复就合并；问法含混就改写；确是两回事，就给被误中的条目加“反例问”。"


@click.command()
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Pairs at most.")
@click.option("--audience", type=click.Choice(["public", "internal"]), default="internal", show_default=True,
              help="Whose eyes: internal sees both.")
@home_option
@json_option
def twins(most: int, audience: Any, home: Home, as_json: bool) -> None:
    """List entries that are taken for one another.

    First pairs of entries that are as close to each other as one entry is to itself; then aliases that, left out, find
    another entry than their own (of a large base, a sample of aliases is asked).

    \b
    Examples:
      python -m kb twins
      python -m kb twins --json > twins.jsonl
    """
    from kb.encoder import load_encoders
    from kb.fitting import calibrate
    from kb.knowledge import KnowledgeBase
    from kb.store import open_store
    from kb.twins import twins as find_twins

    encoders = load_encoders(load(SearchSettings, home), say)
    store = open_store(home)
    live = KnowledgeBase(store, encoders, audience).generation
    index = store.load(live, audience)
    pairs = find_twins(index, most)
    fit = calibrate(index, encoders)
    entries = {entry.id: entry for entry in index.entries}
    if as_json:
        for pair in pairs:
            emit(pair_to_json(pair))
        for stray in fit.strays:
            expected, found = _named(entries[stray.entry]), _named(entries[stray.found])
            emit({"kind": "stray", "question": stray.alias, "expected": expected, "found": found})
        return
    _show_pairs(pairs, most)
    _show_strays(fit, entries)
    if pairs or fit.strays:
        emit(REMEDY)


def pair_to_json(pair: Twin) -> dict[str, Any]:
    """A pair as a line of ``python -m kb twins --json``."""
    return {
        "kind": "pair",
        "a": _named(pair.a),
        "b": _named(pair.b),
        "wording_a": pair.wording_a,
        "wording_b": pair.wording_b,
        "cosine": pair.cosine,
    }


def _named(entry: Entry) -> dict[str, str]:
    return {"id": entry.id, "question": entry.question, "source": entry.place.source}


def _show_pairs(pairs: Sequence[Twin], most: int) -> None:
    if not pairs:
        emit("没有过于相近的条目。")
        return
    count = f"{len(pairs)} 对" if len(pairs) < most else f"至少 {most} 对"
    emit(f"相近的条目（{count}）：")
    for pair in pairs[:MOST_LINES]:
        emit(f"  {pair.cosine:.2f}  {_title(pair.a)}")
        emit(f"        {_title(pair.b)}")
        emit(f"        最像之处：“{pair.wording_a}” ≈ “{pair.wording_b}”")
    _rest(len(pairs))


def _show_strays(fit: Fit, entries: dict[str, Entry]) -> None:
    if not fit.calibration.questions:
        emit("相似问太少，没有检查误中；请给常见问题多写几个问法。")
        return
    if not fit.strays:
        emit("没有误中的问法。")
        return
    emit(f"会误中的问法（{len(fit.strays)} 个；假如库里没写这句，顾客这样问会找到别的条目）：")
    for stray in fit.strays[:MOST_LINES]:
        emit(f"  “{stray.alias}”  应找到 {_title(entries[stray.entry])}")
        emit(f"        却找到 {_title(entries[stray.found])}")
    _rest(len(fit.strays))


def _rest(count: int) -> None:
    if count > MOST_LINES:
        emit(f"  …… 还有 {count - MOST_LINES} 条，用 --json 可以看到全部")


def _title(entry: Entry) -> str:
    place = entry.place
    name = entry.question or " › ".join(place.heading[-2:]) or entry.text[:20]
    row = f" 第 {place.row} 行" if place.row is not None else ""
    return f"{name}（{place.source}{row}）"
