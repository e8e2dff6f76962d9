import json

import pytest

from kb.errors import ModelDamaged
from kb.models import seal, verify


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "模型-1"
    (target / "1_Pooling").mkdir(parents=True)
    (target / "weights.bin").write_bytes(b"0123456789")
    (target / "1_Pooling" / "config.json").write_text("{}")
    seal.seal(target, {"name": "e5"})
    return target


def test_a_sealed_folder_passes_both_looks(folder):
    seal.check(folder)
    verify(folder)
    note = json.loads((folder / "ready.json").read_text(encoding="utf-8"))
    assert note["name"] == "e5"
    assert note["files"]["1_Pooling/config.json"]["size"] == 2
    assert note["files"]["weights.bin"]["sha256"].startswith("84d89877")


def damage(folder, how):
    weights = folder / "weights.bin"
    if how == "cut":
        weights.write_bytes(b"01234")
    elif how == "gone":
        weights.unlink()
    elif how == "no note":
        (folder / "ready.json").unlink()
    elif how == "half a note":
        (folder / "ready.json").write_text('{"format": 1, "files": {"weights.bin": {"si')
    elif how == "a note of another kind":
        (folder / "ready.json").write_text('{"format": 2, "files": {}}')
    elif how == "a list for a note":
        (folder / "ready.json").write_text("[]")


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ("cut", "weights.bin"),
        ("gone", "weights.bin"),
        ("no note", "ready.json"),
        ("half a note", "ready.json"),
        ("a note of another kind", "ready.json"),
        ("a list for a note", "ready.json"),
    ],
)
def test_damage_is_noticed_at_once_and_the_remedy_told(folder, how, named):
    damage(folder, how)
    for look in (seal.check, verify):
        with pytest.raises(ModelDamaged) as caught:
            look(folder)
        text = str(caught.value)
        assert str(folder / named) in text and f"请删除文件夹 {folder}" in text and "\n" not in text


@pytest.mark.parametrize("place", range(10))
def test_every_flipped_byte_is_found_by_the_full_look(folder, place):
    weights = folder / "weights.bin"
    data = bytearray(weights.read_bytes())
    data[place] ^= 1
    weights.write_bytes(data)
    seal.check(folder)
    with pytest.raises(ModelDamaged, match="SHA-256"):
        verify(folder)


def test_the_fingerprint_follows_the_content_only(folder, tmp_path):
    same = tmp_path / "elsewhere"
    (same / "1_Pooling").mkdir(parents=True)
    (same / "weights.bin").write_bytes(b"0123456789")
    (same / "1_Pooling" / "config.json").write_text("{}")
    seal.seal(same, {"name": "another note"})
    assert seal.fingerprint(same) == seal.fingerprint(folder)
    (same / "weights.bin").write_bytes(b"0123456780")
    seal.seal(same, {})
    assert seal.fingerprint(same) != seal.fingerprint(folder)
