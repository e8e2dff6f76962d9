from __future__ import annotations

import pytest

from ingest.boilerplate import is_scraped, without_boilerplate
from ingest.clean import clean, steps_for
from ingest.document import Block, Document, FaqFields
from tests.ingest.files import SHOP

SITE = """退货手册.docx
本文档由用户张三上传,审核通过
下载须知
1. 本站资源均来自网友上传,版权归原作者。
2. 下载的文件如有侵权内容,请举报。
查看更多

退货手册
温馨提示
签收后7天内可以申请退货。

最新文档
评论(3)
0/200
还剩12页未读,继续阅读
小明 + 关注"""


def test_what_the_site_added_goes_and_is_named():
    assert is_scraped([SITE])
    text, gone = without_boilerplate(SITE)
    assert text.strip() == "退货手册\n温馨提示\n签收后7天内可以申请退货。"
    assert len(gone) == 11 and "查看更多" in gone and "小明 + 关注" in gone
    document, names = clean(Document("a.txt", (Block(SITE, "raw"),)), steps_for(SHOP))
    assert "boilerplate" in names
    (warning,) = document.warnings
    assert warning.startswith("去掉了文档网站附带的文字（11 处）：“退货手册.docx”、")


@pytest.mark.parametrize(
    "line",
    [
        "售后指南_第3页",
        "- 格式:docx",
        "· 大小：50.5 KB",
        "文档页数：8",
        "您好，欢迎访问某某文库网",
        "本文链接：https://a.example/1",
        "链接地址:https://www.example.com/doc-12.html",
        "该文档为VIP文档，成为会员后免费下载。",
    ],
)
def test_lines_that_only_such_sites_write(line):
    assert without_boilerplate(f"退货说明\n{line}\n三天内处理") == ("退货说明\n三天内处理", (line,))


@pytest.mark.parametrize(
    "line",
    [
        "温馨提示：拆封后的贴身衣物不支持退货。",
        "温馨提示",
        "请您下载淘宝客户端，收藏本店并分享给好友。",
        "成为VIP会员后全场包邮。",
        "请上传侵权证明文件，我们会在24小时内审核。",
        "发票可以在订单页下载，文件为PDF格式。",
        "您好，欢迎光临小店！",
        "商品版权归品牌方所有。",
        "链接地址：https://shop.example/tui",
        "大小：40×60厘米",
        "格式：姓名+电话+地址",
        "评论",
        "关注",
        "如何下载电子发票.pdf",
        "本文介绍退货流程。",
        "第3页",
        "文库里的话术请不要外传。",
    ],
)
def test_what_a_shop_may_write_stays(line):
    text = f"退货说明\n{line}\n三天内处理，文档随附。"
    assert without_boilerplate(text) == (text, ())


FRAUD = (
    "请只在本站付款。有人以“升级会员”为名要您下载软件或索要密码的，请向平台举报。",
    "本站不会让您付费激活会员，也不会要您下载任何文件。",
    "本站会员下载发票不收费，侵权投诉请写邮件，我们不承担的费用会事先说明。",
    "本文档版权归本店所有，请勿外传。",
    "- 格式：PDF\n- 大小：2MB",
)


@pytest.mark.parametrize("lines", [*FRAUD, "\n".join(FRAUD[:4])])
def test_a_guide_that_speaks_of_the_same_things_is_not_scraped(lines):
    text = f"付款安全\n{lines}\n有疑问请联系客服。"
    assert not is_scraped([text])
    assert clean(Document("a.txt", (Block(text, "raw"),)), steps_for(SHOP))[0].text == text


@pytest.mark.parametrize(
    "signs",
    [
        "还剩12页未读",
        "该文档为VIP文档，成为会员后免费下载。",
        "您好，欢迎访问某某文库网",
        "退货指南_第1页\n退货指南_第2页\n退货指南_第3页",
        "格式:docx\n大小：50KB\n文档页数：8",
        "本文标题：退货\n链接地址：https://www.example.com/doc-12.html",
    ],
)
def test_signs_that_together_show_a_scraped_document(signs):
    document, _ = clean(Document("a.txt", (Block(f"{signs}\n\n七天内可退。", "raw"),)), steps_for(SHOP))
    assert document.text == "七天内可退。"


def test_cells_of_a_table_are_never_boilerplate():
    line = "该文档为VIP文档，成为会员后免费下载。"
    rows = (Block(line, "row", row=2), Block(line, "faq", row=3, faq=FaqFields("什么是VIP文档？")), Block(SITE, "raw"))
    document, _ = clean(Document("a.txt", rows), steps_for(SHOP))
    assert [block.text for block in document.blocks[:2]] == [line, line]
