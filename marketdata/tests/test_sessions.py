"""When markets trade: holidays, half days, lunch breaks, daylight saving, and where the knowledge ends."""

import subprocess
import sys

import numpy as np
import pytest

from marketdata import sessions
from marketdata.errors import UnknownTimeframe
from marketdata.sessions import sessions_between, trading_days
from marketdata.timeframes import CALENDARS, GENERIC, calendar_groups

EXCHANGES = [item.name for item in CALENDARS.values() if item.group != "General"]


def at(text):
    return np.datetime64(text, "ns")


def between(calendar, first, last):
    return sessions_between(calendar, at(first), at(last))


def days_of(sessions):
    return [str(day) for day in sessions.day]


def hours_of(sessions, row=0):
    return [str(moment[row])[:16] for moment in (sessions.open, sessions.close)]


def net_minutes(sessions):
    rest = np.where(
        np.isnat(sessions.break_start), np.timedelta64(0), sessions.break_end - sessions.break_start
    )
    return ((sessions.close - sessions.open - rest) / np.timedelta64(1, "m")).astype(int)


@pytest.mark.parametrize("name", EXCHANGES)
def test_the_days_and_minutes_of_each_exchange_are_those_of_its_sessions(name):
    recent = between(name, "2015-01-01", "2024-12-31")
    recent = recent.rows(
        *np.searchsorted(recent.day, [np.datetime64("2015-01-01"), np.datetime64("2025-01-01")])
    )
    market = CALENDARS[name]
    assert abs(market.days_a_year - len(recent) / 10) <= 0.5
    lengths, counts = np.unique(net_minutes(between(name, "2025-01-01", "2025-12-31")), return_counts=True)
    assert market.minutes_a_day == lengths[counts.argmax()]


def test_each_calendar_stands_in_one_group():
    grouped = [item.name for items in calendar_groups().values() for item in items]
    assert grouped == list(CALENDARS)
    assert list(calendar_groups()) == ["General", "Americas", "Europe", "Africa, Asia and Pacific"]


def test_the_generic_exchange_knows_no_sessions_and_a_misspelt_one_is_refused():
    assert between(GENERIC, "2024-01-01", "2024-02-01") is None
    with pytest.raises(UnknownTimeframe, match="XNYS"):
        between("XNY", "2024-01-01", "2024-02-01")


def test_the_day_after_thanksgiving_closes_at_one():
    week = between("XNYS", "2023-11-22", "2023-11-24")
    assert days_of(week) == ["2023-11-22", "2023-11-24"]
    assert hours_of(week, 0) == ["2023-11-22T14:30", "2023-11-22T21:00"]
    assert hours_of(week, 1) == ["2023-11-24T14:30", "2023-11-24T18:00"]


def test_new_york_was_closed_for_the_storm_of_2012_and_after_the_attacks_of_2001():
    assert days_of(between("XNAS", "2012-10-26", "2012-10-31")) == ["2012-10-26", "2012-10-31"]
    assert days_of(between("XNYS", "2001-09-10", "2001-09-17")) == ["2001-09-10", "2001-09-17"]


def test_tokyo_rests_for_lunch_and_trades_half_an_hour_longer_since_november_2024():
    days = between("XTKS", "2024-11-01", "2024-11-05")
    assert days_of(days) == ["2024-11-01", "2024-11-05"]  # Monday was Culture Day
    assert net_minutes(days).tolist() == [300, 330]
    start, end, row = days.stretches()
    assert [str(moment)[11:16] for moment in start] == [
        "00:00",
        "03:30",
        "00:00",
        "03:30",
    ]  # 09:00 and 12:30 there
    assert [str(moment)[11:16] for moment in end] == ["02:30", "06:00", "02:30", "06:30"]
    assert row.tolist() == [0, 0, 1, 1]


def test_daylight_saving_moves_the_hours_in_utc():
    march = between("XNYS", "2024-03-08", "2024-03-11")
    assert [hours[11:] for hours in (hours_of(march, 0) + hours_of(march, 1))] == [
        "14:30",
        "21:00",
        "13:30",
        "20:00",
    ]


def test_london_keeps_christmas():
    days = between("XLON", "2023-12-22", "2023-12-29")
    assert days_of(days) == ["2023-12-22", "2023-12-27", "2023-12-28", "2023-12-29"]
    assert hours_of(days, 0) == ["2023-12-22T08:00", "2023-12-22T12:30"]


def test_the_futures_of_chicago_open_on_the_evening_before_and_rest_an_hour():
    days = between("CMES", "2024-01-08", "2024-01-08T23:30")
    assert days_of(days) == ["2024-01-08", "2024-01-09"]  # Tuesday's session opens on Monday evening
    assert hours_of(days, 0) == ["2024-01-07T23:00", "2024-01-08T22:00"]


def test_the_week_of_foreign_exchange_runs_from_sunday_to_friday_at_five_in_new_york():
    week = between("fx", "2024-03-04T12:00", "2024-03-13")
    assert days_of(week) == [f"2024-03-{day:02}" for day in (4, 5, 6, 7, 8, 11, 12, 13)]
    assert hours_of(week, 0) == ["2024-03-03T22:00", "2024-03-04T22:00"]
    assert hours_of(week, 4) == ["2024-03-07T22:00", "2024-03-08T22:00"]
    assert hours_of(week, 5) == [
        "2024-03-10T21:00",
        "2024-03-11T21:00",
    ]  # the clocks went forward that Sunday
    assert ((week.close - week.open) == np.timedelta64(24, "h")).all()


def test_what_never_closes_has_the_days_of_utc():
    days = between("24/7", "2024-02-28T12:00", "2024-03-01T00:00")
    assert days_of(days) == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert hours_of(days, 1) == ["2024-02-29T00:00", "2024-03-01T00:00"]


def test_beyond_what_a_calendar_knows_there_are_no_sessions_and_it_says_so():
    days = between("XTKS", "1990-01-01", "1997-01-07")
    assert days_of(days) == ["1997-01-06", "1997-01-07"]
    assert str(days.known_from) == "1997-01-01"
    assert np.isnat(days.known_until)
    nothing = between("XTKS", "1980-01-01", "1990-01-01")
    assert len(nothing) == 0
    assert str(nothing.known_from) == "1997-01-01"
    assert nothing.row_of(np.array([at("1985-01-01")])).tolist() == [-1]


def test_times_find_the_session_that_is_open():
    days = between("XNYS", "2024-01-02", "2024-01-03")
    times = [
        "2024-01-02T14:29",
        "2024-01-02T14:30",
        "2024-01-02T20:59",
        "2024-01-02T21:00",
        "2024-01-03T15:00",
    ]
    assert days.row_of(np.array(times, dtype="datetime64[ns]")).tolist() == [-1, 0, 0, -1, 1]


@pytest.mark.parametrize(
    ("calendar", "time", "day"),
    [
        ("XNYS", "2024-01-02T00:00", "2024-01-02"),  # a date
        ("XNYS", "2024-01-02T05:00", "2024-01-02"),  # midnight in New York
        ("XTKS", "2024-01-03T15:00", "2024-01-04"),  # midnight in Tokyo
        ("XNZE", "2024-01-02T21:00", "2024-01-03"),  # the open in Wellington
        ("fx", "2024-01-07T22:00", "2024-01-08"),  # Sunday 17:00 in New York begins Monday
        ("fx", "2024-01-08T21:59", "2024-01-08"),
        ("fx", "2024-07-08T21:00", "2024-07-09"),
        ("24/7", "2024-01-02T23:00", "2024-01-02"),
        (GENERIC, "2024-01-02T23:00", "2024-01-02"),
    ],
)
def test_a_daily_bar_belongs_to_the_day_of_its_market(calendar, time, day):
    assert [str(found) for found in trading_days(calendar, np.array([at(time)]))] == [day]


def test_a_century_of_sessions_is_one_table_that_is_kept(monkeypatch):
    whole = between("XNYS", "1930-01-01", "2024-12-31")
    assert len(whole) > 24_000
    monkeypatch.setattr(sessions, "_made", None)  # nothing is computed any more
    for year in range(1950, 2020):
        assert len(between("XNYS", f"{year}-01-01", f"{year}-12-31")) > 220


def test_asking_for_markets_without_an_exchange_loads_neither_pandas_nor_the_calendars():
    code = (
        "import sys, numpy as np\n"
        "from marketdata.sessions import sessions_between\n"
        "for name in ('exchange', 'fx', '24/7'):\n"
        "    sessions_between(name, np.datetime64('2024-01-01'), np.datetime64('2024-02-01'))\n"
        "print({'pandas', 'exchange_calendars', 'django'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
