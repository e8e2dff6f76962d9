"""Us and what a user would pick instead: one file each, all behind ``build(corpus, model) -> search``.

A module is imported only when its contender runs. Its ``build`` loads the encoder, indexes the corpus and returns
``search``; ``search(question, depth)`` gives the corpus ids of the ``depth`` best chunks, best first. Several chunks
may come from one document: :func:`distinct` keeps the first of each.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kb.records import Entry

Search = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Model:
    """A sentence-transformers folder, the prefixes its authors ask for, how many threads to use, and its setting here."""

    folder: Path
    query_prefix: str
    passage_prefix: str
    threads: int
    setting: str


@dataclass(frozen=True, slots=True)
class Contender:
    """``module`` is a file of this package, ``distribution`` the package whose version is printed."""

    name: str
    module: str
    distribution: str
    install: str = ""

    def load(self) -> Callable[[Sequence[Entry], Model], Search]:
        """Its ``build``.

        Raises:
            ModuleNotFoundError: it is not installed.
        """
        return importlib.import_module(f"{__name__}.{self.module}").build


CONTENDERS = (
    Contender("ours", "ours", "zhanggui"),
    Contender("served", "ours_served", "zhanggui"),
    Contender("lc-faiss", "langchain_faiss", "langchain-community", "langchain-community faiss-cpu"),
    Contender("langchain", "langchain_memory", "langchain-core", "langchain-huggingface langchain-text-splitters"),
    Contender("txtai", "txtai_hybrid", "txtai", "txtai"),
    Contender("haystack", "haystack_hybrid", "haystack-ai", "haystack-ai sentence-transformers-haystack"),
    Contender(
        "llamaindex",
        "llamaindex_fusion",
        "llama-index-core",
        "llama-index-core llama-index-embeddings-huggingface llama-index-retrievers-bm25",
    ),
)


def text_of(entry: Entry) -> str:
    """What a tool without a notion of questions is given: the question, where there is one, above its answer."""
    return f"{entry.question}\n{entry.text}" if entry.question else entry.text


def distinct(ids: Iterable[str], count: int) -> list[str]:
    """The first ``count`` different ids, in order."""
    return list(islice(dict.fromkeys(ids), count))
