"""The small files that make a folder of weights a sentence-transformers 6 model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as readable UTF-8 JSON, the same bytes for the same value."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_modules(folder: Path, dimension: int, prompts: Mapping[str, str], *, normalize: bool) -> None:
    """Describe transformer, mean pooling and, when asked, normalisation to unit length.

    ``prompts`` are put before texts by ``encode_query`` (key ``query``) and ``encode_document`` (key ``document``).
    """
    modules = [
        ("", "sentence_transformers.base.modules.transformer.Transformer"),
        ("1_Pooling", "sentence_transformers.sentence_transformer.modules.pooling.Pooling"),
    ]
    write_json(
        folder / "sentence_bert_config.json",
        {
            "transformer_task": "feature-extraction",
            "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
            "module_output_name": "token_embeddings",
            # On a CPU half precision must not be computed with; the pooler is not used, nor shipped.
            "model_kwargs": {"dtype": "float32", "add_pooling_layer": False},
        },
    )
    (folder / "1_Pooling").mkdir()
    write_json(
        folder / "1_Pooling" / "config.json",
        {"embedding_dimension": dimension, "pooling_mode": "mean", "include_prompt": True},
    )
    if normalize:
        modules.append(("2_Normalize", "sentence_transformers.base.modules.normalize.Normalize"))
        (folder / "2_Normalize").mkdir()
        write_json(
            folder / "2_Normalize" / "config.json",
            {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"},
        )
    write_json(
        folder / "modules.json",
        [{"idx": i, "name": str(i), "path": path, "type": kind} for i, (path, kind) in enumerate(modules)],
    )
    write_json(
        folder / "config_sentence_transformers.json",
        {
            "model_type": "SentenceTransformer",
            "prompts": dict(prompts),
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )
