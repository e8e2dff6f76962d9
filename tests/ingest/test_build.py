from __future__ import annotations

from pathlib import Path

import pytest

from ingest.build import build
from ingest.report import render
from kb.config import Home
from kb.errors import GateRefused, InputError, SourceError, StoreError, StoreLocked
from kb.store import Store
from tests.doubles import BigramEncoder
from tests.ingest.files import ETIQUETTE_MD, FAQ_CSV, GUIDE_MD, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "知识", public__问答_csv=FAQ_CSV, public__政策_md=GUIDE_MD, internal__礼仪_md=ETIQUETTE_MD)


def run(folder: Path, home: Home, **options):
    options.setdefault("encoders", [BigramEncoder()])
    return build([folder], home, **options)


def live_texts(home: Home, audience="internal") -> set[str]:
    store = Store(home.store)
    return {entry.text for entry in store.load(store.current(), audience).entries}


def test_a_build_publishes_what_the_files_hold(folder, home):
    stages = []
    report = run(folder, home, progress=lambda stage, done, total: stages.append((stage, done, total)))
    store = Store(home.store)
    assert report.published and store.current() == report.generation == "gen-000001"
    assert report.kinds == {"faq": 4, "passage": 2, "script": 2}
    assert report.audiences == {"internal": 3, "public": 5}
    assert report.embedded > 0 and report.rejected == ()
    assert ("read", 3, 3) in stages and any(stage == "embed" and done == total for stage, done, total in stages)
    manifest = store.manifest(report.generation)
    assert [source.path for source in manifest.sources] == ["internal/礼仪.md", "public/政策.md", "public/问答.csv"]
    assert manifest.sources[2].size == len(FAQ_CSV.encode())


def test_customers_index_holds_no_internal_text(folder, home):
    run(folder, home)
    public = live_texts(home, "public")
    assert any("货到付款" in text for text in public)
    assert not any("三十元" in text or "催促仓库" in text for text in public)


def test_the_same_files_again_write_nothing(folder, home):
    run(folder, home)
    encoder = BigramEncoder()
    report = run(folder, home, encoders=[encoder])
    assert report.unchanged and not report.published and report.generation == "gen-000001"
    assert encoder.encoded == [] and Store(home.store).ids() == ["gen-000001"]
    assert "相同" in render(report)


def test_a_change_embeds_only_what_changed(folder, home):
    run(folder, home)
    write(folder, public__问答_csv=FAQ_CSV.replace("由我们承担", "由本店承担"))
    encoder = BigramEncoder()
    report = run(folder, home, encoders=[encoder])
    assert (report.changes.added, report.changes.changed, report.changes.removed) == (0, 1, 0)
    assert report.reused > report.embedded == len(encoder.encoded) == 1


def test_full_makes_everything_anew(folder, home):
    first = run(folder, home)
    again = run(folder, home, full=True)
    assert again.generation == "gen-000002" and (again.embedded, again.reused) == (first.embedded, 0)


def test_another_encoder_is_another_base(folder, home):
    class Other(BigramEncoder):
        fingerprint = "other:1"

    run(folder, home)
    assert run(folder, home, encoders=[Other()]).generation == "gen-000002"


def test_paths_describe_the_whole_base(folder, home):
    run(folder, home)
    report = build([folder / "public"], home, encoders=[BigramEncoder()])
    assert report.changes.removed > 0
    assert not any("催促仓库" in text for text in live_texts(home))


def test_bad_files_are_named_and_the_rest_is_published(folder, home):
    run(folder, home)
    write(folder, public__政策_md=b"%PDF-1.4", public__坏_xlsx="x", public__半_csv="问题,负责人\n甲,乙\n", public__README_md="说明")
    report = run(folder, home)
    reasons = {file.source: file.reason for file in report.rejected}
    assert set(reasons) == {"public/政策.md", "public/坏.xlsx", "public/半.csv"}
    assert "负责人" in reasons["public/半.csv"]
    assert report.published and any("货到付款" in text for text in live_texts(home))
    text = render(report)
    assert "未收录 3 个" in text and "正式版里来自它的 3 条内容不再包含" in text and "README.md：略过" in text


def test_entries_that_are_taken_for_one_another_are_named(folder, home):
    write(folder, public__又_csv="问题,答案\n能货到付款吗？,部分地区可以。\n可以货到付款的吗？,可以的。\n")
    report = run(folder, home)
    assert ("能货到付款吗？", "可以货到付款的吗？") in report.twins
    assert {"a", "b"} == set(report.as_json()["twins"][0])
    assert f"容易混淆的条目：{len(report.twins)} 对" in render(report) and "python -m kb twins" in render(report)


def test_nothing_readable_publishes_nothing(tmp_path, home):
    write(tmp_path / "坏", a_xlsx="x", b_mp3="y")
    with pytest.raises(SourceError, match="没有可以收录的内容.*a.xlsx"):
        run(tmp_path / "坏", home)
    (tmp_path / "空").mkdir()
    with pytest.raises(SourceError, match="没有可以读取的文件"):
        run(tmp_path / "空", home)
    with pytest.raises(InputError, match="找不到"):
        run(tmp_path / "无", home)
    assert Store(home.store).ids() == []


def test_the_gate_keeps_a_worse_draft_from_going_live(folder, home):
    run(folder, home)
    home.question_set.write_text("问题,期望,可见范围\n退货运费谁出？,退货运费谁出？,公开\n", encoding="utf-8")
    write(folder, public__问答_csv="\n".join(line for line in FAQ_CSV.split("\n") if "运费" not in line))
    with pytest.raises(GateRefused, match="退货运费谁出"):
        run(folder, home)
    store = Store(home.store)
    assert store.current() == "gen-000001" and store.ids() == ["gen-000002", "gen-000001"]
    report = run(folder, home, publish=False)
    assert not report.published and store.current() == "gen-000001"


def test_figures_of_the_gate_stay_in_the_manifest(folder, home):
    home.path.mkdir()
    home.question_set.write_text("问题,期望\n退货运费谁出？,退货运费谁出？\n今天股票会涨吗,不回答\n", encoding="utf-8")
    report = run(folder, home)
    assert report.figures["gate_questions"] == 2.0
    assert Store(home.store).manifest(report.generation).figures == report.figures
    assert "发布检查：2 题" in render(report)


def test_repeats_and_contradictions_are_reported(folder, home):
    write(folder, public__旧_csv="问题,答案\n可以货到付款吗？,部分地区可以货到付款，结算页会显示。\n退货运费谁出？,都由您承担。\n")
    report = run(folder, home)
    assert report.duplicates == (("public/旧.csv 第 2 行", "public/问答.csv 第 2 行"),)
    assert report.conflicts == (("public/旧.csv 第 3 行", "public/问答.csv 第 3 行"),)
    assert "不同答案" in render(report)


def test_a_damaged_live_version_costs_its_vectors_only(folder, home):
    run(folder, home)
    path = home.store / "gen-000001" / "internal" / "entries.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    lines: list[str] = []
    report = run(folder, home, report=lines.append)
    assert report.published and report.generation == "gen-000002" and report.reused == 0
    assert any("正式版不能读取" in line for line in lines)


def test_a_held_lock_is_told_before_anything_is_read(folder, home):
    with Store(home.store).lock("测试"), pytest.raises(StoreLocked):
        run(folder, home)


def test_a_home_that_cannot_be_written_is_one_clear_line(folder, home):
    home.path.mkdir()
    home.store.write_text("这里不是文件夹", encoding="utf-8")
    with pytest.raises(StoreError, match="写入失败"):
        run(folder, home)


def test_the_report_is_json_and_readable(folder, home):
    import json

    report = run(folder, home)
    values = json.loads(json.dumps(report.as_json(), ensure_ascii=False))
    assert values["generation"] == "gen-000001" and values["entries"] == 8 and values["rejected"] == 0
    assert {"kinds", "audiences", "files", "duplicates", "changes", "embedded", "reused", "seconds"} <= set(values)
    text = render(report)
    assert "已发布版本 gen-000001" in text and "公开 5" in text and "作为内部资料" in text


def test_the_shops_name_is_filled_in_from_the_home(folder, home):
    home.path.mkdir()
    home.settings_file.write_text('[shop]\nbrand = "大树商行"\n', encoding="utf-8")
    run(folder, home)
    assert any("大树商行售出" in text for text in live_texts(home))


def test_other_synonyms_make_another_version_without_new_vectors(folder, home):
    run(folder, home)
    (home.path / "synonyms.txt").write_text("货到付款 见面付钱\n", encoding="utf-8")
    encoder = BigramEncoder()
    report = run(folder, home, encoders=[encoder])
    assert report.published and report.generation == "gen-000002" and report.reused > 0
    assert encoder.encoded == [] and report.embedded == 0
    assert ("货到付款", "见面付钱") in Store(home.store).load("gen-000002", "public").synonyms.groups
    assert run(folder, home).unchanged
    (home.path / "synonyms.txt").write_text("# 只改了说明\n货到付款　见面付钱\n", encoding="utf-8")
    assert run(folder, home).unchanged


def test_synonyms_that_cannot_be_read_stop_the_build(folder, home):
    run(folder, home)
    (home.path / "synonyms.txt").write_bytes("货到付款 见面付钱".encode("gbk"))
    with pytest.raises(InputError, match="同义词文件.*UTF-8"):
        run(folder, home)
    assert Store(home.store).ids() == ["gen-000001"]
