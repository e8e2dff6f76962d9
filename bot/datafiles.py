"""The data files beside the code: wording, rules, examples."""

from __future__ import annotations

import importlib.resources
import sys
from pathlib import Path
from typing import Any

from kb.errors import SettingsError


def read_text(name: str, replacement: Path | None, error: type[SettingsError]) -> tuple[str, str]:
    """Text and shown name of the packaged file ``name``, or of ``replacement`` where that exists.

    Raises:
        SettingsError: as the class given, when the replacement cannot be read.
    """
    if replacement is None or not replacement.exists():
        return importlib.resources.files("bot").joinpath(name).read_text(encoding="utf-8"), name
    try:
        return replacement.read_text(encoding="utf-8-sig"), str(replacement)
    except (OSError, UnicodeDecodeError) as problem:
        raise error(f"文件 {replacement} 读不出来（{problem}）；请检查文件权限，并保存为 UTF-8 编码。") from problem


def parse_toml(text: str, shown: str, error: type[SettingsError]) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        SettingsError: as the class given, when it is not TOML; the text carries the line number.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise error(f"文件 {shown} 不是正确的 TOML（{problem}）；请按提示的行号修改。") from problem
    return tables
