"""How many processors there are for this process."""

from __future__ import annotations

import os


def cores() -> int:
    """Processors this process may use: a container's share, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
