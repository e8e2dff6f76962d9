"""From text to vectors: the ``Encoder`` seam and its implementations."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kb.config import SearchSettings
from kb.errors import ModelDamaged, ModelMissing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    Vectors = NDArray[np.float32]

Progress = Callable[[int], None]
"""Called with the number of texts done since the last call."""

INT8_AGREEMENT = 0.99
"""Mean cosine between int8 and float32 from which on int8 is taken by itself; the packaged encoders reach .998."""
_INT8 = "+int8"
"""Follows the fingerprint of the weights where vectors are computed in eight bits."""


class Encoder(Protocol):
    """Turns texts into vectors whose inner product is their likeness.

    ``name`` is the setting it came from, ``dimension`` the length of a vector, ``fingerprint`` changes whenever the
    same text might get another vector, so that stored vectors are never mixed with foreign ones.
    """

    name: str
    dimension: int
    fingerprint: str

    def questions(self, texts: Sequence[str]) -> Vectors:
        """Vectors of questions: (n, dimension) float32, rows of unit length."""
        ...

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Vectors of knowledge texts: (n, dimension) float32, rows of unit length."""
        ...


class SentenceTransformerEncoder:
    """Any sentence-transformers model in a folder (or, when allowed, on a hub); weights load on first use.

    A model that carries prompts named ``query`` and ``document``/``passage`` gets them applied. Weights are held in
    float32: half precision on a CPU is slower by two orders of magnitude (sentence-transformers' own benchmark).
    """

    BATCH = 32

    def __init__(self, name: str, path: str | Path, *, threads: int = 0, local: bool = True) -> None:
        self.name = name
        self._path = str(path)
        self._threads = threads
        self._local = local
        self._model: SentenceTransformer | None = None
        self.fingerprint = f"{name}:{_digest_of_folder(Path(path))}" if local else f"{name}:hub"
        self.dimension = _dimension_of_folder(Path(path)) if local else self._loaded().get_embedding_dimension() or 0

    def questions(self, texts: Sequence[str]) -> Vectors:
        """Vectors of questions, see :class:`Encoder`."""
        return self._encode(texts, question=True, progress=None)

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Vectors of knowledge texts, see :class:`Encoder`; ``progress`` is called after every batch."""
        return self._encode(texts, question=False, progress=progress)

    def _encode(self, texts: Sequence[str], *, question: bool, progress: Progress | None) -> Vectors:
        import numpy as np
        import torch

        model = self._loaded()
        # One short question gains nothing from more threads, and on a busy machine waits for the slowest of them.
        torch.set_num_threads(self._threads or (1 if question else os.cpu_count() or 1))
        encode = model.encode_query if question else model.encode_document
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # Long texts together: padding to the longest of a batch is what costs most in mixed batches.
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for start in range(0, len(order), self.BATCH):
            rows = order[start : start + self.BATCH]
            vectors[rows] = encode(
                [texts[row] for row in rows],
                batch_size=self.BATCH,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
            if progress is not None:
                progress(len(rows))
        return vectors

    def _loaded(self) -> SentenceTransformer:
        if self._model is None:
            import torch
            import transformers
            from safetensors import SafetensorError
            from sentence_transformers import SentenceTransformer

            transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            try:
                self._model = SentenceTransformer(
                    self._path, device="cpu", local_files_only=self._local, model_kwargs={"dtype": torch.float32}
                )
            except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
                raise ModelDamaged(
                    f"编码模型“{self.name}”（{self._path}）加载失败：{error}；请删除该文件夹后重新运行。"
                ) from error
        return self._model


def comparable(built: str, used: str) -> bool:
    """Whether questions of the encoder with fingerprint ``used`` may be asked of vectors of the one with ``built``.

    They may where both have the same weights, whatever computes them: float32 and int8 agree to a mean cosine of .998
    (docs/performance.md). Within an index vectors are never mixed.
    """
    return built.partition(_INT8)[0] == used.partition(_INT8)[0]


class RememberingEncoder:
    """An encoder that knows the last questions it was asked: several parts look at one message, it is encoded once.

    More than ``FEW`` texts at once are no message, and pass through. Safe to use from several threads.
    """

    FEW, KEPT = 4, 256

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.dimension, self.fingerprint = encoder.name, encoder.dimension, encoder.fingerprint
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def questions(self, texts: Sequence[str]) -> Vectors:
        """Vectors of questions, see :class:`Encoder`."""
        import numpy as np

        if not 0 < len(texts) <= self.FEW:
            return self._encoder.questions(texts)
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
        new = [text for text in dict.fromkeys(texts) if text not in found]
        if new:
            found |= dict(zip(new, self._encoder.questions(new), strict=True))
        with self._lock:
            for text, vector in found.items():
                self._known[text] = vector
                self._known.move_to_end(text)
            while len(self._known) > self.KEPT:
                self._known.popitem(last=False)
        return np.stack([found[text] for text in texts])

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Vectors of knowledge texts, see :class:`Encoder`."""
        return self._encoder.passages(texts, progress)


def load_encoders(settings: SearchSettings, report: Callable[[str], None] = lambda line: None) -> tuple[Encoder, ...]:
    """The encoders named in the settings, prepared if need be; ``report`` gets lines about what is going on.

    Raises:
        ModelError: an encoder is unknown, missing or damaged; the text names the remedy.
    """
    from kb.models import ensure, resolve

    if not settings.encoders:
        raise ModelMissing("没有设置编码模型；请在 settings.toml 的 [search] 里写 encoders = [\"e5\"]。")
    cache = settings.models_folder()
    wheels = Path(settings.wheels).expanduser() if settings.wheels else None
    encoders: list[Encoder] = []
    for setting in settings.encoders:
        resolved = resolve(setting, cache)
        if resolved.kind == "hub":
            encoders.append(SentenceTransformerEncoder(setting, setting, threads=settings.threads, local=False))
        elif resolved.kind == "folder":
            encoders.append(_open(setting, Path(resolved.path_or_id), settings, report))
        elif resolved.name == "use":
            from kb.models.use import UseEncoder

            encoders.append(UseEncoder(ensure(resolved.name, cache, report, wheels=wheels)))
        else:
            folder = ensure(resolved.name, cache, report, wheels=wheels)
            encoders.append(_open(resolved.name, folder, settings, report))
    return tuple(encoders)


def _open(name: str, folder: Path, settings: SearchSettings, report: Callable[[str], None]) -> Encoder:
    """The encoder in ``folder``, run as the settings say, or by torch where that cannot be."""
    exact = SentenceTransformerEncoder(name, folder, threads=settings.threads)
    if settings.backend == "torch":
        return exact
    try:
        import onnxruntime  # noqa: F401

        from kb.models.bert import NotExportable, read_bert
        from kb.models.export import VERSION, exported
        from kb.models.onnxrun import OnnxEncoder
    except ImportError as error:
        report(f"编码模型“{name}”改用 torch 计算（程序库 onnxruntime 不能用：{error}）；答案相同，只是慢一些。")
        return exact
    try:
        graphs = exported(name, folder, exact.fingerprint.rpartition(":")[2], settings.models_folder(), report)
    except (NotExportable, ImportError, OSError) as error:
        report(f"编码模型“{name}”改用 torch 计算（{error}）；答案相同，只是慢一些。")
        return exact
    backend = settings.backend
    if backend == "auto":
        backend = "onnx-int8" if graphs.agreement >= INT8_AGREEMENT else "onnx"
    fingerprint = f"{exact.fingerprint}{_INT8}-{VERSION}" if backend == "onnx-int8" else exact.fingerprint
    return OnnxEncoder(name, read_bert(folder), graphs.folder, backend, fingerprint, threads=settings.threads)


def _digest_of_folder(folder: Path) -> str:
    """A short digest of a model folder: its small files whole, its weights by size and edges.

    Reading hundreds of megabytes at every start would cost more than it protects; prepared encoders are verified in
    full by :mod:`kb.models` when they are made.
    """
    digest = hashlib.sha256()
    try:
        # Notes about the preparation (ready.json holds times) are no part of the model.
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "ready.json")
        for path in files:
            size = path.stat().st_size
            digest.update(f"{path.relative_to(folder).as_posix()}:{size}\n".encode())
            with path.open("rb") as stream:
                if size <= 1 << 16:
                    digest.update(stream.read())
                else:
                    digest.update(stream.read(1 << 14))
                    stream.seek(-(1 << 14), 2)
                    digest.update(stream.read())
    except OSError as error:
        raise ModelMissing(f"编码模型文件夹 {folder} 读不出来（{error}）；请检查路径和权限。") from error
    if not files:
        raise ModelMissing(f"编码模型文件夹 {folder} 是空的；请改正 [search] 里的 encoders 设置。")
    return digest.hexdigest()[:16]


def _dimension_of_folder(folder: Path) -> int:
    import json

    for name in ("1_Pooling/config.json", "config.json"):
        path = folder / name
        if path.is_file():
            config = json.loads(path.read_text(encoding="utf-8"))
            for key in ("embedding_dimension", "word_embedding_dimension", "hidden_size"):
                if isinstance(config.get(key), int):
                    return int(config[key])
    raise ModelMissing(f"文件夹 {folder} 不像一个 sentence-transformers 模型（没有 config.json）；请检查 encoders 设置。")
