"""The assistant: one message in, one reply out (skeleton; signatures are final)."""

from __future__ import annotations

from bot.records import Reply, TurnView


class Assistant:
    """Answers the messages of many visitors; safe to call from many threads."""

    def reply(self, session: str, text: str) -> Reply:
        """The reply to ``text``. Never raises for any text."""
        raise NotImplementedError

    def welcome(self, session: str) -> Reply:
        """The opening line by clock and calendar; ``choices`` are the most asked questions."""
        raise NotImplementedError

    def hand_off(self, session: str) -> Reply:
        """The reply to the 转人工 button."""
        raise NotImplementedError

    def transcript(self, session: str) -> list[TurnView]:
        """What was said so far, oldest first, for a page that is opened again."""
        raise NotImplementedError
