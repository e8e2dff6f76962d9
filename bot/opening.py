"""Which opening the clock and the calendar ask for, and whether people are at work."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from kb.errors import SettingsError

FESTIVALS = ("new_year", "spring", "labour", "mid_autumn", "national")
"""元旦、春节、劳动节、中秋节、国庆节: the situations ``opening.…`` of the wording file."""

SPRING_DAYS = 7
"""The opening of 春节 is said from New Year's Eve on for this many days after the first of the first month."""
NATIONAL_DAYS = 7

_OVERRIDE = re.compile(r"(\w+)=(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?")
_TO = r"\s*(?:-|–|—|~|～|至|到)\s*"
_HOURS = re.compile(rf"(\d{{1,2}})[:：](\d{{2}}){_TO}(\d{{1,2}})[:：](\d{{2}})")
_WEEKDAYS = re.compile(rf"(?:周|星期)([一二三四五六日天])(?:{_TO}(?:周|星期)?([一二三四五六日天]))?")

Spans = Mapping[str, tuple[tuple[date, date], ...]]


def opening_at(moment: datetime, overrides: Spans | None = None) -> str:
    """The situation of the wording file to open with at ``moment`` (in the shop's time zone).

    早上好 from 0:00 to 12:00, 您好 otherwise, festivals before both. ``overrides`` replaces the days of a festival.
    """
    festival = festival_on(moment.date(), overrides)
    if festival is not None:
        return f"opening.{festival}"
    return "opening.morning" if is_morning(moment) else "opening.day"


def festival_on(day: date, overrides: Spans | None = None) -> str | None:
    """The festival of that day, None on ordinary days; the first of :data:`FESTIVALS` that fits but one.

    春节 is from New Year's Eve to the seventh day, 劳动节 1 to 3 May, 国庆节 1 to 7 October, 元旦 and 中秋节 one day; 中秋节 goes
    before 国庆节. Lunar dates are known for 2001 to 2100; in other years only an override makes these festivals.
    """
    for festival in FESTIVALS:
        spans = (overrides or {}).get(festival) or _usual(festival, day.year)
        if any(first <= day <= last for first, last in spans):
            return festival
    return None


def is_morning(moment: datetime) -> bool:
    """Whether one says 早上好: from 0:00 to 12:00."""
    return moment.time() < time(12)


def parse_overrides(texts: Sequence[str]) -> Spans:
    """Days that replace the calendar's, from ``"new_year=2026-01-01..2026-01-03"``.

    Raises:
        SettingsError: a text has another form, an unknown festival or an impossible date.
    """
    spans: dict[str, tuple[tuple[date, date], ...]] = {}
    for text in texts:
        match = _OVERRIDE.fullmatch(text.replace(" ", ""))
        try:
            if match is None or match[1] not in FESTIVALS:
                raise ValueError(text)
            first = date.fromisoformat(match[2])
            last = date.fromisoformat(match[3]) if match[3] else first
        except ValueError as error:
            raise SettingsError(
                f"[bot] festivals 里的“{text}”看不懂；请写成 节日=起始日..结束日，例如 spring=2027-02-05..2027-02-12"
                f"（节日可用 {'、'.join(FESTIVALS)}）。"
            ) from error
        spans[match[1]] = (*spans.get(match[1], ()), (first, last))
    return spans


def is_open(service_hours: str, moment: datetime) -> bool | None:
    """Whether ``moment`` lies in the hours as written for customers ("周一至周五 9:00–18:00"); None if unreadable."""
    hours = _HOURS.findall(service_hours)
    if not hours:
        return None
    names = "一二三四五六日"
    days: set[int] = set()
    for first, last in _WEEKDAYS.findall(service_hours):
        start = names.index(first.replace("天", "日"))
        end = names.index(last.replace("天", "日")) if last else start
        days.update(range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)])
    if days and moment.weekday() not in days:
        return False
    minute = moment.hour * 60 + moment.minute
    for hour, minutes, until_hour, until_minutes in hours:
        start, end = int(hour) * 60 + int(minutes), int(until_hour) * 60 + int(until_minutes)
        if start <= minute < end or (end <= start and (minute >= start or minute < end)):
            return True
    return False


@functools.lru_cache(maxsize=16)
def _usual(festival: str, year: int) -> tuple[tuple[date, date], ...]:
    if festival == "new_year":
        return ((date(year, 1, 1), date(year, 1, 1)),)
    if festival == "labour":
        return ((date(year, 5, 1), date(year, 5, 3)),)
    if festival == "national":
        return ((date(year, 10, 1), date(year, 10, NATIONAL_DAYS)),)
    import holidays

    name = "春节" if festival == "spring" else "中秋节"
    calendar = holidays.country_holidays("CN", years=year, language="zh_CN")
    days = [day for day, title in sorted(calendar.items()) if name in title and "休息日" not in title]
    if not days:
        return ()
    if festival == "spring":
        return ((days[0] - timedelta(days=1), days[0] + timedelta(days=SPRING_DAYS - 1)),)
    return ((days[0], days[0]),)
