"""txtai: ``Embeddings(hybrid=True)`` over whole texts, as its introduction indexes them.

- ``hybrid`` adds normalised BM25 to the vectors, joined half and half:
  https://neuml.github.io/txtai/embeddings/configuration/general/ and .../embeddings/configuration/scoring/
- Words come from Unicode text segmentation (UAX #29), the default of a terms index; for Chinese that is one token a
  character. Nothing else is documented for Chinese (https://neuml.github.io/txtai/pipeline/data/tokenizer/).
- ``method: sentence-transformers`` loads the folder with that library, whose own prompts are applied to queries and
  to data: https://neuml.github.io/txtai/embeddings/configuration/vectors/ ("instructions"). Setting ``instructions``
  as well would put the prefixes twice.
- Texts are not split by ``Embeddings``; beyond the encoder's 512 tokens only BM25 sees them.
"""

from __future__ import annotations

from collections.abc import Sequence

from txtai import Embeddings

from contenders import Model, Search, text_of
from kb.records import Entry


def build(corpus: Sequence[Entry], model: Model) -> Search:
    embeddings = Embeddings(path=str(model.folder), method="sentence-transformers", hybrid=True, gpu=False)
    embeddings.index([(entry.id, text_of(entry)) for entry in corpus])
    return lambda question, depth: [identity for identity, _ in embeddings.search(question, depth)]
