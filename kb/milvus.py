"""Vectors in Milvus, shared by all hosts that serve: a collection for every set of rows, never changed once complete.

A collection is named after a digest of its rows. It is filled under another name and renamed when all rows are in, so what
carries its name is whole; a generation's file says which one is its own, and a reader takes no other. Going live is the
store's ``CURRENT``, as ever; aliases follow it, for those who look at the server. Rows of the public and of the internal
base are different sets and lie in different collections. Needs the extra ``milvus``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.errors import SettingsError, StoreDamaged, StoreError
from kb.flat import EXACT_ROWS, LocalVectors
from kb.vectors import VectorIndex, checked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pymilvus import MilvusClient

    from kb.vectors import Rows, Vectors

ANSWER_S = 5.0
"""A question waits no longer for the server."""
WRITE_S = 120.0
PIECE = 2_000
"""Rows that travel together; a message to Milvus holds 64 MB at most."""
MOST_FOUND = 16_384
"""Milvus gives no more rows for one search."""
_SUFFIX = "milvus.json"


@dataclass(frozen=True, slots=True)
class MilvusServer:
    """Where Milvus is: ``uri`` of a server, or a file ending in ``.db`` for milvus-lite; ``token`` as ``user:password``.

    All collections begin with ``prefix``; homes that share a server need one each.
    """

    uri: str
    token: str = ""
    prefix: str = "zhanggui"


class MilvusVectors:
    """The ``kb.vectors.VectorHome`` on a Milvus server; connects when first needed."""

    kind = "milvus"

    def __init__(self, server: MilvusServer) -> None:
        self._server = server
        self._client: MilvusClient | None = None
        self._connecting = threading.Lock()

    def build(self, dimension: int, blocks: Iterable[Vectors]) -> MilvusIndex:
        """See :class:`kb.vectors.VectorHome`; rows that are there already are not sent again."""
        import numpy as np

        pieces = [block.astype(np.float16) for block in checked(dimension, blocks)]
        matrix = np.concatenate([np.zeros((0, dimension), np.float16), *pieces])
        del pieces
        digest = hashlib.sha256(f"{dimension}\n".encode() + matrix.tobytes()).hexdigest()[:24]
        index = MilvusIndex(self, f"{self._server.prefix}_{digest}", len(matrix), dimension)
        if not self._has(index.collection):
            self._fill(index, matrix)
        index.check()
        return index

    def open(self, files: Mapping[str, bytes], number: int) -> VectorIndex:
        """See :class:`kb.vectors.VectorHome`.

        Raises:
            StoreDamaged: the server does not hold the collection, or not all of its rows.
        """
        if f"vectors-{number}.faiss" in files:  # made before Milvus was chosen
            return LocalVectors().open(files, number)
        values = json.loads(files[f"vectors-{number}.{_SUFFIX}"])
        if not isinstance(values, dict):
            raise ValueError("want a JSON object that names a collection")
        index = MilvusIndex(self, str(values["collection"]), int(values["rows"]), int(values["dimension"]))
        index.check()
        return index

    def published(self, live: Mapping[str, bytes]) -> None:
        """Point the aliases ``PREFIX_AUDIENCE_N`` at the collections of the generation whose files are ``live``."""
        for name, collection in _named(live).items():
            audience, number = name.split("/", 1)[0], name.split("-")[1].split(".")[0]
            alias = f"{self._server.prefix}_{audience}_{number}"
            held = alias in self._call("list_aliases", timeout=WRITE_S).get("aliases", ())
            self._call("alter_alias" if held else "create_alias", collection, alias, timeout=WRITE_S)

    def keep_only(self, kept: Iterable[Mapping[str, bytes]]) -> None:
        """Drop the collections of this prefix that none of the generations with the files ``kept`` refers to."""
        wanted = {collection for files in kept for collection in _named(files).values()}
        for name in self._call("list_collections", timeout=WRITE_S):
            if name.startswith(f"{self._server.prefix}_") and name not in wanted:
                for alias in self._call("list_aliases", name, timeout=WRITE_S).get("aliases", ()):
                    self._call("drop_alias", alias, timeout=WRITE_S)
                self._call("drop_collection", name, timeout=WRITE_S)

    def _fill(self, index: MilvusIndex, matrix: NDArray[np.float16]) -> None:
        import numpy as np
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("row", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=index.dimension)
        kinds = MilvusClient.prepare_index_params()
        if index.rows <= EXACT_ROWS:
            kinds.add_index("vector", index_type="FLAT", metric_type="IP")
        else:
            links = {"M": 16, "efConstruction": 200}
            kinds.add_index("vector", index_type="HNSW", metric_type="IP", params=links)
        aside = f"{index.collection}_partial"
        if self._has(aside):
            self._call("drop_collection", aside, timeout=WRITE_S)
        self._call("create_collection", aside, schema=schema, index_params=kinds, consistency_level="Strong", timeout=WRITE_S)
        for start in range(0, len(matrix), PIECE):
            rows = enumerate(matrix[start : start + PIECE].astype(np.float32), start)
            self._call("insert", aside, [{"row": row, "vector": vector} for row, vector in rows], timeout=WRITE_S)
        self._call("flush", aside, timeout=WRITE_S)
        self._call("rename_collection", aside, index.collection, timeout=WRITE_S)
        self._call("load_collection", index.collection, timeout=WRITE_S)

    def _has(self, collection: str) -> bool:
        return bool(self._call("has_collection", collection, timeout=WRITE_S))

    def _call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """One call to the server.

        Raises:
            StoreError: it cannot be reached, does not answer in time, or says no.
        """
        from pymilvus import MilvusException

        try:
            return getattr(self._connected(), method)(*arguments, **options)
        except MilvusException as error:
            raise StoreError(
                f"向量服务 Milvus（{self._server.uri}）没有完成 {method}：{error.message}；"
                "请检查服务是否在运行，以及 [search] milvus_uri 和 KB_MILVUS_TOKEN 是否正确。"
            ) from error

    def _connected(self) -> MilvusClient:
        with self._connecting:
            if self._client is None:
                from pymilvus import MilvusClient

                # What it logs it raises as well, and we say it in our own words.
                logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
                self._client = MilvusClient(self._server.uri, token=self._server.token, timeout=ANSWER_S)
            return self._client


class MilvusIndex:
    """A ``kb.vectors.VectorIndex`` in one collection."""

    def __init__(self, home: MilvusVectors, collection: str, rows: int, dimension: int) -> None:
        self._home = home
        self.collection, self.rows, self.dimension = collection, rows, dimension

    def check(self) -> None:
        """See that the collection is there, whole and ready.

        Raises:
            StoreDamaged: it is not.
        """
        held = -1
        if self._home._has(self.collection):
            held = int(self._home._call("get_collection_stats", self.collection, timeout=WRITE_S)["row_count"])
        if held != self.rows:
            found = f"只有 {held} 行，应为 {self.rows} 行" if held >= 0 else "不存在"
            raise StoreDamaged(
                f"Milvus 里的集合 {self.collection} {found}；请运行 python -m ingest build --full 重新生成，或回退到上一个版本。"
            )
        self._home._call("load_collection", self.collection, timeout=WRITE_S)

    def nearest(self, question: Vectors, count: int) -> tuple[Rows, Vectors]:
        """See :class:`kb.vectors.VectorIndex`."""
        import numpy as np

        count = min(count, self.rows, MOST_FOUND)
        if not count:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        hits = self._search(question, count)
        rows = np.fromiter((hit["row"] for hit in hits), np.int64)
        return rows, np.fromiter((hit["distance"] for hit in hits), np.float32)

    def cosines(self, question: Vectors, rows: Sequence[int] | Rows) -> Vectors:
        """See :class:`kb.vectors.VectorIndex`; worked out by the server, only the numbers travel."""
        import numpy as np

        wanted = sorted({int(row) for row in rows})
        values: dict[int, float] = {}
        for start in range(0, len(wanted), PIECE):
            piece = wanted[start : start + PIECE]
            values.update((hit["row"], hit["distance"]) for hit in self._search(question, len(piece), f"row in {piece}"))
        lost = [row for row in wanted if row not in values]  # a graph may lead past some of them
        if lost:
            values.update(zip(lost, (self.take(lost) @ question).tolist(), strict=True))
        return np.array([values[int(row)] for row in rows], dtype=np.float32)

    def take(self, rows: Sequence[int] | Rows) -> Vectors:
        """See :class:`kb.vectors.VectorIndex`."""
        import numpy as np

        wanted = sorted({int(row) for row in rows})
        held: dict[int, Sequence[float]] = {}
        for start in range(0, len(wanted), PIECE):
            found = self._home._call("get", self.collection, ids=wanted[start : start + PIECE], timeout=WRITE_S)
            held.update((one["row"], one["vector"]) for one in found)
        taken = np.zeros((len(rows), self.dimension), dtype=np.float32)
        for number, row in enumerate(rows):
            taken[number] = held[int(row)]
        return taken

    def sample(self, most: int) -> Vectors:
        """See :class:`kb.vectors.VectorIndex`."""
        return self.take(range(0, self.rows, max(1, -(-self.rows // most))))

    def files(self, number: int) -> Iterator[tuple[str, bytes]]:
        """See :class:`kb.vectors.VectorIndex`: which collection it is."""
        values = {"collection": self.collection, "dimension": self.dimension, "rows": self.rows}
        yield f"vectors-{number}.{_SUFFIX}", (json.dumps(values) + "\n").encode("ascii")

    def _search(self, question: Vectors, limit: int, condition: str = "") -> Collection[Any]:
        options = {"metric_type": "IP", "params": {"ef": max(2 * limit, 400)} if self.rows > EXACT_ROWS else {}}
        found: Sequence[Collection[Any]] = self._home._call(
            "search", self.collection, data=[question], filter=condition, limit=limit, output_fields=["row"],
            search_params=options, timeout=ANSWER_S,
        )  # fmt: skip
        return found[0]


def open_server(server: MilvusServer) -> MilvusVectors:
    """Vectors on ``server``.

    Raises:
        SettingsError: it is not named, or the extra ``milvus`` is not installed.
    """
    from importlib.util import find_spec

    if not server.uri:
        raise SettingsError('vector_index 设成了 "milvus"，但没有写 milvus_uri；请在 [search] 里写上服务地址，例如 "http://127.0.0.1:19530"。')
    if find_spec("pymilvus") is None:
        raise SettingsError('vector_index 设成了 "milvus"，但没有安装 pymilvus；请运行 pip install "zhanggui[milvus]"。')
    return MilvusVectors(server)


def _named(files: Mapping[str, bytes]) -> dict[str, str]:
    """Collections by the file that names them, among the files of a generation (``audience/name``)."""
    return {name: json.loads(data)["collection"] for name, data in files.items() if name.endswith(f".{_SUFFIX}")}
