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
        time.sleep(0.002 * len(texts))
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


def write(guide: Path, edition: int) -> None:
    """A guide of many sections, all of them new in every edition."""
    sections = (
        f"## 第{row}节\n\n第{row}种情况请先核对编号{edition}-{row * 7919 % 10007}，再联系仓库处理。\n\n" for row in range(SECTIONS)
    )
    guide.write_text(f"# 指南\n\n{''.join(sections)}", encoding="utf-8")


def interrupted(home: Home, folder: Path, after_s: float) -> bool:
    """Press Ctrl-C so long after the start; whether there was still something to interrupt."""
    live, process = Store(home.store).current(), build(home, folder)
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the reading child as well
    out, error = process.communicate(timeout=120)
    store = Store(home.store)
    if process.returncode == 0 or out.startswith(f"已发布版本 {store.current()}。"):
        return False  # it had said so, and was only ending
    assert process.returncode == 130 and "Traceback" not in error, (process.returncode, out, error)
    if store.current() == live:
        assert f"正式版仍是 {live}" in error, error
        assert all(name.startswith(".vectors/") for name in leftovers(store.root)), leftovers(store.root)
    else:
        assert "已经发布" in error, error
    store.verify(store.current() or "")
    return True


def test_ctrl_c_at_random_moments_of_a_build(tmp_path):
    home, folder, chance = Home(tmp_path / "店铺 一"), tmp_path / "资料", random.Random(3)
    folder.mkdir()
    guide = folder / "指南.md"
    guide.write_text("# 指南\n\n## 第一节\n\n正文从这里开始，请按顺序阅读。\n", encoding="utf-8")
    out, error = build(home, folder).communicate(timeout=120)
    assert Store(home.store).current() == "gen-000001", out + error
    moments, told = scaled(20), 0
    for edition in range(moments):
        write(guide, edition)
        told += interrupted(home, folder, chance.uniform(1.0, 5.0))
    write(guide, moments)
    kept = set(home.store.glob(".vectors/*/*.npz"))  # of other editions
    while interrupted(home, folder, 4.0) and set(home.store.glob(".vectors/*/*.npz")) == kept:
        pass
    out, error = build(home, folder).communicate(timeout=300)
    found = re.search(r"新算 (\d+) 个，沿用 (\d+) 个", out)
    assert found and int(found[2]) >= 512, "what was encoded before the interruption is used again: " + out + error
    print(
        f"\nCtrl-C at {moments} moments of a build, {told} before its end: exit 130, a whole version live;"
        f" the next build took over {found[2]} of {int(found[1]) + int(found[2])} vectors"
    )
