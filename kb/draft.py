"""What a build makes: the index of each audience with its calibration, and the manifest that describes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from kb.encoder import Encoder
from kb.fitting import calibrated
from kb.index import INDEX_VERSION, Index, Progress, build_index, entries_to_bytes
from kb.manifest import EncoderInfo, Manifest, SourceFile, sha256
from kb.records import Entry
from kb.synonyms import Synonyms
from kb.vector_cache import VectorCache
from kb.vectors import VectorHome

Files = Iterator[tuple[str, bytes]]
"""Names and contents of the files of a generation, made one after another."""


def draft(
    entries: Sequence[Entry],
    encoders: Sequence[Encoder],
    *,
    sources: Sequence[SourceFile] = (),
    synonyms: Synonyms | None = None,
    note: str = "",
    rejected: int = 0,
    known: Sequence[Index] = (),
    cache: VectorCache | None = None,
    progress: Progress | None = None,
    home: VectorHome | None = None,
) -> tuple[Manifest, Files]:
    """The manifest of a new generation, but for what only the disk decides (id, parent, files), and its files.

    ``known``, ``cache``, ``progress`` and ``home`` are those of :func:`kb.index.build_index`; ``rejected`` counts source files of
    which nothing was taken.
    """
    index, counts = build_index(entries, encoders, synonyms=synonyms, known=known, cache=cache, progress=progress, home=home)
    public = sum(entry.audience == "public" for entry in entries)
    manifest = Manifest(
        id="",
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        parent=None,
        content=content_digest(entries, encoders, index.synonyms, home.kind if home else ""),
        encoders=tuple(EncoderInfo(e.name, e.fingerprint, e.dimension) for e in encoders),
        counts={
            "entries": len(entries),
            "public": public,
            "internal": len(entries) - public,
            "views": len(index.views),
            "embedded": counts.embedded,
            "reused": counts.reused,
            "rejected": rejected,
        },
        sources=tuple(sources),
        files={},
        note=note,
    )
    return manifest, _files(index, encoders, home)


def content_digest(
    entries: Sequence[Entry], encoders: Sequence[Encoder], synonyms: Synonyms, kind: str = ""
) -> str:
    """Digest that is equal for two bases when their entries, encoders, synonyms, the way they are indexed and the
    ``kind`` of their vectors' home are."""
    parts = [f"index {INDEX_VERSION}", *(encoder.fingerprint for encoder in encoders), *filter(None, [kind])]
    return sha256(entries_to_bytes(entries) + "\n".join(parts).encode("utf-8") + synonyms.to_bytes())


def _files(index: Index, encoders: Sequence[Encoder], home: VectorHome | None) -> Files:
    """Those of ``index``, which holds everything, and of the public one: only one of the two is held in memory."""
    index = calibrated(index, encoders)
    yield from _below("internal", index)
    public = [entry for entry in index.entries if entry.audience == "public"]
    if len(public) < len(index.entries):
        synonyms, index = index.synonyms, index.vectors_only()
        index, _ = build_index(public, encoders, synonyms=synonyms, known=[index], home=home)
        index = calibrated(index, encoders)
    yield from _below("public", index)


def _below(folder: str, index: Index) -> Files:
    return ((f"{folder}/{name}", data) for name, data in index.files())
