"""Gradio is imported without writing beside its own source; in a process of its own, because it is imported once."""

from __future__ import annotations

from tests.app.child import child

CHILD = """
import sys
touched = []
sys.addaudithook(lambda event, details: touched.append(str(details[0])) if event == "open" else None)
{first}
import gradio
print(len([path for path in touched if path.endswith(".pyi")]), gradio.Chatbot.__name__, hasattr(gradio.Chatbot, "option_select"))
"""


def test_no_stub_is_read_or_written_and_components_are_whole():
    assert child(CHILD.format(first="from bot.ui.stubs import leave_out; leave_out(); leave_out()")) == ["0", "Chatbot", "True"]


def test_it_is_still_needed():
    assert int(child(CHILD.format(first=""))[0]) > 0, "Gradio writes no stubs any more: bot/ui/stubs.py can go"
