"""New York is proposed where the bars show it, with the reason, and nowhere else."""

import datetime as dt

import numpy as np
import pytest

from marketdata.reading.recognition.detect import detect
from marketdata.reading.recognition.new_york import FIRST_YEAR, holidays, holidays_kept, reason_for
from marketdata.sessions import sessions_between


def sessions(calendar, first, last):
    days = sessions_between(calendar, np.datetime64(first), np.datetime64(last)).day
    return [dt.datetime.fromisoformat(str(day)) for day in days]


def reason(moments, symbol="ABC", dialect="generic", *, on_clock=False):
    return reason_for(moments, symbol, dialect, on_clock=on_clock)


def test_the_holidays_are_those_of_the_calendar():
    known = {day.date() for day in sessions("XNYS", f"{FIRST_YEAR}-01-01", "2040-12-31")}
    weekdays = (dt.date(FIRST_YEAR, 1, 1) + dt.timedelta(number) for number in range(69 * 365 + 17))
    closed = {day for day in weekdays if day.weekday() < 5} - known
    assert {day for year in range(FIRST_YEAR, 2041) for day in holidays(year)} == closed


def test_days_that_keep_american_holidays_speak_for_new_york_whatever_the_symbol():
    said = reason(sessions("XNYS", "2012-05-01", "2012-12-31"), "")
    assert said.startswith("No bar falls on Memorial Day, Independence Day, Labor Day and other American")
    assert "NYSE and Nasdaq keep the same sessions" in said


@pytest.mark.parametrize(
    "calendar", ["XTSE", "XLON", "XETR", "XMEX", "XTKS", "XASX", "BVMF", "CMES", "fx", "24/7"]
)
@pytest.mark.parametrize("year", [2013, 2019, 2023])
def test_no_other_market_is_taken_for_new_york(calendar, year):
    assert reason(sessions(calendar, f"{year}-01-01", f"{year}-12-31"), "ABC", "yahoo") == ""


def test_one_kind_of_holiday_is_enough_only_where_the_symbol_speaks_for_the_united_states():
    days = sessions("XNYS", "2023-08-15", "2023-10-15")
    assert holidays_kept({day.date() for day in days}) == ["Labor Day"]
    assert reason(days, "ABC", "generic") == ""
    assert reason(days, "ABC.TO", "yahoo") == ""
    assert reason(days, "ABC", "yahoo").startswith("No bar falls on Labor Day, and hardly another weekday is")


def test_a_bar_on_a_holiday_or_a_weekend_speaks_against_it():
    days = sessions("XNYS", "2023-01-01", "2023-12-31")
    assert reason(days, "ABC.US", "stooq")
    for stray in (dt.datetime(2023, 7, 4), dt.datetime(2023, 7, 8)):
        assert reason([*days, stray], "ABC.US", "stooq") == ""


def test_days_with_holes_show_no_holidays():
    assert reason(sessions("XNYS", "2023-01-01", "2023-12-31")[::5]) == ""


def test_dates_before_the_holidays_of_today_show_nothing():
    assert reason(sessions("XNYS", "1960-01-01", "1971-12-31"), "ABC.US", "stooq") == ""


def hours(zone):
    """Two sessions of half hours, around a change of the clocks, on a clock of New York or as instants."""
    half_hours = [dt.time(9, 30), *(dt.time(hour, minute) for hour in range(10, 16) for minute in (0, 30))]
    return [dt.datetime.combine(day, time, zone) for day in (dt.date(2024, 3, 8), dt.date(2024, 3, 11))
            for time in half_hours]  # fmt: skip


def test_hours_of_new_york_need_a_known_clock_and_a_symbol():
    from zoneinfo import ZoneInfo

    instants = [moment.astimezone(dt.UTC) for moment in hours(ZoneInfo("America/New_York"))]
    said = reason(instants, "SPY", "yahoo", on_clock=True)
    assert said.startswith("The bars lie between 9:30 and 16:00 in New York, and where columns")
    assert reason(hours(None), "SPY", "alpha_vantage", on_clock=True)
    assert reason(hours(None), "SPY", "yahoo", on_clock=False) == ""
    assert reason(instants, "SPY", "generic", on_clock=True) == ""
    assert reason(instants, "SHOP.TO", "yahoo", on_clock=True) == ""
    early = [instants[0] - dt.timedelta(minutes=30), *instants]
    assert reason(early, "SPY", "yahoo", on_clock=True) == ""


def test_the_wizard_is_told_the_exchange_and_why():
    days = sessions("XNYS", "2022-05-01", "2022-12-31")
    rows = "\n".join(f"{day:%Y-%m-%d},10,12,9,11,500" for day in days)
    found = detect(f"date,open,high,low,close,volume\n{rows}\n".encode(), file_name="ABC.csv")
    assert found.calendar == "XNYS"
    assert "No bar falls on" in found.calendar_note


def bars_of(days, begin, end, step=5, rest=()):
    """Rows of a file whose times stand without a zone, under the header that many sources write."""
    rows = ["timestamp,open,high,low,close,volume"]
    for day in days:
        minutes = (at for at in range(begin, end, step) if at not in rest)
        rows += [f"{day:%Y-%m-%d} {at // 60:02}:{at % 60:02},10,12,9,11,500" for at in minutes]
    return detect("\n".join(rows).encode(), file_name="DATA.csv")


WEEK = [dt.date(2024, 1, day) for day in (2, 3, 4, 5, 8, 9, 10)]


@pytest.mark.parametrize(("begin", "end"), [(570, 960), (240, 1200)], ids=["regular", "extended"])
def test_the_zone_of_a_widespread_header_is_new_yorks_where_the_hours_show_it(begin, end):
    found = bars_of(WEEK, begin, end)
    assert found.timezone == "America/New_York"
    assert any("that timezone is proposed. Check it." in note for note in found.notes)


@pytest.mark.parametrize(
    ("days", "begin", "end", "rest"),
    [
        (WEEK, 0, 1440, ()),
        (WEEK, 870, 1260, ()),
        (WEEK, 810, 1200, ()),
        (WEEK, 540, 1440, ()),
        (WEEK, 570, 960, range(720, 780)),
        (WEEK[:3], 570, 960, ()),
        ([*WEEK[:4], dt.date(2024, 1, 6), *WEEK[4:]], 570, 960, ()),
    ],
    ids=["all-day", "utc-winter", "utc-summer", "utc-extended", "hong-kong", "few-days", "saturday"],
)
def test_the_zone_of_a_widespread_header_stays_open_where_the_hours_do_not_show_it(days, begin, end, rest):
    found = bars_of(days, begin, end, rest=rest)
    assert found.timezone is None
    assert any("UTC is assumed. Check the timezone." in note for note in found.notes)
    assert "The columns are like those of Alpha Vantage." in found.notes
