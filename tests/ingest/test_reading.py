from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ingest.entries import FileResult, read_entries
from ingest.reading import FileReader, Rejected
from ingest.sources import Source
from ingest.worker import MAX_FILE_BYTES, read_file
from kb.errors import SourceError
from tests.ingest.files import ETIQUETTE_MD, FAQ_CSV, GUIDE_MD, SHOP, full_text, write

needs_fifo = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")


def source(path: Path) -> Source:
    return Source(path, path.name, ())


@needs_fifo
def test_the_child_gives_what_reading_here_gives_and_survives_every_file(tmp_path):
    write(tmp_path, 政策_md=GUIDE_MD, 礼仪_md=ETIQUETTE_MD, 坏_xlsx="不是表格", 问答_csv=FAQ_CSV, 声音_mp3="x")
    os.mkfifo(tmp_path / "管道.txt")  # opening it waits for ever
    with FileReader(SHOP, timeout=1.5) as reader:
        results = {path.name: reader.entries(source(path)) for path in sorted(tmp_path.iterdir())}
        text = reader.text(source(tmp_path / "政策.md"))
    for name in ("政策.md", "礼仪.md", "问答.csv"):
        assert results[name] == read_entries((tmp_path / name).read_bytes(), name, SHOP)
    rejected = {name: result.reason for name, result in results.items() if isinstance(result, Rejected)}
    assert set(rejected) == {"坏.xlsx", "声音.mp3", "管道.txt"}
    assert "2 秒" in rejected["管道.txt"] and "暂不支持" in rejected["声音.mp3"]
    assert text == full_text(GUIDE_MD, "政策.md")


@needs_fifo
def test_a_child_that_dies_is_replaced(tmp_path):
    pipe = tmp_path / "管道.txt"
    os.mkfifo(pipe)
    good = write(tmp_path, 政策_md=GUIDE_MD) / "政策.md"

    def kill_children() -> None:
        for _ in range(2):  # the file is tried once more in a fresh child
            time.sleep(0.8)
            child = reader._child
            if child is not None:
                child._process.kill()

    with FileReader(SHOP, timeout=20) as reader:
        assert isinstance(reader.entries(source(good)), FileResult)
        killer = threading.Thread(target=kill_children)
        killer.start()
        result = reader.entries(source(pipe))
        killer.join()
        assert isinstance(result, Rejected) and "意外退出" in result.reason
        assert isinstance(reader.entries(source(good)), FileResult)


def test_memory_is_capped_where_the_system_can():
    code = "from ingest.worker import limit_memory; limit_memory(300 << 20); bytearray(600 << 20)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr or sys.platform != "linux"


def test_a_file_too_big_or_gone_or_changing_is_refused_before_it_is_parsed(tmp_path, monkeypatch):
    big = tmp_path / "大.txt"
    with big.open("wb") as stream:
        stream.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(SourceError, match="上限"):
        read_file(big)
    with pytest.raises(SourceError, match="打不开"):
        read_file(tmp_path / "没有.txt")

    changing = tmp_path / "变.txt"
    changing.write_text("一")
    honest = Path.read_bytes

    def read_while_someone_writes(self: Path) -> bytes:
        data = honest(self)
        self.write_text("一二三")
        return data

    monkeypatch.setattr(Path, "read_bytes", read_while_someone_writes)
    with pytest.raises(SourceError, match="变化"):
        read_file(changing)


def test_libraries_that_print_do_not_break_the_conversation(tmp_path):
    (tmp_path / "ingest_noise.py").write_text("print('noise')")
    code = (
        "import sys, os; from ingest import worker\n"
        "real = worker.read_file\n"
        "worker.read_file = lambda path: (print('noise', flush=True), os.write(1, b'more\\n'), real(path))[2]\n"
        "worker.main()"
    )
    file = write(tmp_path, a_txt="七天内可退。") / "a.txt"
    request = f'{{"path": "{file}", "source": "a.txt", "brand": "x", "want": "text"}}\n'
    done = subprocess.run([sys.executable, "-c", code], input=request, capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout == '{"text": "七天内可退。"}\n' and "noise" in done.stderr
