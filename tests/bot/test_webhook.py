"""The webhook against a real server on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot.journal import Journal
from bot.outbox import BACKOFF, GIVE_UP
from bot.settings import WebhookSettings
from bot.webhook import Courier, checked
from bot.wiring import open_courier
from kb.errors import SettingsError

SECRET = "s3cret-of-the-tests"


class Receiver:
    """Answers as it is told to: a status, ``hang`` (says nothing) or ``trickle`` (a byte now and then)."""

    def __init__(self) -> None:
        self.plan: list[int | str] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.freed = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                act = receiver.plan.pop(0) if receiver.plan else 200
                if act == "hang":
                    receiver.freed.wait(20)
                    return
                if act == "trickle":
                    for _ in range(100):
                        try:
                            self.wfile.write(b"H")
                        except OSError:
                            return
                        if receiver.freed.wait(0.1):
                            return
                self.send_response(int(act))
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self.freed.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def courier(journal: Journal, port: int, **settings) -> Courier:
    journal.tickets.announced = True
    url = f"http://127.0.0.1:{port}/hook?shop=1"
    return Courier(journal.outbox, journal.tickets, WebhookSettings(url, SECRET, **{"timeout_s": 2.0, **settings}))


def test_news_of_a_ticket_is_signed_and_tells_no_contact(journal, receiver):
    sender = courier(journal, receiver.port)
    ticket = journal.tickets.open("v", "complaint_slow", "等了三天，电话13812345678", contact="13812345678")
    assert sender.deliver_one() and not sender.deliver_one()
    ((headers, body),) = receiver.got
    told = json.loads(body)
    assert (told["event"], told["ticket"]["id"], told["ticket"]["kind"]) == ("ticket.opened", ticket.id, "complaint_slow")
    assert told["key"] == headers["idempotency-key"]
    assert b"13812345678" not in body and "contact" not in told["ticket"]
    moment, digest = (part.split("=")[1] for part in headers["x-zhanggui-signature"].split(","))
    assert abs(int(moment) - time.time()) < 60
    assert digest == hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert SECRET.encode() not in body and SECRET not in str(headers)


def test_the_contact_is_told_where_a_setting_says_so(journal, receiver):
    sender = courier(journal, receiver.port, contact=True)
    journal.tickets.open("v", "human", "转人工", contact="13812345678")
    sender.deliver_one()
    assert json.loads(receiver.got[0][1])["ticket"]["contact"] == "13812345678"


def test_it_is_tried_again_with_the_same_key_until_it_arrives(journal, receiver, clock):
    sender = courier(journal, receiver.port, timeout_s=0.3)
    receiver.plan = ["hang", 500, 302, "trickle", 200]
    journal.tickets.open("v", "human", "转人工")
    for wait in BACKOFF[:4]:
        started = time.monotonic()
        assert sender.deliver_one()
        assert time.monotonic() - started < 10  # a hanging or trickling answer is cut off
        assert not sender.deliver_one(), "not before its time"
        clock.pass_(seconds=wait.total_seconds())
    assert sender.deliver_one()
    clock.pass_(days=1)
    assert not sender.deliver_one()
    assert len(receiver.got) == 5 and len({headers["idempotency-key"] for headers, _ in receiver.got}) == 1


def test_what_was_refused_goes_out_after_a_restart(tmp_path, clock, receiver):
    path = tmp_path / "journal.sqlite3"
    journal = Journal(path, clock)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
    sender = courier(journal, nobody)
    ticket = journal.tickets.open("v", "human", "转人工")
    assert sender.deliver_one()
    journal.close()
    clock.pass_(seconds=6)
    again = courier(Journal(path, clock), receiver.port)
    assert again.deliver_one() and not again.deliver_one()
    assert json.loads(receiver.got[0][1])["ticket"]["id"] == ticket.id


def test_a_sender_that_died_leaves_its_delivery_to_the_next(journal, receiver, clock):
    sender = courier(journal, receiver.port)
    journal.tickets.open("v", "human", "转人工")
    from bot.webhook import LEASE

    assert journal.outbox.claim(LEASE) is not None  # and nothing more is heard of it
    assert not sender.deliver_one()
    clock.pass_(minutes=3)
    assert sender.deliver_one() and len(receiver.got) == 1


def test_it_is_given_up_after_days_and_said_so(journal, receiver, clock, caplog):
    sender = courier(journal, receiver.port)
    receiver.plan = [500, 500]
    journal.tickets.open("v", "human", "转人工")
    sender.deliver_one()
    clock.pass_(seconds=GIVE_UP.total_seconds() + 1)
    sender.deliver_one()
    clock.pass_(days=9)
    assert not sender.deliver_one()
    assert "given up" in caplog.text and "HTTP 500" in caplog.text and SECRET not in caplog.text


def test_a_ticket_that_was_not_stored_is_not_told(journal, receiver):
    sender = courier(journal, receiver.port)
    with pytest.raises(RuntimeError), journal.together():
        journal.tickets.open("v", "human", "转人工")
        raise RuntimeError
    assert not sender.deliver_one() and receiver.got == []


def test_without_a_webhook_nothing_is_queued(journal, receiver):
    journal.tickets.open("v", "human", "转人工")
    assert not courier(journal, receiver.port).deliver_one()


def test_the_thread_delivers_and_ends(journal, receiver):
    sender = courier(journal, receiver.port)
    sender.start()
    journal.tickets.open("v", "human", "转人工")
    until = time.monotonic() + 30
    while not receiver.got and time.monotonic() < until:
        time.sleep(0.02)
    sender.stop()
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        ("ftp://example.com/x", "s", "http"),
        ("file:///etc/passwd", "s", "http"),
        ("https://", "s", "http"),
        ("http://example.com:99999/", "s", "http"),
        ("https://example.com/x", "", "KB_WEBHOOK_SECRET"),
    ],
)
def test_settings_that_cannot_be_used_are_named(url, secret, said):
    with pytest.raises(SettingsError, match="webhook") as caught:
        checked(WebhookSettings(url, secret))
    assert said in str(caught.value)
    assert SECRET not in repr(WebhookSettings("https://example.com", SECRET))


def test_a_secret_in_the_settings_file_is_refused_without_showing_it(home, journal, monkeypatch):
    home.path.mkdir()
    home.settings_file.write_text(f'[webhook]\nurl = "https://example.com/x"\nsecret = "{SECRET}"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="KB_WEBHOOK_SECRET") as caught:
        open_courier(home, journal)
    assert SECRET not in str(caught.value)
    home.settings_file.write_text('[webhook]\nurl = "https://example.com/x"\n', encoding="utf-8")
    monkeypatch.setenv("KB_WEBHOOK_SECRET", SECRET)
    assert isinstance(open_courier(home, journal), Courier)
    home.settings_file.write_text("", encoding="utf-8")
    assert open_courier(home, journal) is None
