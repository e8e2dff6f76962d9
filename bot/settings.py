"""Settings of the speaking part, of the pages, and of the optional chat model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class BotSettings:
    """How the assistant behaves.

    ``reply_deadline_hours``: within how many hours a person answers a question or complaint that was recorded.
    ``callback_hours``: within how many hours a person calls back who was asked for. ``session_minutes``: how long a
    silent conversation is remembered; ``session_count``: how many at once. ``history_turns``: turns kept of each.
    ``question_chars``: longest message that is read. ``answer_chars``: longest answer taken from a guide.
    ``choices``: most questions offered to choose from. ``wait_apology_s``: a reply that took longer opens with an
    apology for the wait. ``festivals``: dates that replace the calendar's for an opening, as
    ``"new_year=2026-01-01..2026-01-03"`` (names: ``new_year``, ``spring``, ``labour``, ``mid_autumn``, ``national``).
    """

    TABLE: ClassVar[str] = "bot"

    reply_deadline_hours: int = 24
    callback_hours: int = 2
    session_minutes: int = 30
    session_count: int = 10_000
    history_turns: int = 40
    question_chars: int = 500
    answer_chars: int = 300
    choices: int = 5
    wait_apology_s: float = 7.0
    festivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """For how many days what is kept; see :mod:`bot.retention`.

    ``conversations``: questions and replies. ``ratings``: ratings and 没解决, at most as long as their conversation.
    ``contacts``: how to reach a customer, counted from the closing of the ticket. ``tickets``: closed ones without the
    contact. ``audit``: who did what. ``login_failures``: wrong passwords.
    """

    TABLE: ClassVar[str] = "retention"

    conversations: int = 180
    ratings: int = 180
    contacts: int = 30
    tickets: int = 365
    audit: int = 730
    login_failures: int = 30


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How the pages are served.

    ``frame_ancestors``: sites that may embed the customer page, as ``https://www.example.com``. ``allowed_origins``: sites whose scripts may call it.
    ``max_concurrent``: replies worked on at once; ``max_waiting``: messages that may queue behind them.
    ``messages_per_minute``: of one visitor. ``login_hours``: how long a staff login lasts. ``cookie_secure``: send
    cookies over HTTPS only (set it when the site is served so). ``demo``: serve ``/demo``, a make-believe shop
    with the customer page embedded. ``metrics_token``: who shows it may read ``/metrics`` of the
    staff side from another machine; given by the environment only (``KB_SERVER_METRICS_TOKEN``), never shown.
    """

    TABLE: ClassVar[str] = "server"

    frame_ancestors: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    max_concurrent: int = 20
    max_waiting: int = 200
    messages_per_minute: int = 30
    login_hours: int = 12
    cookie_secure: bool = False
    demo: bool = False
    metrics_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StudioSettings:
    """How much editors may upload: megabytes of one file, files, and megabytes of all together."""

    TABLE: ClassVar[str] = "studio"

    file_mb: int = 50
    files: int = 2_000
    total_mb: int = 2_000


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Servers that may call the JSON API (see docs/api.md).

    ``keys``: SHA-256 digests of their keys, in hexadecimal; the keys themselves are kept nowhere here. Without any, only
    browsers are served. ``messages_per_minute``: of one key, all its sessions together.
    """

    TABLE: ClassVar[str] = "api"

    keys: tuple[str, ...] = field(default=(), repr=False)
    messages_per_minute: int = 300


@dataclass(frozen=True, slots=True)
class LLMSettings:
    """An optional chat model behind an OpenAI-compatible address; off while ``model`` is empty.

    ``api_key`` is given by the environment only (``KB_LLM_API_KEY``) and is never shown. ``timeout_s``: a rewording
    that takes longer is dropped and the curated words are used.
    """

    TABLE: ClassVar[str] = "llm"

    model: str = ""
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    timeout_s: float = 5.0

    @property
    def enabled(self) -> bool:
        """Whether a model is set."""
        return bool(self.model)


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where another system is told of a new ticket; off while ``url`` is empty (see :mod:`bot.webhook`).

    ``secret`` signs what is sent, is given by the environment only (``KB_WEBHOOK_SECRET``) and is never shown.
    ``timeout_s``: longest time of one attempt, in seconds. ``contact``: send how to reach the customer, too.
    """

    TABLE: ClassVar[str] = "webhook"

    url: str = ""
    secret: str = field(default="", repr=False)
    timeout_s: float = 5.0
    contact: bool = False
