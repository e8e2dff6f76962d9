"""Failures of the speaking part, branches of :class:`kb.errors.KBError`.

    KBError
    ├── SettingsError
    │   ├── WordingError     2   a line of the wording file that cannot be spoken
    │   ├── RulesError       2   a rule of the reply checker that cannot be used
    │   ├── ExamplesError    2   an example of the situation classifier that cannot be used
    │   └── SensitiveError   2   a list of sensitive words that cannot be used
    ├── JournalError         1   conversations, tickets or accounts cannot be read or written
    ├── GenerationError      1   the optional chat model gave no answer
    └── AccountError         1   an account cannot be made, changed or used
        └── AccountThrottled 1   too many wrong passwords
"""

from __future__ import annotations

from kb.errors import KBError, SettingsError


class WordingError(SettingsError):
    """A line of the wording file is missing, unknown, malformed or breaks the house rules."""


class RulesError(SettingsError):
    """The rules of the reply checker cannot be read."""


class ExamplesError(SettingsError):
    """The example utterances of the situations cannot be read."""


class SensitiveError(SettingsError):
    """The lists of sensitive words cannot be read, or one of them cannot be used."""


class JournalError(KBError):
    """The database of conversations could not be read or written; nothing of the step was stored."""


class GenerationError(KBError):
    """The optional chat model gave no answer in time; the curated words are used instead."""


class AccountError(KBError):
    """An account cannot be made, changed or used."""


class AccountThrottled(AccountError):
    """Too many wrong passwords for a name; the text says how long to wait."""
