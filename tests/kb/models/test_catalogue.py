import importlib
from pathlib import Path

import pytest

from kb.errors import ModelError
from kb.models import CATALOGUE, resolve


def test_every_packaged_encoder_is_pinned_and_names_its_licence():
    assert list(CATALOGUE) == ["e5", "e5-plain", "m3e", "use"]
    for name, spec in CATALOGUE.items():
        assert spec.name == name
        assert spec.requirement.endswith(f"=={spec.version}")
        assert len(bytes.fromhex(spec.sha256)) == 32
        assert spec.wheel.endswith(".whl") and spec.version in spec.wheel
        assert spec.space_bytes > 2 * spec.wheel_bytes
    assert {name: spec.licence for name, spec in CATALOGUE.items()} == {
        "e5": "MIT",
        "e5-plain": "MIT",
        "m3e": "research, non-commercial",
        "use": "Apache-2.0",
    }
    assert "非商业" in CATALOGUE["m3e"].licence_note_zh


def test_e5_plain_is_e5_without_its_adapter_and_keeps_its_own_folder():
    tuned, plain = CATALOGUE["e5"], CATALOGUE["e5-plain"]
    assert (tuned.folder, plain.folder) == ("e5-0.3.0-r2", "e5-plain-0.3.0-r1")
    assert tuned.adapter and not plain.adapter
    assert (tuned.family, tuned.sha256, tuned.licence_note_zh) == (plain.family, plain.sha256, plain.licence_note_zh)
    assert len({spec.folder for spec in CATALOGUE.values()}) == len(CATALOGUE)


@pytest.mark.parametrize("spec", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_family_has_a_converter_and_every_adapter_a_file(spec):
    converter = importlib.import_module(f"kb.models.{spec.family}")
    assert callable(converter.convert)
    assert not spec.adapter or Path(converter.__file__).with_name(spec.adapter).is_file()


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        CATALOGUE["e5"] = None


@pytest.mark.parametrize("name", ["e5", "e5-plain", "m3e", "use", " e5 "])
def test_packaged_names_win_even_over_a_folder_of_that_name(name, tmp_path, monkeypatch):
    (tmp_path / name.strip()).mkdir()
    monkeypatch.chdir(tmp_path)
    resolved = resolve(name, Path("cache"))
    assert resolved.kind == "packaged"
    assert Path(resolved.path_or_id) == Path("cache") / CATALOGUE[name.strip()].folder


def test_an_existing_folder_is_taken_as_it_is_also_with_a_chinese_name(tmp_path):
    folder = tmp_path / "我的 模型"
    folder.mkdir()
    resolved = resolve(str(folder), tmp_path)
    assert (resolved.kind, resolved.name, Path(resolved.path_or_id)) == ("folder", "我的 模型", folder)


def test_an_existing_relative_folder_wins_over_a_hub_id_of_the_same_shape(tmp_path, monkeypatch):
    (tmp_path / "BAAI" / "bge").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert resolve("BAAI/bge", tmp_path).kind == "folder"


def test_owner_and_name_is_a_hub_id_and_nothing_is_asked(tmp_path):
    resolved = resolve("BAAI/bge-small-zh-v1.5", tmp_path)
    assert (resolved.kind, resolved.path_or_id) == ("hub", "BAAI/bge-small-zh-v1.5")


WRONG = [
    "",
    "  ",
    "e6",
    "E5",
    "/no/such/folder",
    "a/b/c",
    "../x/y",
    "模型/甲",
    "owner/",
    "/name",
    "C:\\m",
    "\0",
    "长" * 5000,
]


@pytest.mark.parametrize("setting", WRONG, ids=range(len(WRONG)))
def test_anything_else_is_an_error_that_lists_the_choices(setting, tmp_path):
    with pytest.raises(ModelError) as caught:
        resolve(setting, tmp_path)
    text = str(caught.value)
    assert f"“{setting.strip()}”" in text
    assert "e5、e5-plain、m3e、use" in text and "BAAI/bge-small-zh-v1.5" in text
    assert "\n" not in text
