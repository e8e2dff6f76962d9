"""What a generation says of itself: its content, its origin, and a digest of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1
"""Version of the folder's layout; raised when an older reader would misread it."""


class OtherFormat(ValueError):
    """A manifest that is whole, but written by a program of another version."""


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """An encoder that made the vectors of a generation."""

    name: str
    fingerprint: str
    dimension: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A document that went in; ``size`` in bytes, ``sha256`` of its content."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file of the generation; ``size`` in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Describes one generation completely.

    ``created`` is ISO 8601 with zone, ``parent`` the generation that was live when this one was written, ``content`` a
    digest of entries and encoders (equal content means an equal base), ``files`` keyed by path within the folder,
    ``figures`` what the publish gate measured, ``override`` why it was published although the gate said no,
    ``published`` when it first went live (None: never).
    """

    id: str
    created: str
    parent: str | None
    content: str
    encoders: tuple[EncoderInfo, ...]
    counts: Mapping[str, int]
    sources: tuple[SourceFile, ...]
    files: Mapping[str, FileInfo]
    figures: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    override: str = ""
    published: str | None = None

    def to_bytes(self) -> bytes:
        """JSON text that carries a digest of itself."""
        values = {"format": FORMAT, **asdict(self)}
        return _text({**values, "digest": _digest(values)})

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """The manifest that :meth:`to_bytes` wrote.

        Raises:
            OtherFormat: it is of another format. ValueError: it is damaged.
        """
        try:
            values: dict[str, Any] = json.loads(data.decode("utf-8"))
            written = _text(values)
            if values.pop("digest") != _digest(values):
                raise ValueError("manifest does not match its digest")
            found = values.pop("format")
            if found != FORMAT:
                raise OtherFormat(f"format {found}, this program reads {FORMAT}")
            if data != written:  # a changed space or a repeated key does not show in the digest of the values
                raise ValueError("manifest is not as it was written")
            values["encoders"] = tuple(EncoderInfo(**item) for item in values["encoders"])
            values["sources"] = tuple(SourceFile(**item) for item in values["sources"])
            values["files"] = {name: FileInfo(**item) for name, item in values["files"].items()}
            return cls(**values)
        except (KeyError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ValueError(f"cannot parse manifest: {error!r}") from error


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def _text(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


def _digest(values: Mapping[str, Any]) -> str:
    return sha256(json.dumps(values, ensure_ascii=False, sort_keys=True).encode("utf-8"))
