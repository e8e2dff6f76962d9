"""What Gradio inspects again and again is looked at once; in a process of its own, because it changes Gradio."""

from __future__ import annotations

from tests.app.child import child

CHILD = """
import inspect, gradio
import gradio.blocks
calls = []
real = inspect._signature_from_callable
inspect._signature_from_callable = lambda *given, **named: calls.append(given[0]) or real(*given, **named)
with gradio.Blocks():
    box = gradio.Textbox(label="x")
before = box.get_config()
{first}
box.get_config()
calls.clear()
for _ in range(5):
    assert box.get_config() == before
print(len(calls), gradio.blocks.inspect.signature(len) == inspect.signature(len), gradio.blocks.inspect.isclass(int))
"""


def test_a_component_tells_the_same_and_is_inspected_once():
    assert child(CHILD.format(first="from bot.ui.signatures import remember_signatures; remember_signatures()")) == ["0", "True", "True"]


def test_it_is_still_needed():
    assert int(child(CHILD.format(first=""))[0]) > 0, "Gradio remembers by itself: bot/ui/signatures.py can go"
