"""How long an agent waits for results after the last key, in a real browser on the sample base.

    python -m benchmarks.lookup [--home HOME] [--questions 40]

Each question is typed key by key, 60 ms a key, as a quick typist does. The wait is from the last key until nothing on
the page changes any more: the results for the whole question are then painted. The target is 150 ms.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.common import ROOT, Bars, finish, parser, quantiles
from bot.accounts import Accounts
from bot.ui.serve import staff_app
from kb.config import Home
from kb.store import Store
from tests.app.browser import DESK, FLAGS, find_chromium, served

WATCH = """() => {
  window.changed = 0;
  new MutationObserver(() => { window.changed = performance.now(); }).observe(document.querySelector("#bench"), {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["class", "hidden", "style"],
  });
  document.addEventListener("input", () => { window.pressed = performance.now(); }, true);
}"""


def measure(home: Path, questions: list[str]) -> list[float]:
    """Seconds from the last key to the last change, one a question."""
    from playwright.sync_api import sync_playwright

    book = Accounts(home / "journal.sqlite3")
    if not any(account.name == "bench" for account in book.list()):
        book.add("bench", "agent", "only for measuring")
    waits = []
    with served(staff_app(Home(home), print)) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_context(viewport=DESK, locale="zh-CN").new_page()
        page.goto(address)
        page.fill("#name", "bench")
        page.fill("#password", "only for measuring")
        page.click("button[type=submit]")
        box = page.locator("#question textarea, #question input").first
        box.wait_for()
        page.wait_for_timeout(1500)
        page.evaluate(WATCH)
        for question in questions:
            box.fill("")
            page.wait_for_timeout(400)
            box.press_sequentially(question, delay=60)
            page.wait_for_timeout(900)
            waits.append(max(0.0, page.evaluate("window.changed - window.pressed") / 1000))
        browser.close()
    return waits


def main() -> None:
    """Measure on a home, of the sample if none is given, and write the results."""
    options = parser(__doc__)
    options.add_argument("--home", type=Path)
    options.add_argument("--questions", type=int, default=40)
    chosen = options.parse_args()
    home = chosen.home
    if home is None:
        from ingest.build import build

        home = Path(tempfile.mkdtemp())
        build([ROOT / "knowledge" / "public", ROOT / "knowledge" / "internal"], Home(home))
    store = Store(home / "store")
    entries = store.load(str(store.current()), "public").entries
    questions = [entry.question[:20] for entry in entries if entry.question][: chosen.questions]
    waits = measure(home, questions)
    ordered = sorted(waits)
    figures = {**quantiles(waits), "p95_ms": round(1e3 * ordered[int(0.95 * (len(ordered) - 1))], 1)}
    bars = Bars("Look-up after the last key", "ms", {name[:3]: value for name, value in figures.items()}, bound=150)
    finish("lookup", {"questions": len(waits), **figures}, [bars], chosen.out)


if __name__ == "__main__":
    main()
