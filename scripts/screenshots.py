"""Pictures of every page, at the width of a phone and of a desk, from a real home with real conversations.

    python scripts/screenshots.py [--out build/screenshots] [--home HOME] [--only customer]

Builds the sample shop in a folder of its own (about a minute) unless ``--home`` names one, which is copied and left as it
is. Needs Chromium and the test requirements. Prints pages that can be scrolled sideways, and exits 1 if there are any.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 800}}
PASSWORD = "only for pictures"
ASKED = (
    "可以货到付款吗", "怎么退货", "能不能用比特币付款", "你们有实体店吗", "可以用比特币吗", "发票怎么开", "运费谁出",
    "建议你们出个小程序", "谢谢", "能用数字人民币吗",
)  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """One page: how it is reached on a page of its site. ``who`` is signed in, empty for a customer."""

    name: str
    reach: Callable[[Any, str], None]
    who: str = ""


def ask(page: Any, words: str) -> None:
    """Send a message as a customer and wait for the whole reply."""
    before = page.locator("#talk .user").count()
    page.locator("#words textarea").fill(words)
    page.locator("#words textarea").press("Enter")
    page.locator("#talk .user").nth(before).wait_for()
    page.locator("#talk .waiting").wait_for(state="detached")
    page.locator("#words .submit-button").wait_for()


def customer(*steps: str | Callable[[Any], None]) -> Callable[[Any, str], None]:
    """Open the customer page and go through ``steps``: words to send, or something to do."""

    def reach(page: Any, address: str) -> None:
        page.goto(address)
        page.locator("#talk .bot").first.wait_for()
        for step in steps:
            if isinstance(step, str):
                ask(page, step)
            else:
                step(page)

    return reach


def press(css: str, then: str) -> Callable[[Any], None]:
    """Press something and wait for something."""

    def do(page: Any) -> None:
        page.locator(css).first.click()
        page.locator(then).first.wait_for()

    return do


def fill(css: str, words: str) -> Callable[[Any], None]:
    """Write into a field."""
    return lambda page: page.locator(css).fill(words)


def at(path: str, wait: str, *steps: Callable[[Any], None]) -> Callable[[Any, str], None]:
    """Open an address of the staff site, wait for something, and do more."""

    def reach(page: Any, address: str) -> None:
        page.goto(f"{address}{path}")
        page.locator(wait).first.wait_for()
        for step in steps:
            step(page)

    return reach


def tab(name: str, *steps: Callable[[Any], None]) -> Callable[[Any, str], None]:
    """A tab of the studio."""
    opened = press(f"#tab-{name}-button", f"#pane-{name}[data-at] > *")
    return at("/studio/", "#pane-files[data-at] > *", opened, *steps)


def looked_up(page: Any) -> None:
    """A complaint pasted by an agent, and a draft with a fault."""
    page.get_by_label("顾客的问题").fill("你们怎么还不发货！气死了")
    page.keyboard.press("Enter")
    page.locator("#judged .situation").wait_for()
    page.locator("#found .hit").first.wait_for()
    page.get_by_label("可用回复").fill("您好，这件事不归我管。")
    page.locator("#findings .accept").first.wait_for()


SHOTS = (
    Shot("customer-1-welcome", customer()),
    Shot("customer-2-answer", customer("可以货到付款吗？")),
    Shot("customer-3-source", customer("可以货到付款吗？", press("#talk a.source", "dialog iframe"))),
    Shot("customer-4-clarify", customer("退")),
    Shot("customer-5-unsolved", customer("可以货到付款吗？", press("#unsolved", "#why"))),
    Shot("customer-6-complaint", customer("我要投诉，你们发错货了", lambda page: page.locator("#form").wait_for())),
    Shot("customer-7-noted", customer(
        "我要投诉，你们发错货了", fill("#field-contact textarea, #field-contact input", "13800138000"),
        press("#form-send", "#talk .option"),
    )),
    Shot("customer-8-person", customer("你们支持用比特币付款吗", press("#human", "#talk .user >> nth=1"))),
    Shot("embed-1-button", at("/demo", "body")),
    Shot("staff-1-sign-in", at("/sign-in", "form")),
    Shot("staff-2-desk", at("/", "#found .filled > *"), "小林"),
    Shot("staff-3-looked-up", at("/", "#found .filled > *", looked_up), "小林"),
    Shot("staff-4-tickets", at("/", "#found .filled > *", press("#tab-tickets-button", ".ticket-list .ticket")), "小林"),
    Shot("staff-5-ticket", at(
        "/", "#found .filled > *", press("#tab-tickets-button", ".ticket-list .ticket"), press(".tickets li > button", ".ticket-card"),
    ), "小林"),
    Shot("admin-1-account", at("/account", "form"), "店长"),
    Shot("admin-2-users", at("/admin/users", "section"), "店长"),
    Shot("admin-3-audit", at("/admin/audit", "table"), "店长"),
    *(Shot(f"studio-{number}-{name}", tab(name), "小周") for number, name in enumerate(
        ("files", "faq", "inbox", "publish", "figures", "twins", "texts"), 1
    )),
    Shot("studio-8-edit", tab("faq", press("#pane-faq .card button >> text=修改", "form.editing")), "小周"),
    Shot("studio-9-wording", tab("texts", press("#pane-texts .card button", "form.editing")), "小周"),
)  # fmt: skip


def lived_in(home: Any) -> None:
    """People of the staff, conversations, ratings, tickets and a report."""
    from bot.accounts import Accounts
    from bot.database import journal_of
    from bot.journal import Journal
    from bot.wiring import open_assistant

    accounts, journal = Accounts(journal_of(home)), Journal(journal_of(home))
    for name, role in (("店长", "admin"), ("小周", "editor"), ("小林", "agent")):
        accounts.add(name, role, PASSWORD, by="" if role == "admin" else "店长")  # type: ignore[arg-type]
    assistant = open_assistant(home, "customer", print, journal=journal)
    for number, words in enumerate(ASKED):
        reply = assistant.reply(f"v{number}", words)
        if reply.outcome == "answer":
            journal.rate(reply.turn, f"v{number}", "up" if number % 3 else "down")
    for words in ("你们发货太慢了，等了三天！", "20261123987654", "王女士 13812345678", "没有了"):
        assistant.reply("late", words)
    journal.reports.report("小林", "wrong", "运费谁出", note="现在满 59 元包邮")
    accounts.close()
    journal.close()


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "screenshots")
    parser.add_argument("--home", type=Path, help="a home to copy (default: the sample shop, built now)")
    parser.add_argument("--only", default="", help="only pages whose name begins so")
    options = parser.parse_args()

    from playwright.sync_api import sync_playwright

    import app_gradio
    from bot.ui.serve import customer_app, staff_app
    from kb.config import Home
    from tests.app.browser import FLAGS, find_chromium, served

    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        if options.home is not None:
            shutil.copytree(options.home, home.path)
        app_gradio.prepare(home)
        home.settings_file.write_text("[server]\ndemo = true\n", encoding="utf-8")
        lived_in(home)
        options.out.mkdir(parents=True, exist_ok=True)
        sideways = []
        public, inner = customer_app(home, print), staff_app(home, print, app_gradio.lend)
        with served(public) as shop, served(inner) as desk, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=find_chromium(), args=FLAGS)
            for shot in (shot for shot in SHOTS if shot.name.startswith(options.only)):
                address = desk if shot.name.startswith(("staff", "admin", "studio")) else shop
                for size, viewport in SIZES.items():
                    page = browser.new_context(viewport=viewport, locale="zh-CN").new_page()  # type: ignore[arg-type]
                    if shot.who:
                        page.goto(f"{desk}/sign-in")
                        page.get_by_label("账号").fill(shot.who)
                        page.get_by_label("密码").fill(PASSWORD)
                        page.get_by_role("button", name="登录").click()
                        page.wait_for_url(f"{desk}/")
                    shot.reach(page, address)
                    page.wait_for_timeout(500)  # what fades in is there
                    page.screenshot(path=options.out / f"{shot.name}-{size}.png")
                    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                        sideways.append(f"{shot.name}-{size}")
                    page.context.close()
            browser.close()
    for name in sideways:
        print(f"can be scrolled sideways: {name}")
    return 1 if sideways else 0


if __name__ == "__main__":
    sys.exit(main())
