"""Logs without personal data: whatever a message or a traceback quotes is masked when it is written."""

from __future__ import annotations

import logging

from bot.privacy import mask


class Masked(logging.Formatter):
    """Another formatter, with what is personal masked in all of its lines."""

    def __init__(self, other: logging.Formatter) -> None:
        super().__init__()
        self._other = other

    def format(self, record: logging.LogRecord) -> str:
        """The record as the other formatter writes it, masked."""
        return mask(self._other.format(record))


def mask_logs() -> None:
    """From now on the handlers of the root logger mask what they write."""
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, Masked):
            handler.setFormatter(Masked(handler.formatter or logging.Formatter()))
