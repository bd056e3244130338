"""What a calendar expects and is not there, and what it does not expect."""

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.quality import examine
from marketdata.synthetic import SyntheticSpec, generate
from marketdata.tests.bars import make_bars
from marketdata.tests.suspicious import NAMES, bars_at, daily, found, intraday, sessions_of, starts, without


class TestCoverage:
    def test_missing_days_of_a_market_that_never_closes_are_gaps(self):
        report = examine(without(make_bars(20), 5, 6, 12), timeframe="1d", calendar="24/7")
        assert (report.gap_count, report.missing_bars) == (2, 3)
        assert report.coverage == pytest.approx(17 / 20)
        first, second = report.gaps
        assert (str(first.time)[:10], str(first.end)[:10], first.bars) == ("2024-01-06", "2024-01-07", 2)
        assert first.text == "2 sessions are missing, 2024-01-06 to 2024-01-07"
        assert second.text == "The session of 2024-01-13 is missing"
        assert report.grade == "poor"

    def test_holidays_and_closures_of_a_known_exchange_are_no_gaps(self):
        report = examine(daily("XNYS", "2000-01-01", "2013-12-31"), timeframe="1d", calendar="XNYS")
        assert report.coverage == 1.0  # the storm of 2012 and the attacks of 2001 among them
        assert "gap" not in found(report)

    def test_a_single_missing_session_of_a_known_exchange_is_found(self):
        bars = daily("XNYS", "2012-10-01", "2012-11-30")
        row = int(np.searchsorted(bars.time, np.datetime64("2012-10-31")))
        report = examine(without(bars, row), timeframe="1d", calendar="XNYS")
        assert [item.text for item in report.gaps] == ["The session of 2012-10-31 is missing"]
        assert report.gaps[0].severity == "warning"
        assert report.missing_bars == 1

    def test_a_bar_on_a_holiday_is_outside(self):
        bars = daily("XLON", "2023-01-01", "2023-12-31")
        time = np.sort(np.append(bars.time, np.datetime64("2023-12-25", "ns")))
        report = examine(bars_at(time), timeframe="1d", calendar="XLON")
        assert (report.outside_bars, report.coverage) == (1, 1.0)
        assert starts(report.of("outside").items) == ["2023-12-25T00:00"]
        assert report.of("outside").items[0].text == "1 bar on a day without a session of London"

    def test_daily_bars_may_bear_the_time_of_their_close_or_of_local_midnight(self):
        sessions = sessions_of("XTKS", "2023-01-01", "2023-06-30")
        for time in (sessions.close, sessions.day.astype("datetime64[ns]") - np.timedelta64(9, "h")):
            report = examine(bars_at(time), timeframe="1d", calendar="XTKS")
            assert (report.coverage, report.outside_bars) == (1.0, 0)

    def test_weeks_are_compared_with_the_weeks_that_hold_a_session(self):
        mondays = np.arange(np.datetime64("2001-08-06"), np.datetime64("2001-12-31"), 7)
        assert examine(bars_at(mondays), timeframe="1w", calendar="XNYS").coverage == 1.0
        report = examine(without(bars_at(mondays), 3), timeframe="1w", calendar="XNYS")
        assert report.gaps[0].text == "The week of 2001-08-27 is missing"

    def test_a_week_whose_first_days_are_holidays_counts_from_its_monday(self):
        mondays = np.arange(np.datetime64("2021-11-01"), np.datetime64("2022-01-04"), 7)
        report = examine(
            bars_at(mondays), timeframe="1w", calendar="XNZE"
        )  # Wellington rested until Wednesday
        assert (report.coverage, report.outside_bars) == (1.0, 0)

    @pytest.mark.parametrize("minutes", [1, 5, 15, 60, 240])
    @pytest.mark.parametrize("calendar", ["XNYS", "XTKS", "XBOM", "CMES", "fx"])
    def test_whole_sessions_of_each_timeframe_are_complete(self, calendar, minutes):
        name = {1: "1m", 5: "5m", 15: "15m", 60: "1h", 240: "4h"}[minutes]
        bars = intraday(
            calendar, "2023-10-20", "2023-12-10", minutes
        )  # clocks change, and Thanksgiving ends early
        report = examine(bars, timeframe=name, calendar=calendar)
        assert (report.coverage, report.outside_bars, report.missing_bars) == (1.0, 0, 0)

    def test_minutes_that_are_missing_around_a_lunch_break_are_counted_without_it(self):
        bars = intraday("XTKS", "2023-10-02", "2023-10-06", 1)
        lunch = np.datetime64("2023-10-04T02:30")  # 11:30 there
        rows = np.flatnonzero(
            (bars.time >= lunch - np.timedelta64(3, "m")) & (bars.time < np.datetime64("2023-10-04T03:32"))
        )
        report = examine(without(bars, *rows), timeframe="1m", calendar="XTKS")
        assert [item.text for item in report.gaps] == [
            "5 bars are missing, 2023-10-04 02:27 to 2023-10-04 03:31"
        ]
        assert report.gaps[0].severity == "info"

    def test_whole_sessions_that_are_missing_within_the_day_are_named(self):
        bars = intraday("XNYS", "2023-11-20", "2023-11-28", 1)
        days = bars.time.astype("datetime64[D]")
        rows = np.flatnonzero(days == np.datetime64("2023-11-24"))
        assert len(rows) == 210  # the half day after Thanksgiving
        report = examine(without(bars, *rows), timeframe="1m", calendar="XNYS")
        assert [item.text for item in report.gaps] == [
            "210 bars are missing, 2023-11-24 14:30 to 2023-11-24 17:59 (1 whole session)"
        ]
        assert report.gaps[0].severity == "warning"

    def test_hours_may_be_counted_from_full_hours_as_well_as_from_the_open(self):
        sessions = sessions_of("XNYS", "2023-10-20", "2023-12-10")
        full = [
            np.arange(start.astype("datetime64[h]"), end, np.timedelta64(1, "h"))
            for start, end in zip(sessions.open, sessions.close, strict=True)
        ]
        report = examine(bars_at(np.concatenate(full)), timeframe="1h", calendar="XNYS")
        assert (report.coverage, report.outside_bars) == (1.0, 0)
        cut = np.delete(np.concatenate(full), 3)
        report = examine(bars_at(cut), timeframe="1h", calendar="XNYS")
        assert starts(report.gaps) == ["2023-10-20T16:00"]

    @pytest.mark.parametrize("calendar", ["fx", "XTKS", "XHKG", "CMES"])
    def test_four_hours_of_a_clock_may_reach_over_a_break_or_into_the_next_session(self, calendar):
        minutes = intraday(calendar, "2023-11-06", "2024-02-09", 1).time  # no clock changes
        block = np.timedelta64(240, "m")
        time = np.unique(minutes.astype("datetime64[m]").astype(np.int64) // 240 * 240).astype(
            "datetime64[m]"
        )
        report = examine(bars_at(time), timeframe="4h", calendar=calendar)
        assert (report.missing_bars, report.outside_bars, report.further_bars) == (0, 0, 0)
        report = examine(without(bars_at(time), 7), timeframe="4h", calendar=calendar)
        assert report.missing_bars == 1
        assert time[7] <= report.gaps[0].time < time[7] + block

    def test_bars_that_bear_the_time_of_their_end_are_understood(self):
        bars = intraday("XNYS", "2023-11-01", "2023-12-10", 5)
        later = bars_at(bars.time + np.timedelta64(5, "m"))
        report = examine(later, timeframe="5m", calendar="XNYS")
        assert (report.coverage, report.outside_bars) == (1.0, 0)
        assert "times of their ends" in report.notes[0]
        report = examine(without(later, 10), timeframe="5m", calendar="XNYS")
        assert starts(report.gaps) == [str(later.time[10])[:16]]

    def test_bars_outside_of_the_session_are_counted_and_many_of_them_are_a_problem(self):
        sessions = sessions_of("XNYS", "2023-11-01", "2023-11-17")
        hours = [
            np.arange(start - np.timedelta64(60, "m"), end, np.timedelta64(5, "m"))
            for start, end in zip(sessions.open, sessions.close, strict=True)
        ]
        report = examine(bars_at(np.concatenate(hours)), timeframe="5m", calendar="XNYS")
        assert (report.coverage, report.outside_bars) == (1.0, 12 * len(sessions))
        assert report.of("outside").by_severity == (0, len(sessions), 0)
        assert report.grade == "fair"

    def test_the_print_of_a_closing_auction_is_neither_expected_nor_out_of_place(self):
        sessions = sessions_of("XNYS", "2023-11-01", "2023-11-17")
        bars = intraday("XNYS", "2023-11-01", "2023-11-17", 1)
        report = examine(
            bars_at(np.sort(np.append(bars.time, sessions.close))), timeframe="1m", calendar="XNYS"
        )
        assert (report.coverage, report.outside_bars, report.missing_bars) == (1.0, 0, 0)
        assert report.further_bars == len(sessions)

    def test_what_lies_beyond_the_calendar_is_said_and_not_judged(self):
        weekdays = np.arange(np.datetime64("1996-06-03"), np.datetime64("1997-02-28"))
        weekdays = weekdays[np.is_busday(weekdays)]
        known = sessions_of("XTKS", "1997-01-01", "1997-02-28").day
        time = np.concatenate([weekdays[weekdays < np.datetime64("1997-01-01")], known])
        report = examine(bars_at(time), timeframe="1d", calendar="XTKS")
        assert report.unknown_bars == int((time < np.datetime64("1997-01-01")).sum())
        assert (report.coverage, report.outside_bars, report.missing_bars) == (1.0, 0, 0)
        assert "known from 1997-01-01" in report.notes[0]
        alone = examine(bars_at(weekdays[:50]), timeframe="1d", calendar="XTKS")
        assert (alone.coverage, alone.grade) == (None, "good")

    def test_the_years_add_up(self):
        bars = daily("XNYS", "2010-06-01", "2013-03-28")
        rows = np.flatnonzero(
            (bars.time >= np.datetime64("2011-12-20")) & (bars.time < np.datetime64("2012-02-01"))
        )
        report = examine(without(bars, *rows), timeframe="1d", calendar="XNYS")
        assert [(item.year, item.missing) for item in report.years] == [
            (2010, 0),
            (2011, 8),
            (2012, 20),
            (2013, 0),
        ]
        assert sum(item.bars for item in report.years) == report.bars
        assert report.missing_bars == len(rows) == 28

    def test_the_weekend_of_foreign_exchange_is_no_gap_and_a_lost_hour_is(self):
        friday = make_bars(30, "2024-01-04T16", "h")  # Thursday 16:00 to Friday 21:00
        monday = make_bars(30, "2024-01-07T22", "h", price=130)  # Sunday 22:00 on
        both = Bars(
            **{
                name: np.concatenate((getattr(friday, name), getattr(monday, name)))
                for name in ("time", *NAMES)
            }
        )
        assert examine(both, timeframe="1h", calendar="fx").gap_count == 0
        assert examine(without(both, 3), timeframe="1h", calendar="fx").missing_bars == 1
        assert (
            examine(without(both, 30), timeframe="1h", calendar="fx").gaps[0].text
            == "1 bar is missing, 2024-01-07 22:00"
        )


class TestAnExchangeThatIsNotNamed:
    def test_weekends_and_short_holidays_are_no_gaps(self):
        bars = without(generate(SyntheticSpec(bars=250)), 40, 100, 101)  # one holiday, and two days in a row
        assert examine(bars, timeframe="1d", calendar="exchange").gap_count == 0

    def test_a_week_without_sessions_is_a_gap(self):
        bars = without(generate(SyntheticSpec(bars=250)), *range(50, 55))
        report = examine(bars, timeframe="1d", calendar="exchange")
        assert (report.gap_count, report.missing_bars) == (1, 5)
        assert report.gaps[0].text == "5 bars are missing between 2015-03-12 and 2015-03-20"

    def test_missing_minutes_inside_a_session_are_a_gap_and_the_night_is_none(self):
        bars = generate(SyntheticSpec(bars=800, timeframe="1m"))
        report = examine(without(bars, 100, 101, 102), timeframe="1m", calendar="exchange")
        assert (report.gap_count, report.missing_bars) == (1, 3)
