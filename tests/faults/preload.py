"""Imported by the fork server of the faults suite, and by nobody else."""

from __future__ import annotations

import os
import threading

os.environ["OMP_NUM_THREADS"] = "1"  # threads do not survive a fork

from tqdm import tqdm

from tests.faults.work import warm_up

# The lock that tqdm makes is shared by all processes of one server: one that is killed while it holds it would keep
# every later one waiting for ever. No program of ours forks, so this happens nowhere else.
tqdm.set_lock(threading.RLock())
warm_up()
