"""``python -m bot users``: the accounts of staff."""

from __future__ import annotations

import sys
from typing import Any

import click

from kb.config import Home
from kb.console import emit, home_option, json_option, say
from kb.errors import InputError


@click.group()
def users() -> None:
    """Keep the accounts of staff. Passwords are typed at a prompt or read from stdin, never given as an argument.

    \b
    Examples:
      python -m bot users add 小王 --role agent
      python -m bot users list
    """


@users.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["agent", "editor", "admin"]), required=True, help="What the account may do.")
@home_option
def users_add(name: str, role: Any, home: Home) -> None:
    """Make an account for NAME.

    \b
    Example:
      python -m bot users add 小王 --role agent
    """
    from bot.accounts import Accounts
    from bot.database import journal_of

    account = Accounts(journal_of(home)).add(name, role, _password())
    say(f"已建立账号“{account.name}”（{account.role}）。")


@users.command("list")
@home_option
@json_option
def users_list(home: Home, as_json: bool) -> None:
    """All accounts.

    \b
    Example:
      python -m bot users list --json
    """
    from bot.accounts import Accounts
    from bot.database import journal_of, open_database

    accounts = Accounts(journal_of(home)).list() if open_database(journal_of(home)).exists() else ()
    if not accounts and not as_json:
        say("还没有账号；可用 python -m bot users add 名字 --role agent 建立。")
    for account in accounts:
        state = "disabled" if account.disabled else "active"
        if as_json:
            emit({"name": account.name, "role": account.role, "state": state})
        else:
            emit(f"{account.name}\t{account.role}\t{'已停用' if account.disabled else '使用中'}")


@users.command("passwd")
@click.argument("name")
@home_option
def users_passwd(name: str, home: Home) -> None:
    """Change the password of NAME; all its logins end.

    \b
    Example:
      python -m bot users passwd 小王
    """
    from bot.accounts import Accounts
    from bot.database import journal_of

    Accounts(journal_of(home)).set_password(name, _password())
    say(f"账号“{name}”的密码已更新。")


@users.command("role")
@click.argument("name")
@click.option("--role", type=click.Choice(["agent", "editor", "admin"]), required=True, help="What it may do from now on.")
@home_option
def users_role(name: str, role: Any, home: Home) -> None:
    """Change what NAME may do; all its logins end.

    \b
    Example:
      python -m bot users role 小王 --role editor
    """
    from bot.accounts import ROLES, Accounts
    from bot.database import journal_of

    Accounts(journal_of(home)).set_role(name, role)
    say(f"账号“{name}”现在是{ROLES[role]}。")


@users.command("enable")
@click.argument("name")
@home_option
def users_enable(name: str, home: Home) -> None:
    """Open the account of NAME again, also where wrong passwords keep it out.

    \b
    Example:
      python -m bot users enable 小王
    """
    from bot.accounts import Accounts
    from bot.database import journal_of

    Accounts(journal_of(home)).enable(name)
    say(f"账号“{name}”可以登录了。")


@users.command("disable")
@click.argument("name")
@home_option
def users_disable(name: str, home: Home) -> None:
    """Shut the account of NAME at once.

    \b
    Example:
      python -m bot users disable 小王
    """
    from bot.accounts import Accounts
    from bot.database import journal_of

    Accounts(journal_of(home)).disable(name)
    say(f"账号“{name}”已停用。")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    import getpass

    first = getpass.getpass("密码：")
    if getpass.getpass("再输一次：") != first:
        raise InputError("两次输入的密码不一致；请重新运行。")
    return first
