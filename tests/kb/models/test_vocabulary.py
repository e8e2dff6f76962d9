import pytest

from kb.models.vocabulary import build_tokenizer, keeps

KEPT = [
    "▁", "▁的", "退货", "貨到付款", "々", "〇", "𠮷", "㐀", "﨑", "カード", "の", "ㄅ", "▁refund", "café", "Ñ", "ß",
    "123", "％", "％", "，", "。", "！", "《", "·", "…", "—", "￥", "€", "™", "①", "℃", "→", "★", "√", "×", "👍", "😂",
    "\ufe0f", "～", "μ", "▁Ω", "①", "\uf0b7", "a\u0301",
]  # fmt: skip
DROPPED = ["한국", "при", "▁и", "و", "ไทย", "हिन्दी", "שלום", "▁και", "αβ", "ქართ", "հայ", "ᄒ", "٣", "a한", "ā\u0b64"]


@pytest.mark.parametrize("piece", KEPT)
def test_what_chinese_and_english_need_is_kept(piece):
    assert keeps(piece)


@pytest.mark.parametrize("piece", DROPPED)
def test_other_scripts_are_dropped_also_in_part(piece):
    assert not keeps(piece)


@pytest.fixture(scope="module")
def tokenizer():
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁退", "退", "货", "退货", "～", "~", "a", "1", "!", "が", "é", ","]
    scores = [0.0] * 4 + [-1.0, -3.0, -4.0, -4.0, -2.0, *[-5.0] * 8]
    return build_tokenizer(pieces, scores, bos=0, eos=2, pad=1, unk=3)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("退货", ["▁", "退货"]),  # -1 - 2 beats -3 - 4
        ("退货退货", ["▁", "退货", "退货"]),
        ("退货  退\t货", ["▁", "退货", "▁退", "▁", "货"]),
        ("退\u200b货", ["▁退", "▁", "货"]),
        ("退\x00\x07货", ["▁", "退货"]),
        ("ａ１！", ["▁", "a", "1", "!"]),
        ("a～~", ["▁", "a", "～", "~"]),
        ("ｶ\u3000が", ["▁", "カ", "▁", "が"]),
        ("か\u3099", ["▁", "が"]),
        ("e\u0301", ["▁", "é"]),
        ("한국 a", ["▁", "한국", "▁", "a"]),
        ("", []),
    ],
)
def test_text_becomes_pieces(tokenizer, text, tokens):
    encoded = tokenizer.encode(text, add_special_tokens=False)
    assert encoded.tokens == tokens


def test_a_run_of_unknown_characters_is_one_unknown_token_between_the_specials(tokenizer):
    assert tokenizer.encode("한국어 a").ids == [0, 4, 3, 4, 11, 2]


def test_ten_thousand_characters_are_covered_to_the_last(tokenizer):
    encoded = tokenizer.encode("退货" * 5000, add_special_tokens=False)
    assert len(encoded.ids) == 5001
    assert encoded.offsets[-1] == (9998, 10000)
