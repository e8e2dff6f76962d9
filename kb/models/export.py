"""The graphs of an encoder: made once from its folder, compared with each other, and kept beside it in the cache."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.models import seal
from kb.models.bert import TOKENIZER, Bert, NotExportable, read_bert
from kb.models.graph import FLOAT32, INT8
from kb.models.once import make_once
from kb.models.pieces import write_pieces
from kb.models.wheel import Report

if TYPE_CHECKING:
    from kb.models.bert import Floats
    from kb.models.int8 import Range
    from kb.models.onnxrun import Runner

VERSION = 1
"""Raised when the same weights give another int8 graph: vectors of different versions are not mixed in one index."""

AGREEMENT = "agreement"
_WAIT_SECONDS = 600.0
_LONG = 8
"""So many everyday texts in a row make a long one."""
_BARE = ("", "?", "abc", "zfb", "OK", "123", "138 0013 8000", "Hello, can I return it?", "https://example.com/a?b=1", "😀👍")
"""What is typed as well; alone between its prompts it reaches values that sentences do not."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A folder with both graphs; ``agreement`` is the mean cosine between their vectors of the same texts."""

    folder: Path
    agreement: float


def exported(name: str, folder: Path, digest: str, cache: Path, report: Report) -> Exported:
    """The graphs of the model ``name`` in ``folder``, made first if they are not in ``cache``.

    ``digest`` tells its weights apart: other weights, an adapter among them, get other graphs. They are made aside,
    sealed and renamed; processes that make the same ones wait for each other.

    Raises:
        NotExportable: the model is of a kind that only torch computes. ImportError: onnx or onnxruntime is missing.
        ModelDamaged: a file is not what was sealed. ModelMissing: another process did not finish. OSError: the disk.
    """
    target = cache / f"{folder.name}.onnx-{VERSION}-{digest}"
    if not target.exists():
        bert = read_bert(folder)
        cache.mkdir(parents=True, exist_ok=True)
        make_once(target, name, report, _WAIT_SECONDS, lambda partial: _make(name, bert, partial, report))
    seal.check(target)
    return Exported(target, float(json.loads((target / seal.READY).read_text(encoding="utf-8"))[AGREEMENT]))


def _make(name: str, bert: Bert, partial: Path, report: Report) -> None:
    from kb.models.graph import float32_graph, int8_graph
    from kb.models.onnxrun import Runner

    report(f"正在为编码模型 {name} 准备快速版本（约需半分钟，只需一次）……")
    result = partial / "result"
    result.mkdir()
    try:
        (result / FLOAT32).write_bytes(float32_graph(bert))
    except KeyError as error:
        raise NotExportable(f"没有权重 {error}") from error
    (result / INT8).write_bytes(int8_graph(bert, _ranges(bert)))
    write_pieces(bert.folder / TOKENIZER, result, _texts(bert))
    exact, quick = (_encode(Runner(bert, result / file)) for file in (FLOAT32, INT8))
    agreement = float((exact * quick).sum(axis=1).mean())
    seal.seal(result, {"name": name, "version": VERSION, AGREEMENT: round(agreement, 4)})


def _ranges(bert: Bert) -> dict[str, Range]:
    """What goes into each matrix for everyday texts."""
    from kb.models.graph import float32_graph, read_ranges
    from kb.models.onnxrun import Runner

    runner = Runner(bert, float32_graph(bert, ranges=True))
    found: dict[str, Range] = {}
    for text in _texts(bert):
        for matrix, seen in read_ranges(runner.outputs(text)).items():
            found[matrix] = found[matrix].joined(seen) if matrix in found else seen
    return found


def _encode(runner: Runner) -> Floats:
    return runner.encode(list(_texts(runner.bert)), threads=1)


def _texts(bert: Bert) -> Iterator[str]:
    """Everyday texts with their prompts: single ones, and some in a row for what is long."""
    from kb.cohort import PASSAGES, QUESTIONS

    yield from (prompt + text for text in _BARE for prompt in (bert.query, bert.passage))
    yield from (bert.query + text for text in QUESTIONS)
    yield from (bert.passage + text for text in PASSAGES)
    yield from (bert.passage + text for text in _joined(PASSAGES))


def _joined(texts: Sequence[str]) -> list[str]:
    return ["".join(texts[start : start + _LONG]) for start in range(0, len(texts), _LONG)]
