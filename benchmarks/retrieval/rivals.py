"""Us and what a user would pick instead, with the same encoder, on the same questions, in one run.

    python benchmarks/retrieval/rivals.py DATASET_DIR... [--only ours,txtai] [--limit N] [--shared-vectors]

Folders as for ``kb evaluate``. README.md beside this file says how each rival is set up and how to install them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import nullcontext
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from contenders import CONTENDERS, Contender, Model, Search, distinct

from benchmarks.common import Bars, finish, memory_mb, quantiles
from benchmarks.common import parser as options_of_all
from kb.config import SearchSettings, load, resolve_home
from kb.errors import KBError
from kb.evaluate import DEPTH, Dataset, Query, hit_at, read_dataset, reciprocal_rank
from kb.models import ensure, resolve
from kb.records import Entry

CHUNKS = 3 * DEPTH
"""Chunks asked for, so that ten different documents remain when several chunks are of one."""

FEW = 40
"""Documents of the base that each builds by itself."""

HEADER = f"  {'':<11} {'version':<9} {'hit@1':>6} {'hit@5':>6} {'MRR@10':>7} {'build s':>9} {'ms/question':>12} {'p99':>7}"


def load_model(setting: str, threads: int) -> Model:
    """The encoder named by ``setting`` (a packaged one, prepared if need be, or a folder) and its prefixes."""
    cache = load(SearchSettings, resolve_home(None)).models_folder()
    resolved = resolve(setting, cache)
    if resolved.kind == "hub":
        raise SystemExit(f"{setting}: give a packaged encoder or a folder, so that every tool loads the same files")
    folder = Path(resolved.path_or_id)
    if resolved.kind == "packaged":
        folder = ensure(resolved.name, cache, lambda line: print(line, file=sys.stderr))
    description = folder / "config_sentence_transformers.json"
    prompts = json.loads(description.read_text(encoding="utf-8")).get("prompts", {}) if description.is_file() else {}
    return Model(folder, prompts.get("query", ""), prompts.get("document") or prompts.get("passage", ""), threads, setting)


class SharedVectors:
    """While entered, no passage is encoded twice, whichever tool asks; questions still are.

    Every contender ends in ``SentenceTransformer.encode``, so that is where vectors are remembered, by the text with
    its prefix.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._vectors: dict[str, object] = {}

    def __enter__(self) -> None:
        from sentence_transformers import SentenceTransformer

        self._encode = SentenceTransformer.encode

        def encode(model, inputs, prompt_name=None, prompt=None, **options):
            import numpy as np

            prompt = prompt if prompt is not None else model.prompts.get(prompt_name, "")
            # One text alone is a question: not every encoder has a prefix that says so.
            alone = isinstance(inputs, str) or len(inputs) == 1
            if alone or not all((prompt + text).startswith(self._prefix) for text in inputs):
                return self._encode(model, inputs, prompt=prompt, **options)
            texts = [prompt + text for text in inputs]
            fresh = [text for text in dict.fromkeys(texts) if text not in self._vectors]
            if fresh:
                vectors = self._encode(model, fresh, prompt="", **options)
                self._vectors.update(zip(fresh, vectors, strict=True))
            return np.stack([self._vectors[text] for text in texts])

        SentenceTransformer.encode = encode

    def __exit__(self, *_: object) -> None:
        from sentence_transformers import SentenceTransformer

        SentenceTransformer.encode = self._encode


def set_threads(count: int) -> None:
    import faiss

    if "torch" in sys.modules:  # who does without it is not to be charged for it
        import torch

        torch.set_num_threads(count)
    faiss.omp_set_num_threads(count)


class Runner:
    """One contender on one dataset: built, then asked; a failure takes it out of the race and is kept."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        self.note = ""
        self.failed = False
        self.build_seconds = self.import_seconds = 0.0
        self.seconds: list[float] = []
        self.rankings: list[list[str]] = []
        self._search: Search | None = None

    def build(self, corpus: Sequence[Entry], first: str, model: Model) -> None:
        try:
            began = time.perf_counter()
            build = self.contender.load()  # importing a library is not building an index
            self.import_seconds = time.perf_counter() - began
            set_threads(model.threads)
            began = time.perf_counter()
            search = build(corpus, model)
            search(first, CHUNKS)  # the first question loads what later ones share
            self.build_seconds = time.perf_counter() - began
            self._search = search
        except ModuleNotFoundError as error:
            self.note = f"not installed ({error.name}): pip install {self.contender.install}"
        except Exception as error:  # one rival's failure must not hide the others' figures
            self._fail(error)

    def ask(self, question: str) -> None:
        if self._search is None:
            return
        try:
            began = time.perf_counter()
            ids = self._search(question, CHUNKS)
            self.seconds.append(time.perf_counter() - began)
            self.rankings.append(distinct(ids, DEPTH))
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        traceback.print_exc()
        self._search, self.failed, self.note = None, True, f"failed: {type(error).__name__}: {error}"

    def figures(self, questions: Sequence[Query]) -> dict[str, object]:
        """All that was measured; the middle question is what a busy machine spoils least."""
        if self.note:
            return {"name": self.contender.name, "note": self.note}
        grades = [
            [query.relevant.get(identity, 0) for identity in ids]
            for query, ids in zip(questions, self.rankings, strict=True)
            if query.answerable and query.relevant
        ]
        hit1, hit5, mrr10 = (
            sum(values) / len(grades)
            for values in (
                [hit_at(row, 1) for row in grades],
                [hit_at(row, 5) for row in grades],
                [reciprocal_rank(row, 10) for row in grades],
            )
        )
        return {
            "name": self.contender.name,
            "version": version_of(self.contender.distribution),
            "hit1": round(hit1, 3),
            "hit5": round(hit5, 3),
            "mrr10": round(mrr10, 3),
            "import_s": round(self.import_seconds, 2),
            "build_s": round(self.build_seconds, 2),
            **quantiles(self.seconds),
        }


def line(row: dict[str, object], shared: bool) -> str:
    """A contender's row of the table."""
    if "note" in row:
        return f"  {row['name']:<11} {row['note']}"
    build = f"{row['build_s']:.1f}{'*' if shared else ''}"
    return (
        f"  {row['name']:<11} {row['version']:<9} {row['hit1']:>6.3f} {row['hit5']:>6.3f} {row['mrr10']:>7.3f} {build:>9}"
        f" {row['p50_ms']:>12.1f} {row['p99_ms']:>7.1f}"
    )


def version_of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "checkout" if distribution == "zhanggui" else "-"


def compare(
    dataset: Dataset, contenders: Sequence[Contender], model: Model, limit: int, shared: bool
) -> tuple[bool, list[dict[str, object]]]:
    """Print the table of one dataset; whether nobody failed, and the rows."""
    questions = dataset.queries[:limit] if limit else dataset.queries
    judged = sum(bool(query.answerable and query.relevant) for query in questions)
    print(f"{dataset.name}: {len(dataset.entries)} documents, {len(questions)} questions, {judged} of them judged")
    if not judged:
        print("  skipped: no question has a judged answer", flush=True)
        return True, []
    if any(query.candidates for query in questions):
        print("  skipped: its questions rank listed candidates only, which the rivals do not offer", flush=True)
        return True, []
    runners = [Runner(contender) for contender in contenders]
    # The memory lives as long as one table: another dataset starts from nothing.
    with SharedVectors(model.passage_prefix) if shared else nullcontext():
        for runner in runners:
            print(f"{dataset.name}: building {runner.contender.name} …", file=sys.stderr, flush=True)
            runner.build(dataset.entries, questions[0].text, model)
        print(f"{dataset.name}: asking …", file=sys.stderr, flush=True)
        set_threads(model.threads)
        # All are asked a question before the next one, so that a busy minute burdens all alike.
        for query in questions:
            for runner in runners:
                runner.ask(query.text)
    print(HEADER)
    rows = [runner.figures(questions) for runner in runners]
    for row in rows:
        print(line(row, shared))
    if shared:
        print("  * passage vectors shared: only who comes first encodes a text, so build times do not compare")
    sys.stdout.flush()
    return not any(runner.failed for runner in runners), rows


def by_itself(name: str, folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """One contender in a process of its own: seconds from its start to the first answer, and its memory then.

    The answer comes from a base that this process has built itself: what the others offer for keeping one differs too much.
    """
    command = [sys.executable, __file__, str(folder), "--only", name, "--limit", "1", "--encoder", options.encoder]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--threads", str(options.threads), "--child"], stdout=subprocess.PIPE, text=True, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        return {"name": name, "note": "failed"}
    return {"name": name, "start_and_build_s": round(seconds, 2), "memory_mb": json.loads(done.stdout.splitlines()[-1])["rss"]}


def main() -> None:
    names = [contender.name for contender in CONTENDERS]
    parser = options_of_all(__doc__)
    parser.add_argument("datasets", type=Path, nargs="+", metavar="DATASET_DIR")
    parser.add_argument("--only", default=",".join(names), help="comma-separated: %(default)s")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="the first N questions of each set")
    parser.add_argument("--encoder", default="e5", help="a packaged encoder or a folder (default %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="for everybody (default %(default)s: the steadiest)")
    parser.add_argument(
        "--shared-vectors", action="store_true", help="encode every distinct passage once for all: quality in minutes"
    )
    parser.add_argument("--by-itself", action="store_true", help="instead, each in a process of its own: start-up and memory")
    parser.add_argument("--child", action="store_true", help="used by --by-itself")
    options = parser.parse_args()
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(names):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    # Nothing is fetched while times are taken, and nobody is told of it.
    os.environ.update(HF_HUB_OFFLINE="1", HAYSTACK_TELEMETRY_ENABLED="False", TOKENIZERS_PARALLELISM="false")
    try:
        model = load_model(options.encoder, options.threads)
        datasets = [read_dataset(folder) for folder in options.datasets]
    except KBError as error:
        raise SystemExit(str(error)) from error

    chosen = [contender for contender in CONTENDERS if contender.name in wanted]
    if options.child:
        runner = Runner(chosen[0])
        runner.build(datasets[0].entries[:FEW], datasets[0].queries[0].text, model)
        print(json.dumps(memory_mb()))
        sys.exit(bool(runner.note))
    from sentence_transformers import SentenceTransformer

    # Everybody needs the library and the weights: the first should not pay for reading them from disk.
    SentenceTransformer(str(model.folder), device="cpu").encode(["warm"], show_progress_bar=False)
    print(f"encoder {options.encoder}, {model.threads} threads, {CHUNKS} chunks asked for, best {DEPTH} documents kept")
    if options.by_itself:
        alone = [by_itself(one.name, options.datasets[0], options) for one in chosen]
        values = {row["name"]: row["memory_mb"] for row in alone if "memory_mb" in row}
        starts = {row["name"]: row["start_and_build_s"] for row in alone if "memory_mb" in row}
        charts = [Bars("Memory", "MB", values), Bars(f"Start, {FEW} documents, first answer", "s", starts)]
        finish("rivals-alone", {"encoder": options.encoder, "documents": FEW, "rows": alone}, charts, options.out)
        return
    results = {data.name: compare(data, chosen, model, options.limit, options.shared_vectors) for data in datasets}
    tables: dict[str, object] = {name: rows for name, (_, rows) in results.items()}
    first = next(iter(results.values()))[1]
    charts = [Bars("One question, median", "ms", {row["name"]: row["p50_ms"] for row in first if "p50_ms" in row})]
    finish("rivals", {"encoder": options.encoder, "threads": options.threads, "tables": tables}, charts, options.out)
    sys.exit(0 if all(good for good, _ in results.values()) else 1)


if __name__ == "__main__":
    main()
