from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from bot.opening import festival_on, is_open, opening_at, parse_overrides
from kb.errors import SettingsError


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-22T00:00", "morning"),
        ("2026-11-22T11:59", "morning"),
        ("2026-11-22T12:00", "day"),
        ("2026-11-22T23:59", "day"),
        ("2026-01-01T09:00", "new_year"),
        ("2026-01-02T09:00", "morning"),
        ("2026-02-15T09:00", "morning"),
        ("2026-02-16T09:00", "spring"),  # 除夕
        ("2026-02-17T00:00", "spring"),  # 正月初一
        ("2026-02-23T20:00", "spring"),
        ("2026-02-24T20:00", "day"),
        ("2027-02-06T09:00", "spring"),  # 正月初一
        ("2026-05-01T09:00", "labour"),
        ("2026-09-25T13:00", "mid_autumn"),  # 八月十五
        ("2027-09-15T13:00", "mid_autumn"),
        ("2026-10-01T13:00", "national"),
        ("2026-10-07T13:00", "national"),
        ("2026-10-08T13:00", "day"),
        ("2031-10-01T13:00", "mid_autumn"),  # both on one day
    ],
)
def test_openings_by_clock_and_calendar(moment, opening):
    assert opening_at(datetime.fromisoformat(moment)) == f"opening.{opening}"


NEW_YEARS = ["2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23",
             "2032-02-11", "2033-01-31", "2034-02-19", "2035-02-08"]  # fmt: skip
MID_AUTUMNS = ["2025-10-06", "2026-09-25", "2027-09-15", "2028-10-03", "2029-09-22", "2030-09-12", "2031-10-01",
               "2032-09-19", "2033-09-08", "2034-09-27", "2035-09-16"]  # fmt: skip


@pytest.mark.parametrize(("new_year", "mid_autumn"), zip(NEW_YEARS, MID_AUTUMNS, strict=True))
def test_lunar_festivals_of_eleven_years(new_year, mid_autumn):
    first, moon, one = date.fromisoformat(new_year), date.fromisoformat(mid_autumn), timedelta(days=1)
    spring = [first + one * day for day in range(-20, 30) if festival_on(first + one * day) == "spring"]
    assert spring == [first - one + one * day for day in range(8)]
    assert [festival_on(moon + one * day) == "mid_autumn" for day in (-1, 0, 1)] == [False, True, False]


@pytest.mark.parametrize("year", [1900, 2150, 9999])
def test_years_whose_lunar_dates_nobody_knows_have_the_other_festivals_and_the_editors(year):
    found = {festival_on(date(year, month, day)) for month in range(1, 13) for day in range(1, 29)}
    assert found == {None, "new_year", "labour", "national"}
    assert festival_on(date(year, 2, 3), parse_overrides([f"spring={year}-02-03"])) == "spring"


def test_editors_set_the_days():
    days = parse_overrides(["spring=2026-02-10..2026-02-12", "spring = 2026-03-01", "national=2026-09-30"])
    assert days["spring"] == ((date(2026, 2, 10), date(2026, 2, 12)), (date(2026, 3, 1), date(2026, 3, 1)))
    assert opening_at(datetime(2026, 2, 11, 9), days) == "opening.spring"
    assert opening_at(datetime(2026, 2, 17, 9), days) == "opening.morning"
    assert opening_at(datetime(2026, 10, 1, 13), days) == "opening.day"


@pytest.mark.parametrize("text", ["spring", "christmas=2026-12-25", "spring=2026-02-30", "spring=明天", ""])
def test_days_that_cannot_be_read_are_named(text):
    with pytest.raises(SettingsError, match="festivals"):
        parse_overrides([text])


@pytest.mark.parametrize(
    ("hours", "moment", "open_"),
    [
        ("每天 9:00–22:00", "2026-11-22T09:00", True),
        ("每天 9:00–22:00", "2026-11-22T22:00", False),
        ("每天8:00至24:00", "2026-11-22T23:59", True),
        ("周一至周五 9:00-18:00", "2026-11-22T10:00", False),  # a Sunday
        ("周一至周五 9:00-18:00", "2026-11-23T10:00", True),
        ("周六到周一 9:00~18:00", "2026-11-22T10:00", True),
        ("9:00-12:00，13:30-18:00", "2026-11-23T12:30", False),
        ("每天 20:00–02:00", "2026-11-23T01:00", True),
        ("全天候", "2026-11-23T01:00", None),
    ],
)
def test_hours_as_written_for_customers(hours, moment, open_):
    assert is_open(hours, datetime.fromisoformat(moment)) is open_
