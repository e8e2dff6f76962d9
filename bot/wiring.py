"""Puts an assistant together from the settings of a home."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.assistant import Assistant
from bot.checker import load_checker
from bot.database import journal_of
from bot.generate import open_generator
from bot.journal import Journal
from bot.logs import mask_logs
from bot.records import Role
from bot.scenario import Classifier, load_classifier
from bot.sensitive import load_sensitive
from bot.session import Sessions
from bot.settings import BotSettings, LLMSettings, RetentionSettings, WebhookSettings
from bot.watched import Watched
from bot.wording import Wording, load_wording
from kb.config import Home, SearchSettings, ShopSettings, load
from kb.errors import ModelError, SettingsError

if TYPE_CHECKING:
    from bot.webhook import Courier
    from kb.knowledge import KnowledgeBase


def open_assistant(
    home: Home,
    role: Role,
    report: Callable[[str], None] = lambda line: None,
    *,
    base: KnowledgeBase | None = None,
    journal: Journal | None = None,
) -> Assistant:
    """An assistant over the base of ``home``, as all its settings ask; the log is masked from then on.

    Args:
        role: ``customer`` opens the public base only, ``agent`` public and internal.
        report: gets lines about encoders being prepared.
        base: one that is open already, of the audience that belongs to ``role``.
        journal: used instead of the home's, for trying things out.

    Raises:
        SettingsError, ModelError: the settings, the wording or an encoder are not usable.
    """
    mask_logs()
    bot, shop, llm = load(BotSettings, home), load(ShopSettings, home), load(LLMSettings, home)
    _no_secret_in_file(home)
    try:
        ZoneInfo(shop.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"[shop] timezone 的值“{shop.timezone}”不是时区名；请写成 Asia/Shanghai 这样的名字。") from error
    checker = load_checker(home.rules)
    texts = Watched(
        (home.wording, home.sensitive), lambda: (wording_of(home), load_sensitive(checker, home.sensitive))
    )
    wording, sensitive = texts.now()
    if base is None:
        from kb.knowledge import open_base

        base = open_base(home, "public" if role == "customer" else "internal", report)
    folder = load(SearchSettings, home).models_folder()
    classifier = load_classifier(home.scenarios, next(iter(base.encoders), None), folder, report)
    sessions = Sessions(_now, minutes=bot.session_minutes, count=bot.session_count, bubbles=2 * bot.history_turns)
    journal = journal or Journal(journal_of(home))
    journal.tickets.announced = bool(load(WebhookSettings, home).url)
    return Assistant(
        base, wording, checker, journal, sessions, bot, shop, _now, open_generator(llm),
        classifier=classifier, role=role, generator_s=llm.timeout_s, retention=load(RetentionSettings, home),
        sensitive=sensitive, texts=texts.now,
    )  # fmt: skip


def open_courier(home: Home, journal: Journal) -> Courier | None:
    """Who tells another system of new tickets, not started yet; None where no webhook is set.

    Raises:
        SettingsError: the webhook cannot be used.
    """
    from bot.webhook import Courier, checked

    _no_secret_in_file(home)
    settings = checked(load(WebhookSettings, home))
    return Courier(journal.outbox, journal.tickets, settings) if settings.url else None


def _no_secret_in_file(home: Home) -> None:
    secrets = (
        ("llm", "api_key", load(LLMSettings, home, {}).api_key),
        ("webhook", "secret", load(WebhookSettings, home, {}).secret),
    )
    for table, key, value in secrets:
        if value:
            raise SettingsError(
                f"设置文件 {home.settings_file} 里写了 [{table}] {key}，密钥容易随文件泄露；"
                f"请删掉它，改用环境变量 KB_{table.upper()}_{key.upper()}。"
            )


def classifier_of(home: Home, report: Callable[[str], None]) -> Classifier:
    """The classifier of ``home`` without its knowledge; by letters alone, which is reported, where no encoder works.

    Raises:
        SettingsError: the settings or the examples are not usable.
    """
    from kb.encoder import Encoder, load_encoders

    settings = load(SearchSettings, home)
    encoder: Encoder | None = None
    try:
        encoder = load_encoders(settings, report)[0]
    except ModelError as error:
        report(f"提醒：编码模型用不了（{error}），情形只按字面判断。")
    return load_classifier(home.scenarios, encoder, settings.models_folder(), report)


def wording_of(home: Home) -> Wording:
    """The wording that a home speaks: its own file or the packaged one, with its settings filled in.

    Raises:
        RulesError, WordingError: a rule cannot be used, or a line cannot be spoken; the text names it.
    """
    bot, shop = load(BotSettings, home), load(ShopSettings, home)
    own: Path = home.wording
    return load_wording(
        load_checker(home.rules), own, brand=shop.brand, hours=shop.service_hours,
        deadline=str(bot.reply_deadline_hours), callback=str(bot.callback_hours),
    )  # fmt: skip


def _now() -> datetime:
    return datetime.now(timezone.utc)
