"""What Gradio inspects again and again is looked at once; in a process of its own, because it changes Gradio."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
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


def child(first: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", CHILD.format(first=first)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_component_tells_the_same_and_is_inspected_once():
    assert child("from bot.ui.signatures import remember_signatures; remember_signatures()") == ["0", "True", "True"]


def test_it_is_still_needed():
    assert int(child("")[0]) > 0, "Gradio remembers by itself: bot/ui/signatures.py can go"
