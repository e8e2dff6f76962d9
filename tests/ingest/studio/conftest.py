"""A home's sources with a few files, and the studio over them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.studio.drafts import Drafts
from ingest.studio.entries import Entries
from ingest.studio.exchange import Exchange
from ingest.studio.files import Files, Limits
from ingest.workspace import Workspace
from kb.config import ShopSettings
from kb.records import Audience, Entry
from kb.shelf import Verdict

FAQ = "问题,答案,分类,可见范围\n可以货到付款吗？,可以的，结算时选择“货到付款”。,支付,公开\n多久能收到货？,一般三到五天。,配送,公开\n"
GUIDE = "# 退货政策\n\n## 七天无理由\n\n签收之日起七天内可以申请退货，商品须保持完好。\n\n## 运费\n\n质量问题的退货运费由我们承担。\n"


@dataclass
class Studio:
    """Everything behind the pages, without a server."""

    workspace: Workspace
    files: Files
    entries: Entries
    exchange: Exchange
    live: list[Entry]

    def upload(self, name: str, data: bytes | str, audience: Audience | None = None) -> Verdict:
        upload = self.files.receive(name, 0)
        upload.write(data.encode() if isinstance(data, str) else data)
        return upload.done(audience)

    def asked(self, question: str):
        """The piece with that question."""
        return next(piece for piece in self.entries.questions() if piece.entry.question == question)


def studio_at(root: Path, live: list[Entry] | None = None, limits: Limits = Limits()) -> Studio:  # noqa: B008
    workspace = Workspace(root)
    drafts = Drafts(workspace, ShopSettings())
    entries = Entries(drafts)
    live = live if live is not None else []
    return Studio(workspace, Files(drafts, lambda: live, limits), entries, Exchange(drafts, entries), live)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """Two public files."""
    for name, text in (("faq.csv", FAQ), ("退货政策.md", GUIDE)):
        path = tmp_path / "sources" / "public" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return studio_at(tmp_path / "sources")
