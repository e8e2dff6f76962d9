from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingest.sources import find_sources
from kb.errors import InputError, SourceError
from tests.ingest.files import write


def names(*paths: Path) -> list[str]:
    return [source.name for source in find_sources(paths).sources]


def test_folders_are_searched_and_named_from_where_they_were_given(tmp_path):
    folder = write(tmp_path / "知识", faq__付款_csv="a", guides__售后__退货_md="b", 说明_txt="c")
    assert names(folder) == ["说明.txt", "faq/付款.csv", "guides/售后/退货.md"]
    assert names(folder / "说明.txt") == ["说明.txt"]


def test_files_that_are_not_meant_are_left_out_with_a_reason(tmp_path):
    folder = write(tmp_path, 退货_md="a", README_md="b", _草稿_md="c", _旧__退货_md="d")
    (folder / "~$退货.xlsx").write_text("x")
    (folder / ".隐藏.md").write_text("x")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "管道.md")
    found = find_sources([folder])
    assert [source.name for source in found.sources] == ["退货.md"]
    reasons = dict(found.skipped)
    assert {"README.md", "_草稿.md", "~$退货.xlsx", ".隐藏.md"} <= set(reasons) and all(reasons.values())


def test_same_names_in_two_folders_stay_apart(tmp_path):
    write(tmp_path, public__faq_csv="a", internal__faq_csv="b", internal__权限_md="c")
    assert names(tmp_path / "public", tmp_path / "internal") == ["public/faq.csv", "internal/faq.csv", "权限.md"]


def test_a_file_given_twice_is_read_once(tmp_path):
    folder = write(tmp_path / "a", 退货_md="x")
    assert names(folder, folder / "退货.md") == ["退货.md"]


def test_folders_above_a_file_are_those_that_were_given(tmp_path, monkeypatch):
    write(tmp_path, public__guides__退货_md="x")
    monkeypatch.chdir(tmp_path)
    (source,) = find_sources([Path("public")]).sources
    assert source.folders == ("public", "guides")
    (source,) = find_sources([tmp_path / "public" / "guides"]).sources
    assert source.folders == ("guides",)


def test_nothing_to_read_is_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="找不到"):
        find_sources([tmp_path / "没有"])
    write(tmp_path, README_md="x")
    with pytest.raises(SourceError, match="没有可以读取的文件（略过了 1 个文件）"):
        find_sources([tmp_path])
