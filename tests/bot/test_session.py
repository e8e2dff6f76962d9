from __future__ import annotations

import threading
import time

import pytest

from bot.records import TurnView
from bot.session import Sessions
from tests.doubles import Clock


def test_ids_are_long_random_and_fit_for_a_cookie():
    sessions = Sessions(Clock())
    ids = {sessions.open() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(one) >= 32 and one.replace("-", "").replace("_", "").isalnum() for one in ids)


def test_a_conversation_is_remembered_until_it_ages():
    clock = Clock()
    sessions = Sessions(clock, minutes=30)
    with sessions.use("a") as conversation:
        conversation.question = "可以退货吗"
    clock.pass_(minutes=29)
    with sessions.use("a") as conversation:
        assert conversation.question == "可以退货吗"
    clock.pass_(minutes=31)
    assert sessions.bubbles("a") is None
    with sessions.use("a") as conversation:
        assert conversation.question == ""


def test_number_is_bounded_and_the_longest_silent_go_first():
    sessions = Sessions(Clock(), count=3)
    for one in "abc":
        with sessions.use(one) as conversation:
            conversation.turns = 1
    with sessions.use("a"):
        pass
    with sessions.use("d"):
        pass
    assert len(sessions) == 3
    assert sessions.bubbles("b") is None
    assert sessions.bubbles("a") == []


def test_bubbles_are_bounded():
    sessions = Sessions(Clock(), bubbles=4)
    with sessions.use("a") as conversation:
        for number in range(200):
            conversation.bubbles.append(TurnView("bot", str(number)))
    assert [bubble.text for bubble in sessions.bubbles("a") or []] == ["196", "197", "198", "199"]


def test_visitors_stay_apart_and_one_visitor_is_served_in_turn():
    sessions = Sessions(Clock())
    most = 0
    inside = 0

    def visit(one: str) -> None:
        nonlocal most, inside
        with sessions.use(one) as conversation:
            inside += one == "same"
            most = max(most, inside)
            seen = conversation.turns
            time.sleep(0.005)
            conversation.turns = seen + 1
            inside -= one == "same"

    threads = [threading.Thread(target=visit, args=("same" if n % 2 else f"v{n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    with sessions.use("same") as conversation:
        assert conversation.turns == 10
    with sessions.use("v0") as conversation:
        assert conversation.turns == 1


@pytest.mark.parametrize("one", ["", "x" * 129])
def test_what_is_no_id_is_refused(one):
    with pytest.raises(ValueError, match="session id"), Sessions(Clock()).use(one):
        pass


def test_forgetting():
    sessions = Sessions(Clock())
    with sessions.use("a"):
        pass
    sessions.forget("a")
    sessions.forget("a")
    assert len(sessions) == 0
