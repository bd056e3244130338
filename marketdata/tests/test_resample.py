"""Longer bars hold what the shorter ones held, and appear only when they are complete."""

import numpy as np
import pytest

from marketdata.bars import PRICES, Bars
from marketdata.columns import BarsColumns, ColumnFiles
from marketdata.errors import ResampleError
from marketdata.resample import resample, resample_columns
from marketdata.tests.bars import make_bars


def test_five_minute_bars_hold_first_open_extremes_last_close_and_all_volume():
    minutes = make_bars(10, "2024-01-02T09:30", "m")
    merged = resample(minutes, "5m", source_timeframe="1m")
    # opens 100..109; a bar's high is open + 2, low open - 1, close open + 1
    assert merged.open.tolist() == [100, 105]
    assert merged.high.tolist() == [106, 111]
    assert merged.low.tolist() == [99, 104]
    assert merged.close.tolist() == [105, 110]
    assert merged.volume.tolist() == [250, 250]
    assert str(merged.time[1])[:16] == "2024-01-02T09:35"


def test_an_open_last_bar_is_left_out_until_its_time_is_over():
    minutes = make_bars(9, "2024-01-02T09:30", "m")
    assert len(resample(minutes, "5m", source_timeframe="1m")) == 1
    before, after = np.datetime64("2024-01-02T09:39"), np.datetime64("2024-01-02T09:40")
    assert len(resample(minutes, "5m", source_timeframe="1m", as_of=before)) == 1
    assert len(resample(minutes, "5m", source_timeframe="1m", as_of=after)) == 2


def test_no_returned_bar_changes_when_more_bars_follow():
    hours = make_bars(200, "2024-01-01", "h")
    whole = resample(hours, "1d", source_timeframe="1h")
    for count in (1, 23, 24, 25, 100, 199):
        part = resample(hours.head(count), "1d", source_timeframe="1h")
        assert part.close.tolist() == whole.close[: len(part)].tolist()
        assert part.high.tolist() == whole.high[: len(part)].tolist()


def test_weeks_start_on_monday():
    days = make_bars(14, "2024-01-03")  # a Wednesday
    weeks = resample(days, "1w", source_timeframe="1d")
    assert [str(time)[:10] for time in weeks.time] == ["2024-01-01", "2024-01-08"]
    assert weeks.open.tolist() == [100, 105]


def test_times_before_1970_fall_into_the_right_week():
    days = make_bars(7, "1969-12-29")  # a Monday
    weeks = resample(days, "1w", source_timeframe="1d")
    assert [str(time)[:10] for time in weeks.time] == ["1969-12-29"]


def test_a_shorter_timeframe_is_refused_and_the_same_one_returned_as_it_is():
    days = make_bars(3)
    assert resample(days, "1d", source_timeframe="1d") is days
    with pytest.raises(ResampleError, match="cannot be merged into 1h"):
        resample(days, "1h", source_timeframe="1d")


def test_volumes_that_add_up_to_more_than_a_number_holds_are_refused():
    minutes = make_bars(15, "2024-01-02T09:30", "m")
    volume = minutes.volume.copy()
    volume[[6, 8]] = 1.7e308
    bars = Bars(**{name: getattr(minutes, name) for name in ("time", *PRICES)}, volume=volume)
    with pytest.raises(ResampleError, match="the bar at 2024-01-02T09:35:00 add up to more"):
        resample(bars, "5m", source_timeframe="1m")
    with ColumnFiles() as into, pytest.raises(ResampleError, match="Correct the volumes"):
        resample_columns(BarsColumns(bars), into, "5m", source_timeframe="1m")


def test_no_bars_stay_no_bars():
    nothing = make_bars(3).head(0)
    assert isinstance(resample(nothing, "1w", source_timeframe="1d"), Bars)
    assert len(resample(nothing, "1w", source_timeframe="1d")) == 0
