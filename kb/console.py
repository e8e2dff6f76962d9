"""What the command lines share: options, output, and failures as one Chinese line with an exit code."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from kb import jsonlines
from kb.config import Home, resolve_home
from kb.errors import InputError, KBError

F = TypeVar("F", bound=Callable[..., Any])


def home_option(function: F) -> F:
    """``--home DIR``, given to the command as ``home: Home``."""

    def resolve(context: click.Context, parameter: click.Parameter, value: Path | None) -> Home:
        return resolve_home(value)

    option = click.option(
        "--home",
        type=click.Path(path_type=Path),
        metavar="DIR",
        callback=resolve,
        help="Data folder. Default: $KB_HOME, else the user data folder.",
    )
    return option(function)


def json_option(function: F) -> F:
    """``--json``, given to the command as ``as_json: bool``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON to stdout.")(function)


def emit(value: Any) -> None:
    """One line to stdout: text as it is, anything else as compact JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say(line: str) -> None:
    """One line about what is going on, to stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def read_batch(source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object of every JSON line of a file, or of standard input for ``-``.

    Raises:
        InputError: the file cannot be read, or a line is not a JSON object with an ``id``.
    """
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise InputError(f"批量文件 {source} 读不出来（{error.strerror}）；请检查路径和权限。") from error
    for number, row in jsonlines.parse(data, f"批量文件 {source}"):
        if "id" not in row:
            raise InputError(f"批量文件 {source} 第 {number} 行缺少 id；请写成带 id 的 JSON 对象。")
        yield number, row


def run(group: click.Command, arguments: list[str] | None = None) -> int:
    """Run a command group as a program: returns its exit code, shows failures as one line on stderr."""
    _quiet()
    _utf8()
    try:
        outcome = group.main(args=arguments, standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except KBError as error:
        say(f"错误：{error}")
        return error.exit_code
    except click.UsageError as error:
        say(f"用法不对：{error.format_message()}")
        if error.ctx is not None:
            say(f"请运行 {error.ctx.command_path} --help 查看说明。")
        return 2
    except click.ClickException as error:
        say(f"错误：{error.format_message()}")
        return 1
    except (click.Abort, KeyboardInterrupt):
        say("已取消。")
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (``| head``): nothing is wrong, and Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def step_back() -> None:
    """Let those who serve customers on this machine go first: what nobody waits for takes the time that is left.

    Where the system knows such processes (Linux, SCHED_IDLE), whoever wakes up for a visitor goes on at once. One that
    is only less urgent (nice) may finish its slice first: some milliseconds, several times a reply.
    """
    with contextlib.suppress(OSError):
        if hasattr(os, "SCHED_IDLE"):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        elif hasattr(os, "nice"):
            os.nice(10)


def _quiet() -> None:
    """Libraries neither chat on stderr nor call home."""
    for name, value in {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "LANGSMITH_TRACING": "false",
        "TOKENIZERS_PARALLELISM": "false",
        "TRANSFORMERS_VERBOSITY": "error",
    }.items():
        os.environ.setdefault(name, value)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")


def _utf8() -> None:
    """Chinese comes out right on every terminal, whatever its locale says."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
