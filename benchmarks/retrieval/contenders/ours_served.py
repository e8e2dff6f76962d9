"""This project's pipeline as it is served: the same weights, on the back end that the settings choose by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from contenders import Model, Search
from kb.config import SearchSettings
from kb.encoder import load_encoders
from kb.evaluate import DEPTH, Dataset, retriever_for
from kb.records import Entry


def build(corpus: Sequence[Entry], model: Model) -> Search:
    encoders = load_encoders(SearchSettings(encoders=(model.setting,), threads=model.threads))
    retriever = retriever_for(Dataset("corpus", tuple(corpus), ()), encoders)
    return lambda question, depth: [hit.entry.id for hit in retriever.search(question, min(depth, DEPTH)).hits]
