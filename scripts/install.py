"""Set up a virtual environment with the CPU build of torch and this project. Standard library only.

    python3 scripts/install.py .venv [EXTRA...]

PyPI's torch for Linux carries CUDA (several GB); the CPU builds live on indexes of their own, which a project's
metadata cannot name. Each candidate below is asked first whether it answers and has the build, within a few seconds,
so that a network without it (or a mirror set up in pip's configuration that has it) never hangs. KB_TORCH_INDEX puts
another index in front.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CANDIDATES = (
    ("--extra-index-url", "https://download.pytorch.org/whl/cpu", "torch/"),
    ("--find-links", "https://mirrors.aliyun.com/pytorch-wheels/cpu/", ""),
)
PROBE_SECONDS = 6


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    if sys.version_info < (3, 10):  # noqa: UP036 - run by whatever Python is there
        print(f"需要 Python 3.10 或更新的版本，现在是 {platform.python_version()}；请安装后用 make PYTHON=python3.x 重试。", file=sys.stderr)
        return 1
    folder, extras = Path(arguments[0]).absolute(), arguments[1:]
    try:
        python = make_environment(folder)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-c", str(ROOT / "constraints.txt")]
        if not has_torch(python):
            source = cpu_source(wanted_torch())
            say("正在安装 torch（CPU 版）…")
            subprocess.run([*pip, "--quiet", *source, "torch"], check=True)
        say("正在安装依赖…")
        target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
        subprocess.run([*pip, "--quiet", "--editable", target], check=True)
    except subprocess.CalledProcessError as error:
        print(f"安装失败：命令以 {error.returncode} 结束，原因见上面几行；请检查网络或 pip 的镜像设置后重新运行。", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"安装失败：{error}；请检查 {folder} 的权限和磁盘空间后重新运行。", file=sys.stderr)
        return 1
    say("安装完成。")
    return 0


def make_environment(folder: Path) -> Path:
    """The environment's Python; the environment is made if it is not there yet."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if works(python):
        return python
    say(f"正在创建虚拟环境 {folder.name} …")
    command = [sys.executable, "-m", "venv", "--clear", str(folder)]
    made = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if made.returncode == 0 and works(python):
        return python
    # Debian keeps ensurepip in a package of its own.
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if hasattr(os, "geteuid") and os.geteuid() == 0 and Path("/usr/bin/apt-get").exists():
        say(f"系统缺少 {package}，正在安装…")
        subprocess.run(["apt-get", "update", "-qq"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["apt-get", "install", "-y", "-qq", package], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return python
    raise OSError(f"创建虚拟环境失败，系统可能缺少 venv 模块，请先运行 sudo apt install {package}")


def works(python: Path) -> bool:
    """Whether this environment can install packages."""
    return python.exists() and succeeds([str(python), "-m", "pip", "--version"])


def has_torch(python: Path) -> bool:
    """Whether the wanted torch is there already, whatever its build."""
    check = f"import importlib.metadata as m, sys; sys.exit(m.version('torch').split('+')[0] != '{wanted_torch()}')"
    return succeeds([str(python), "-c", check])


def succeeds(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def wanted_torch() -> str:
    """The version constraints.txt names."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return next(line.split("==")[1] for line in lines if line.startswith("torch=="))


def cpu_source(version: str) -> list[str]:
    """The pip options under which the CPU build of ``version`` is found; none where pip's own index has it anyway."""
    if sys.platform != "linux":  # the wheels for macOS and Windows are CPU builds
        return []
    own = os.environ.get("KB_TORCH_INDEX")
    if own:
        return ["--extra-index-url", own]
    for option, address, page in CANDIDATES:
        if offers(address + ("" if address.endswith("/") or not page else "/") + page, version):
            return [option, address]
    say("找不到 torch 的 CPU 版下载地址，改用 pip 默认的来源（Linux 上可能是体积较大的 CUDA 版，同样可用）。")
    return []


def offers(address: str, version: str) -> bool:
    """Whether the listing at ``address`` answers in time and names the CPU build.

    Asked in a child process: looking up a host name cannot be limited in time from inside.
    """
    code = (
        "import sys, urllib.request as u;"
        f"text = u.urlopen(sys.argv[1], timeout={PROBE_SECONDS}).read().decode('utf-8', 'replace');"
        "sys.exit(not ('torch-' + sys.argv[2] + '%2Bcpu' in text or 'torch-' + sys.argv[2] + '+cpu' in text))"
    )
    try:
        asked = subprocess.run(
            [sys.executable, "-c", code, address, version],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PROBE_SECONDS + 2,
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
