"""Bars: checked once, frozen for good, and every refusal says where and what to do."""

import datetime as dt
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from marketdata.bars import Bars
from marketdata.errors import BarsError, MarketDataError


def columns(n=4, **changes):
    time = np.datetime64("2020-01-30", "ns") + np.arange(n) * np.timedelta64(1, "D")
    base = np.arange(n) + 10.0
    made = {
        "time": time,
        "open": base.copy(),
        "high": base + 2,
        "low": base - 2,
        "close": base + 1,
        "volume": base * 0,
    }
    return made | changes


def with_value(name, row, value, n=4):
    made = columns(n)
    made[name][row] = value
    return made


def test_good_columns_become_read_only_contiguous_float64():
    bars = Bars(**columns(4, open=[10, 11, 12, 13]))
    assert len(bars) == 4
    for name in ("open", "high", "low", "close", "volume"):
        column = getattr(bars, name)
        assert column.dtype == np.float64
        assert column.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1.0


def test_changing_the_givers_array_afterwards_changes_nothing():
    made = columns()
    bars = Bars(**made)
    made["close"][0] = -5.0
    assert bars.close[0] == 11.0


def test_a_strided_column_is_made_contiguous():
    table = np.column_stack([columns()["open"], columns()["close"]])
    assert Bars(**columns(open=table[:, 0])).open.flags.c_contiguous


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (with_value("close", 2, np.nan), ["Row 2", "2020-02-01", "close nan", "Correct or remove"]),
        (with_value("open", 1, 0.0), ["Row 1", "open 0 ", "above 0"]),
        (with_value("high", 3, np.inf), ["Row 3", "high inf"]),
        (with_value("low", 0, 10.5), ["Row 0", "low 10.5", "above the open or the close"]),
        (with_value("high", 1, 11.5), ["Row 1", "high 11.5", "below the open or the close"]),
        (with_value("volume", 2, -1.0), ["Row 2", "volume -1"]),
        (with_value("time", 2, np.datetime64("NaT")), ["Row 2", "no time"]),
        (with_value("time", 2, np.datetime64("2020-01-31")), ["Row 2", "repeats", "one bar per time"]),
        (with_value("time", 2, np.datetime64("2020-01-01")), ["Row 2", "comes before", "Sort"]),
        (columns(close=[1.0, 2.0]), ["different lengths", "close 2"]),
        (columns(close=["a", "b", "c", "d"]), ["close", "not a number"]),
        (columns(time=[1, 2, 3, 4]), ["time holds int64", "datetime64"]),
        (columns(open=np.ones((4, 1))), ["open has 2 dimensions"]),
    ],
)
def test_a_refusal_names_row_value_and_remedy(made, words):
    with pytest.raises(BarsError) as caught:
        Bars(**made)
    for word in words:
        assert word in caught.value.detail
    assert isinstance(caught.value, MarketDataError)


def test_a_time_beyond_nanoseconds_is_refused_not_wrapped():
    time = np.array(["2020-01-01", "3020-01-01"], dtype="datetime64[s]")
    with pytest.raises(BarsError, match="Row 1: time 3020"):
        Bars(**columns(2, time=time))


def test_slice_includes_both_ends():
    bars = Bars(**columns(6))
    part = bars.slice("2020-01-31", np.datetime64("2020-02-02"))
    assert [str(day)[:10] for day in part.time] == ["2020-01-31", "2020-02-01", "2020-02-02"]
    assert np.shares_memory(part.close, bars.close)
    assert len(bars.slice(None, None)) == 6
    assert len(bars.slice(dt.date(2020, 2, 1))) == 4


def test_a_day_as_the_end_covers_its_intraday_bars():
    time = np.datetime64("2020-01-01T00", "ns") + np.arange(48) * np.timedelta64(1, "h")
    bars = Bars(**columns(48, time=time))
    assert len(bars.slice(None, "2020-01-01")) == 24
    assert len(bars.slice(None, "2020-01-01T10")) == 11
    assert len(bars.slice(None, dt.datetime(2020, 1, 1, 10))) == 11
    assert len(bars.slice("2020-01-01T12:00+02:00", "2020-01-01T10:00:00Z")) == 1


def test_a_period_without_bars_is_empty_and_a_wrong_order_too():
    bars = Bars(**columns())
    assert len(bars.slice("2030-01-01", None)) == 0
    assert len(bars.slice("2020-02-01", "2020-01-30")) == 0
    assert repr(bars.slice("2030-01-01")) == "Bars(empty)"


@pytest.mark.parametrize("value", ["yesterday", "", "9999-01-01", object()])
def test_a_boundary_that_is_no_date_is_refused(value):
    with pytest.raises(BarsError, match="start"):
        Bars(**columns()).slice(value)


def test_head_takes_the_first_bars():
    bars = Bars(**columns())
    assert len(bars.head(2)) == 2
    assert len(bars.head(99)) == 4
    assert len(bars.head(-1)) == 0


def test_a_frame_goes_and_comes_back():
    bars = Bars(**columns())
    frame = bars.to_frame()
    assert str(frame.index.tz) == "UTC"
    again = Bars.from_frame(frame)
    assert np.array_equal(again.time, bars.time)
    assert np.array_equal(again.close, bars.close)


def test_a_frame_in_another_zone_is_converted_and_names_may_be_capital():
    frame = Bars(**columns()).to_frame().rename(columns=str.capitalize).tz_convert("America/New_York")
    assert str(Bars.from_frame(frame).time[0])[:13] == "2020-01-30T00"


def test_a_frame_without_times_or_columns_is_refused():
    frame = Bars(**columns()).to_frame()
    with pytest.raises(BarsError, match="no column 'close'"):
        Bars.from_frame(frame.drop(columns="close"))
    with pytest.raises(BarsError, match="DatetimeIndex"):
        Bars.from_frame(frame.reset_index(drop=True))
    with pytest.raises(BarsError, match="more than one column"):
        Bars.from_frame(pd.concat([frame, frame["close"]], axis=1))


def test_trusted_columns_are_neither_copied_nor_checked():
    made = columns(close=np.full(4, -1.0))
    bars = Bars.trusted(**made)
    assert np.shares_memory(bars.close, made["close"])
    assert not bars.close.flags.writeable
    assert made["close"].flags.writeable


def test_importing_bars_pulls_neither_pandas_nor_django():
    code = (
        "import sys, marketdata.bars; print([m for m in ('pandas', 'django', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
