from __future__ import annotations

import pytest

from ingest.audience import propose


@pytest.mark.parametrize(
    ("source", "folders", "headings", "opening", "audience", "reason"),
    [
        ("政策.md", (), ["售后政策"], "", "public", "没有内部资料"),
        ("政策.md", ("知识", "内部"), ["售后政策"], "", "internal", "文件夹“内部”"),
        ("礼仪.md", ("public",), ["回复礼仪"], "", "public", "文件夹“public”"),
        ("a.md", ("internal", "public"), [], "", "public", "文件夹“public”"),
        ("客服手册.md", (), [], "", "internal", "文件名含“客服手册”"),
        ("a.md", (), ["电话礼仪"], "", "internal", "标题含“礼仪”"),
        ("a.md", (), ["总则", "服务禁语"], "", "internal", "禁语"),
        ("a.md", (), ["投诉处理流程"], "每一条投诉都会登记。", "public", "没有内部资料"),
        ("a.md", (), ["客服工作时间"], "", "public", "没有内部资料"),
        ("a.md", (), ["赔付标准"], "本文仅供内部使用。", "internal", "开头写着"),
        ("a.md", ("public",), ["赔付标准"], "本文仅供内部使用。", "internal", "虽然放在文件夹“public”"),
    ],
)
def test_proposals_have_a_reason(source, folders, headings, opening, audience, reason):
    proposal = propose(source, folders, headings, opening)
    assert proposal.audience == audience and reason in proposal.reason


def test_what_the_file_states_goes_before_all_signs():
    assert propose("话术.md", ("internal",), [], stated="public").audience == "public"
    assert propose("a.md", ("public",), [], stated="internal").audience == "internal"


STAFF = (
    "理解客户的情绪，再谈办法。与客户通话时放慢语速。客户提出要求，先记录。工作人员应当当天答复。不要让客户重复说明。"
)
CUSTOMERS = "您可以在订单页申请退货。您的情绪我们理解，客户提出的每一条意见都会登记，请您放心，您随时可以联系我们。"


def test_who_is_spoken_to_tells_where_nothing_else_does():
    proposal = propose("a.txt", (), ["四个要点"], STAFF)
    assert proposal.audience == "internal" and "谈论客户" in proposal.reason
    assert propose("a.txt", (), ["四个要点"], CUSTOMERS).audience == "public"
    assert propose("a.txt", (), ["四个要点"], CUSTOMERS + "“" + STAFF + "”").audience == "public"
