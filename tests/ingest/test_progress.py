from __future__ import annotations

import pytest

from ingest.progress import ProgressDisplay, in_words


def test_lines_every_few_seconds_with_the_time_left(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    now = [0.0]
    display = ProgressDisplay(lambda: now[0])
    for second in range(13):
        now[0] = float(second)
        display("embed", 10 * second, 400)
    display.close()
    assert capsys.readouterr().err.splitlines() == [
        "计算向量：50/400（12%，还需约 35 秒）",
        "计算向量：100/400（25%，还需约 30 秒）",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 秒"), (59, "59 秒"), (90, "2 分钟"), (3_540, "59 分钟"), (4_000, "1 小时 7 分钟")]
)
def test_time_left_in_words(seconds, words):
    assert in_words(seconds) == f"还需约 {words}"
