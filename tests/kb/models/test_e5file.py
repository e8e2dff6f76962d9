import struct

import numpy as np
import pytest

from kb.errors import ModelDamaged
from kb.models.e5file import dequantise, parse
from tests.kb.models import containers

BLOCK = np.dtype([("scale", "<f2"), ("quants", "u1", (16,))])


def test_dequantise_by_hand():
    # low nibbles hold weights 0..15, high nibbles 16..31; value = (nibble - 8) * scale
    quants = bytes([0x08 | 0x90, *([0x88] * 14), 0x0F | 0xF0])
    blocks = np.frombuffer(struct.pack("<e", 0.5) + quants, BLOCK).reshape(1, 1)
    expected = np.zeros(32)
    expected[16] = 0.5  # 0x98: high nibble 9
    expected[15] = expected[31] = 3.5  # 0xFF
    assert dequantise(blocks).tolist() == [expected.tolist()]


def test_dequantise_keeps_rows_apart_and_gives_float32():
    weights = np.linspace(-1, 1, 3 * 64, dtype=np.float32).reshape(3, 64)
    found = dequantise(np.frombuffer(containers.q4(weights), BLOCK).reshape(3, 2))
    assert found.dtype == np.float32 and found.shape == (3, 64)
    assert np.abs(found - weights).max() <= 1 / 8  # a step of four bits at the largest magnitude


def test_header_pieces_and_tensors_are_read():
    parsed = parse(containers.container())
    assert (parsed.hidden, parsed.layers, parsed.heads, parsed.feed_forward) == (32, 1, 2, 64)
    assert (parsed.rows, parsed.positions, parsed.token_types) == (containers.ROWS, 16, 2)
    assert parsed.epsilon == pytest.approx(1e-12)
    assert parsed.pieces == containers.PIECES
    assert parsed.scores.tolist() == list(containers.SCORES)
    assert (parsed.bos, parsed.pad, parsed.eos, parsed.unk) == (0, 1, 2, 3)
    assert np.array_equal(parsed.vector("emb.ln.w"), containers.tensors()["emb.ln.w"])


def test_rows_of_a_matrix_can_be_picked_in_any_order():
    parsed = parse(containers.container())
    whole = parsed.matrix("emb.word", 32)
    assert whole.shape == (containers.ROWS, 32)
    assert np.abs(whole - containers.tensors()["emb.word"]).max() < 0.06
    assert np.array_equal(parsed.matrix("emb.word", 32, np.array([7, 0, 7])), whole[[7, 0, 7]])


def test_a_cut_off_file_is_refused_wherever_it_ends():
    whole = containers.container()
    for length in [*range(0, 2000, 13), len(whole) - 1]:
        with pytest.raises(ModelDamaged, match=r"e5-small-q4\.bin"):
            parse(whole[:length])


@pytest.mark.parametrize("changed", [{"magic": b"E5S2"}, {"version": 2}, {"block": 64}])
def test_another_format_is_refused(changed):
    with pytest.raises(ModelDamaged):
        parse(containers.container(**changed))


def test_a_tensor_of_another_type_or_name_is_refused():
    parsed = parse(containers.container())
    for read in (lambda: parsed.vector("emb.word"), lambda: parsed.matrix("emb.pos", 32), lambda: parsed.vector("no")):
        with pytest.raises(ModelDamaged, match="张量"):
            read()
    with pytest.raises(ModelDamaged):
        parsed.matrix("emb.word", 36)
