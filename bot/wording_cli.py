"""``python -m bot wording``: what the bot says of its own, for editors who want it in their own words."""

from __future__ import annotations

from pathlib import Path

import click

from kb.config import Home
from kb.console import emit, home_option, json_option, say
from kb.errors import InputError


@click.group()
def wording() -> None:
    """Look at the wording file, and check one before it is used.

    \b
    Examples:
      python -m bot wording check my-wording.toml
      python -m bot wording show moment.thanks
    """


@wording.command("check")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@home_option
@json_option
def wording_check(file: Path | None, home: Home, as_json: bool) -> None:
    """Everything that is wrong with FILE (default: the home's own wording, else the packaged one).

    Exit code 0 if it can be used, 2 if it cannot; each problem is one line that names situation, variant and line.

    \b
    Example:
      python -m bot wording check my-wording.toml
    """
    from bot.checker import load_checker
    from bot.errors import WordingError
    from bot.wording_file import read_lines

    if file is not None and not file.exists():
        raise InputError(f"没有文件 {file}；请检查路径。")
    lines, problems = read_lines(load_checker(home.rules), file or home.wording)
    if as_json:
        emit({"problems": problems, "situations": len(lines), "variants": sum(map(len, lines.values()))})
    if problems:
        raise WordingError("\n".join(problems))
    say(f"可以使用：{len(lines)} 个情形，共 {sum(map(len, lines.values()))} 条话术。")


@wording.command("show")
@click.argument("situation", required=False)
@home_option
@json_option
def wording_show(situation: str | None, home: Home, as_json: bool) -> None:
    """The lines for SITUATION with their conditions, filled in; without SITUATION the names of all situations.

    \b
    Examples:
      python -m bot wording show
      python -m bot wording show opening.spring
    """
    from bot.conditions import names_for
    from bot.wiring import wording_of
    from bot.wording import fill
    from bot.wording_file import SAMPLE

    spoken = wording_of(home)
    if situation is None:
        for name, variants in spoken.situations.items():
            emit({"situation": name, "variants": len(variants)} if as_json else f"{name}（{len(variants)} 条）")
        return
    if situation not in spoken.situations:
        near = [name for name in spoken.situations if situation in name or name.rpartition(".")[2] in situation]
        hint = f"您是不是要找 {'、'.join(near)}？" if near else "不带名字运行这条命令可以看到全部情形。"
        raise InputError(f"没有情形“{situation}”；{hint}")
    for variant in spoken.situations[situation]:
        text = fill(variant.text, {**SAMPLE, **spoken.common})
        when = sorted(variant.when)
        emit({"text": text, "when": when} if as_json else text + (f"  〔条件：{'、'.join(when)}〕" if when else ""))
    say(f"这里可用的条件：{'、'.join(names_for(situation))}")
