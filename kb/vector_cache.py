"""Vectors of a build that was broken off or not published, kept aside so that the next one goes on where it stopped.

Beside the generations, not in them: what is here is only a saving of time, is never served, and goes when a generation
is published. Vectors are found by the encoder's fingerprint and the digest of their text; texts are not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float16]

LEAST = 64
"""Fewer texts are encoded sooner than they are worth a file."""


class VectorCache:
    """Vectors by encoder and text digest in files of one piece each; a damaged or unwritable file is as good as none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, fingerprint: str, digests: Sequence[str], vectors: Vectors) -> None:
        """Keep a piece of vectors (n, d), centred, one a digest."""
        import numpy as np

        if len(digests) < LEAST:
            return
        buffer = io.BytesIO()
        np.savez(buffer, digests=np.array(digests, dtype="S32"), vectors=vectors)
        folder = self._of(fingerprint)
        with contextlib.suppress(OSError):  # the build itself will say what is wrong with the disk
            folder.mkdir(parents=True, exist_ok=True)
            aside = folder / f".{digests[0]}.tmp"
            aside.write_bytes(buffer.getvalue())
            os.replace(aside, folder / f"{digests[0]}.npz")

    def load(self, fingerprint: str) -> Mapping[str, Vectors]:
        """All vectors of an encoder by digest."""
        import numpy as np

        found: dict[str, Vectors] = {}
        for path in sorted(self._of(fingerprint).glob("*.npz")):
            with contextlib.suppress(KeyError, OSError, EOFError, ValueError, zipfile.BadZipFile):
                with np.load(path, allow_pickle=False) as arrays:  # its parts carry checksums
                    digests, vectors = arrays["digests"], arrays["vectors"]
                found.update(zip((bytes(digest).decode("ascii") for digest in digests), vectors, strict=True))
        return found

    def clear(self) -> None:
        """Forget everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _of(self, fingerprint: str) -> Path:
        return self._folder / hashlib.sha256(fingerprint.encode("utf-8")).hexdigest()[:16]
