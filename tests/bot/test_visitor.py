from __future__ import annotations

import json
import random
import sqlite3

import pytest

from bot.errors import JournalError
from bot.journal import Journal
from bot.records import Reply
from bot.tickets import Facts
from bot.visitor import REMOVED
from kb.errors import InputError

PHONE = "13812345678"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "journal.sqlite3"


def talk(journal: Journal, session: str, secret: str) -> str:
    """A conversation with everything in it; returns the ticket's number."""
    turn = journal.turn(session, "customer", f"我想给{secret}刻字", Reply(f"关于{secret}", "handoff", "question"))
    journal.rate(turn, session, "down", f"没说{secret}", reasons=("wrong",))
    journal.mark_unsolved(turn, session)
    journal.settle([f"我想给{secret}刻字"], "handled", "小王")
    journal.remember(session, {"question": secret})
    ticket = journal.tickets.open(session, "question", f"{secret}怎么办", contact=PHONE, facts=Facts(what=secret, name="张女士"))
    journal.tickets.add(ticket.id, session, detail=f"补充{secret}", contact="a.b@qq.com")
    journal.tickets.note(ticket.id, "小王", f"客户提到{secret}")
    return ticket.id


def bytes_of(path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob("journal.sqlite3*")))


def test_a_visitor_is_found_by_what_shows_that_the_data_is_theirs(journal):
    number = talk(journal, "session-of-v", "木牌")
    talk(journal, "session-of-w", "铜牌")
    visitors = journal.visitors
    by_session = visitors.find("session-of-v")
    assert len(by_session.sessions) == 1 and by_session.tickets == (number,)
    for contact in (PHONE, "138 1234 5678", "+86-138-1234-5678", "A.B@qq.com"):
        assert visitors.find(number, contact=contact).tickets == (number,)
    with pytest.raises(InputError, match="--contact"):
        visitors.find(number)
    with pytest.raises(InputError, match="--contact"):
        visitors.find(number, contact="13900000000")
    assert visitors.find(number, verified="已回拨确认").tickets == (number,)
    with pytest.raises(InputError, match="--verified"):
        visitors.find("138 1234 5678")
    assert len(visitors.find("138 1234 5678", verified="已回拨").sessions) == 2
    for unknown in ("nobody", "13700000000", ""):
        with pytest.raises(InputError, match="没有找到"):
            visitors.find(unknown, verified="x")
    with pytest.raises(InputError, match="T000000-000000"):
        visitors.find("T000000-000000")


def test_an_export_holds_everything_and_is_noted(journal, path):
    talk(journal, "v", "木牌")
    talk(journal, "w", "铜牌")
    visitors = journal.visitors
    data = visitors.export(visitors.find("v"), "小王")
    text = json.dumps(data, ensure_ascii=False)
    assert text.count("木牌") >= 8 and "铜牌" not in text
    assert data["tickets"][0]["contact"] == f"{PHONE}；a.b@qq.com" and data["ratings"][0]["reasons"] == ["wrong"]
    with sqlite3.connect(path) as connection:
        who, detail = connection.execute("SELECT who, detail FROM audit WHERE action = 'export_visitor'").fetchone()
    assert who == "小王" and detail == "turns=1 tickets=1 proof=session"


def test_deleting_takes_the_person_and_leaves_the_rest(journal, path):
    number = talk(journal, "v", "木牌")
    other = talk(journal, "w", "铜牌")
    visitors = journal.visitors
    assert visitors.delete(visitors.find("v"), "小王") == (1, 1)
    assert journal.turns("v") == [] and len(journal.turns("w")) == 2
    (closed,) = journal.tickets.listed(("closed",))
    assert (closed.id, closed.question, closed.contact, closed.details, closed.facts) == (number, REMOVED, "", (), Facts())
    assert [ticket.id for ticket in journal.tickets.listed()] == [other]
    assert journal.tickets.card(number).notes == ()
    with sqlite3.connect(path) as connection:
        (line,) = connection.execute("SELECT who, detail FROM audit WHERE action = 'delete_visitor'").fetchall()
    assert line == ("小王", "turns=1 tickets=1 proof=session")
    with pytest.raises(InputError, match="没有找到"):
        visitors.find("v")
    journal.close()
    left = bytes_of(path)
    assert "木牌".encode() not in left and "铜牌".encode() in left


def test_deleted_text_is_in_no_file_however_the_pages_were_filled(journal, path):
    dice = random.Random(5)
    secrets = [f"秘密{number:03d}" + "字" * dice.randrange(400) for number in range(40)]
    order = list(range(40))
    for number in order:
        with journal.together():
            talk(journal, f"v{number}", secrets[number])
    dice.shuffle(order)
    visitors = journal.visitors
    for number in order[:25]:
        visitors.delete(visitors.find(f"v{number}"), "小王")
    left = bytes_of(path)
    assert [number for number in order[:25] if f"秘密{number:03d}".encode() in left] == []
    assert all(f"秘密{number:03d}".encode() in left for number in order[25:])


def test_what_the_server_purges_is_in_no_file_either(journal, path, clock):
    from bot.settings import RetentionSettings

    talk(journal, "v", "木牌")
    journal.tickets.close(journal.tickets.listed()[0].id, "小王")
    clock.pass_(days=1000)
    journal.retain(RetentionSettings())
    assert "木牌".encode() not in bytes_of(path)


def test_a_deletion_that_fails_deletes_nothing(journal, monkeypatch):
    talk(journal, "v", "木牌")
    visitors = journal.visitors
    subject = visitors.find("v")

    def broken(*arguments):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(visitors, "_audit", broken)
    with pytest.raises(JournalError):
        visitors.delete(subject, "小王")
    assert len(journal.turns("v")) == 2 and journal.tickets.listed()[0].contact
