"""A longer timeframe is seen only after its bars have closed."""

from pathlib import Path

import numpy as np
import pytest

import marketdata.samples
from marketdata.bars import Bars
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


def minutes() -> Bars:
    """The first sessions of the sample of minutes."""
    path = next(Path(marketdata.samples.__path__[0]).glob("SPY_1m*"))
    rows = np.loadtxt(path, delimiter=",", skiprows=1, dtype=str, max_rows=1500)
    prices = rows[:, 1:6].astype(np.float64).T
    return Bars(
        np.array([text.removesuffix("Z")[:19] for text in rows[:, 0]], dtype="datetime64[ns]"), *prices
    )
