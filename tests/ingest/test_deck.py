from __future__ import annotations

from tests.ingest.files import full_text, read

DECK = (
    "GREENLEAF怎样打包易碎品CONTENTS0102目录材料的准备打包的步骤材料的准备Part1GreenLeaf01材料的准备Preparingthematerials"
    "气泡膜用来隔开瓶罐，每件至少绕两层。纸箱要选新的，旧箱受潮后容易散开。01材料的准备Preparingthematerials"
    "胶带选宽一些的，封口用工字形。填充物要塞满，摇晃时听不到声响才算合格。打包的步骤Part2GreenLeaf02打包的步骤Howtopackthegoods"
    "先放底层填充物，再放商品，最后填满四周。02贴标签之前核对收件人姓名和电话，避免寄错。02打包的步骤Howtopackthegoods"
    "封箱之后贴上易碎标志，放在货架上层，等待快递员取件。"
)


def test_titles_that_return_head_the_slides():
    result = read(DECK, "打包.txt")
    assert {entry.place.heading for entry in result.entries} == {
        ("怎样打包易碎品", "材料的准备"),
        ("怎样打包易碎品", "打包的步骤"),
    }
    assert all(entry.kind == "passage" for entry in result.entries)
    whole = full_text(DECK, "打包.txt")
    assert all(whole[entry.place.start : entry.place.end] == entry.text for entry in result.entries)


def test_page_furniture_is_in_no_passage_but_in_the_report():
    result = read(DECK, "打包.txt")
    text = "\n".join(entry.text for entry in result.entries)
    assert not any(mark in text for mark in ("Part", "CONTENTS", "目录", "GreenLeaf", "01", "02", "Howto"))
    assert text.count("。") == DECK.count("。")
    assert any("幻灯片" in warning for warning in result.warnings)


def test_words_in_letters_alone_make_no_slides():
    text = "请访问bamboohomestore查看。客服邮箱bamboohomestore同样有效。您也可以搜索bamboohomestore关注我们。"
    result = read(text, "说明.txt")
    assert "".join(entry.text for entry in result.entries) == text and not result.warnings
