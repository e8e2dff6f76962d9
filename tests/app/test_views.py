"""What is said, as HTML that cannot carry anything else."""

from __future__ import annotations

import pytest

from bot.records import Citation, TurnView
from bot.ui.views import bot_message, conversation, customer_message, growing, place_title, prose, source_link

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](http://evil.example/a.png)",
    "</div><iframe srcdoc='<script>1</script>'>",
    "[点我](javascript:alert(1))",
    "第一行\n\n<svg onload=alert(1)>",
)


@pytest.mark.parametrize("text", PAYLOADS)
def test_words_stay_words(text):
    for message in (customer_message(text), bot_message(text, (Citation(text, text, text, text),), (text,))):
        content = message["content"]
        assert "\n" not in content  # an empty line would end the block of HTML and begin Markdown
        for tag in ("<script", "<img", "<iframe", "<svg"):
            assert tag not in content


def test_paragraphs_and_lists_keep_their_lines():
    html = prose("您好，步骤如下：\n1. 打开订单；\n\n（2）点退货\n3元优惠")
    assert html == (
        '<div class="say"><p>您好，步骤如下：</p><p class="item">1. 打开订单；</p>'
        '<p class="item">（2）点退货</p><p>3元优惠</p></div>'
    )


def test_only_the_last_bubble_offers_choices():
    turns = [
        TurnView("customer", "退"),
        TurnView("bot", "您想问哪一个？", choices=("甲", "乙")),
        TurnView("customer", "甲"),
        TurnView("bot", "好的。", choices=("丙",)),
    ]
    messages = conversation(turns)
    assert ["options" in message for message in messages] == [False, False, False, True]
    assert messages[3]["options"] == [{"value": "丙", "label": "丙"}]
    assert [message["role"] for message in messages] == ["user", "assistant", "user", "assistant"]


@pytest.mark.parametrize(
    "text",
    ["", "您好", "您好。可以的！请看：\n1. 甲；\n2. 乙。\n\n谢谢您？！", "。。。", "长句。" * 100, "没有句号" * 50],
)
def test_a_growing_reply_only_grows_and_ends_whole(text):
    pieces = growing(text)
    assert pieces[-1] == text and len(pieces) <= 9
    assert all(text.startswith(piece) for piece in pieces)
    assert sorted(pieces, key=len) == pieces


@pytest.mark.parametrize(
    ("source", "heading", "title"),
    [
        ("guides/售后服务政策.md", "二、退货 › 运费", "售后服务政策 › 二、退货 › 运费"),
        ("guides/售后服务政策.md", "售后服务政策 › 二、退货", "售后服务政策 › 二、退货"),
        ("faq/cod.csv", "货到付款", "常见问题 › 货到付款"),
        ("faq/cod.csv", "", "常见问题"),
        ("支付.xlsx", "", "支付"),
    ],
)
def test_places_are_named_as_people_say_them(source, heading, title):
    assert place_title(source, heading) == title


def test_links_to_sources_cannot_leave_their_folder():
    assert source_link("../a/b?c#d") == "/source/..%2Fa%2Fb%3Fc%23d#here"
