"""The documentation names what exists."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

import bot.cli
import ingest.cli
import kb.cli
from bot.settings import ApiSettings, BotSettings, LLMSettings, RetentionSettings, ServerSettings, WebhookSettings
from kb.config import SearchSettings, ShopSettings

ROOT = Path(__file__).parent.parent


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "cls",
    [ShopSettings, SearchSettings, BotSettings, ServerSettings, ApiSettings, LLMSettings, RetentionSettings, WebhookSettings],
)
def test_every_setting_is_documented_with_its_default(cls):
    table = read("docs/settings.md").split(f"## [{cls.TABLE}]")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.M))
    assert set(rows) == {field.name for field in dataclasses.fields(cls)}
    for field in dataclasses.fields(cls):
        if isinstance(field.default, (int, float)) and not isinstance(field.default, bool):
            assert rows[field.name] == str(field.default)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
@pytest.mark.parametrize("group", [kb.cli.cli, ingest.cli.cli, bot.cli.cli], ids=["kb", "ingest", "bot"])
def test_every_command_is_in_the_readme(readme, group):
    text = read(readme)
    assert not [name for name in group.commands if not re.search(rf"\b{name}\b", text)]


def test_every_encoder_is_named_with_its_licence():
    from kb.models import CATALOGUE

    for readme in ("README.md", "README.zh-CN.md"):
        rows = [line for line in read(readme).splitlines() if line.startswith("| `")]
        for name, spec in CATALOGUE.items():
            assert any(f"`{name}`" in row and len(row) > 20 for row in rows), spec


@pytest.mark.parametrize("package", ["kb", "ingest", "bot"])
def test_the_architecture_names_every_file_and_no_other(package):
    chapter = read("docs/architecture.md").split(f"\n## {package}:")[1].split("\n## ")[0]
    named = {name.rstrip("/") for name in re.findall(r"^\| `([\w/.]+)` \|", chapter, re.M)}
    folder = ROOT / package
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py") if not path.name.startswith("__")}
    files = {"models" if name.startswith("models/") else name for name in files}
    assert named == files
