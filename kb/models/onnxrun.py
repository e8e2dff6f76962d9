"""Runs the graph of an encoder: the library ``tokenizers`` in front, onnxruntime behind, and no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from kb.cores import cores
from kb.errors import ModelDamaged
from kb.models.bert import TOKENIZER, Bert
from kb.models.graph import FLOAT32, INPUT, INT8, OUTPUT
from kb.models.pieces import Tokenize, open_pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.models.bert import Floats

    Ids = NDArray[np.int64]

GRAPHS = {"onnx": FLOAT32, "onnx-int8": INT8}
"""Which file belongs to which back end."""
TOKENS = 512
"""Tokens in one run at most, if it holds several texts: more makes it no faster, and it has to fit into the caches."""


class Runner:
    """A graph, ready to run; ``graph`` is its bytes, or its file, beside which the tokenizer may have a smaller form.

    May be used by several threads at once.

    A run computes on one thread. Texts of exactly the same length share a run, so that nothing is padded, and runs go
    on side by side on as many threads as asked for; a vector depends on nothing but its own text.

    Raises:
        ModelDamaged: the tokenizer, the weights or the graph cannot be read.
    """

    def __init__(self, bert: Bert, graph: Path | bytes) -> None:
        import onnxruntime

        self.bert = bert
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._words = bert.words()
            pieces = open_pieces(graph.parent) if isinstance(graph, Path) else None
            self._tokenize = pieces or _whole_tokenizer(bert)
            source = graph if isinstance(graph, bytes) else str(graph)
            self._session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        # Both libraries are compiled and raise what they like.
        except Exception as error:
            raise ModelDamaged(f"编码模型 {bert.folder} 加载失败：{error}；请删除该文件夹后重新运行。") from error

    def encode(self, texts: Sequence[str], *, threads: int, progress: Callable[[int], None] | None = None) -> Floats:
        """Vectors of ``texts`` as they stand, prompts included: (n, hidden) float32, rows of unit length."""
        import numpy as np

        tokens = [self._ids(text) for text in texts]
        vectors = np.zeros((len(texts), self.bert.hidden), dtype=np.float32)
        for rows, found in _side_by_side(lambda rows: self._run([tokens[row] for row in rows]), list(runs(tokens)), threads):
            vectors[rows] = found
            if progress is not None:
                progress(len(rows))
        return vectors

    def outputs(self, text: str) -> dict[str, Floats]:
        """All outputs of the graph for one text."""
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, self._session.run(None, {INPUT: self._look_up([self._ids(text)])}), strict=True))

    def _ids(self, text: str) -> Ids:
        import numpy as np

        # A lone half of a surrogate pair has no UTF-8, which the tokenizer needs.
        clean = text.encode("utf-8", "replace").decode("utf-8")
        ids = self._tokenize(clean)
        if len(ids) > self.bert.limit:
            ids = [*ids[: self.bert.limit - 1], ids[-1]]
        return np.asarray(ids, dtype=np.int64)

    def _run(self, tokens: Sequence[Ids]) -> Floats:
        found: Floats = self._session.run([OUTPUT], {INPUT: self._look_up(tokens)})[0]
        return found

    def _look_up(self, tokens: Sequence[Ids]) -> Floats:
        import numpy as np

        found: Floats = np.asarray(self._words[np.stack(tokens)], dtype=np.float32)
        return found


def _whole_tokenizer(bert: Bert) -> Tokenize:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(bert.folder / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.no_truncation()

    def tokenize(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(text).ids
        return ids

    return tokenize


class OnnxEncoder:
    """A graph in the folder ``graphs`` as a ``kb.encoder.Encoder``; tokenizer, words and graph load on first use.

    ``fingerprint`` is that of the weights. ``threads`` bounds what many texts use, 0 for all cores; one question always
    takes one. ``backend`` is a key of :data:`GRAPHS`.
    """

    def __init__(self, name: str, bert: Bert, graphs: Path, backend: str, fingerprint: str, *, threads: int = 0) -> None:
        self.name = name
        self.dimension = bert.hidden
        self.fingerprint = fingerprint
        self.backend = backend
        self._bert, self._graph = bert, graphs / GRAPHS[backend]
        self._threads = threads or cores()
        self._runner: Runner | None = None
        self._loading = Lock()

    def questions(self, texts: Sequence[str]) -> Floats:
        """Vectors of questions, see ``kb.encoder.Encoder``."""
        return self._loaded().encode([self._bert.query + text for text in texts], threads=self._threads)

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Floats:
        """Vectors of knowledge texts, see ``kb.encoder.Encoder``; ``progress`` is called after every run."""
        prompted = [self._bert.passage + text for text in texts]
        return self._loaded().encode(prompted, threads=self._threads, progress=progress)

    def _loaded(self) -> Runner:
        with self._loading:
            if self._runner is None:
                self._runner = Runner(self._bert, self._graph)
            return self._runner


def runs(tokens: Sequence[Ids]) -> Iterator[list[int]]:
    """Rows that are run together: of one length, at most ``TOKENS`` tokens; long ones first, so that none is left last."""
    order = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
    start = 0
    for end in range(1, len(order) + 1):
        length = len(tokens[order[start]])
        if end == len(order) or len(tokens[order[end]]) != length or (end - start + 1) * length > TOKENS:
            yield order[start:end]
            start = end


def _side_by_side(
    work: Callable[[list[int]], Floats], pieces: list[list[int]], threads: int
) -> Iterator[tuple[list[int], Floats]]:
    """Each piece with its result, in order."""
    if threads < 2 or len(pieces) < 2:
        yield from ((piece, work(piece)) for piece in pieces)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(threads, len(pieces))) as pool:
        yield from zip(pieces, pool.map(work, pieces), strict=True)
