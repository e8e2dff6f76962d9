"""A BERT of two layers with made-up weights, as a sentence-transformers folder: any text has a vector, none a meaning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save

from kb.models.layout import write_json, write_modules

HIDDEN, WIDE, LAYERS, POSITIONS = 16, 32, 2, 40
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"可以货到付款吗退怎么运费由谁承担abc:", "query", "passage"]


def make_tiny(folder: Path, seed: int = 0) -> Path:
    """Write the model into ``folder``; another ``seed``, other weights."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)

    def values(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.5, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": values(len(PIECES), HIDDEN),
        "embeddings.position_embeddings.weight": values(POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": values(2, HIDDEN),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        shapes = {f"attention.self.{part}": (HIDDEN, HIDDEN) for part in ("query", "key", "value")}
        shapes |= {"attention.output.dense": (HIDDEN, HIDDEN), "intermediate.dense": (WIDE, HIDDEN), "output.dense": (HIDDEN, WIDE)}
        for name, shape in shapes.items():
            weights[f"{prefix}.{name}.weight"], weights[f"{prefix}.{name}.bias"] = values(*shape), values(shape[0])
        norms += [f"{prefix}.attention.output.LayerNorm", f"{prefix}.output.LayerNorm"]
    for name in norms:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = 1 + values(HIDDEN) / 5, values(HIDDEN)
    (folder / "model.safetensors").write_bytes(save(weights, metadata={"format": "pt"}))
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "vocab_size": len(PIECES), "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS, "num_attention_heads": 4, "intermediate_size": WIDE, "hidden_act": "gelu",
        "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0,
        "dtype": "float32",
    }  # fmt: skip
    write_json(folder / "config.json", config)
    tokenizer = Tokenizer(models.WordPiece({piece: row for row, piece in enumerate(PIECES)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    # What such files often hold, and what must not change a vector here.
    tokenizer.enable_padding(length=POSITIONS)
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": POSITIONS, "pad_token": "[PAD]",
         "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"},
    )  # fmt: skip
    write_modules(folder, HIDDEN, {"query": "query: ", "document": "passage: "}, normalize=True)
    return folder
