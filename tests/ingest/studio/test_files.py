"""Files of the studio: a verdict each, former versions kept, nothing live ever dropped unseen."""

from __future__ import annotations

import dataclasses
import os

import pytest

from ingest.studio.files import Limits
from kb.editing import Conflict, Fields
from kb.errors import InputError
from kb.records import Entry, Place
from tests.ingest.studio.conftest import FAQ, GUIDE, studio_at

LIVE = [
    Entry("a1", "faq", "public", "可以的。", Place("faq/cod.csv", row=2), question="可以货到付款吗？"),
    Entry("a2", "script", "internal", "请您稍等。", Place("礼仪.md", ("等待",)), question="等待", wrong=("等着。",)),
]


def file(studio, name):
    return next(one for one in studio.files.files() if one.name == name)


def test_an_upload_is_read_and_told(studio):
    verdict = studio.upload("发票.md", "# 发票\n\n下单时可以选择开具电子发票，发票会发到您的邮箱。\n")
    assert verdict.outcome == "added" and "1 段正文" in verdict.line and verdict.file.audience == "public"
    assert (studio.workspace.root / "public/发票.md").is_file()


def test_who_may_see_it_is_proposed_or_said(studio):
    assert (
        studio.upload("客服话术培训.md", "# 培训\n\n接待客户时要先问好，再问需要什么帮助。\n").file.audience
        == "internal"
    )
    assert (
        studio.upload("退换货.md", "# 退换货\n\n请在七天内联系我们办理退换。\n", "internal").file.audience == "internal"
    )


def test_a_file_that_cannot_be_read_leaves_nothing(studio):
    verdict = studio.upload("坏.docx", b"PK\x03\x04not a document")
    assert verdict.outcome == "rejected" and verdict.line
    assert not list((studio.workspace.root / ".incoming").iterdir())
    assert [one.name for one in studio.files.files()] == ["faq.csv", "退货政策.md"]


def test_a_question_set_is_no_knowledge(studio):
    verdict = studio.upload("题.csv", "问题,期望\n能退吗？,退货政策\n")
    assert verdict.outcome == "rejected" and "问题集" in verdict.line


def test_the_same_name_is_a_new_version_and_the_old_one_can_come_back(studio):
    assert studio.upload("faq.csv", FAQ).outcome == "same"
    verdict = studio.upload("faq.csv", FAQ.replace("三到五天", "两天"))
    assert verdict.outcome == "replaced" and "旧版本" in verdict.line
    studio.files.restore("faq.csv")
    assert "三到五天" in studio.asked("多久能收到货？").entry.text
    studio.files.restore("faq.csv")
    assert "两天" in studio.asked("多久能收到货？").entry.text, "restoring is undone by restoring"


def test_a_file_in_a_folder_is_found_by_its_name(studio, tmp_path):
    path = studio.workspace.root / "internal/guides/礼仪.md"
    path.parent.mkdir(parents=True)
    path.write_text("# 礼仪\n\n接待客户时请先问好。\n", encoding="utf-8")
    assert studio.upload("礼仪.md", "# 礼仪\n\n接待客户时请先问好，再报工号。\n").outcome == "replaced"
    assert "报工号" in path.read_text(encoding="utf-8") and not (studio.workspace.root / "public/礼仪.md").exists()


def test_deleting_names_the_version_and_can_be_undone(studio):
    with pytest.raises(Conflict):
        studio.files.delete("faq.csv", "another")
    studio.files.delete("faq.csv", file(studio, "faq.csv").version)
    assert [one.name for one in studio.files.deleted()] == ["faq.csv"]
    studio.files.restore("faq.csv")
    assert not studio.files.deleted() and studio.asked("多久能收到货？")


def test_moving_changes_who_may_see_it_and_keeps_edits(studio):
    piece = studio.asked("多久能收到货？")
    studio.entries.edit(
        piece.entry.id, piece.version, dataclasses.replace(Fields.of(piece.entry), text="三天。"), "小周"
    )
    guide = studio.files.move("退货政策.md", "internal", file(studio, "退货政策.md").version)
    assert guide.audience == "internal" and {p.entry.audience for p in studio.files.pieces(guide.name)} == {"internal"}


def test_renaming_keeps_edits(studio):
    piece = studio.files.pieces("退货政策.md")[0]
    studio.entries.hide(piece.entry.id, piece.version, True, "小周")
    renamed = studio.files.rename("退货政策.md", "退换货政策.md", file(studio, "退货政策.md").version)
    assert renamed.hidden == 1 and not studio.entries.lost()
    studio.live.append(piece.entry)
    assert not studio.files.missing() and not studio.files.deleted(), "the old name is no file that was forgotten"
    with pytest.raises(InputError, match="已经有叫"):
        studio.files.rename("退换货政策.md", "faq.csv", renamed.version)


@pytest.mark.parametrize(
    "name",
    ["../x.md", "a/b.md", "a\\b.md", "x\x00.md", "x\u202edm.exe.md", "", " ", "CON.md", "x?.md", "y" * 200 + ".md",
     ".hidden.md", "~$x.docx", "README.md", "x.exe", "没有后缀", "常见问题.csv", "<img>.md"],
)  # fmt: skip
def test_names_that_some_system_does_not_take_are_refused_before_anything_is_read(studio, name):
    from kb.errors import KBError

    with pytest.raises(KBError):
        studio.files.receive(name, 10)
    assert not (studio.workspace.root / ".incoming").exists() or not any(
        (studio.workspace.root / ".incoming").iterdir()
    )


def test_limits_are_told_before_and_while_a_file_comes(tmp_path):
    studio = studio_at(tmp_path / "sources", limits=Limits(file_bytes=100, files=2, total_bytes=150))
    with pytest.raises(InputError, match="上限"):
        studio.files.receive("大.md", 101)
    upload = studio.files.receive("大.md", 0)
    with pytest.raises(InputError, match="上限"):
        upload.write(b"x" * 101)
    upload.drop()
    assert not any((tmp_path / "sources/.incoming").iterdir())


def test_what_is_live_is_taken_over_whole_with_its_ids(tmp_path):
    studio = studio_at(tmp_path / "sources", LIVE)
    assert "2 条" in studio.files.open()
    assert studio.files.open() == "", "only once"
    assert studio.workspace.laid_over(()).entries == tuple(LIVE)
    assert {one.name: one.kept for one in studio.files.files()} == {"faq/cod.csv": True, "礼仪.md": True}


def test_the_original_of_what_was_taken_over_replaces_it(tmp_path):
    studio = studio_at(tmp_path / "sources", list(LIVE))
    studio.files.open()
    verdict = studio.upload("cod.csv", FAQ)
    assert verdict.outcome == "replaced" and verdict.file.name == "faq/cod.csv" and not verdict.file.kept
    studio.files.restore("faq/cod.csv")
    assert file(studio, "faq/cod.csv").kept and studio.asked("可以货到付款吗？").entry.text == "可以的。"


def test_what_came_live_by_other_ways_is_missed_and_taken_on_request(studio):
    studio.live.extend(LIVE)
    assert studio.files.missing() == ["faq/cod.csv", "礼仪.md"]
    assert studio.files.take_over() == 2 and not studio.files.missing()
    studio.files.delete("礼仪.md", file(studio, "礼仪.md").version)
    assert not studio.files.missing(), "what was deleted here on purpose is not missed"


def test_former_versions_go_when_a_draft_without_them_is_live(studio):
    import time

    studio.upload("faq.csv", FAQ.replace("三到五天", "两天"))
    studio.files.settle(time.time() + 1)
    with pytest.raises(InputError, match="没有可以恢复"):
        studio.files.restore("faq.csv")


@pytest.mark.parametrize("broken", range(6))
def test_a_crash_at_any_step_of_a_replacement_loses_neither_version(studio, monkeypatch, broken):
    calls = iter(range(100))
    replace = os.replace

    def failing(*paths):
        if next(calls) == broken:
            raise OSError(5, "Input/output error")
        replace(*paths)

    monkeypatch.setattr(os, "replace", failing)
    try:
        studio.upload("faq.csv", FAQ.replace("三到五天", "两天"))
    except Exception as error:  # noqa: BLE001
        assert "写入失败" in str(error)
    monkeypatch.undo()
    again = studio_at(studio.workspace.root)
    texts = [piece.entry.text for piece in again.entries.questions()]
    assert any("三到五天" in text or "两天" in text for text in texts) or again.files.deleted(), texts


def test_a_full_disk_is_told_and_the_old_file_stands(studio, monkeypatch):
    import errno

    from kb.errors import StoreError

    upload = studio.files.receive("退货政策.md", 0)
    upload.write(GUIDE.replace("七天", "三十天").encode())

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="磁盘空间不足"):
        upload.done()
    upload.drop()
    monkeypatch.undo()
    assert "七天" in studio.files.pieces("退货政策.md")[0].entry.text
    assert not any((studio.workspace.root / ".incoming").iterdir())


def test_a_new_home_is_filled_once_and_a_shops_own_sources_never(tmp_path):
    from ingest.workspace import Workspace

    sample = tmp_path / "sample"
    for audience in ("public", "internal"):
        (sample / audience).mkdir(parents=True)
        (sample / audience / "guide.md").write_text(GUIDE, encoding="utf-8")
    workspace = Workspace(tmp_path / "sources")
    workspace.fill(sample)
    assert sorted(path.name for path in workspace.root.iterdir()) == [".lock", "internal", "public"]
    (workspace.root / "public/guide.md").unlink()
    workspace.fill(sample)
    assert not (workspace.root / "public/guide.md").exists(), "what was deleted does not come back"
