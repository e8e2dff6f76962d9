"""Ctrl-C on ``python -m ingest build`` as an editor presses it: the live version stays, the next build goes on."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kb.config import Home
from kb.store import Store
from tests.faults.house import leftovers, scaled

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX"),
]
ROOT = Path(__file__).parents[2]
SLOWLY = """
import sys, time
import kb.draft, kb.encoder
from tests.doubles import BigramEncoder

class Slow(BigramEncoder):
    def passages(self, texts, progress=None):
        time.sleep(0.001 * len(texts))
        return super().passages(texts, progress)

kb.draft.calibrated = lambda index, encoders: index
kb.encoder.load_encoders = lambda settings, report=None: (Slow(),)
from ingest.cli import main
sys.exit(main())
"""
SECTIONS = 1500


def build(home: Home, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SLOWLY, "build", str(folder), "--home", str(home.path)]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def test_ctrl_c_at_random_moments_of_a_build(tmp_path):
    home, folder, chance = Home(tmp_path / "店铺 一"), tmp_path / "资料", random.Random(3)
    folder.mkdir()
    guide = folder / "指南.md"
    guide.write_text("# 指南\n\n## 第一节\n\n正文从这里开始，请按顺序阅读。\n", encoding="utf-8")
    out, error = build(home, folder).communicate(timeout=120)
    store, live = Store(home.store), "gen-000001"
    assert store.current() == live, out + error
    sections = (f"## 第{row}节\n\n第{row}种情况请先核对编号{row * 7919 % 10007}，再联系仓库处理。\n\n" for row in range(SECTIONS))
    guide.write_text(f"# 指南\n\n{''.join(sections)}", encoding="utf-8")
    moments, reused = scaled(20), 0
    for _ in range(moments):
        process = build(home, folder)
        time.sleep(chance.uniform(1.0, 5.0))
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the reading child as well
        out, error = process.communicate(timeout=120)
        if process.returncode == 0:
            live = store.current()  # it was done already
            break
        assert process.returncode == 130 and "Traceback" not in error, (process.returncode, out, error)
        assert store.current() == live and f"正式版仍是 {live}" in error, error
        assert all(name.startswith(".vectors/") for name in leftovers(store.root)), leftovers(store.root)
    process = build(home, folder)
    out, error = process.communicate(timeout=300)
    assert store.current() != "gen-000001", error
    if found := re.search(r"新算 (\d+) 个，沿用 (\d+) 个", out):
        reused = int(found[2])
        assert reused >= 512, "what was encoded before the interruptions is used again"
    store.verify(store.current() or "")
    print(f"\nCtrl-C at {moments} moments of a build: exit 130, live version untouched; the last build took over {reused} vectors")
