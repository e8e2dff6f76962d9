from __future__ import annotations

import io
import zipfile

import pytest

from ingest.readers import SUFFIXES, read
from kb.errors import SourceError
from tests.ingest.files import FAQ_CSV, workbook

HTML = """<!doctype html><html><head><meta charset="{charset}"><title>退换货说明 - 小竹商城</title>
<style>p {{color: red}}</style></head><body>
<nav><ul><li><a href="/">首页</a></li><li><a href="/cart">购物车</a></li></ul></nav>
<div id="content"><h2>退货条件</h2>
<p>自签收次日起七天内，商品完好的可以申请退货，<b>包装和配件</b>请一并寄回，
我们收到后会尽快为您验收。</p>
<ul><li>食品拆封后不支持退货，请您谅解并在购买前确认</li><li>定制商品不支持退货，下单前会有提示</li></ul>
<table><tr><th>方式</th><th>到账时间</th></tr><tr><td>微信</td><td>当天</td></tr><tr><td>银行卡</td><td>一至三天</td></tr></table>
<h3>运费由谁承担？</h3><p>质量问题由我们承担，其他原因由您承担，可以使用运费险。</p></div>
<footer>版权所有 小竹商城</footer><script>var a = "不要收录";</script></body></html>"""


def texts(document):
    return [(block.kind, block.text) for block in document.blocks]


def test_every_suffix_has_a_reader():
    for suffix in SUFFIXES:
        with pytest.raises(SourceError, match="空"):
            read(b"", f"空文件{suffix}")


@pytest.mark.parametrize("name", ["录音.mp3", "合同.dwg", "没有后缀"])
def test_unknown_kinds_are_refused_with_what_can_be_read(name):
    with pytest.raises(SourceError, match=r"暂不支持.*xlsx"):
        read("内容".encode(), name)


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (workbook({"表": [["问题", "答案"]]}), "问答.csv", "Excel 工作簿"),
        (HTML.encode(), "说明.txt", "网页"),
        (b"%PDF-1.7 ...", "说明.md", "PDF"),
        ("问题,答案\n".encode(), "问答.xlsx", "不是 Excel 工作簿"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "问答.xlsx", "密码"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 Workbook", "问答.xlsx", "旧版 Office"),
        (b"\x89PNG\r\n\x1a\n", "截图.txt", "图片"),
        (b"PK\x03\x04 broken", "问答.xlsx", "压缩文件"),
        (b"\x00\x01\x02\x03" * 100, "数据.txt", "编码"),
        (b" \r\n\t", "空白.txt", "空"),
    ],
)
def test_a_file_that_is_not_what_its_suffix_says_gets_a_verdict(data, name, said):
    with pytest.raises(SourceError, match=said) as caught:
        read(data, name)
    assert "\n" not in str(caught.value)


def test_markdown_keeps_the_text_and_finds_headings_written_carelessly():
    document = read(
        "\ufeff##退货说明\n**七天内**可退，见[规则](https://example.com/a)。\n\n```\n# 不是标题\n```\n\n换货\n----\n\n只换同款。\n".encode(),
        "说明.md",
    )
    assert texts(document) == [
        ("heading", "退货说明"),
        ("text", "**七天内**可退，见[规则](https://example.com/a)。\n\n# 不是标题"),
        ("heading", "换货"),
        ("text", "只换同款。"),
    ]


def test_markdown_front_matter_comments_and_rules_are_not_text():
    document = read(
        "---\n标题: 内部手册\n可见范围：内部\ncategory: 售后\n作者: 小李\n---\n# 一\n<!-- 给编辑：别忘了改\n两行 -->\n正文。\n\n* * *\n\n更多。".encode(),
        "手册.md",
    )
    assert document.title == "内部手册"
    assert document.properties == {"audience": "内部", "category": "售后"}
    assert [text.strip() for kind, text in texts(document)] == ["一", "正文。", "更多。"]


def test_markdown_tables_become_readable_items_and_faq_tables_answers():
    document = read(
        "运费如下：\n\n| 地区 | 运费 |\n|---|:-:|\n| 江苏 | **8元** |\n| 西藏 | 18元 |\n\n| 问题 | 答案 |\n|---|---|\n| 包邮吗？ | 满99元包邮。 |\n".encode(),
        "运费.md",
    )
    assert texts(document)[0] == ("text", "运费如下：\n\n- 地区：江苏；运费：8元\n- 地区：西藏；运费：18元")
    assert document.blocks[1].faq.question == "包邮吗？"


def test_markdown_saved_as_txt_is_read_as_markdown():
    assert texts(read("# 甲\n一。\n\n## 乙\n二。\n".encode(), "说明.txt"))[0] == ("heading", "甲")
    assert texts(read("#1 号店\n一。\n".encode(), "说明.txt"))[0][0] == "raw"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_csv_in_every_encoding_and_with_every_separator(encoding, separator):
    data = f'问题{separator}答案\n怎么退货？{separator}"先申请，\n再寄回；谢谢"\n'.encode(encoding)
    (block,) = read(data, "问答.csv").blocks
    assert (block.faq.question, block.text, block.row) == ("怎么退货？", "先申请，\n再寄回；谢谢", 2)


def test_csv_with_excels_separator_line_and_mixed_line_ends():
    (block,) = read("sep=;\n问题;答案\r\n怎么退货？;先申请，再寄回\r".encode(), "问答.csv").blocks
    assert block.text == "先申请，再寄回"


def test_workbook_reads_dates_numbers_merged_cells_and_several_sheets():
    from datetime import datetime

    from openpyxl import load_workbook

    data = workbook(
        {
            "售后": [
                ["分类", "问题", "答案", "生效日期"],
                ["退货", "怎么退货？", "先申请。", datetime(2025, 1, 31)],
                [None, "退货多久？", 7, None],
            ],
            "运费表": [["地区", "比例"], ["江苏", 0.05]],
            "备注": [["别收录"]],
        },
        备注=True,
    )
    book = load_workbook(io.BytesIO(data))
    book["售后"].merge_cells("A2:A3")
    book["运费表"]["B2"].number_format = "0%"
    stream = io.BytesIO()
    book.save(stream)
    document = read(stream.getvalue(), "问答.xlsx")
    heading, first, second, other, row = document.blocks
    assert (heading.text, other.text) == ("售后", "运费表")
    assert (first.faq.valid_from.isoformat(), first.faq.category, first.row) == ("2025-01-31", "退货", 2)
    assert (second.text, second.faq.category) == ("7", "退货")
    assert row.text == "地区：江苏；比例：5%"
    assert document.warnings == ("工作表“备注”是隐藏的，没有收录。",)


def test_workbook_with_a_wrong_dimension_loses_no_row():
    data = workbook({"Sheet1": [["问题", "答案"], *([f"问题{n}？", f"答案{n}。"] for n in range(500))]})
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w") as target:
        for item in source.infolist():
            content = source.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                content = content.replace(b'<dimension ref="A1:B501"', b'<dimension ref="A1"')
                assert b'ref="A1"' in content
            target.writestr(item, content)
    assert len(read(stream.getvalue(), "问答.xlsx").blocks) == 500


def test_workbook_formulas_without_results_are_named():
    document = read(workbook({"价目": [["商品", "价格"], ["杯子", "=1+2"], ["碗", 5]]}), "价目.xlsx")
    assert "B2" in document.warnings[0] and "公式" in document.warnings[0]


def test_workbook_leaves_hidden_rows_and_columns_out_and_says_so():
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(workbook({"Sheet1": [["商品", "底价", "售价"], ["杯子", 3, 5], ["停售的碗", 1, 2], ["盘子", 4, 7.5]]})))
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["B"].hidden = True
    stream = io.BytesIO()
    book.save(stream)
    document = read(stream.getvalue(), "价目.xlsx")
    assert [(block.row, block.text) for block in document.blocks] == [(2, "商品：杯子；售价：5"), (4, "商品：盘子；售价：7.5")]
    assert "第 3 行" in document.warnings[0] and "B列" in document.warnings[1]


def test_workbook_rows_are_counted_as_the_spreadsheet_shows_them():
    data = workbook({"Sheet1": [[None, None, None], [None, "问题", "答案"], [None, None, None], [None, "能退吗？", "可以。"]]})
    (block,) = read(data, "问答.xlsx").blocks
    assert (block.row, block.faq.question) == (4, "能退吗？")


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "手册.doc", "另存为 .docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "PowerPoint Document".encode("utf-16-le"), "课件.ppt", "另存为 .pptx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "手册.docx", "旧版 Word 文档；请用 Word 或 WPS"),
        (b"{\\rtf1 x}", "手册.docx", "RTF 文档；请用 Word"),
        (workbook({"表": [["问题", "答案"]]}), "手册.doc", "后缀改为 .xlsx"),
        (b"\x89PNG\r\n", "截图.png", "文字识别"),
        (b"PK\x03\x04", "资料.zip", "解压"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "价目.xls", "打不开"),
        (b"no pdf at all", "手册.pdf", "不是 PDF"),
    ],
)
def test_files_that_cannot_be_read_are_told_what_to_become(data, name, said):
    with pytest.raises(SourceError, match=said) as caught:
        read(data, name)
    assert "\n" not in str(caught.value)


def test_workbook_errors_name_the_sheet():
    data = workbook({"甲": [["问题", "答案"], ["问？", "答。"]], "乙": [["类别", "答案"], ["一", "二"]]})
    with pytest.raises(SourceError, match="工作表“乙”.*找不到问题列"):
        read(data, "问答.xlsx")


def test_a_truncated_workbook_is_a_verdict():
    data = workbook({"甲": [["问题", "答案"], ["问？", "答。"]]})
    with pytest.raises(SourceError, match="损坏|压缩文件"):
        read(data[: len(data) // 2], "问答.xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5"])
def test_webpage_keeps_headings_lists_and_tables_and_leaves_the_furniture(encoding):
    page = HTML.format(charset=encoding)
    if encoding == "big5":
        from opencc import OpenCC

        page = OpenCC("s2t").convert(page).replace("裡", "里")
    document = read(page.encode(encoding, "ignore"), "说明.html")
    text = document.text
    assert document.title in ("退换货说明", "退換貨說明")
    assert [block.level for block in document.blocks if block.kind == "heading"] == [2, 3]
    assert not any(word in text for word in ("首页", "首頁", "购物车", "版权", "版權", "不要收", "color"))
    if encoding != "big5":
        assert "包装和配件请一并寄回，我们收到后" in text
        assert "- 食品拆封后不支持退货，请您谅解并在购买前确认\n- 定制商品" in text
        assert "- 方式：银行卡；到账时间：一至三天" in text


def test_webpage_accordions_and_definition_lists_are_questions():
    page = (
        "<html><body><ul><li><a>怎么修改地址？</a><div><p>未发货前可以在订单页修改一次地址。</p></div></li>"
        "<li><a>怎么取消订单？</a><div><p>未出库的订单可以随时取消，款项原路退回。</p></div></li></ul>"
        "<dl><dt>支持哪些快递？</dt><dd>默认中通和圆通，偏远地区使用邮政。</dd></dl></body></html>"
    )
    headings = [block.text for block in read(page.encode(), "帮助.html").blocks if block.kind == "heading"]
    assert headings == ["怎么修改地址？", "怎么取消订单？", "支持哪些快递？"]


def test_jsonl_is_a_table_by_its_keys():
    data = (
        '{"question": "怎么退货？", "answer": "先申请。", "aliases": ["想退货", "退掉"]}\n\n'
        '{"answer": "可以。", "question": "能换吗？", "audience": "internal"}\n'
    )
    first, second = read(data.encode(), "问答.jsonl").blocks
    assert (first.faq.aliases, first.row, second.row, second.faq.audience) == (("想退货", "退掉"), 1, 3, "internal")


def test_jsonl_texts_are_passages_under_their_titles():
    assert texts(read('{"id": 1, "title": "配送", "text": "三天内送达。"}'.encode(), "文档.jsonl")) == [
        ("heading", "配送"),
        ("row", "三天内送达。"),
    ]


def test_a_bad_json_line_is_named():
    with pytest.raises(SourceError, match="第 2 行"):
        read(b'{"question": "a", "answer": "b"}\n{oops}\n', "x.jsonl")


def test_reading_is_deterministic():
    assert read(FAQ_CSV.encode(), "a.csv") == read(FAQ_CSV.encode(), "a.csv")
