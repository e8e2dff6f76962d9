from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb.archive import backup, restore
from kb.calibration import DEFAULT
from kb.draft import content_digest
from kb.errors import StaleDraft, StoreDamaged, StoreEmpty, StoreError, StoreLocked
from kb.store import Store
from kb.synonyms import Synonyms
from tests.doubles import BigramEncoder, faq, passage

COD = faq("可以货到付款吗？", "部分地区支持货到付款。", "能不能到付")
FREIGHT = faq("退货运费谁出？", "质量问题由我们承担。")
SECRET = passage("主管可批准三百元以内的补偿。", "赔付权限", audience="internal")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def encoder() -> BigramEncoder:
    return BigramEncoder()


def published(store: Store, encoder: BigramEncoder, *entries) -> str:
    manifest = store.write(entries, [encoder])
    store.publish(manifest.id)
    return manifest.id


def test_nothing_is_live_before_the_first_publish(store, encoder):
    assert store.current() is None and store.ids() == []
    manifest = store.write([COD], [encoder])
    assert store.current() is None
    store.publish(manifest.id)
    assert store.current() == "gen-000001"


def test_the_public_index_holds_no_internal_text(store, encoder):
    identity = published(store, encoder, COD, SECRET)
    public = b"".join(path.read_bytes() for path in (store.root / identity / "public").iterdir())
    assert "补偿".encode() not in public and "赔付".encode() not in public
    assert [entry.id for entry in store.load(identity, "public").entries] == [COD.id]
    assert [entry.id for entry in store.load(identity, "internal").entries] == [COD.id, SECRET.id]


def test_unchanged_texts_are_not_encoded_again(store, encoder):
    published(store, encoder, COD, FREIGHT)
    encoder.encoded.clear()
    manifest = store.write([FREIGHT, COD, faq("怎么开发票？", "订单完成后可开。")], [encoder])
    assert encoder.encoded == ["怎么开发票?", "怎么开发票? 订单完成后可开。"]
    assert manifest.counts["embedded"] == 2 and manifest.counts["reused"] == 5


def test_reused_vectors_equal_a_full_build(store, encoder):
    published(store, encoder, COD, FREIGHT)
    partly = store.write([FREIGHT, COD, SECRET], [encoder])
    fully = store.write([FREIGHT, COD, SECRET], [encoder], full=True)
    assert fully.counts["reused"] == 0
    assert partly.files == fully.files


def test_vectors_of_another_encoder_are_never_reused(store, encoder):
    published(store, encoder, COD)
    other = BigramEncoder()
    other.fingerprint = "bigram:other"
    assert store.write([COD], [other]).counts["reused"] == 0


def test_equal_content_has_an_equal_digest(store, encoder):
    first = store.write([COD, FREIGHT], [encoder])
    assert store.write([COD, FREIGHT], [encoder]).content == first.content
    assert store.write([COD], [encoder]).content != first.content


def test_rollback_and_back_again(store, encoder):
    first = published(store, encoder, COD)
    second = published(store, encoder, COD, FREIGHT)
    assert store.rollback() == first == store.current()
    with pytest.raises(StoreError, match="没有可以回退的版本"):
        store.rollback()
    store.publish(second)
    assert store.current() == second


def test_rollback_of_nothing(store):
    with pytest.raises(StoreEmpty):
        store.rollback()


@pytest.mark.parametrize("identity", ["gen-000009", "../etc", "", "gen-1"])
def test_unknown_generations_are_named(store, encoder, identity):
    published(store, encoder, COD)
    with pytest.raises(StoreError, match="没有版本"):
        store.publish(identity)
    assert store.current() == "gen-000001"


def test_every_flipped_byte_is_noticed(store, encoder):
    identity = published(store, encoder, COD, SECRET)
    folder = store.root / identity
    random = np.random.default_rng(5)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        good = path.read_bytes()
        for at in random.integers(0, len(good), 12):
            path.write_bytes(good[:at] + bytes([good[at] ^ 0x20]) + good[at + 1 :])
            with pytest.raises(StoreDamaged):
                store.verify(identity)
        path.write_bytes(good[: len(good) // 2])
        with pytest.raises(StoreDamaged):
            store.verify(identity)
        path.unlink()
        with pytest.raises(StoreDamaged):
            store.verify(identity)
        path.write_bytes(good)
    store.verify(identity)


def test_files_of_another_generation_are_refused(store, encoder):
    first = published(store, encoder, COD)
    second = published(store, encoder, FREIGHT)
    (store.root / second / "manifest.json").write_bytes((store.root / first / "manifest.json").read_bytes())
    with pytest.raises(StoreDamaged, match="清单"):
        store.verify(second)


def test_a_damaged_draft_cannot_go_live(store, encoder):
    first = published(store, encoder, COD)
    draft = store.write([FREIGHT], [encoder]).id
    (store.root / draft / "public" / "views.jsonl").write_bytes(b"[]\n")
    with pytest.raises(StoreDamaged):
        store.publish(draft)
    assert store.current() == first


def test_figures_are_kept(store, encoder):
    manifest = store.write([COD], [encoder])
    store.publish(manifest.id, figures={"passed": 0.97})
    assert store.verify(manifest.id).figures == {"passed": 0.97}


def test_gc_keeps_the_live_one_its_parent_and_the_newest(store, encoder):
    for text in "甲乙丙丁戊":
        published(store, encoder, faq(f"{text}？", text))
    store.rollback()
    assert store.gc(keep=1) == ["gen-000002", "gen-000001"]
    assert store.ids() == ["gen-000005", "gen-000004", "gen-000003"]
    assert store.current() == "gen-000004"


def test_diff(store, encoder):
    published(store, encoder, COD, FREIGHT)
    changed = replace(COD, text="全国大部分地区支持货到付款。")
    published(store, encoder, changed, SECRET)
    diff = store.diff("gen-000001", "gen-000002")
    assert (diff.added, diff.changed, diff.removed) == ((SECRET,), ((COD, changed),), (FREIGHT,))


def test_backup_and_restore_elsewhere(store, encoder, tmp_path):
    published(store, encoder, COD, SECRET)
    backup(store, tmp_path / "backup.tar")
    other = Store(tmp_path / "other")
    published(other, encoder, FREIGHT)
    identity = restore(other, tmp_path / "backup.tar")
    assert other.current() == identity == "gen-000002"
    assert other.load(identity, "internal").entries == (COD, SECRET)
    other.rollback()
    assert other.load("gen-000001", "public").entries == (FREIGHT,)


def test_a_damaged_backup_changes_nothing(store, encoder, tmp_path):
    published(store, encoder, COD)
    file = tmp_path / "backup.tar"
    backup(store, file)
    good = file.read_bytes()
    at = good.index("部分地区".encode())
    for bad in (b"", good[:900], good[:at] + b"X" + good[at + 1 :], b"garbage" * 999):
        file.write_bytes(bad)
        with pytest.raises(StoreDamaged):
            restore(store, file)
    assert store.ids() == ["gen-000001"]


def test_a_backup_never_overwrites(store, encoder, tmp_path):
    published(store, encoder, COD)
    (tmp_path / "backup.tar").write_text("precious")
    with pytest.raises(StoreError, match="已经存在"):
        backup(store, tmp_path / "backup.tar")
    assert (tmp_path / "backup.tar").read_text() == "precious"


def test_a_second_writer_is_told_who_and_since_when(store, encoder):
    code = (
        "import sys, pathlib; from kb.store import Store\n"
        "with Store(pathlib.Path(sys.argv[1])).lock('测试占用'):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreLocked, match=rf"进程 {holder.pid} 从 20\d\d-.* 起在“测试占用”"):
            store.write([COD], [encoder])
        holder.kill()
    published(store, encoder, COD)  # the system freed the dead writer's lock


def test_what_a_killed_writer_left_is_removed(store, encoder):
    published(store, encoder, COD)
    leftover = store.root / ".gen-000002.partial"
    leftover.mkdir()
    (leftover / "x").write_text("half")
    published(store, encoder, FREIGHT)
    assert not leftover.exists()


@pytest.mark.parametrize("content", ["", "gen-1\n", "../gen-000001", "两\n"])
def test_a_damaged_pointer_is_not_followed(store, encoder, content):
    published(store, encoder, COD)
    (store.root / "CURRENT").write_text(content, encoding="utf-8")
    with pytest.raises(StoreDamaged, match="CURRENT"):
        store.current()


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are POSIX")
def test_a_full_disk_leaves_the_live_generation_and_no_debris(store, encoder):
    published(store, encoder, COD)
    code = (
        "import resource, signal, sys, pathlib\n"
        "from kb.store import Store; from kb.errors import StoreError\n"
        "from tests.doubles import BigramEncoder, faq\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))\n"
        "try: Store(pathlib.Path(sys.argv[1])).write([faq(f'第{i}问？', '答' * 99) for i in range(9)], [BigramEncoder()])\n"
        "except StoreError as error: print(error)\n"
    )
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", code, str(store.root)], capture_output=True, text=True, cwd=root, check=True
    )
    assert "磁盘空间不足" in result.stdout and "当前版本不受影响" in result.stdout
    assert store.ids() == ["gen-000001"] and not list(store.root.glob(".gen-*"))
    store.verify("gen-000001")


def test_a_manifest_of_a_newer_format_is_refused(store, encoder):
    from kb.manifest import _digest

    identity = published(store, encoder, COD)
    path = store.root / identity / "manifest.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values.pop("digest")
    values["format"] = 99
    path.write_text(json.dumps({**values, "digest": _digest(values)}), encoding="utf-8")
    with pytest.raises(StoreDamaged, match="format 99"):
        store.manifest(identity)


def test_synonyms_are_part_of_the_content(store, encoder):
    one, other = Synonyms([("货到付款", "到付")]), Synonyms([("货到付款", "见面付")])
    first = store.write([COD], [encoder], synonyms=one)
    assert first.content == content_digest([COD], [encoder], one)
    assert store.write([COD], [encoder], synonyms=one).content == first.content
    assert store.write([COD], [encoder], synonyms=other).content != first.content
    assert store.load(first.id, "public").synonyms.groups == one.groups


def test_both_audiences_are_calibrated_by_their_own_text(store, encoder):
    entries = [COD, FREIGHT, *(passage(f"第{number}条内部规定。", audience="internal") for number in range(30))]
    identity = store.write(entries, [encoder]).id
    public, internal = (store.load(identity, audience).calibration for audience in ("public", "internal"))
    assert DEFAULT != public != internal != DEFAULT


def test_a_generation_of_an_earlier_version_still_loads(store, encoder):
    """Neither synonyms.txt nor calibration.json was written then."""
    identity = published(store, encoder, COD, SECRET)
    folder = store.root / identity
    manifest = store.manifest(identity)
    newer = [name for name in manifest.files if name.endswith(("/synonyms.txt", "/calibration.json"))]
    assert len(newer) == 4
    for name in newer:
        (folder / name).unlink()
    kept = {name: info for name, info in manifest.files.items() if name not in newer}
    (folder / "manifest.json").write_bytes(replace(manifest, files=kept).to_bytes())
    store.verify(identity)
    index = store.load(identity, "public")
    assert index.calibration == DEFAULT and index.synonyms.groups == ()
    assert store.write([COD, SECRET, FREIGHT], [encoder]).counts["reused"] > 0


def test_a_stale_draft_is_refused_and_names_both_versions(store, encoder):
    published(store, encoder, COD)
    draft = store.write([COD, FREIGHT], [encoder]).id
    published(store, encoder, COD, SECRET)
    with pytest.raises(StaleDraft, match="gen-000002 是在 gen-000001 的基础上.*gen-000003.*ingest build"):
        store.publish(draft)
    assert store.current() == "gen-000003"


def test_what_was_live_once_may_always_be_live_again(store, encoder):
    for text in "甲乙丙":
        published(store, encoder, faq(f"{text}？", text))
    store.publish("gen-000001")
    store.publish("gen-000003")
    assert store.manifest("gen-000001").published and store.current() == "gen-000003"


def test_ancestors_of_early_versions_count_as_having_been_live(store, encoder):
    for text in "甲乙丙":
        published(store, encoder, faq(f"{text}？", text))
    for identity in ("gen-000001", "gen-000002"):
        path = store.root / identity / "manifest.json"
        path.write_bytes(replace(store.manifest(identity), published=None).to_bytes())
    store.publish("gen-000001")
    assert store.current() == "gen-000001"


def test_a_draft_beside_nothing_is_stale_once_something_is_live(store, encoder):
    first, second = (store.write([entry], [encoder]).id for entry in (COD, FREIGHT))
    store.publish(first)
    with pytest.raises(StaleDraft, match="空的知识库"):
        store.publish(second)


def test_publishing_mends_a_damaged_pointer(store, encoder):
    identity = published(store, encoder, COD)
    (store.root / "CURRENT").write_text("坏\n", encoding="utf-8")
    store.publish(identity)
    assert store.current() == identity


def test_a_manifest_that_was_laid_out_anew_is_refused(store, encoder):
    identity = published(store, encoder, COD)
    path = store.root / identity / "manifest.json"
    good = path.read_bytes()
    for bad in (good.replace(b"\n ", b"\t ", 1), good + b"\n", good[:-1], json.dumps(json.loads(good)).encode()):
        path.write_bytes(bad)
        with pytest.raises(StoreDamaged, match="清单损坏"):
            store.verify(identity)


def test_why_the_gate_was_passed_over_is_kept(store, encoder):
    identity = store.write([COD], [encoder]).id
    store.publish(identity, figures={"gate_passed": 0.5}, override="旧活动已结束")
    store.publish(identity)
    assert store.manifest(identity).override == "旧活动已结束" and store.manifest(identity).figures == {"gate_passed": 0.5}


def test_a_publish_that_is_killed_leaves_no_foreign_file_in_a_generation(store, encoder, monkeypatch):
    identity = store.write([COD], [encoder]).id

    def killed(old, new):
        raise KeyboardInterrupt

    monkeypatch.setattr("kb.durable.os.replace", killed)
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
    with pytest.raises(KeyboardInterrupt):
        store.publish(identity, figures={})
    monkeypatch.undo()
    store.verify(identity)
    assert len(list(store.root.glob(".*.tmp"))) == 1
    store.publish(identity)
    assert not list(store.root.glob(".*.tmp"))


def test_a_switch_that_the_disk_did_not_confirm_says_so(store, encoder, monkeypatch):
    published(store, encoder, COD)
    draft = store.write([FREIGHT], [encoder]).id

    def failing(folder):
        if folder == store.root:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("kb.durable.sync_folder", failing)
    with pytest.raises(StoreError, match=f"已切换到版本 {draft}，但磁盘没有确认.*可能回到 gen-000001"):
        store.publish(draft)


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are POSIX")
def test_folders_that_cannot_be_written_are_one_clear_line(tmp_path, encoder, monkeypatch):
    blocked = tmp_path / "只读 盘"
    blocked.mkdir()
    store = Store(blocked / "store")

    def refused(self, *args, **kwargs):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(StoreError, match="只读 盘.*只读的.*权限和磁盘"):
        store.write([COD], [encoder])


def test_a_network_folder_without_locks_is_named(store, encoder, monkeypatch):
    import fcntl

    def unsupported(fd, how):
        raise OSError(37, "No locks available")

    store.root.mkdir()
    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(StoreError, match="不支持加锁，可能是网络文件夹"):
        store.write([COD], [encoder])


def test_a_home_in_chinese_with_spaces_and_a_clock_that_jumps(tmp_path, encoder, monkeypatch):
    """Order comes from ids and parents, never from times."""
    import kb.draft

    real, store = kb.draft.datetime, Store(tmp_path / "店铺 资料（新）" / "store")

    class Backwards:
        @staticmethod
        def now(tz=None):
            return real(2031 - len(store.ids()), 1, 1, tzinfo=tz)

    monkeypatch.setattr(kb.draft, "datetime", Backwards)
    for text in "甲乙丙":
        published(store, encoder, faq(f"{text}？", text))
    assert [store.manifest(identity).created[:4] for identity in store.ids()] == ["2029", "2030", "2031"]
    assert store.rollback() == "gen-000002" and store.current() == "gen-000002"
    assert store.gc(keep=1) == []


def test_a_large_vector_file_is_mapped_and_still_checked(tmp_path, monkeypatch):
    monkeypatch.setattr("kb.generations.MAPPED_BYTES", 1)
    store = Store(tmp_path / "store")
    identity = store.write([COD], [BigramEncoder()]).id
    mapped = store.load(identity, "public").vectors[0]
    assert mapped._owner is not None and mapped.rows == 3
    path = store.folder(identity) / "public" / "vectors-0.faiss"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreDamaged, match="校验和"):
        Store(tmp_path / "store").load(identity, "public")
