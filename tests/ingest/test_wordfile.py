from __future__ import annotations

import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from ingest.readers import read
from ingest.readers.numbering import Numbering, written
from kb.errors import SourceError
from tests.ingest.office import repacked, word, word_xml


def texts(document):
    return [(block.kind, block.level, block.text) for block in document.blocks]


def p(inner: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_headings_by_style_lists_and_paragraphs():
    def fill(document):
        document.add_heading("售后手册", 0)
        document.add_heading("退货", 1)
        document.add_paragraph("七天内可以退货。")
        document.add_paragraph("先申请", style="List Number")
        document.add_paragraph("再寄回", style="List Number")
        document.add_paragraph("食品除外", style="List Bullet")
        document.add_heading("运费", 2)
        document.add_paragraph("质量问题由我们承担。")

    assert texts(read(word(fill), "手册.docx")) == [
        ("heading", 1, "售后手册"),
        ("heading", 2, "退货"),
        ("text", 0, "七天内可以退货。\n\n1. 先申请\n2. 再寄回\n- 食品除外"),
        ("heading", 3, "运费"),
        ("text", 0, "质量问题由我们承担。"),
    ]


@pytest.mark.parametrize("name", ["标题 2", "標題 2", "heading 2", "一级条标题"])
def test_headings_by_localised_style_names(name):
    def fill(document):
        style = document.styles.add_style("x1", 1)
        style.element.find(qn("w:name")).set(qn("w:val"), name)
        document.add_paragraph("配送说明").style = style
        document.add_paragraph("三天内送达。")

    assert texts(read(word(fill), "a.docx")) == [("heading", 2, "配送说明"), ("text", 0, "三天内送达。")]


def test_headings_by_outline_level_but_not_whole_paragraphs():
    outline = '<w:outlineLvl w:val="0"/>'
    long = "这一段虽然带着大纲级别，其实是正文，因为它很长，而且用句号结尾，所以不能当作标题来看待，应当留在正文里。"
    document = read(word_xml(p(r("付款方式"), outline) + p(r(long), outline)), "a.docx")
    assert texts(document) == [("heading", 1, "付款方式"), ("text", 0, long)]


def test_without_headings_the_text_is_raw_so_that_written_ones_are_found():
    document = read(word_xml(p(r("一、退货")) + p(r("七天内可退。"))), "a.docx")
    assert texts(document) == [("raw", 0, "一、退货\n\n七天内可退。")]


def test_numbers_that_word_paints_are_counted():
    levels = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/>'
        f'<w:suff w:val="{suffix}"/></w:lvl>'
        for at, (form, text, suffix) in enumerate(
            [("chineseCounting", "第%1章", "space"), ("decimal", "%1.%2", "tab"), ("decimalEnclosedCircle", "%3", "nothing")]
        )
    )
    numbering = Numbering(
        parse_xml(
            f'<w:numbering {nsdecls("w")}><w:abstractNum w:abstractNumId="7">{levels.replace("%1.%2", "%1.%2")}</w:abstractNum>'
            '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
            '<w:num w:numId="2"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
            "</w:numbering>"
        )
    )
    seen = [numbering.label("1", level) for level in (0, 1, 1, 2, 2, 0, 1)]
    assert seen == ["第一章 ", "一.1 ", "一.2 ", "① ", "② ", "第二章 ", "二.1 "]
    assert numbering.label("2", 0) == "第五章 "
    assert numbering.label("9", 0) is None


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [
        (1, "chineseCounting", "一"),
        (10, "chineseCountingThousand", "十"),
        (21, "taiwaneseCounting", "二十一"),
        (105, "chineseCounting", "一百零五"),
        (110, "chineseCounting", "一百一十"),
        (14, "upperRoman", "XIV"),
        (28, "lowerLetter", "bb"),
        (3, "ideographTraditional", "丙"),
        (20, "decimalEnclosedCircleChinese", "⑳"),
        (21, "decimalEnclosedCircle", "(21)"),
        (7, "decimalZero", "07"),
        (12, "chineseLegalSimplified", "壹拾贰"),
        (4, "some future format", "4"),
    ],
)
def test_number_formats(number, form, text):
    assert written(number, form) == text


def test_what_is_not_part_of_the_finished_text_stays_out():
    body = (
        p(r("可见的文字") + '<w:del w:id="1" w:author="a"><w:r><w:delText>删掉的</w:delText></w:r></w:del>')
        + p('<w:ins w:id="2" w:author="a">' + r("新加的") + "</w:ins>" + r("内部秘密", "<w:vanish/>"))
        + p(r("白字", '<w:color w:val="FFFFFF"/>') + '<w:r><w:commentReference w:id="0"/></w:r>')
        + p('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> PAGE \\* MERGEFORMAT </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r>' + r("12") + '<w:r><w:fldChar w:fldCharType="end"/></w:r>')
    )  # fmt: skip
    document = read(word_xml(body), "a.docx")
    assert document.text == "可见的文字\n\n新加的\n\n12"
    assert any("内部秘密" in warning and "白字" in warning for warning in document.warnings)
    assert any("修订" in warning for warning in document.warnings)


def test_headers_footers_and_contents_stay_out_footnotes_come_last():
    def fill(document):
        document.sections[0].header.paragraphs[0].text = "机密页眉"
        document.sections[0].footer.paragraphs[0].text = "第 1 页"
        document.add_paragraph("目录")
        style = document.styles.add_style("toc 1", 1)
        document.add_paragraph("一、退货\t3").style = style
        document.add_heading("退货", 1)
        document.add_paragraph("七天内可退。")

    assert read(word(fill), "a.docx").text == "退货\n\n七天内可退。"


def test_text_boxes_are_read_once():
    box = "<w:txbxContent>" + p(r("温馨提示")) + "</w:txbxContent>"
    body = p(
        r("正文")
        + f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert read(word_xml(body), "a.docx").text == "正文\n\n温馨提示"


def test_marks_drawn_with_wingdings_are_kept_apart():
    right = '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>'
    wrong = '<w:r><w:sym w:font="Wingdings" w:char="F0FB"/></w:r>'
    assert read(word_xml(p(right + r("请您稍等")) + p(wrong + r("等着"))), "a.docx").text == "√请您稍等\n\n×等着"


def test_tables_and_faq_tables_with_merged_cells():
    def fill(document):
        document.add_heading("运费", 1)
        table = document.add_table(3, 2)
        for row, values in zip(table.rows, [("地区", "运费"), ("江苏", "8元"), ("浙江", "")], strict=True):
            for cell, value in zip(row.cells, values, strict=True):
                cell.text = value
        table.cell(1, 1).merge(table.cell(2, 1))
        faq = document.add_table(2, 3)
        for row, values in zip(faq.rows, [("问题", "答案", "可见范围"), ("可以货到付款吗？", "部分地区支持。", "内部")], strict=True):
            for cell, value in zip(row.cells, values, strict=True):
                cell.text = value

    document = read(word(fill), "a.docx")
    assert document.blocks[1].text == "- 地区：江苏；运费：8元\n- 地区：浙江；运费：8元"
    assert document.blocks[2].faq.question == "可以货到付款吗？"
    assert document.blocks[2].faq.audience == "internal"


def test_strict_documents_are_read():
    usual = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    strict = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
    data = repacked(word(lambda d: d.add_heading("退货", 1)), lambda name, part: part.replace(usual, strict))
    assert texts(read(data, "a.docx")) == [("heading", 1, "退货")]


def test_an_entity_bomb_is_a_verdict():
    def bomb(name, part):
        if name != "word/document.xml":
            return part
        entities = b'<!ENTITY a "aaaaaaaaaa">' + b"".join(
            b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
        )
        head, mark, rest = part.partition(b"?>")
        return head + mark + b"<!DOCTYPE w [" + entities + b"]>" + rest.replace(b"<w:body>", b"<w:body><w:p><w:r><w:t>&l;</w:t></w:r></w:p>")

    with pytest.raises(SourceError, match="实体|损坏"):
        read(repacked(word(lambda d: d.add_paragraph("x")), bomb), "a.docx")


def test_a_zip_bomb_is_a_verdict_before_it_is_unpacked():
    def bomb(name, part):
        return part + b" " * (100 << 20) if name == "word/document.xml" else part

    with pytest.raises(SourceError, match="倍"):
        read(repacked(word(lambda d: d.add_paragraph("x")), bomb), "a.docx")


def test_tables_nested_beyond_reason_are_a_verdict():
    inner = "<w:tbl><w:tr><w:tc>" * 60 + p(r("x")) + "</w:tc></w:tr></w:tbl>" * 60
    with pytest.raises(SourceError, match="层"):
        read(word_xml(inner), "a.docx")


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_truncated_document_is_a_verdict(share):
    data = word(lambda d: d.add_paragraph("退货"))
    with pytest.raises(SourceError, match="损坏|压缩文件"):
        read(data[: int(len(data) * share)], "a.docx")
