"""The verbs of ``python -m bot`` that look after what is stored: terms, one visitor's data, backups, the unanswered."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click

from kb.config import Home, load
from kb.console import emit, home_option, json_option, say
from kb.errors import InputError, ModelError

by_option = click.option("--by", "who", required=True, metavar="NAME", help="Who does it; written to the audit.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
@home_option
@json_option
def retain(dry_run: bool, home: Home, as_json: bool) -> None:
    """Delete what is older than [retention] in settings.toml keeps it. The server does the same every day.

    \b
    Examples:
      python -m bot retain --dry-run
      python -m bot retain --json
    """
    from bot.database import journal_of
    from bot.journal import Journal
    from bot.retention import CLASSES
    from bot.settings import RetentionSettings

    _there(home)
    gone = Journal(journal_of(home)).retain(load(RetentionSettings, home), dry_run=dry_run)
    if as_json:
        emit({"dry_run": dry_run, "deleted": gone})
    else:
        for name, number in gone.items():
            emit(f"{CLASSES[name]}：{'将删除' if dry_run else '已删除'} {number} 条")


@click.group()
def visitor() -> None:
    """Hand out or delete what is stored of one visitor.

    WHO is a session id, a ticket's number or a contact. A session id shows by itself that the data is the person's; a
    ticket's number does together with --contact; otherwise reach the person at the stored contact first and say so with
    --verified.

    \b
    Examples:
      python -m bot visitor export T261127-000001 --contact 13800138000 --by 小王
      python -m bot visitor delete 13800138000 --verified 已回拨确认 --by 小王
    """


_whom = click.argument("whom", metavar="WHO")
_contact = click.option("--contact", default="", help="The contact left with the ticket, as the person names it.")
_verified = click.option("--verified", default="", help="How you made sure who asks.")


@visitor.command("export")
@_whom
@_contact
@_verified
@by_option
@home_option
def visitor_export(whom: str, contact: str, verified: str, who: str, home: Home) -> None:
    """All that is stored of WHO, as JSON.

    \b
    Example:
      python -m bot visitor export T261127-000001 --contact 13800138000 --by 小王 > data.json
    """
    from bot.database import journal_of
    from bot.journal import Journal

    _there(home)
    visitors = Journal(journal_of(home)).visitors
    emit(visitors.export(visitors.find(whom, contact=contact, verified=verified), who))


@visitor.command("delete")
@_whom
@_contact
@_verified
@by_option
@home_option
@json_option
def visitor_delete(whom: str, contact: str, verified: str, who: str, home: Home, as_json: bool) -> None:
    """Delete the conversations of WHO and the personal parts of the tickets, for good.

    \b
    Example:
      python -m bot visitor delete T261127-000001 --contact 13800138000 --by 小王
    """
    from bot.database import journal_of
    from bot.journal import Journal

    _there(home)
    visitors = Journal(journal_of(home)).visitors
    turns, tickets = visitors.delete(visitors.find(whom, contact=contact, verified=verified), who)
    if as_json:
        emit({"turns": turns, "tickets": tickets})
    else:
        say(f"已删除 {turns} 轮对话；{tickets} 张工单里的个人信息已清除。备份文件里的旧数据请按备份的保留期限处理。")


@click.command()
@click.option("--days", type=click.IntRange(1), default=30, show_default=True, help="How far back.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
@click.option("--exact", is_flag=True, help="Group by wording only; no encoder is loaded.")
@click.option("--all", "everything", is_flag=True, help="Also what is handled or ignored.")
@click.option("--settle", metavar="QUESTION", help="Say what became of the group that QUESTION is in.")
@click.option("--as", "state", type=click.Choice(["handled", "ignored", "open"]), default="handled", show_default=True,
              help="What became of it.")
@click.option("--by", "who", default="", metavar="NAME", help="Who says so.")
@home_option
@json_option
def unanswered(
    days: int, limit: int, exact: bool, everything: bool, settle: str | None, state: Any, who: str, home: Home, as_json: bool
) -> None:
    """What was asked in vain, grouped by meaning: no answer, no choice taken, rated down, or 没解决.

    \b
    Examples:
      python -m bot unanswered --days 7 --json
      python -m bot unanswered --settle 可以刻字吗 --as handled --by 小王
    """
    from bot.database import journal_of
    from bot.journal import Journal
    from bot.unanswered import compared

    _there(home)
    journal = Journal(journal_of(home))
    since = datetime.now(timezone.utc) - timedelta(days=days)
    groups = journal.unanswered(limit=100_000 if settle else limit, since=since, encoder=None if exact else _encoder(home))
    if settle is not None:
        wanted = compared(settle)
        group = next((one for one in groups if wanted in map(compared, one.wordings)), None)
        if group is None:
            raise InputError(f"最近 {days} 天没有人问过“{settle}”而没有得到回答；请照列表里的写法填写。")
        journal.settle(group.wordings, state, who)
        say(f"“{group.question}”等 {len(group.wordings)} 种问法已标记。")
        return
    for one in groups:
        if not everything and one.state != "open":
            continue
        if as_json:
            emit({
                "question": one.question, "times": one.times, "last": one.last.isoformat(), "reasons": one.reasons,
                "examples": list(one.wordings[:5]), "state": one.state, "who": one.who,
            })  # fmt: skip
        else:
            why = "、".join(f"{_REASONS[reason]} {times}" for reason, times in one.reasons.items())
            emit(f"{one.times:4} 次  {one.question}  （{why}；最近 {one.last.astimezone():%Y-%m-%d %H:%M}）")
            for example in one.wordings[1:4]:
                emit(f"          也问：{example}")


_REASONS = {"none": "没有答案", "clarify": "没选候选", "down": "不满意", "unsolved": "没解决"}


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@json_option
def backup_(file: Path, home: Home, as_json: bool) -> None:
    """Copy conversations, ratings, tickets and accounts into the new FILE, checked, while the servers run.

    The knowledge is kept by `python -m ingest backup`.

    \b
    Example:
      python -m bot backup journal-2026-11-27.sqlite3
    """
    from bot import backup, server_backup
    from bot.database import journal_of, open_database

    where, now = journal_of(home), datetime.now(timezone.utc)
    if isinstance(where, Path):
        size = backup.backup(where, file.absolute(), now)
    else:
        size = server_backup.backup(open_database(where), file.absolute(), now)
    if as_json:
        emit({"file": str(file), "bytes": size})
    else:
        say(f"已备份到 {file}（{size // 1024} KB，已检查完整）。")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@json_option
def restore_(file: Path, home: Home, as_json: bool) -> None:
    """Bring back conversations, ratings, tickets and accounts from FILE. Stop the servers before.

    What is there now is kept beside it (journal-before-….sqlite3).

    \b
    Example:
      python -m bot restore journal-2026-11-27.sqlite3
    """
    from bot import backup, server_backup
    from bot.database import journal_of, open_database

    where, now = journal_of(home), datetime.now(timezone.utc)
    before: Path | None
    if isinstance(where, Path):
        before = backup.restore(where, file.absolute(), now)
    else:
        before = home.journal.with_name(f"journal-before-{now:%Y%m%d-%H%M%S}.sqlite3")
        server_backup.restore(open_database(where), file.absolute(), now, before)
    if as_json:
        emit({"restored": str(file), "before": str(before) if before else None})
    else:
        say("对话记录已恢复。" + (f"原来的记录保存在 {before}。" if before else ""))


COMMANDS: tuple[click.Command, ...] = (retain, visitor, unanswered, backup_, restore_)


def _there(home: Home) -> None:
    from bot.database import journal_of, open_database

    if not open_database(journal_of(home)).exists():
        raise InputError(f"还没有对话记录（{home.journal}）；请检查 --home，或先开始使用。")


def _encoder(home: Home) -> Any:
    """The first encoder of the settings; None, with a line saying so, while it is not to be had."""
    from kb.config import SearchSettings
    from kb.encoder import load_encoders

    try:
        return load_encoders(load(SearchSettings, home), say)[0]
    except ModelError as error:
        say(f"提醒：{error} 这次只按字面归类。")
        return None
