"""Run one publish or one reader in a process of its own with a fault injected into its system calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed (as root: sh scripts/strace.sh)")


def run(inject: str, *arguments: str, only: Path | None = None) -> subprocess.CompletedProcess[str]:
    """``python -m tests.faults.work ARGUMENTS`` under ``strace -e inject=INJECT``, of calls that name ``only`` if given."""
    about = ("-P", str(only)) if only else ()
    return _strace(inject.split(":")[0], os.devnull, (*about, "-e", f"inject={inject}"), arguments)


def count(call: str, *arguments: str) -> int:
    """How often such a process makes that system call if nothing goes wrong."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as log:
        done = _strace(call, log.name, (), arguments)
        assert done.returncode == 0, done.stderr
        return sum(f"{call}(" in line for line in log)


def _strace(
    call: str, log: str, options: tuple[str, ...], arguments: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    assert STRACE
    command = [
        STRACE, "-f", "--seccomp-bpf", "-qq", "-o", log, "-e", f"trace={call}", *options,
        sys.executable, "-B", "-m", "tests.faults.work", *arguments,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
