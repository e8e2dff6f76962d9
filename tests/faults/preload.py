"""Imported by the fork server of the faults suite, and by nobody else."""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # threads do not survive a fork

from tests.faults.work import warm_up

warm_up()
