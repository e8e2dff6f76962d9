"""What the editor is told about a file: of each kind of notice the first ones with their places, the rest as a number."""

from __future__ import annotations

from collections.abc import Iterator

MOST_LISTED = 20
"""So many notices of one kind are written out; a file of a million equal lines would have as many."""


class Notices:
    """Chinese lines in the order they were added; iterate to read them."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._counts: dict[str, int] = {}

    def add(self, kind: str, line: str) -> None:
        """One more ``line``; ``kind`` names in Chinese what lines of its sort are about, such as 重复."""
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count <= MOST_LISTED:
            self._lines.append(line)

    def __iter__(self) -> Iterator[str]:
        yield from self._lines
        for kind, count in self._counts.items():
            if count > MOST_LISTED:
                yield f"同类提醒（{kind}）另有 {count - MOST_LISTED} 处，没有一一列出。"
