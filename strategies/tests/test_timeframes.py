"""A longer timeframe is seen only after its bars have closed."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import marketdata.samples
from marketdata.bars import COLUMNS, Bars
from marketdata.timeframes import get_timeframe
from strategies.library import TwoTimeframesStrategy
from strategies.tests.prices import bars_of, random_bars
from strategies.timeframes import higher_timeframe


def test_a_week_is_seen_from_the_first_bar_after_its_end():
    # 2020-01-01 is a Wednesday: the first bucket holds five days, Monday the 6th is row 5.
    longer = higher_timeframe(bars_of(np.arange(1.0, 16.0)), "1w")
    assert longer.bars.close.tolist() == [5.0, 12.0]
    assert longer.visible_from.tolist() == [5, 12]
    seen = longer.align(longer.bars.close)
    assert np.isnan(seen[:5]).all()
    assert seen[5:].tolist() == [5.0] * 7 + [12.0] * 3


def test_with_the_length_of_a_bar_a_week_is_seen_at_the_close_that_ends_it():
    longer = higher_timeframe(bars_of(np.arange(1.0, 16.0)), "1w", source_timeframe="1d")
    assert longer.visible_from.tolist() == [4, 11]  # Sundays, whose bars reach the end of their week


def test_a_week_that_ends_on_friday_is_seen_on_monday_even_with_the_length_of_a_bar():
    days = [0, 1, 2, 5, 6]  # Wednesday, Thursday, Friday, Monday, Tuesday
    whole = bars_of([1.0, 2.0, 3.0, 4.0, 5.0])
    time = np.datetime64("2020-01-01", "ns") + np.array(days) * np.timedelta64(1, "D")
    bars = Bars(time, whole.open, whole.high, whole.low, whole.close, whole.volume)
    longer = higher_timeframe(bars, "1w", source_timeframe="1d")
    assert longer.visible_from.tolist() == [3]
    assert longer.align(longer.bars.close).tolist()[3:] == [3.0, 3.0]


@pytest.mark.parametrize("source", [None, "1m"])
def test_no_value_of_an_hour_is_seen_before_its_last_minute_has_closed(source):
    bars = minutes()
    longer = higher_timeframe(bars, "1h", source_timeframe=source)
    hour = np.timedelta64(1, "h")
    for number in range(len(longer.bars)):
        row = longer.visible_from[number]
        assert bars.time[row] + np.timedelta64(1, "m") >= longer.bars.time[number] + hour
        inside = (bars.time >= longer.bars.time[number]) & (bars.time < longer.bars.time[number] + hour)
        assert longer.bars.high[number] == bars.high[inside].max()
        assert inside.nonzero()[0][-1] <= row


@pytest.mark.parametrize("timeframe", ["5m", "15m", "1h", "1d"])
def test_what_is_seen_does_not_change_when_more_bars_follow(timeframe):
    bars = minutes()
    whole = higher_timeframe(bars, timeframe)
    seen = whole.align(whole.bars.close)
    for count in (1, 7, 100, 391, 1000, len(bars) - 1):
        cut = higher_timeframe(bars.head(count), timeframe)
        assert np.array_equal(cut.align(cut.bars.close), seen[:count], equal_nan=True)


def test_no_bars_have_no_longer_bars():
    longer = higher_timeframe(random_bars(5).head(0), "1w")
    assert len(longer.bars) == 0
    assert longer.align(longer.bars.close).shape == (0,)


@pytest.mark.parametrize("timeframe", ["5m", "15m", "1h", "4h", "1d", "1w"])
@pytest.mark.parametrize("source", ["1m", None])
def test_across_sessions_a_longer_bar_is_seen_at_its_close_and_not_a_minute_before(timeframe, source):
    bars = spy()
    longer = higher_timeframe(bars, timeframe, source_timeframe=source, calendar="XNYS")
    seen = longer.align(np.arange(len(longer.bars), dtype=float))
    last = np.array([last_minute(label, timeframe) for label in longer.bars.time], dtype="datetime64[ns]")
    for row, time in enumerate(bars.time):  # as somebody would who had written every bar down by hand
        closed = (time >= last if source else time > last).sum() - 1
        assert (-1 if np.isnan(seen[row]) else int(seen[row])) == closed, (row, time)


def last_minute(label, timeframe):
    """When the last minute of a longer bar of the sample starts; the closing auction, at 16:00 in New York, is one."""
    if timeframe == "1w":
        return np.datetime64("2020-12-18T21:00", "ns")
    auction = label.astype("datetime64[D]") + np.timedelta64(21, "h")
    end = label + np.timedelta64(get_timeframe(timeframe).minutes, "m")
    return auction if end >= auction else end - np.timedelta64(1, "m")


def test_the_days_of_the_sample_are_its_sessions_and_known_at_their_last_minute():
    bars = spy()
    longer = higher_timeframe(bars, "1d", source_timeframe="1m", calendar="XNYS")
    assert longer.visible_from.tolist() == [390, 781, 1172, 1563]
    assert longer.bars.open.tolist() == [367.4, 369.82, 371.94, 370.97]
    assert longer.bars.close.tolist() == [369.56, 370.06, 372.19, 369.15]  # of the closing auctions
    assert [str(time)[:16] for time in longer.bars.time] == [
        f"2020-12-{day}T00:00" for day in (15, 16, 17, 18)
    ]


def test_hours_of_the_sample_begin_at_half_past_nine():
    longer = higher_timeframe(spy(), "1h", source_timeframe="1m", calendar="XNYS")
    # 09:30 in New York is 14:30 UTC; seven a session, the last one from 15:30 to the close
    assert [str(time)[11:16] for time in longer.bars.time[:8]] == [
        *[f"{hour}:30" for hour in range(14, 21)],
        "14:30",
    ]
    assert longer.visible_from[:8].tolist() == [59, 119, 179, 239, 299, 359, 390, 450]


@pytest.mark.parametrize("timeframe", ["5m", "1h", "4h", "1d", "1w"])
@pytest.mark.parametrize("source", ["1m", None])
def test_no_altered_or_shorter_future_changes_what_was_seen(timeframe, source):
    bars = spy()
    how = {"source_timeframe": source, "calendar": "XNYS"}
    whole = higher_timeframe(bars, timeframe, **how)
    closes, highs = whole.align(whole.bars.close), whole.align(whole.bars.high)
    for cut in (1, 59, 60, 389, 390, 391, 392, 781, 782, 1000, 1562, 1563):
        prices = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
        for values in prices.values():
            values[cut:] *= 3.0
        altered = Bars(time=bars.time, volume=bars.volume, **prices)
        gone = np.delete(np.arange(len(bars)), slice(cut, cut + 3))
        sparse = Bars(**{name: getattr(altered, name)[gone] for name in ("time", *prices, "volume")})
        for future in (bars.head(cut), altered, sparse):
            again = higher_timeframe(future, timeframe, **how)
            assert np.array_equal(again.align(again.bars.close)[:cut], closes[:cut], equal_nan=True)
            assert np.array_equal(again.align(again.bars.high)[:cut], highs[:cut], equal_nan=True)


def test_the_strategy_of_two_timeframes_can_follow_the_sessions_of_an_exchange():
    bars = spy()
    how = {"higher": "1h", "trend_period": 2, "pullback": 45.0}
    by_session = TwoTimeframesStrategy(sessions="XNYS", **how)
    target = by_session.target(bars)
    assert {-1.0, 0.0, 1.0} <= set(target[~np.isnan(target)])
    assert not np.array_equal(target, TwoTimeframesStrategy(**how).target(bars), equal_nan=True)
    # Two hours have closed at 11:30; the first minute after that is row 120.
    assert np.flatnonzero(~np.isnan(target))[0] == 120
    for cut in (119, 121, 390, 391, 392, 1000):
        assert np.array_equal(by_session.target(bars.head(cut)), target[:cut], equal_nan=True)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.sets(st.integers(0, 1563), min_size=1, max_size=60),
    cut=st.integers(0, 60),
    timeframe=st.sampled_from(["5m", "15m", "1h", "4h", "1d", "1w"]),
    source=st.sampled_from([None, "1m", "5m"]),
    calendar=st.sampled_from([None, "XNYS", "XLON", "XTKS", "fx", "exchange"]),
)
def test_whatever_bars_there_are_nothing_is_seen_early(rows, cut, timeframe, source, calendar):
    whole = spy()
    kept = sorted(rows)
    bars = Bars(**{name: getattr(whole, name)[kept] for name in ("time", *COLUMNS)})
    how = {"source_timeframe": source, "calendar": calendar}
    longer = higher_timeframe(bars, timeframe, **how)
    seen = longer.align(longer.bars.close)
    known = higher_timeframe(bars.head(cut), timeframe, **how)
    assert np.array_equal(known.align(known.bars.close), seen[:cut], equal_nan=True)
    for number, row in enumerate(longer.visible_from):
        assert longer.bars.close[number] in bars.close[: row + 1]
        assert longer.bars.high[number] <= bars.high[: row + 1].max()


@cache
def spy() -> Bars:
    """The whole sample of minutes, its times from New York's winter to UTC."""
    rows = np.loadtxt(sample(), delimiter=",", skiprows=1, dtype=str)
    time = np.array([text[:19] for text in rows[:, 0]], dtype="datetime64[ns]") + np.timedelta64(5, "h")
    return Bars(time, *rows[:, 1:6].astype(np.float64).T)


def sample() -> Path:
    return next(Path(marketdata.samples.__path__[0]).glob("SPY_1m*"))


def minutes() -> Bars:
    """The first sessions of the sample of minutes."""
    rows = np.loadtxt(sample(), delimiter=",", skiprows=1, dtype=str, max_rows=1500)
    prices = rows[:, 1:6].astype(np.float64).T
    return Bars(
        np.array([text.removesuffix("Z")[:19] for text in rows[:, 0]], dtype="datetime64[ns]"), *prices
    )
