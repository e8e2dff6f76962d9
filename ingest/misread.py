"""Bytes that were read half a character off, read again: one state after each byte."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.annotations import Mark, reads
from ingest.gbk import LEADS, to_bytes, to_char


@dataclass(frozen=True, slots=True)
class State:
    """How far bytes have been read: whole characters, a first byte that waits for its second, the byte before.

    ``doubtful`` are places in ``text`` made with bytes that were put back; ``guessed`` if the waiting one was,
    ``just_lost`` if no pinyin told which.
    """

    text: str = ""
    pending: int | None = None
    last: int | None = None
    doubtful: tuple[int, ...] = ()
    guessed: bool = False
    just_lost: bool = False

    def feed(self, byte: int, *, lost: bool = False, bare: bool = False) -> State | None:
        """After one more byte, or None if it cannot follow; ``lost`` if the byte was put back, ``bare`` if no pinyin told which."""
        doubtful = lost or self.guessed
        if self.pending is None:
            if byte in LEADS:
                return State(self.text, byte, byte, self.doubtful, lost, bare)
            if byte >= 0x80:
                return None
            char: str | None = chr(byte)
        else:
            char = to_char(self.pending, byte)
        if char is None:
            return None
        places = (*self.doubtful, len(self.text)) if doubtful else self.doubtful
        return State(self.text + char, None, byte, places)

    def feed_all(self, data: bytes) -> State | None:
        """After all of ``data``, or None if that cannot follow."""
        state: State | None = self
        for byte in data:
            state = state.feed(byte) if state else None
        return state

    def completes(self, mark: Mark) -> bool:
        """Whether the two bytes before a whole annotation are its character, in step or not."""
        if self.last is None:
            return False
        before = self.text[-1:]
        if self.pending is None:
            return bool(before) and reads(before, mark.pinyin)
        code = to_bytes(before) if before else None
        char = to_char(code[-1], self.pending) if code else None
        return char is not None and reads(char, mark.pinyin)
