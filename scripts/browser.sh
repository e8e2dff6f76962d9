#!/bin/sh
# Browser tests drive the system's Chromium. Where we may install it, we do; elsewhere those tests are skipped.
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "正在安装 Chromium（页面测试用）…" >&2
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; } >/dev/null 2>&1 ||
        echo "Chromium 安装失败，页面测试将跳过。" >&2
else
    echo "没有找到 Chromium，页面测试将跳过；可用 sudo apt install chromium fonts-noto-cjk 安装。" >&2
fi
