#!/bin/sh
# The faults suite stops a publish at every system call with strace. Where we may install it, we do.
command -v strace >/dev/null 2>&1 && exit 0
if [ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "正在安装 strace（故障测试用）…" >&2
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends strace; } >/dev/null 2>&1 ||
        echo "strace 安装失败，需要它的故障测试将跳过。" >&2
else
    echo "没有找到 strace，需要它的故障测试将跳过；可用 sudo apt install strace 安装。" >&2
fi
