"""Every failure a person may meet, as one tree; the command lines map each branch to an exit code.

    KBError                      exit 1
    ├── SettingsError            2   a setting that cannot be understood
    ├── ModelError               1   an encoder that cannot be had
    │   ├── ModelMissing
    │   └── ModelDamaged
    ├── SourceError              1   a document that cannot be read
    ├── StoreError               1   the knowledge store
    │   ├── StoreEmpty           1   nothing published yet
    │   ├── StoreLocked          3   another build holds the lock
    │   ├── StoreDamaged         4   a generation failed verification
    │   ├── EncoderMismatch      1   the generation was built with another encoder
    │   └── StaleDraft           1   a draft built beside another live generation than today's
    ├── GateRefused              6   the publish gate said no
    └── InputError               2   what the caller typed

The text of a ``KBError`` is Chinese, one line, and names the thing, its value and the next step:
it may be shown to a person as it is. Mistakes of a programmer are ``ValueError`` in English.
"""

from __future__ import annotations

from typing import ClassVar


class KBError(Exception):
    """Base of all failures that are shown to people; ``str()`` is one Chinese line."""

    exit_code: ClassVar[int] = 1


class SettingsError(KBError):
    """A setting is unknown, has the wrong type or an impossible value."""

    exit_code = 2


class InputError(KBError):
    """What the caller gave on the command line or in a batch cannot be used."""

    exit_code = 2


class ModelError(KBError):
    """An encoder cannot be provided."""


class ModelMissing(ModelError):
    """The files of an encoder are not there and could not be fetched."""


class ModelDamaged(ModelError):
    """The files of an encoder are not what they were when they were prepared."""


class SourceError(KBError):
    """A document could not be read; nothing of it was taken."""


class StoreError(KBError):
    """The knowledge store could not do what was asked."""


class StoreEmpty(StoreError):
    """No generation has been published in this home yet."""


class StoreLocked(StoreError):
    """Another process is building or publishing in this home."""

    exit_code = 3


class StoreDamaged(StoreError):
    """A generation's files do not match its manifest, or cannot be parsed."""

    exit_code = 4


class EncoderMismatch(StoreError):
    """A generation was built with another encoder than the one in use."""


class StaleDraft(StoreError):
    """A draft was built beside another live generation than today's: publishing it would take changes back."""


class GateRefused(KBError):
    """The draft answers the question set worse than the live version."""

    exit_code = 6


PARTIAL_SUCCESS = 5
"""Exit code of a build that published although some files were rejected."""
