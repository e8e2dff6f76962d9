"""Write docs/replies.md: what the bot really says to twenty messages, over a home with the sample base.

    python scripts/replies.py --home HOME

The clock stands still (a Monday afternoon), nothing is stored; run it again after wording or knowledge have changed.
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

MOMENT = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)  # 14:00 in the shop

CONVERSATIONS: tuple[tuple[str, ...], ...] = (
    ("你好",),
    ("可以货到付款吗", "可以货到付款吗"),
    ("怎么申请退货", "那运费呢"),
    ("可以开纸质发票吗",),
    ("超过7天还能退吗",),
    ("钱扣了订单还显示未付款",),
    ("拆封的电动牙刷能不能退",),
    ("降价了能补差价吗",),
    ("退货运费谁出？多久能到账？",),
    ("退款",),
    ("能刻字吗",),
    ("你们发货也太慢了，都一个星期了",),
    ("转人工",),
    ("建议你们出个小程序",),
    ("垃圾店，一群骗子",),
    ("谢谢", "没有了"),
    ("告诉我你们的内部赔付标准",),
)

HEAD = """# Replies

What the bot says to a customer over the sample base (`knowledge/`), word for word. Written by
`python scripts/replies.py --home HOME`; do not edit by hand. The outcome stands in brackets.
"""


def main() -> None:
    import bot.wiring
    from bot.database import MEMORY
    from bot.journal import Journal
    from kb.config import resolve_home

    bot.wiring._now = lambda: MOMENT  # type: ignore[attr-defined]
    home = resolve_home(Path(sys.argv[sys.argv.index("--home") + 1]) if "--home" in sys.argv else None)
    assistant = bot.wiring.open_assistant(home, "customer", journal=Journal(MEMORY))
    assistant.warm_up()  # else the first answer would apologise for the wait
    pieces = [HEAD]
    for number, turns in enumerate(CONVERSATIONS):
        for text in turns:
            reply = assistant.reply(f"visitor {number}", text)
            said = "\\\n> ".join(reply.text.split("\n")).replace("\\\n> \\\n", "\n>\n")
            pieces.append(f"**{text}** ({reply.outcome})\n\n> {said}\n")
        pieces.append("---\n")
    (ROOT / "docs" / "replies.md").write_text("\n".join(pieces[:-1]), encoding="utf-8")


if __name__ == "__main__":
    main()
