"""The child process in which files are parsed: whatever a file does to it, the build goes on.

Reads requests as JSON lines from standard input and answers on standard output (see :mod:`ingest.wire`).
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.entries import EntryStream, read_document
from ingest.wire import lines_of
from kb.config import ShopSettings
from kb.errors import SourceError

MEMORY_BYTES = 1536 << 20
MAX_FILE_BYTES = 200 << 20


def main() -> None:
    """Serve requests until standard input closes."""
    # Libraries that print must not break into the conversation: what they write goes to stderr.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    limit_memory(MEMORY_BYTES)
    # A file becomes millions of small objects that all stay; looking for circles among them again and again takes
    # as long as reading it. Once after each file is enough.
    gc.disable()
    for line in sys.stdin.buffer:
        for answer in _answers(json.loads(line)):
            answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
        answers.flush()
        gc.collect()


def limit_memory(limit: int) -> None:
    """Cap the address space of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    except (ValueError, OSError):  # macOS knows the limit but does not take it
        return


def read_file(path: Path) -> bytes:
    """The bytes of a file, as it was at one moment.

    Raises:
        SourceError: it is too big, cannot be opened, or changed while it was read.
    """
    try:
        before = path.stat()
        if before.st_size > MAX_FILE_BYTES:
            raise SourceError(f"文件有 {before.st_size >> 20} MB，超过 {MAX_FILE_BYTES >> 20} MB 的上限；请拆成几个小一些的文件。")
        data = path.read_bytes()
        after = path.stat()
    except OSError as error:
        raise SourceError(f"文件打不开（{error.strerror or error}）；请检查权限，或关闭正在使用它的程序。") from error
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size) or len(data) != after.st_size:
        raise SourceError("读取的时候文件正在变化；请等它保存完成后再试。")
    return data


def _answers(request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Answer lines to one request; the last one has ``done``, ``text`` or ``error``."""
    path, source, shop = Path(request["path"]), request["source"], ShopSettings(brand=request["brand"])
    try:
        if request["want"] == "text":
            document, _ = read_document(read_file(path), source, shop)
            yield {"text": document.text}
        else:
            folders, audience = tuple(request["folders"]), request["audience"]
            yield from lines_of(EntryStream(read_file(path), source, shop, folders=folders, audience=audience))
    except SourceError as error:
        yield {"error": str(error)}
    except MemoryError:
        yield {"error": "内存不够", "memory": True}
    except RecursionError:
        yield {"error": "文件的嵌套层次太深，读不下去；请用原来的软件打开后另存，再试一次。"}
    except Exception as error:  # noqa: BLE001 - any fault of a parser is a verdict on its file, named in the report
        yield {"error": f"读取时出现意外错误（{type(error).__name__}：{str(error)[:120]}）；请把这个文件发给开发者。"}


if __name__ == "__main__":
    main()
