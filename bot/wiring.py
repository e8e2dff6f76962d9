"""Puts an assistant together from the settings of a home (skeleton; signatures are final)."""

from __future__ import annotations

from collections.abc import Callable

from bot.assistant import Assistant
from bot.records import Role
from kb.config import Home


def open_assistant(home: Home, role: Role, report: Callable[[str], None] = lambda line: None) -> Assistant:
    """An assistant over the base of ``home``; ``report`` gets lines about what is going on."""
    raise NotImplementedError
