"""Starts the two sites: ``python app_gradio.py``; holds no logic of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.settings import ServerSettings, StudioSettings
from bot.ui.launch import Site, listen, run_sites, stop_with_parent
from bot.ui.serve import TITLES, SiteName, one_thread_each, serve
from kb.config import Home, SearchSettings, ShopSettings, load
from kb.console import home_option, run, say
from kb.errors import KBError

if TYPE_CHECKING:
    from bot.ui.studio.wiring import Tools
    from kb.knowledge import KnowledgeBase

SAMPLE = Path(__file__).parent / "knowledge"


class SampleMissing(KBError):
    """There is no base yet, and the sample's files are not installed."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=7860, show_default=True, type=click.IntRange(1, 65535), help="Customer page.")
@click.option("--staff-port", default=7861, show_default=True, type=click.IntRange(1, 65535), help="Staff page.")
@click.option("--only", type=click.Choice(["customer", "staff"]), help="Serve one site, in this process.")
@click.option("--step", type=click.Choice(["prepare", "serve"]), hidden=True, help="What a child of this command does.")
@home_option
def cli(host: str, port: int, staff_port: int, only: SiteName | None, step: str | None, home: Home) -> int:
    """Serve the customer page and the staff page, each in a process of its own.

    An empty home is first filled with the sample shop's knowledge.

    \b
    Examples:
      python app_gradio.py
      python app_gradio.py --host 0.0.0.0 --port 8000 --staff-port 8001
      python app_gradio.py --only customer

    \b
    Exit codes: 0 stopped on request, 1 failed (port taken, no encoder, …),
    2 wrong usage or settings, 3 base locked by a build, 4 base damaged.
    """
    if port == staff_port:
        raise click.UsageError(f"两个页面不能用同一个端口 {port}；请用 --port 或 --staff-port 换一个。")
    ports: dict[SiteName, int] = {"customer": port, "staff": staff_port}
    if step == "prepare":
        prepare(home)
        return 0
    if step == "serve":
        stop_with_parent()
        return serve(only or "customer", home, host, ports[only or "customer"], say, announce=False, lend=lend)
    for name in [only] if only else ports:
        listen(host, ports[name]).close()  # before a long build, not after it
    if only is not None:
        one_thread_each()  # before anything else loads these libraries
        prepare(home)
        if only == "staff":
            first_admin(home)
        return serve(only, home, host, ports[only], say, lend=lend)
    child = [sys.executable, str(Path(__file__).resolve()), "--home", str(home.path), "--host", host]
    child += ["--port", str(port), "--staff-port", str(staff_port)]
    # In a process of its own, so that this one, which stays, never holds a model.
    failed = subprocess.run([*child, "--step", "prepare"]).returncode
    if failed:
        return failed if failed > 0 else 1
    first_admin(home)
    serving = [*child, "--step", "serve", "--only"]
    return run_sites([Site(TITLES[name], host, ports[name], [*serving, name]) for name in ports], say)


def prepare(home: Home) -> None:
    """Make sure there are settings that can be read, encoders that can be used and a published base."""
    from ingest.build import build
    from ingest.progress import ProgressDisplay
    from ingest.workspace import Workspace
    from kb.encoder import load_encoders
    from kb.store import open_store

    load(ServerSettings, home)
    encoders = load_encoders(load(SearchSettings, home), say)
    if open_store(home).current() is not None:
        return
    if not SAMPLE.is_dir():
        raise SampleMissing("知识库还是空的，安装包里也不带示例资料；请先运行 python -m ingest build 您的资料文件夹。")
    say("知识库还是空的，先用示例店铺的资料建立（约需一两分钟，只需一次）：")
    Workspace(home.sources).fill(SAMPLE)
    display = ProgressDisplay()
    try:
        report = build([], home, progress=display, report=say, encoders=encoders)
    finally:
        display.close()
    say(f"已收录 {report.entries} 条。")
    if not home.question_set.exists():
        home.question_set.write_bytes((SAMPLE / "questions.csv").read_bytes())


def lend(home: Home, base: KnowledgeBase) -> Tools:
    """What the studio works with: the sources of ``home`` beside what is live in ``base``."""
    from bot.ui.studio.wiring import Tools
    from ingest.gate import parse_questions
    from ingest.studio.drafts import Drafts
    from ingest.studio.entries import Entries
    from ingest.studio.exchange import Exchange
    from ingest.studio.files import Files, Limits
    from ingest.studio.publisher import Publisher
    from ingest.workspace import Workspace
    from kb.generations import Generations
    from kb.trial import Trials

    most = load(StudioSettings, home)
    limits = Limits(most.file_mb << 20, most.files, most.total_mb << 20)
    drafts = Drafts(Workspace(home.sources), load(ShopSettings, home))
    files, entries = Files(drafts, lambda: base.entries, limits), Entries(drafts)
    publisher = Publisher(home, files.settle)
    trials = Trials(Generations(home.store), base.encoders)
    return Tools(files, entries, Exchange(drafts, entries), publisher, trials, limits.file_bytes, parse_questions)


def first_admin(home: Home) -> None:
    """Make the first administrator where there are no accounts, and show its password this once."""
    from bot.accounts import Accounts
    from bot.database import journal_of

    accounts = Accounts(journal_of(home))
    made = accounts.first_admin()
    accounts.close()
    if made is not None:
        account, password = made
        say(f"已建立第一个管理员账号，密码只显示这一次，首次登录后需要修改：\n    账号 {account.name}    密码 {password}")


def main() -> int:
    """Entry point of ``kb-serve`` and ``python app_gradio.py``."""
    return run(cli)


if __name__ == "__main__":
    sys.exit(main())
