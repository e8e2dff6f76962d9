"""Everything needed to search one audience's knowledge: entries, the views that stand for them, and both indexes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from kb.calibration import DEFAULT, Calibration
from kb.centre import Centre
from kb.encoder import Encoder
from kb.flat import LocalVectors
from kb.lexical import LexicalIndex
from kb.records import Entry, Place
from kb.synonyms import FILE as SYNONYMS
from kb.synonyms import Synonyms, load_synonyms
from kb.vector_cache import LEAST, VectorCache
from kb.vectors import BLOCK, VectorHome, VectorIndex
from kb.views import View, ViewKind, views_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INDEX_VERSION = 3
"""Raised when the same entries and encoders give another index, so that a build is not taken for unchanged."""

PIECE = 512
"""So many texts are encoded between two moments at which a build may be broken off without losing them."""

LINES = 128
"""So many lines of JSON are parsed in one go."""

Progress = Callable[[int, int], None]
"""Called with (texts done, texts in all) while vectors are made."""


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view as it is kept: its text is not needed any more, only what it was (``digest``) and what it shows."""

    row: int
    kind: ViewKind
    start: int
    end: int
    digest: str


@dataclass(frozen=True, slots=True)
class Index:
    """One audience's knowledge, immutable.

    Rows of ``views`` and of every vector index correspond; rows of ``lexical`` to the views for which
    :func:`is_lexical`, in order.

    ``fingerprints``, ``centres`` and ``vectors`` have one item an encoder; the vectors are centred.
    """

    entries: tuple[Entry, ...]
    views: tuple[ViewRow, ...]
    fingerprints: tuple[str, ...]
    centres: tuple[Centre, ...]
    vectors: tuple[VectorIndex, ...]
    lexical: LexicalIndex
    synonyms: Synonyms
    calibration: Calibration = DEFAULT

    def files(self) -> Iterator[tuple[str, bytes]]:
        """File names with their contents, made one after another; the same index always gives the same bytes."""
        yield "entries.jsonl", entries_to_bytes(self.entries)
        yield "views.jsonl", _lines([view.row, view.kind, view.start, view.end, view.digest] for view in self.views)
        yield "lexical.npz", self.lexical.to_bytes()
        yield SYNONYMS, self.synonyms.to_bytes()
        yield "calibration.json", self.calibration.to_bytes()
        for number, (vectors, centre) in enumerate(zip(self.vectors, self.centres, strict=True)):
            yield from vectors.files(number)
            yield f"centre-{number}.npz", centre.to_bytes()

    def vectors_only(self) -> Index:
        """What another index can be built from with fewer texts to encode: neither entries nor words."""
        return replace(self, entries=(), lexical=LexicalIndex.build([]))

    def to_files(self) -> dict[str, bytes]:
        """All of :meth:`files`."""
        return dict(self.files())

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], fingerprints: Sequence[str], home: VectorHome | None = None) -> Index:
        """The index that :meth:`to_files` wrote, built with encoders of these ``fingerprints``, its vectors in ``home``.

        Raises:
            ValueError: the contents do not belong together or cannot be parsed.
        """
        try:
            entries = tuple(entry_from_json(values) for values in _values(files["entries.jsonl"]))
            views = tuple(ViewRow(*values) for values in _values(files["views.jsonl"]))
            numbers = range(len(fingerprints))
            centres = tuple(Centre.from_bytes(files[f"centre-{number}.npz"]) for number in numbers)
            vectors = tuple((home or LocalVectors()).open(files, number) for number in numbers)
            lexical = LexicalIndex.from_bytes(files["lexical.npz"])
            synonyms = Synonyms.from_bytes(files.get(SYNONYMS, b""))
            calibration = Calibration.from_bytes(files["calibration.json"]) if "calibration.json" in files else DEFAULT
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"cannot parse index: {error!r}") from error
        rows = {len(views), *(index.rows for index in vectors)}
        lexical_rows = sum(is_lexical(view) for view in views)
        if len(rows) != 1 or lexical.rows != lexical_rows or any(view.row >= len(entries) for view in views):
            raise ValueError(f"views {sorted(rows)} and lexical rows {lexical.rows}, {lexical_rows} do not correspond")
        return cls(entries, views, tuple(fingerprints), centres, vectors, lexical, synonyms, calibration)


def is_lexical(view: View | ViewRow) -> bool:
    """Whether a view is matched by its words: the whole of a text is, so its windows need not be."""
    return view.kind not in ("window", "counter")


@dataclass(frozen=True, slots=True)
class BuildCounts:
    """How many distinct texts were encoded anew, and how many vectors were taken from an earlier index."""

    embedded: int
    reused: int


def build_index(
    entries: Sequence[Entry],
    encoders: Sequence[Encoder],
    *,
    synonyms: Synonyms | None = None,
    known: Sequence[Index] = (),
    cache: VectorCache | None = None,
    progress: Progress | None = None,
    home: VectorHome | None = None,
) -> tuple[Index, BuildCounts]:
    """Index ``entries``; vectors of texts that an index in ``known`` holds for the same encoder are taken from there.

    ``synonyms``: those that come with the program if not given. ``cache``: gets the new vectors piece by piece, and
    gives those of a build that was broken off. ``home``: where the vectors are to lie, this process if not given.
    """
    views = views_of(entries)
    digests = [digest(view.text) for view in views]
    stored = tuple(
        ViewRow(view.row, view.kind, view.start, view.end, digest)
        for view, digest in zip(views, digests, strict=True)
    )
    texts = {digest: view.text for view, digest in zip(views, digests, strict=True)}
    lexical = LexicalIndex.build([view.text for view in views if is_lexical(view)])
    del views
    plans = [_Plan(encoder, _centre(encoder, known), texts, known, cache) for encoder in encoders]
    total = sum(len(plan.missing) for plan in plans)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    place = home or LocalVectors()
    vectors = tuple(place.build(plan.encoder.dimension, plan.blocks(digests, advance)) for plan in plans)
    fingerprints, centres = tuple(encoder.fingerprint for encoder in encoders), tuple(plan.centre for plan in plans)
    index = Index(tuple(entries), stored, fingerprints, centres, vectors, lexical, synonyms or load_synonyms())
    return index, BuildCounts(embedded=total, reused=len(texts) * len(encoders) - total)


class _Plan:
    """Where the vectors of all texts come from, for one encoder; they are in half precision, as they are stored."""

    def __init__(
        self,
        encoder: Encoder,
        centre: Centre,
        texts: Mapping[str, str],
        known: Sequence[Index],
        cache: VectorCache | None,
    ) -> None:
        self.encoder, self.centre, self._texts, self._cache = encoder, centre, texts, cache
        self._stored: dict[str, tuple[VectorIndex, int]] = {}
        for index in known:
            if encoder.fingerprint in index.fingerprints:
                vectors = index.vectors[index.fingerprints.index(encoder.fingerprint)]
                for row, view in enumerate(index.views):
                    if view.digest in texts:
                        self._stored.setdefault(view.digest, (vectors, row))
        fresh = [digest for digest in texts if digest not in self._stored]
        self._kept = cache.load(encoder.fingerprint) if cache is not None and len(fresh) >= LEAST else {}
        # Long texts together: padding to the longest of a batch is what costs most in mixed batches.
        self.missing = sorted((digest for digest in fresh if digest not in self._kept), key=lambda key: len(texts[key]))

    def blocks(self, digests: Sequence[str], advance: Callable[[int], None]) -> Iterator[NDArray[np.float32]]:
        """The vectors of ``digests`` in their order, some rows at a time; encodes what is missing first."""
        import numpy as np

        made = self._encode(advance)
        at = {digest: row for row, digest in enumerate(self.missing)}
        for start in range(0, len(digests), BLOCK):
            block = np.zeros((min(BLOCK, len(digests) - start), self.encoder.dimension), dtype=np.float32)
            stored: dict[VectorIndex, list[tuple[int, int]]] = {}
            for row, digest in enumerate(digests[start : start + BLOCK]):
                if digest in at:
                    block[row] = made[at[digest]]
                elif digest in self._stored:
                    vectors, number = self._stored[digest]
                    stored.setdefault(vectors, []).append((row, number))
                else:
                    block[row] = self._kept[digest]
            for vectors, places in stored.items():
                rows, numbers = zip(*places, strict=True)
                block[list(rows)] = vectors.take(numbers)
            yield block

    def _encode(self, advance: Callable[[int], None]) -> NDArray[np.float16]:
        import numpy as np

        made = np.zeros((len(self.missing), self.encoder.dimension), dtype=np.float16)
        for start in range(0, len(self.missing), PIECE):
            piece = self.missing[start : start + PIECE]
            encoded = self.encoder.passages([self._texts[digest] for digest in piece], advance)
            made[start : start + len(piece)] = self.centre.passages(encoded)
            if self._cache is not None:
                self._cache.keep(self.encoder.fingerprint, piece, made[start : start + len(piece)])
        return made


def _centre(encoder: Encoder, known: Sequence[Index]) -> Centre:
    for index in known:
        if encoder.fingerprint in index.fingerprints:
            return index.centres[index.fingerprints.index(encoder.fingerprint)]
    return Centre.of(encoder)


def digest(text: str) -> str:
    """What a view's text is known by, 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def _lines(values: Any) -> bytes:
    return "".join(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n" for value in values
    ).encode("utf-8")


def _values(lines: bytes) -> Iterator[Any]:
    """What :func:`_lines` was given. Many lines are parsed in one go, which takes a third of the time; few enough that
    the questions answered meanwhile do not notice.

    Raises:
        ValueError: a line is not one JSON value.
    """
    rows = lines.splitlines()
    for start in range(0, len(rows), LINES):
        part = rows[start : start + LINES]
        values = json.loads(b"[" + b",".join(part) + b"]")
        if len(values) != len(part):
            raise ValueError(f"lines {start + 1} to {start + len(part)} hold {len(values)} values")
        yield from values


def entries_to_bytes(entries: Sequence[Entry]) -> bytes:
    """Entries as JSON Lines; equal entries give equal bytes."""
    return _lines(entry_to_json(entry) for entry in entries)


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """An entry as plain JSON values; fields that hold nothing are left out."""
    place = entry.place
    values = {
        "id": entry.id,
        "kind": entry.kind,
        "audience": entry.audience,
        "text": entry.text,
        "place": _held(
            {
                "source": place.source,
                "heading": place.heading,
                "start": place.start,
                "end": place.end,
                "page": place.page,
                "row": place.row,
            }
        ),
        "question": entry.question,
        "aliases": entry.aliases,
        "counter_examples": entry.counter_examples,
        "wrong": entry.wrong,
        "category": entry.category,
        "valid_from": entry.valid_from and entry.valid_from.isoformat(),
        "valid_to": entry.valid_to and entry.valid_to.isoformat(),
    }
    return _held(values)


def _held(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, (), "")}


def entry_from_json(values: Mapping[str, Any]) -> Entry:
    """The entry that :func:`entry_to_json` gave.

    Raises:
        TypeError, KeyError, ValueError: the values do not describe an entry.
    """
    fields = dict(values)
    place = dict(fields.pop("place"))
    place["heading"] = tuple(place.get("heading", ()))
    for name in ("valid_from", "valid_to"):
        if fields.get(name):
            fields[name] = date.fromisoformat(fields[name])
    for name in ("aliases", "counter_examples", "wrong"):
        fields[name] = tuple(fields.get(name, ()))
    return Entry(place=Place(**place), **fields)
