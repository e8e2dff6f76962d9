from __future__ import annotations

import pytest

from ingest.forbidden import find_forbidden
from tests.ingest.files import full_text, read

PHRASES = ("这不是我的事。", "你自己看说明书。", "爱买不买。")


def parts(text, name="规范.txt"):
    return [(entry.kind, entry.question, entry.text, entry.wrong) for entry in read(text, name).entries]


@pytest.mark.parametrize(
    "text",
    [
        "# 服务禁语\n\n1. 这不是我的事。\n2. 你自己看说明书。\n3. 爱买不买。\n",
        "# 接待规范\n\n## 不要说\n\n- 这不是我的事。\n- 你自己看说明书。\n- 爱买不买。\n",
        "# 接待规范\n\n## 避免使用以下说法\n\n- 这不是我的事。\n- 你自己看说明书。\n- 爱买不买。\n",
        "# 接待規範\n\n## 服務忌語\n\n1. 这不是我的事。\n2. 你自己看说明书。\n3. 爱买不买。\n",
        "# 接待规范\n\n## 三、  服务 禁语：\n\n1. 这不是我的事。\n2. 你自己看说明书。\n3. 爱买不买。\n",
        "不可以说：“这不是我的事。”“你自己看说明书。”“爱买不买。”\n",
        "# 接待规范\n\n不可以说：“这不是我的事。”“你自己看说明书。”“爱买不买。”\n",
    ],
)
def test_a_list_of_phrases_is_a_script_without_them(text):
    scripts = [part for part in parts(text, "规范.md") if part[0] == "script"]
    assert [wrong for *_, wrong in scripts] == [PHRASES]
    assert not any(phrase in shown for _, _, shown, _ in parts(text, "规范.md") for phrase in PHRASES)
    assert all(shown == name for _, name, shown, _ in scripts)


def test_groups_run_together_keep_their_names():
    text = (
        "接待结束语1. 感谢光临。\n服务忌语一律不得出现下面的话。如：(1)直呼客户姓名。\n(2)推脱①这不是我的事。②找别人去。③我下班了。"
        "(3)不耐烦1. 你到底买不买？2. 爱买不买。\n3. 说了多少遍了！\n具体做法：先道歉，再说明。\n"
    )
    result = read(text, "规范.txt")
    scripts = {entry.question: entry for entry in result.entries if entry.kind == "script"}
    assert scripts["推脱"].wrong == ("这不是我的事。", "找别人去。", "我下班了。")
    assert scripts["不耐烦"].wrong == ("你到底买不买？", "爱买不买。", "说了多少遍了！")
    assert scripts["推脱"].place.heading[-1] == "服务忌语" and result.audience == "internal"
    whole = full_text(text, "规范.txt")
    assert all(whole[entry.place.start : entry.place.end] == entry.text for entry in scripts.values())
    shown = "\n".join(entry.text for entry in result.entries)
    assert "买不买" not in shown and "下班" not in shown and "先道歉，再说明。" in shown


@pytest.mark.parametrize(
    "text",
    [
        "## 推诿\n\n| 不可以说 | 改为 |\n|---|---|\n| 找别人去。 | 我帮您转给专员。 |\n| 我下班了。 | 我请同事接着为您办理。 |\n",
        "## 推诿\n\n- 不要说：找别人去。；应该说：我帮您转给专员。\n- 不要说：我下班了。；应该说：我请同事接着为您办理。\n",
    ],
)
def test_a_row_gives_the_wording_to_use_instead(text):
    assert parts(text, "规范.md") == [
        ("script", "推诿", "我帮您转给专员。", ("找别人去。",)),
        ("script", "推诿", "我请同事接着为您办理。", ("我下班了。",)),
    ]


def test_rules_under_such_a_title_are_rules():
    text = "# 服务禁语\n\n## 泄露\n\n1. 不透露其他客户的订单。\n2. 不评论同行。\n3. 不索要密码。\n\n## 发现之后\n\n1. 马上更正并致歉。\n2. 告诉组长。\n3. 记入工单。\n"
    assert [kind for kind, *_ in parts(text, "规范.md")] == ["passage", "passage"]


def test_what_is_told_not_to_be_done_is_text():
    text = "回复时避免使用网络用语，保持专业。不要说得太快，让客户听清楚。服务禁语的检查每月进行一次。"
    assert find_forbidden(text, 0, len(text), ("语言",), (0, 0))[0] == []
