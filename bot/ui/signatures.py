"""Gradio with a memory for signatures: it inspects the same constructors anew for every change of every page.

With a hundred chats at once that was a fifth of all the time that the page's only loop has (Gradio 6.31).
"""

from __future__ import annotations

import functools
import inspect
import sys
from types import ModuleType

KEPT = 1_024
"""Functions that are remembered; a page has some hundred."""


class _Remembering(ModuleType):
    """The module ``inspect``, but that what a function takes is found out once."""

    signature = staticmethod(functools.lru_cache(maxsize=KEPT)(inspect.signature))
    getfullargspec = staticmethod(functools.lru_cache(maxsize=KEPT)(inspect.getfullargspec))

    def __getattr__(self, name: str) -> object:
        return getattr(inspect, name)


def remember_signatures() -> None:
    """Let the modules of Gradio that are loaded by now look at each signature once; nobody else's are touched."""
    remembering = _Remembering("inspect", inspect.__doc__)
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "gradio" and vars(module).get("inspect") is inspect:
            vars(module)["inspect"] = remembering
