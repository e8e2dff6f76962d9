"""Who may import whom (docs/architecture.md), kept by reading the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OWN = {"kb", "ingest", "bot", "app_gradio"}
ALLOWED = {"kb": {"kb"}, "ingest": {"ingest", "kb"}, "bot": {"bot", "kb"}, "app_gradio": OWN}
FILES = [path for part in ("kb", "ingest", "bot") for path in sorted((ROOT / part).rglob("*.py"))]
HEAVY = {"torch", "transformers", "sentence_transformers", "faiss", "gradio", "langchain", "langchain_core", "numpy"}


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", [*FILES, ROOT / "app_gradio.py"], ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows(path: Path):
    part = path.relative_to(ROOT).parts[0].removesuffix(".py")
    own = {name.split(".")[0] for name in imports(path)} & OWN
    assert own <= ALLOWED[part]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_pickle(path: Path):
    assert not imports(path) & {"pickle", "dill", "shelve", "joblib", "cloudpickle"}


@pytest.mark.parametrize("module", ["kb.cli", "ingest.cli", "bot.cli", "app_gradio"])
def test_command_lines_start_light(module: str):
    code = f"import sys, {module}; print(' '.join(sorted(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not HEAVY & set(loaded.split())


def test_packages_declare_their_types():
    for part in ("kb", "ingest", "bot"):
        assert (ROOT / part / "py.typed").exists()
