"""Run one publish or one reader in a process of its own with a fault injected into its system calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed (as root: sh scripts/strace.sh)")


def run(inject: str, *arguments: str, only: Path | None = None) -> subprocess.CompletedProcess[str]:
    """``python -m tests.faults.work ARGUMENTS`` under ``strace -e inject=INJECT``, of calls that name ``only`` if given."""
    assert STRACE
    about = ("-P", str(only)) if only else ()
    command = [
        STRACE, "-f", "-qq", "-o", os.devnull, *about,
        "-e", f"trace={inject.split(':')[0]}", "-e", f"inject={inject}",
        sys.executable, "-B", "-m", "tests.faults.work", *arguments,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
