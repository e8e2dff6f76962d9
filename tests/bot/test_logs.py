from __future__ import annotations

import io
import logging

import pytest

from bot.logs import mask_logs
from bot.wiring import open_assistant


@pytest.fixture
def stream(monkeypatch):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    return stream


def test_messages_and_tracebacks_are_masked_once(stream):
    mask_logs()
    mask_logs()
    try:
        raise ValueError("cannot look up 13812345678")
    except ValueError:
        logging.getLogger("bot.x").exception("question: %s", "我的邮箱zhang@qq.com")
    written = stream.getvalue()
    assert written.startswith("ERROR question: 我的邮箱z***@qq.com\nTraceback")
    assert "138****5678" in written and "13812345678" not in written


def test_an_assistant_that_is_put_together_masks_the_log(stream, home, base):
    open_assistant(home, "customer", base=base)
    logging.getLogger("bot.x").error("13812345678")
    assert "13812345678" not in stream.getvalue()
