"""A build that is broken off goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.store import Store
from tests.doubles import BigramEncoder, faq

ENTRIES = [faq(f"第{number}个问题？", f"第{number}个答案。") for number in range(600)]
TEXTS = 1200


class Interrupted(BigramEncoder):
    """Somebody presses Ctrl-C while the third piece is encoded."""

    pieces = 0

    def passages(self, texts, progress=None):
        if len(texts) > 100:
            self.pieces += 1
            if self.pieces == 3:
                raise KeyboardInterrupt
        return super().passages(texts, progress)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.draft.calibrated", lambda index, encoders: index)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def broken_off(store: Store) -> Store:
    store.publish(store.write(ENTRIES[:1], [BigramEncoder()]).id)
    with pytest.raises(KeyboardInterrupt):
        store.write(ENTRIES, [Interrupted()])
    return store


def test_ctrl_c_leaves_the_live_version_and_the_next_build_goes_on(broken_off, tmp_path):
    assert broken_off.current() == "gen-000001" and broken_off.ids() == ["gen-000001"]
    encoder, seen = BigramEncoder(), []
    manifest = broken_off.write(ENTRIES, [encoder], progress=lambda done, total: seen.append((done, total)))
    assert len(encoder.encoded) == manifest.counts["embedded"] == TEXTS - 2 - 2 * 512
    assert manifest.counts["reused"] == 2 + 2 * 512 and seen[-1] == (174, 174)
    straight = Store(tmp_path / "other").write(ENTRIES, [BigramEncoder()])
    assert manifest.files == straight.files, "as if it had not been broken off"


def test_a_draft_that_was_not_published_saves_its_vectors(store):
    store.write(ENTRIES, [BigramEncoder()])
    assert store.write(ENTRIES, [BigramEncoder()]).counts["embedded"] == 0


def test_what_was_kept_goes_when_a_version_is_published(broken_off):
    assert list(broken_off.root.glob(".vectors/*/*.npz"))
    broken_off.publish(broken_off.write(ENTRIES, [BigramEncoder()]).id)
    assert not (broken_off.root / ".vectors").exists()


def test_full_does_not_look_at_it(broken_off):
    assert broken_off.write(ENTRIES, [BigramEncoder()], full=True).counts["embedded"] == TEXTS


def test_another_encoder_does_not_find_it(broken_off):
    other = BigramEncoder()
    other.fingerprint = "other:1"
    assert broken_off.write(ENTRIES, [other]).counts["reused"] == 0


def test_a_damaged_piece_is_encoded_again(broken_off, tmp_path):
    path = sorted(broken_off.root.glob(".vectors/*/*.npz"))[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(bytes(data))
    manifest = broken_off.write(ENTRIES, [BigramEncoder()])
    assert manifest.counts["reused"] == 2 + 512
    assert manifest.files == Store(tmp_path / "other").write(ENTRIES, [BigramEncoder()]).files


def test_a_small_change_leaves_nothing_aside(store):
    store.write(ENTRIES[:9], [BigramEncoder()])
    assert not (store.root / ".vectors").exists()
