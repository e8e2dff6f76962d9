"""Progress for people: a bar on a terminal, a line every few seconds elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from kb.console import say

EVERY_SECONDS = 5.0
_TITLES = {"read": ("读取文件", "个"), "embed": ("计算向量", "条")}


class ProgressDisplay:
    """Shows the stages of a build one after another, with the time that is left; ``timer`` measures seconds."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._bars = sys.stderr.isatty()
        self._bar: Any = None
        self._stage = ""
        self._timer = timer
        self._said = self._began = timer()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """See :data:`ingest.build.Progress`."""
        title, unit = _TITLES[stage]
        now = self._timer()
        if self._bars:
            self._show(stage, title, unit, done, total)
            return
        if stage != self._stage:
            self._stage, self._began = stage, now
        elif now - self._said >= EVERY_SECONDS:
            self._said = now
            left = (now - self._began) * (total - done) / max(done, 1)
            say(f"{title}：{done}/{total}（{done / max(total, 1):.0%}，{in_words(left)}）")

    def close(self) -> None:
        """Leave the terminal tidy."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _show(self, stage: str, title: str, unit: str, done: int, total: int) -> None:
        from tqdm import tqdm

        if stage != self._stage:
            self.close()
            self._stage = stage
            self._bar = tqdm(desc=title, total=total, unit=unit, file=sys.stderr, leave=False)
        self._bar.total = total
        self._bar.update(done - self._bar.n)


def in_words(seconds: float) -> str:
    """Time that is left, for people."""
    if seconds < 60:
        return f"还需约 {max(1, round(seconds))} 秒"
    minutes = round(seconds / 60)
    return f"还需约 {minutes} 分钟" if minutes < 60 else f"还需约 {minutes // 60} 小时 {minutes % 60} 分钟"
