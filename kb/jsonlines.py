"""JSON Lines as people hand them over: one object a line; a bad line is named, never skipped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kb.errors import InputError


def parse(data: bytes, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number (from 1) and object of every line that is not blank; ``name`` is what the file is called.

    Raises:
        InputError: not UTF-8, or a line is not a JSON object; the text names file and line.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} 读不出来（{error}）；请保存为 UTF-8 编码的 JSON Lines。") from error
    # Not splitlines(): it also cuts at characters that may stand inside a JSON string.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{name} 第 {number} 行不是正确的 JSON（{error.msg}）；请改正后重试。") from error
        if not isinstance(row, dict):
            raise InputError(f"{name} 第 {number} 行不是一个 JSON 对象；请改正后重试。")
        yield number, row
