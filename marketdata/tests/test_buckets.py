"""Longer bars by the sessions of a calendar: hand-computed places, and nothing that was seen ever changes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.bars import COLUMNS, Bars
from marketdata.buckets import Grid
from marketdata.columns import BarsColumns, ColumnFiles
from marketdata.errors import ResampleError
from marketdata.resample import resample, resample_columns

MINUTE = np.timedelta64(1, "m")


def bars_at(times):
    """Bars whose close is their number from 1 on; a high 0.5 above and a low 0.5 below; volume 1."""
    time = np.asarray(times, dtype="datetime64[ns]")
    close = np.arange(1.0, len(time) + 1)
    return Bars(time, close, close + 0.5, close - 0.5, close, np.ones(len(time)))


def minutes(*spans, step=1):
    """Every minute of each "from/until" (UTC, the end left out), or each `step` of them."""
    parts = []
    for span in spans:
        start, end = (np.datetime64(text, "ns") for text in span.split("/"))
        parts.append(np.arange(start, end, step * MINUTE))
    return bars_at(np.concatenate(parts))


def labels(bars):
    return [str(np.datetime_as_string(time, unit="m")) for time in bars.time]


# New York, 24 to 28 November 2025: Thursday is a holiday, Friday closes at 13:00. Winter time: 14:30 to 21:00 UTC.
WEDNESDAY = "2025-11-26T14:30/2025-11-26T21:00"
FRIDAY = "2025-11-28T14:30/2025-11-28T18:00"


def test_hours_count_from_the_open_and_end_with_an_early_close():
    made = resample(minutes(WEDNESDAY, FRIDAY), "1h", source_timeframe="1m", calendar="XNYS")
    assert labels(made) == [
        *[f"2025-11-26T{hour}:30" for hour in (14, 15, 16, 17, 18, 19, 20)],
        *[f"2025-11-28T{hour}:30" for hour in (14, 15, 16, 17)],
    ]
    # six whole hours and the half one before the close; on Friday three and the half one before 13:00
    assert made.volume.tolist() == [60] * 6 + [30] + [60] * 3 + [30]
    assert made.open[:2].tolist() == [1, 61]
    assert made.close[6] == 390
    assert made.high[6] == 390.5
    assert made.low[7] == 390.5  # the first minute of Friday is bar 391


def test_a_day_is_one_session_labelled_by_midnight_of_its_date():
    made = resample(minutes(WEDNESDAY, FRIDAY), "1d", source_timeframe="1m", calendar="XNYS")
    assert labels(made) == ["2025-11-26T00:00", "2025-11-28T00:00"]
    assert made.volume.tolist() == [390, 210]
    assert made.close.tolist() == [390, 600]


def test_a_week_ends_with_the_last_session_that_the_calendar_has_in_it():
    bars = minutes(WEDNESDAY, FRIDAY)
    assert labels(resample(bars, "1w", source_timeframe="1m", calendar="XNYS")) == ["2025-11-24T00:00"]
    # without Friday's last minute the week is open, although Friday is short
    assert not len(resample(bars.head(599), "1w", source_timeframe="1m", calendar="XNYS"))
    days = bars_at(["2025-11-24", "2025-11-25", "2025-11-26", "2025-11-28"])
    assert resample(days, "1w", source_timeframe="1d", calendar="XNYS").volume.tolist() == [4]
    assert not len(resample(days.head(3), "1w", source_timeframe="1d", calendar="XNYS"))
    # in UTC nothing says that Friday is the last day
    assert not len(resample(days, "1w", source_timeframe="1d"))


def test_good_friday_ends_the_week_on_thursday():
    days = bars_at(["2025-04-14", "2025-04-15", "2025-04-16", "2025-04-17"])
    assert resample(days, "1w", source_timeframe="1d", calendar="XNYS").close.tolist() == [4]


@pytest.mark.parametrize(
    ("calendar", "sessions", "opens"),
    [
        # New York changes its clocks on 9 March 2025, London on 30 March; both open at their own wall-clock hour.
        ("XNYS", ["2025-03-07T14:30/2025-03-07T21:00", "2025-03-10T13:30/2025-03-10T20:00"], ["14:30", "13:30"]),
        ("XLON", ["2025-03-28T08:00/2025-03-28T16:30", "2025-03-31T07:00/2025-03-31T15:30"], ["08:00", "07:00"]),
        ("XNYS", ["2025-10-31T13:30/2025-10-31T20:00", "2025-11-03T14:30/2025-11-03T21:00"], ["13:30", "14:30"]),
        ("XLON", ["2025-10-24T07:00/2025-10-24T15:30", "2025-10-27T08:00/2025-10-27T16:30"], ["07:00", "08:00"]),
    ],
)  # fmt: skip
def test_the_open_moves_with_the_clocks_of_the_exchange(calendar, sessions, opens):
    bars = minutes(*sessions)
    hours = resample(bars, "4h", source_timeframe="1m", calendar=calendar)
    by_day = {}
    for label in labels(hours):
        by_day.setdefault(label[:10], []).append(label[11:])
    assert [times[0] for times in by_day.values()] == opens
    length = 390 if calendar == "XNYS" else 510
    expected = [240, length - 240] if length < 480 else [240, 240, length - 480]
    assert hours.volume.tolist() == expected * 2
    days = resample(bars, "1d", source_timeframe="1m", calendar=calendar)
    assert days.volume.tolist() == [length] * 2
    assert labels(days) == [f"{session[:10]}T00:00" for session in sessions]


def test_buckets_start_anew_after_the_lunch_of_tokyo():
    # Friday 2024-10-04: 09:00 to 11:30 and 12:30 to 15:00 in Tokyo, nine hours before UTC
    bars = minutes("2024-10-04T00:00/2024-10-04T02:30", "2024-10-04T03:30/2024-10-04T06:00")
    made = resample(bars, "1h", source_timeframe="1m", calendar="XTKS", as_of=np.datetime64("2024-10-05"))
    assert [label[11:] for label in labels(made)] == ["00:00", "01:00", "02:00", "03:30", "04:30", "05:30"]
    assert made.volume.tolist() == [60, 60, 30, 60, 60, 30]
    long = resample(bars, "4h", source_timeframe="1m", calendar="XTKS", as_of=np.datetime64("2024-10-05"))
    assert long.volume.tolist() == [150, 150]


def test_a_day_of_foreign_exchange_runs_from_five_to_five_in_new_york():
    # The week opens on Sunday 2025-03-09 at 17:00 in New York, by then on summer time: 21:00 UTC. The week before
    # closed on Friday at 22:00 UTC.
    bars = minutes("2025-03-06T22:00/2025-03-07T22:00", "2025-03-09T21:00/2025-03-11T21:00", step=60)
    days = resample(bars, "1d", source_timeframe="1h", calendar="fx")
    assert labels(days) == ["2025-03-07T00:00", "2025-03-10T00:00", "2025-03-11T00:00"]
    assert days.volume.tolist() == [24, 24, 24]
    four = resample(bars, "4h", source_timeframe="1h", calendar="fx")
    assert labels(four)[0] == "2025-03-06T22:00"
    assert labels(four)[6] == "2025-03-09T21:00"
    assert four.volume.tolist() == [4] * 18
    assert labels(resample(bars, "1w", source_timeframe="1h", calendar="fx")) == ["2025-03-03T00:00"]


def test_markets_that_never_close_and_unnamed_exchanges_keep_the_rule_of_utc():
    bars = minutes("2025-03-08T22:10/2025-03-10T01:00")
    for calendar in (None, "24/7", "exchange"):
        made = resample(bars, "1d", source_timeframe="1m", calendar=calendar)
        assert labels(made) == ["2025-03-08T00:00", "2025-03-09T00:00"]
        assert made.volume.tolist() == [110, 1440]


def test_bars_outside_the_sessions_have_hours_of_their_own_and_are_left_out_of_days():
    before, after = "2025-11-26T12:00/2025-11-26T14:30", "2025-11-26T21:00/2025-11-27T01:00"
    bars = minutes(before, WEDNESDAY, after, FRIDAY, "2025-11-28T18:00/2025-11-28T19:00")
    hours = resample(bars, "4h", source_timeframe="1m", calendar="XNYS", as_of=np.datetime64("2025-11-29"))
    # Tuesday's close was at 21:00: from there in steps of four hours until the open at 14:30
    assert labels(hours) == [
        "2025-11-26T09:00",  # 12:00 to 13:00
        "2025-11-26T13:00",  # and an hour and a half until the open
        "2025-11-26T14:30",
        "2025-11-26T18:30",
        "2025-11-26T21:00",
        "2025-11-28T14:30",
        "2025-11-28T18:00",
    ]
    # The first close of the data waits for a closing auction, so that one bar after it counts as that.
    assert hours.volume.tolist() == [60, 90, 240, 151, 239, 211, 59]
    with ColumnFiles() as into:
        told = resample_columns(
            BarsColumns(bars), into, "1d", source_timeframe="1m", calendar="XNYS",
            as_of=np.datetime64("2025-11-29"),
        )  # fmt: skip
        assert into.read("volume").tolist() == [391, 211]
    assert told.to_dict() == {"made": 2, "left_out": 150 + 239 + 59, "unfinished": 0}


def test_the_closing_auction_belongs_to_the_session_where_the_data_has_auctions():
    wednesday = "2025-11-26T14:30/2025-11-26T21:01"
    bars = minutes(wednesday, "2025-11-28T14:30/2025-11-28T18:01")
    days = resample(bars, "1d", source_timeframe="1m", calendar="XNYS")
    assert days.close.tolist() == [391, 391 + 211]
    hours = resample(bars, "1h", source_timeframe="1m", calendar="XNYS")
    assert hours.volume.tolist() == [60] * 6 + [31] + [60] * 3 + [31]
    fives = resample(bars, "5m", source_timeframe="1m", calendar="XNYS")
    assert labels(fives)[77] == "2025-11-26T20:55"
    assert fives.volume[76:79].tolist() == [5, 6, 5]
    # Friday is not complete before its auction, because Wednesday had one
    assert len(resample(bars.head(601), "1d", source_timeframe="1m", calendar="XNYS")) == 1


def test_the_morning_of_tokyo_has_a_closing_auction_of_its_own():
    monday = ("2024-10-07T00:00/2024-10-07T02:31", "2024-10-07T03:30/2024-10-07T06:00")
    tuesday = ("2024-10-08T00:00/2024-10-08T02:31", "2024-10-08T03:30/2024-10-08T06:00")
    bars = minutes(*monday, *tuesday)
    hours = resample(bars, "1h", source_timeframe="1m", calendar="XTKS")
    assert hours.volume.tolist() == [60, 60, 31, 60, 60, 30] * 2
    days = resample(bars, "1d", source_timeframe="1m", calendar="XTKS")
    assert days.volume.tolist() == [
        301,
        301,
    ]  # the afternoon had none on Monday: Tuesday ends with its last minute


def test_an_auction_that_nobody_could_expect_stays_outside():
    monday = "2025-11-24T14:30/2025-11-24T21:00"
    tuesday = "2025-11-25T14:30/2025-11-25T21:01"
    wednesday = "2025-11-26T14:30/2025-11-26T21:01"
    bars = minutes(monday, tuesday, wednesday)
    complete = resample(bars.head(780), "1d", source_timeframe="1m", calendar="XNYS")
    assert complete.close.tolist() == [390, 780]  # Monday had none, so that nothing is waited for on Tuesday
    days = resample(bars, "1d", source_timeframe="1m", calendar="XNYS")
    assert days.close.tolist() == [390, 780, 781 + 391]  # Tuesday's came as a surprise, Wednesday's not


def test_a_bar_within_which_the_market_opens_belongs_to_the_session():
    # hours of UTC: the one of 14:00 holds the open at 14:30, the one of 21:00 starts after the close
    bars = minutes("2025-11-26T13:00/2025-11-26T22:00", step=60)
    made = resample(bars, "1d", source_timeframe="1h", calendar="XNYS")
    assert made.open.tolist() == [2]
    assert made.close.tolist() == [8]
    four = resample(bars, "4h", source_timeframe="1h", calendar="XNYS", as_of=np.datetime64("2025-11-28"))
    assert labels(four) == ["2025-11-26T13:00", "2025-11-26T14:30", "2025-11-26T18:30", "2025-11-26T21:00"]


def test_days_that_are_no_session_are_left_out_of_a_week():
    days = bars_at(["2025-11-22", "2025-11-24", "2025-11-25", "2025-11-26", "2025-11-27", "2025-11-28"])
    made = resample(days, "1w", source_timeframe="1d", calendar="XNYS")  # Saturday and Thanksgiving
    assert labels(made) == ["2025-11-24T00:00"]
    assert made.close.tolist() == [6]
    assert made.volume.tolist() == [4]


def test_days_labelled_by_local_midnight_belong_to_the_date_of_the_exchange():
    # midnight in New York; Monday to Friday of the week of Thanksgiving, which has no Thursday
    days = bars_at([f"2025-11-{day}T05:00" for day in (24, 25, 26, 28)])
    made = resample(days, "1w", source_timeframe="1d", calendar="XNYS")
    assert labels(made) == ["2025-11-24T00:00"]
    assert made.volume.tolist() == [4]


def test_days_that_a_calendar_does_not_know_count_like_days_in_utc():
    bars = minutes("1850-01-02T10:00/1850-01-03T10:00", step=60)
    made = resample(bars, "1d", source_timeframe="1h", calendar="XSHG")
    assert labels(made) == ["1850-01-02T00:00"]
    assert made.volume.tolist() == [14]


def test_an_unknown_calendar_and_the_same_timeframe_are_refused_in_words():
    bars = minutes(WEDNESDAY)
    with pytest.raises(ResampleError, match="already"), ColumnFiles() as into:
        resample_columns(BarsColumns(bars), into, "1m", source_timeframe="1m")
    with pytest.raises(ResampleError, match="cannot be merged"):
        resample(bars, "1m", source_timeframe="5m", calendar="XNYS")


# Any choice of minutes around two sessions with their nights and a weekend, at the seconds that sources may give.
CANDIDATES = np.concatenate(
    [
        np.arange(np.datetime64(day + "T12:00", "ns"), np.datetime64(day + "T23:00", "ns"), 7 * MINUTE)
        for day in ("2025-11-24", "2025-11-25", "2025-11-26", "2025-11-27", "2025-11-28", "2025-11-30", "2025-12-01")
    ]
    + [np.array([f"2025-11-{day}T{at}" for day in (24, 25, 26) for at in ("14:30", "20:59", "21:00", "21:01")],
                dtype="datetime64[ns]")]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    rows=st.sets(st.integers(0, len(CANDIDATES) - 1), min_size=1, max_size=80),
    cut=st.integers(0, 80),
    timeframe=st.sampled_from(["15m", "1h", "4h", "1d", "1w"]),
    source=st.sampled_from(["1m", "5m", "15m"]),
    calendar=st.sampled_from([None, "XNYS", "XLON", "XTKS", "fx"]),
    size=st.integers(1, 40),
)
def test_later_bars_never_alter_earlier_ones_and_blocks_give_the_same(
    rows, cut, timeframe, source, calendar, size
):
    bars = bars_at(np.unique(CANDIDATES[sorted(rows)]))
    how = {"source_timeframe": source, "calendar": calendar}
    if timeframe == source:
        return
    whole = resample(bars, timeframe, **how)
    part = resample(bars.head(cut), timeframe, **how)
    for name in ("time", *COLUMNS):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[: len(part)])
    assert all(first < second for first, second in pairwise(whole.time.tolist()))
    with ColumnFiles() as into:
        told = resample_columns(BarsColumns(bars), into, timeframe, size=size, **how)
        assert np.array_equal(into.read("time"), whole.time.view(np.int64))
        for name in COLUMNS:
            assert np.array_equal(into.read(name), getattr(whole, name))
        counted = into.read("volume").sum() + told.left_out
    assert told.made == len(whole)
    assert counted + told.unfinished == len(bars)


def test_no_bar_is_counted_twice_or_lost():
    bars = minutes("2025-11-24T09:00/2025-11-28T22:00", step=5)
    grid = Grid("1h", source="5m", calendar="XNYS", first=bars.time[0], last=bars.time[-1])
    buckets = grid.place(grid.ticks(bars.time))
    assert buckets.rows is None
    assert buckets.first[0] == 0
    assert (np.diff(buckets.first) > 0).all()
    assert (np.diff(buckets.label) > 0).all()
    assert (buckets.end > buckets.label).all()
