"""Processes that are killed in the middle of a change, or change things at the same moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ingest.studio.conftest import studio_at

ROOT = Path(__file__).parents[3]

CHANGES = """
import dataclasses, os, sys
from pathlib import Path
from kb.editing import Fields
from tests.ingest.studio.conftest import studio_at

studio, fatal, calls = studio_at(Path(sys.argv[1])), int(sys.argv[2]), 0

def counted(real):
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls == fatal:
            os._exit(9)
        return real(*arguments, **options)
    return call

os.replace, os.fsync = counted(os.replace), counted(os.fsync)
piece = studio.asked("可以货到付款吗？")
studio.entries.edit(piece.entry.id, piece.version, dataclasses.replace(Fields.of(piece.entry), text="可以。"), "甲")
print("edited", flush=True)
studio.entries.add(Fields("能开发票吗？", "能的。"), "甲")
print("added", flush=True)
piece = studio.asked("多久能收到货？")
studio.entries.hide(piece.entry.id, piece.version, True, "甲")
print("hidden", flush=True)
"""

MANY = """
import dataclasses, sys
from pathlib import Path
from kb.editing import Fields
from tests.ingest.studio.conftest import studio_at

studio, name = studio_at(Path(sys.argv[1])), sys.argv[2]
for number in range(10):
    studio.entries.add(Fields(f"{name} 的第 {number} 问？", "好的。"), name)
piece = studio.asked("可以货到付款吗？" if name == "甲" else "多久能收到货？")
studio.entries.edit(piece.entry.id, piece.version, dataclasses.replace(Fields.of(piece.entry), text=f"{name}改的。"), name)
"""


@pytest.mark.parametrize("fatal", [1, 2, 3, 4, 6, 8, 9])
def test_what_was_acknowledged_survives_a_kill_and_the_rest_is_whole(studio, fatal):
    root = studio.workspace.root
    studio.files.files()  # read once, so that the child finds the copies
    done = subprocess.run(
        [sys.executable, "-c", CHANGES, str(root), str(fatal)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 9, done.stderr
    said = done.stdout.split()
    after = studio_at(root)
    texts = {piece.entry.question: piece for piece in after.entries.questions()}
    if "edited" in said:
        assert texts["可以货到付款吗？"].entry.text == "可以。"
    else:
        assert texts["可以货到付款吗？"].entry.text in ("可以。", "可以的，结算时选择“货到付款”。")
    if "added" in said:
        assert texts["能开发票吗？"].entry.text == "能的。"
    assert "多久能收到货？" in texts
    piece = texts["多久能收到货？"]
    assert after.entries.hide(piece.entry.id, piece.version, piece.state != "hidden", "乙"), "the lock is free"


def test_two_processes_at_once_lose_nothing(studio):
    studio.files.files()
    root = studio.workspace.root
    both = [
        subprocess.Popen([sys.executable, "-c", MANY, str(root), name], cwd=ROOT, stderr=subprocess.PIPE)
        for name in "甲乙"
    ]
    for process in both:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    after = studio_at(root)
    own = [piece.entry.question for piece in after.entries.questions() if piece.own]
    assert len(own) == 20
    assert (
        after.asked("可以货到付款吗？").entry.text == "甲改的。"
        and after.asked("多久能收到货？").entry.text == "乙改的。"
    )
