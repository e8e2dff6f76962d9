from __future__ import annotations

import pytest

from tests.ingest.files import full_text, read


def faqs(text, name="问答.txt"):
    return [(entry.question, entry.text) for entry in read(text, name).entries if entry.kind == "faq"]


def test_what_a_customer_asks_about_is_a_question():
    text = (
        "售前问题：顾客询问能否开专票：您好，可以开，请提供税号。\n一般三个工作日开出。\n"
        "客户咨询保修期：您好，整机保修一年。\n3. 买家问“送货上楼吗”：您好，大件免费送货上楼。\n安装时间：。"
    )
    result = read(text, "问答.txt")
    assert [(entry.question, entry.text) for entry in result.entries if entry.kind == "faq"] == [
        ("能否开专票", "您好，可以开，请提供税号。\n一般三个工作日开出。"),
        ("保修期", "您好，整机保修一年。"),
        ("送货上楼吗", "您好，大件免费送货上楼。"),
    ]
    assert any("安装时间" in warning and "没有内容" in warning for warning in result.warnings)
    whole = full_text(text, "问答.txt")
    assert all(whole[entry.place.start : entry.place.end] == entry.text for entry in result.entries)


@pytest.mark.parametrize("name", ["对话.txt", "对话.md"])
@pytest.mark.parametrize("who", [("顾客", "客服"), ("买家", "卖家"), ("客戶", "客服人員")])
def test_a_question_and_its_reply_in_a_conversation(name, who):
    text = f"{who[0]}：可以送到乡镇吗？\n{who[1]}：您好，大部分乡镇可以送到。\n{who[0]}：好的，谢谢。\n{who[1]}：不客气。\n"
    assert faqs(text, name) == [("可以送到乡镇吗？", "您好，大部分乡镇可以送到。")]


def test_a_heading_can_ask_without_a_question_mark():
    text = "## 忘记密码怎么办\n\n在登录页点击找回密码。\n\n## 收到破损商品怎么办\n\n拍照后联系我们。\n"
    assert faqs(text, "帮助.md") == faqs(text.replace("## ", ""), "帮助.txt")
    assert faqs(text, "帮助.md") == [
        ("忘记密码怎么办", "在登录页点击找回密码。"),
        ("收到破损商品怎么办", "拍照后联系我们。"),
    ]


@pytest.mark.parametrize(
    "text", ["客户询问时：先问好，再回答。", "顾客反映问题后：当天登记。", "客户：请稍等。\n客服：好的。\n"]
)
def test_moments_and_statements_are_no_questions(text):
    assert faqs(text) == []
