"""The report finds what is suspicious, with its dates, and keeps quiet about what is real."""

import json

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.columns import BLOCK, BarsColumns, ColumnFiles
from marketdata.providers import CsvFilesProvider
from marketdata.quality import examine
from marketdata.reading.in_memory import read_bars
from marketdata.reading.layout import Reading
from marketdata.samples import SAMPLES, SAMPLES_DIR
from marketdata.sessions import sessions_between
from marketdata.synthetic import SyntheticSpec, generate
from marketdata.tests.bars import make_bars

NAMES = ("open", "high", "low", "close", "volume")


def without(bars, *rows):
    kept = np.setdiff1d(np.arange(len(bars)), rows)
    return Bars(**{name: getattr(bars, name)[kept] for name in ("time", *NAMES)})


def changed(bars, **columns):
    return Bars(**{name: columns.get(name, getattr(bars, name)) for name in ("time", *NAMES)})


def raw_sample(name):
    return read_bars(SAMPLES_DIR / name, reading=Reading(session_dates=True))


def sessions_of(calendar, first, last):
    return sessions_between(calendar, np.datetime64(first), np.datetime64(last))


def bars_at(time, seed=1):
    """A random walk whose bars bear the given times."""
    time = np.asarray(time, dtype="datetime64[ns]")
    walk = generate(SyntheticSpec(bars=max(len(time), 10), seed=seed, timeframe="1h"))
    return Bars(time=time, **{name: getattr(walk, name)[: len(time)] for name in NAMES})


def daily(calendar, first, last, seed=1):
    return bars_at(sessions_of(calendar, first, last).day, seed)


def intraday(calendar, first, last, minutes, seed=1):
    start, end, _row = sessions_of(calendar, first, last).stretches()
    step = np.timedelta64(minutes, "m")
    return bars_at(np.concatenate([np.arange(*pair, step) for pair in zip(start, end, strict=True)]), seed)


def found(report):
    """How many findings of each kind there are."""
    return {kind: findings.count for kind, findings in report.found.items() if findings.count}


def starts(findings):
    return [str(item.time)[:16] for item in findings]


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


class TestPrices:
    def test_a_price_that_stands_still_is_reported_from_five_bars_on(self):
        bars = make_bars(30)
        columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
        for values in columns.values():
            values[10:15] = 110.0
            values[20:24] = 120.0
        report = examine(changed(bars, **columns), timeframe="1d", calendar="24/7")
        assert report.stale_count == 1
        assert (starts(report.stale), str(report.stale[0].end)[:10]) == (["2024-01-11T00:00"], "2024-01-15")
        assert report.stale[0].bars == 5

    def test_a_thinly_traded_market_may_stand_still_for_longer(self):
        rng = np.random.default_rng(5)
        moves = np.where(rng.random(20_000) < 0.6, 0.0, 0.01 * rng.standard_normal(20_000))
        moves[8_000:8_050] = 0.0
        close = 100.0 * np.exp(np.cumsum(moves))
        time = np.datetime64("2024-01-01", "ns") + np.arange(20_000) * np.timedelta64(1, "m")
        bars = Bars(time=time, open=close, high=close, low=close, close=close, volume=np.ones(20_000))
        report = examine(bars, timeframe="1m", calendar="24/7")
        assert report.stale_count == 1
        assert 51 <= report.stale[0].bars < 65
        assert time[7_985] <= report.stale[0].time <= time[8_000]

    def test_a_wrong_price_is_one_finding_and_worse_than_a_move_that_stays(self):
        bars = generate(SyntheticSpec(bars=500, seed=4, calendar="24/7"))
        columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
        for values in columns.values():
            values[200:] *= 1.3
        columns["close"][100] *= 1.4
        columns["high"][100] = columns["close"][100]
        report = examine(changed(bars, **columns), timeframe="1d", calendar="24/7")
        assert starts(report.outliers) == [str(bars.time[100])[:16], str(bars.time[200])[:16]]
        assert [item.severity for item in report.outliers] == ["warning", "info"]
        assert "back with the next bar" in report.outliers[0].text

    def test_the_moves_of_a_storm_are_measured_by_the_storm(self):
        rng = np.random.default_rng(3)
        size = np.where((np.arange(4_000) // 500) % 4 == 3, 0.02, 0.001)
        close = 100.0 * np.exp(np.cumsum(size * rng.standard_normal(4_000)))
        time = np.datetime64("2024-01-01", "ns") + np.arange(4_000) * np.timedelta64(1, "m")
        bars = Bars(time=time, open=close, high=close, low=close, close=close, volume=np.ones(4_000))
        assert examine(bars, timeframe="1m", calendar="24/7").outlier_count == 0

    def test_the_move_over_night_is_measured_by_other_nights(self):
        bars = intraday("XNYS", "2023-06-01", "2023-09-29", 5, seed=9)
        night = np.diff(bars.time, prepend=bars.time[0]) > np.timedelta64(1, "h")
        factor = np.exp(
            np.cumsum(np.where(night, 0.2 * np.random.default_rng(1).standard_normal(len(bars)), 0.0))
        )
        prices = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")}
        assert examine(changed(bars, **prices), timeframe="5m", calendar="XNYS").outlier_count == 0

    def test_bars_without_volume_count_only_where_others_have_some(self):
        bars = make_bars(10)
        volume = bars.volume.copy()
        volume[3] = volume[7] = volume[8] = 0.0
        report = examine(changed(bars, volume=volume), timeframe="1d", calendar="24/7")
        assert (report.zero_volume_bars, [item.bars for item in report.of("zero_volume").items]) == (
            3,
            [1, 2],
        )
        assert (
            examine(changed(bars, volume=np.zeros(10)), timeframe="1d", calendar="24/7").zero_volume_bars == 0
        )


class TestSplits:
    def halved(self, volume_after, level):
        bars = generate(SyntheticSpec(bars=200, seed=2))
        factor = np.where(np.arange(200) < 100, 1.0, 0.5)
        volume = np.where(np.arange(200) < 100, 1000.0, 1000.0 * level)
        volume[100] = 1000.0 * volume_after
        prices = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")}
        return examine(changed(bars, volume=volume, **prices), timeframe="1d", calendar="exchange")

    def test_halving_with_twice_the_volume_afterwards_is_a_split(self):
        report = self.halved(2.0, 2.0)
        (split,) = report.splits
        assert (split.ratio, split.severity) == ((1, 2), "error")
        assert split.text.startswith(
            "Looks like a 2 for 1 split that was not adjusted: the price opens at 0.501 times"
        )
        assert split.text.endswith("and the volume is 2 times that before, as after a split")
        assert report.outlier_count == 0
        assert report.grade == "poor"

    def test_without_proof_by_the_volume_it_is_a_suspicion(self):
        (split,) = self.halved(1.5, 1.0).splits
        assert (split.ratio, split.severity) == ((1, 2), "warning")

    def test_halving_on_a_flood_of_volume_is_a_crash(self):
        report = self.halved(30.0, 1.0)
        assert (report.split_count, report.outlier_count) == (0, 1)

    @pytest.mark.parametrize(
        ("old", "new"), [(1, 2), (2, 3), (1, 3), (1, 4), (1, 7), (1, 20), (10, 1), (2, 1), (25, 1)]
    )
    def test_each_ratio_is_told_in_whole_shares(self, old, new):
        bars = generate(SyntheticSpec(bars=300, seed=6))
        later = np.arange(300) >= 150
        prices = {
            name: np.where(later, getattr(bars, name) * old / new, getattr(bars, name)) for name in NAMES[:4]
        }
        volume = np.where(later, 1000.0 * new / old, 1000.0)
        report = examine(changed(bars, volume=volume, **prices), timeframe="1d", calendar="exchange")
        assert [(item.ratio, item.time, item.severity) for item in report.splits] == [
            ((old, new), bars.time[150], "error")
        ]

    def test_a_split_between_two_sessions_of_minutes_is_found(self):
        bars = intraday("XNYS", "2023-06-01", "2023-08-31", 5, seed=9)
        later = bars.time >= np.datetime64("2023-07-17")
        prices = {name: np.where(later, getattr(bars, name) / 4.0, getattr(bars, name)) for name in NAMES[:4]}
        report = examine(
            changed(bars, volume=np.where(later, 400.0, 100.0), **prices), timeframe="5m", calendar="XNYS"
        )
        assert [(item.ratio, str(item.time)[:16]) for item in report.splits] == [((1, 4), "2023-07-17T13:30")]

    def test_the_splits_of_unadjusted_stocks_are_suspected_and_the_real_crash_is_not(self):
        apple = examine(raw_sample("AAPL_1d.csv"), timeframe="1d", calendar="XNAS")
        assert starts(apple.splits) == ["2000-06-21T00:00", "2005-02-28T00:00"]
        assert [item.ratio for item in apple.splits] == [(1, 2), (1, 2)]
        assert starts(apple.outliers) == ["2000-09-29T00:00"]
        assert apple.grade == "poor"
        microsoft = examine(raw_sample("MSFT_1d.csv"), timeframe="1d", calendar="XNAS")
        assert starts(microsoft.splits) == ["2003-02-18T00:00"]
        assert not examine(raw_sample("IBM_1d.csv"), timeframe="1d", calendar="XNYS").splits


class TestPlantedDefects:
    """Whatever is planted is found with its place, and nothing else is."""

    @pytest.mark.parametrize("seed", range(12))
    def test_in_days_of_new_york(self, seed):
        rng = np.random.default_rng(seed)
        bars = daily("XNYS", "2005-01-01", "2020-12-31", seed=seed)
        self.check(rng, bars, "1d", "XNYS")

    @pytest.mark.parametrize("seed", range(4))
    def test_in_minutes_of_tokyo(self, seed):
        self.check(
            np.random.default_rng(seed), intraday("XTKS", "2023-04-01", "2023-06-30", 5, seed), "5m", "XTKS"
        )

    @pytest.mark.parametrize("seed", range(4))
    def test_in_hours_of_foreign_exchange(self, seed):
        self.check(
            np.random.default_rng(seed), intraday("fx", "2022-02-01", "2022-11-30", 60, seed), "1h", "fx"
        )

    def check(self, rng, bars, timeframe, calendar):
        places = rng.choice(np.arange(200, len(bars) - 200, 120), 6, replace=False)
        stale, spike, silent, first_gap, second_gap, split = places.tolist()
        columns = {name: getattr(bars, name).copy() for name in NAMES}
        columns["volume"][:] = 1000.0 + rng.integers(0, 300, len(bars))
        for name in NAMES[:4]:
            columns[name][stale : stale + 9] = columns["close"][stale]
            columns[name][split:] /= 3.0
        columns["volume"][split:] *= 3.0
        columns["close"][spike] *= 1.9
        columns["high"][spike] = columns["close"][spike]
        columns["volume"][silent : silent + 4] = 0.0
        gone = [first_gap, second_gap, second_gap + 1, second_gap + 2]
        report = examine(without(changed(bars, **columns), *gone), timeframe=timeframe, calendar=calendar)
        assert found(report) == {"split": 1, "gap": 2, "stale": 1, "outlier": 1, "zero_volume": 1}
        assert sorted(starts(report.gaps)) == sorted(
            str(bars.time[row])[:16] for row in (first_gap, second_gap)
        )
        assert sorted(item.bars for item in report.gaps) == [1, 3]
        for findings, row, count in (
            (report.stale, stale, 9), (report.outliers, spike, 1), (report.of("zero_volume").items, silent, 4),
            (report.splits, split, 1),
        ):  # fmt: skip
            assert [(item.time, item.bars) for item in findings] == [(bars.time[row], count)]
        assert report.splits[0].ratio == (1, 3)
        assert report.missing_bars == 4

    def test_across_the_blocks_in_which_a_long_series_is_read(self):
        count = 2 * BLOCK + 500
        rng = np.random.default_rng(8)
        close = 100.0 * np.exp(np.cumsum(2e-4 * rng.standard_normal(count)))
        time = np.datetime64("2020-01-01", "ns") + np.arange(count) * np.timedelta64(1, "m")
        close[BLOCK - 4 : BLOCK + 4] = close[BLOCK - 4]
        close[2 * BLOCK - 1] *= 1.5  # the last bar of a block, and back in the next one
        volume = np.full(count, 5.0)
        volume[2 * BLOCK - 3 : 2 * BLOCK + 3] = 0.0
        keep = np.delete(np.arange(count), [BLOCK + 100, *range(BLOCK + 50_000, BLOCK + 50_007)])
        with ColumnFiles() as columns:
            for part in np.array_split(keep, 7):
                prices = dict.fromkeys(NAMES[:4], close[part])
                columns.append(time=time[part].view(np.int64), volume=volume[part], **prices)
            report = examine(columns, timeframe="1m", calendar="24/7")
            memory = Bars(time=time[keep], volume=volume[keep], **dict.fromkeys(NAMES[:4], close[keep]))
            assert report.to_dict() == examine(memory, timeframe="1m", calendar="24/7").to_dict()
        assert found(report) == {"gap": 2, "stale": 1, "outlier": 1, "zero_volume": 1}
        assert [item.bars for item in (*report.gaps, *report.stale, *report.of("zero_volume").items)] == [
            1,
            7,
            8,
            6,
        ]
        assert report.outliers[0].severity == "warning"


class TestReport:
    @pytest.mark.parametrize("sample", SAMPLES, ids=lambda item: item.symbol)
    def test_the_samples_as_they_are_loaded_are_good(self, sample):
        bars = CsvFilesProvider().history(sample.symbol, sample.timeframe)
        report = examine(bars, timeframe=sample.timeframe, calendar=sample.calendar)
        assert report.grade == "good", report.to_dict()
        assert set(found(report)) <= {"gap", "outlier"}
        assert (report.coverage, report.outside_bars) == (1.0, 0) or sample.symbol == "EURUSD"

    def test_the_hours_of_christmas_that_the_euro_lacks_are_a_remark(self):
        report = examine(CsvFilesProvider().history("EURUSD", "1h"), timeframe="1h", calendar="fx")
        assert [item.text for item in report.gaps] == [
            "1 bar is missing, 2017-12-24 22:00 (Christmas or New Year)",
            "14 bars are missing, 2017-12-25 08:00 to 2017-12-25 21:00 (Christmas or New Year)",
        ]
        assert {item.severity for item in report.gaps} == {"info"}
        # The first round of the French election, and a decision of the central bank.
        assert starts(report.outliers) == ["2017-04-23T21:00", "2017-09-20T18:00"]

    @pytest.mark.parametrize("count", [0, 1, 2])
    @pytest.mark.parametrize("calendar", ["exchange", "XNYS", "24/7"])
    def test_hardly_any_bars_are_no_problem(self, count, calendar):
        report = examine(
            daily("XNYS", "2024-01-02", "2024-01-12").head(count), timeframe="1d", calendar=calendar
        )
        assert report.bars == count
        assert report.grade == ("empty" if count == 0 else "good")
        json.dumps(report.to_dict(), allow_nan=False)

    def test_the_report_is_plain_json_with_a_version(self):
        report = examine(raw_sample("AAPL_1d.csv"), timeframe="1d", calendar="XNAS").to_dict()
        text = json.dumps(report, allow_nan=False)
        read = json.loads(text)
        assert (read["version"], read["split_count"], read["calendar"]) == (2, 2, "XNAS")
        assert read["splits"][0]["ratio"] == [1, 2]
        assert read["splits"][0]["start"] == "2000-06-21T00:00:00Z"
        assert read["counts"]["split"] == {"info": 0, "warning": 1, "error": 1}

    def test_of_very_many_findings_the_worst_are_listed_and_all_are_counted(self):
        bars = make_bars(3000)
        report = examine(without(bars, *range(1, 2500, 5), 2600, 2601, 2602), timeframe="1d", calendar="24/7")
        assert (report.gap_count, len(report.gaps)) == (501, 100)
        assert max(item.bars for item in report.gaps) == 3
        assert [item.time for item in report.gaps] == sorted(item.time for item in report.gaps)

    def test_bars_and_columns_are_both_taken(self):
        bars = raw_sample("MSFT_1d.csv")
        assert examine(bars, timeframe="1d", calendar="XNAS") == examine(
            BarsColumns(bars), timeframe="1d", calendar="XNAS"
        )
