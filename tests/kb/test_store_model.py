"""Random sequences of changes, publishes, rollbacks and restarts agree with a model of a few dictionaries."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kb.errors import StaleDraft, StoreError
from kb.knowledge import KnowledgeBase
from kb.records import Entry, Place
from kb.store import Store
from tests.doubles import BigramEncoder, faq

Content = dict[str, tuple[str, int]]
"""Audience and number of the text of each file."""
TEXTS = [f"暗号{word}即可办理。" for word in ("松柏", "杨柳", "梅兰", "竹菊", "桃李", "荷莲", "枫槐", "银杏")]


def entry_of(name: str, audience: str, text: int) -> Entry:
    return replace(faq(f"{name}怎么办理？", TEXTS[text], audience=audience), place=Place(f"{audience}/{name}.csv", row=2))


class Publishing(RuleBasedStateMachine):
    """``files`` is what the editor sees, ``versions`` what each generation held, ``live`` the generations' order of life."""

    names = Bundle("names")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="店铺 "))
        # Calibration is most of a small build and touches no disk; a reader waits for a switch, however busy the machine.
        self.patches = [
            mock.patch("kb.draft.calibrated", lambda index, encoders: index), mock.patch("kb.knowledge.PATIENCE_S", 60)
        ]  # fmt: skip
        for patch in self.patches:
            patch.start()
        self.files: Content = {}
        self.versions: dict[str, Content] = {}
        self.parents: dict[str, str | None] = {}
        self.was_live: set[str] = set()
        self.live: str | None = None
        self.count = 0

    @initialize()
    def start(self) -> None:
        self.restart()

    @rule()
    def restart(self) -> None:
        """Processes end and begin; only the disk stays."""
        self.store = Store(self.folder / "store")
        self.bases = {audience: KnowledgeBase(self.store, [BigramEncoder()], audience) for audience in ("public", "internal")}

    @rule(target=names, audience=st.sampled_from(["public", "internal"]), text=st.integers(0, len(TEXTS) - 1))
    def add(self, audience: str, text: int) -> str:
        self.count += 1
        name = f"事项{self.count}"
        self.files[name] = (audience, text)
        return name

    @rule(name=names, text=st.integers(0, len(TEXTS) - 1))
    def change(self, name: str, text: int) -> None:
        if name in self.files:
            self.files[name] = (self.files[name][0], text)

    @rule(name=names)
    def make_internal(self, name: str) -> None:
        if name in self.files:
            self.files[name] = ("internal", self.files[name][1])

    @rule(name=names)
    def delete(self, name: str) -> None:
        self.files.pop(name, None)

    @rule(target=names, name=names)
    def rename(self, name: str) -> str:
        if name not in self.files:
            return name
        self.count += 1
        new = f"事项{self.count}"
        self.files[new] = self.files.pop(name)
        return new

    @rule()
    def reorder(self) -> None:
        self.files = dict(reversed(self.files.items()))

    def draft(self) -> str:
        identity = self.store.write(self.entries(self.files), [BigramEncoder()]).id
        self.versions[identity], self.parents[identity] = dict(self.files), self.live
        return identity

    @precondition(lambda self: self.files)
    @rule()
    def write_a_draft(self) -> None:
        self.draft()

    @precondition(lambda self: self.files)
    @rule()
    def a_full_rebuild_gives_the_same_bytes(self) -> None:
        identity = self.draft()
        again = Store(self.folder / "again").write(self.entries(self.files), [BigramEncoder()], full=True)
        assert self.store.manifest(identity).files == again.files
        shutil.rmtree(self.folder / "again")

    @precondition(lambda self: self.files)
    @rule()
    def build_and_publish(self) -> None:
        identity = self.draft()
        self.store.publish(identity)
        self.live = identity
        self.was_live.add(identity)

    @precondition(lambda self: self.versions)
    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        identity = data.draw(st.sampled_from(sorted(self.versions)))
        if identity in self.was_live or self.parents[identity] == self.live:
            self.store.publish(identity)
            self.live = identity
            self.was_live.add(identity)
        else:
            with pytest.raises(StaleDraft):
                self.store.publish(identity)

    @precondition(lambda self: self.live)
    @rule()
    def rollback(self) -> None:
        parent = self.parents[self.live or ""]
        if parent in self.versions:
            assert self.store.rollback() == parent
            self.live = parent
        else:
            with pytest.raises(StoreError):
                self.store.rollback()

    @rule(keep=st.integers(1, 3))
    def tidy(self, keep: int) -> None:
        kept = {*sorted(self.versions)[-keep:], self.live, self.parents.get(self.live or "")}
        assert set(self.store.gc(keep)) == set(self.versions) - kept
        self.versions = {identity: held for identity, held in self.versions.items() if identity in kept}

    @invariant()
    def the_live_version_is_what_the_model_says(self) -> None:
        assert self.store.current() == self.live and set(self.store.ids()) == set(self.versions)
        if self.live is None:
            return
        content = self.versions[self.live]
        for audience, base in self.bases.items():
            expected = {entry.id: entry for entry in self.entries(content) if audience == "internal" or entry.audience == "public"}
            assert base.generation == self.live
            assert {entry.id: entry for entry in base.entries} == expected
            said = {entry.text for entry in expected.values()}
            for text in TEXTS:
                assert {hit.text for hit in base.search(text, k=20).hits} <= said, "a deleted text was found"
            data = b"".join(path.read_bytes() for path in (self.store.root / self.live / audience).iterdir())
            assert not [text for text in TEXTS if text not in said and text.encode() in data], "a deleted text is still there"

    def entries(self, content: Content) -> list[Entry]:
        return [entry_of(name, *held) for name, held in content.items()]

    def teardown(self) -> None:
        for patch in self.patches:
            patch.stop()
        shutil.rmtree(self.folder)


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Publishing,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_a_few_short_histories():
    run(examples=6, steps=12)


@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_many_long_histories():
    run(examples=max(2, int(os.environ.get("FAULTS_ROUNDS", "200")) // 2), steps=40)
