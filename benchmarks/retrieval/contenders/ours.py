"""This project's pipeline, as ``kb evaluate`` runs it."""

from __future__ import annotations

from collections.abc import Sequence

from contenders import Model, Search
from kb.encoder import SentenceTransformerEncoder
from kb.evaluate import DEPTH, Dataset, retriever_for
from kb.records import Entry


def build(corpus: Sequence[Entry], model: Model) -> Search:
    encoder = SentenceTransformerEncoder("encoder", model.folder, threads=model.threads)
    retriever = retriever_for(Dataset("corpus", tuple(corpus), ()), [encoder])
    # Hits are documents here, not chunks: as many as are kept are enough.
    return lambda question, depth: [hit.entry.id for hit in retriever.search(question, min(depth, DEPTH)).hits]
