"""A BERT sentence encoder in a sentence-transformers folder, as far as it can be computed without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from kb.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
WORDS = "embeddings.word_embeddings.weight"
_TRANSFORMER, _POOLING, _NORMALIZE = "Transformer", "Pooling", "Normalize"


class NotExportable(ModelError):
    """A model is of a kind that only torch computes here; the text says in Chinese which, without a remedy."""


@dataclass(frozen=True, slots=True)
class Bert:
    """What a folder says of its model.

    ``limit`` is the number of tokens read of a text, ``pooling`` how token vectors become one, ``query`` and
    ``passage`` what is put before a question and a knowledge text.
    """

    folder: Path
    layers: int
    heads: int
    hidden: int
    epsilon: float
    limit: int
    pooling: Literal["mean", "cls"]
    query: str
    passage: str

    def weights(self) -> Mapping[str, Floats]:
        """All weights but the table of words, by their names in BERT, as float32.

        Raises:
            NotExportable: they are not those of a BERT.
        """
        import numpy as np
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.folder / WEIGHTS, framework="numpy") as opened:
                names = [name for name in opened.keys() if not name.endswith(WORDS)]  # noqa: SIM118
                found = {name.removeprefix("bert."): opened.get_tensor(name).astype(np.float32) for name in names}
        except (OSError, SafetensorError, TypeError) as error:  # numpy has no bfloat16
            raise NotExportable(f"权重读不出来（{error}）") from error
        last = f"encoder.layer.{self.layers - 1}.output.LayerNorm.weight"
        if last not in found or found[last].shape != (self.hidden,):
            raise NotExportable("权重不是 BERT 的")
        return found

    def words(self) -> NDArray[Any]:
        """The table of words (pieces, hidden), mapped from the file: only rows that are asked for are ever read.

        Raises:
            NotExportable: it is missing or of a type that numpy does not know.
        """
        import numpy as np

        path = self.folder / WEIGHTS
        with path.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(size))
        found = header.get(WORDS) or header.get(f"bert.{WORDS}") or {}
        kind = {"F32": "<f4", "F16": "<f2"}.get(str(found.get("dtype")))
        if kind is None:
            raise NotExportable(f"词表的类型是 {found.get('dtype')}")
        start = 8 + size + int(found["data_offsets"][0])
        return np.memmap(path, dtype=kind, mode="r", offset=start, shape=tuple(found["shape"]))


def read_bert(folder: Path) -> Bert:
    """What ``folder`` holds, if it is a plain BERT with mean or CLS pooling, prompts and nothing else.

    Raises:
        NotExportable: it is another model, or asks for something that is not done here.
    """
    config = _read(folder, "config.json")
    modules = _modules(folder)
    settings, sentence = _read(folder, "config_sentence_transformers.json", {}), _read(folder, "sentence_bert_config.json", {})
    wanted = {
        "model_type": ("bert",),
        "hidden_act": ("gelu",),
        "position_embedding_type": (None, "absolute"),
        "is_decoder": (None, False),
    }
    for key, values in wanted.items():
        if config.get(key) not in values:
            raise NotExportable(f"{key} 是 {config.get(key)}")
    if sentence.get("do_lower_case") or settings.get("default_prompt_name") or _unread(modules):
        raise NotExportable("处理步骤不止于 BERT、平均和归一")
    if not (folder / TOKENIZER).is_file() or not (folder / WEIGHTS).is_file():
        raise NotExportable(f"没有 {TOKENIZER} 或 {WEIGHTS}")
    for key in ("num_hidden_layers", "num_attention_heads", "hidden_size", "max_position_embeddings"):
        if not isinstance(config.get(key), int):
            raise NotExportable(f"{key} 是 {config.get(key)}")
    prompts = settings.get("prompts") or {}
    limits = (
        config.get("max_position_embeddings"),
        sentence.get("max_seq_length"),
        _read(folder, "tokenizer_config.json", {}).get("model_max_length"),
    )
    return Bert(
        folder,
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        hidden=config["hidden_size"],
        epsilon=float(config.get("layer_norm_eps", 1e-12)),
        limit=int(min(limit for limit in limits if isinstance(limit, (int, float)))),
        pooling=_pooling(folder, modules),
        query=prompts.get("query", ""),
        # The order in which sentence-transformers looks for it.
        passage=next((prompts[name] for name in ("document", "passage", "corpus") if name in prompts), ""),
    )


def _modules(folder: Path) -> list[tuple[str, str]]:
    """Kind and folder of each module, in order."""
    listed = _read(folder, "modules.json")
    return [(str(module["type"]).rsplit(".", 1)[-1], str(module["path"])) for module in listed]


def _unread(modules: list[tuple[str, str]]) -> bool:
    kinds = [kind for kind, _ in modules]
    return kinds not in ([_TRANSFORMER, _POOLING], [_TRANSFORMER, _POOLING, _NORMALIZE]) or modules[0][1] != ""


def _pooling(folder: Path, modules: list[tuple[str, str]]) -> Literal["mean", "cls"]:
    config = _read(folder, f"{modules[1][1]}/config.json")
    modes = [config["pooling_mode"]] if "pooling_mode" in config else []
    modes += [key for key in config if key.startswith("pooling_mode_") and config[key] is True]
    if not config.get("include_prompt", True) or len(modes) != 1:
        raise NotExportable(f"合并方式是 {'、'.join(map(str, modes))}")
    if modes[0] in ("mean", "pooling_mode_mean_tokens"):
        return "mean"
    if modes[0] in ("cls", "pooling_mode_cls_token"):
        return "cls"
    raise NotExportable(f"合并方式是 {modes[0]}")


def _read(folder: Path, name: str, default: Any = None) -> Any:
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if default is not None:
            return default
        raise NotExportable(f"没有 {name}") from error
    except (OSError, ValueError) as error:
        raise NotExportable(f"{name} 读不出来") from error
