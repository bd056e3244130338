"""Short curves keep what matters of long ones."""

import numpy as np
import pytest

from backtests import curves
from backtests.outcome import equity_rows, overlay_rows
from backtests.tests.conftest import wavy_bars
from marketdata.charts import downsample
from strategies.base import Overlay


def walk(count, seed=1):
    return 100.0 + np.cumsum(np.random.default_rng(seed).normal(size=count))


def test_a_short_curve_keeps_every_row():
    assert curves.keep_extremes(walk(5_000)).tolist() == list(range(5_000))


@pytest.mark.parametrize("count", [5_001, 9_999, 123_457])
def test_a_long_curve_keeps_its_extremes_ends_and_bound(count):
    values = walk(count)
    rows = curves.keep_extremes(values)
    assert len(rows) <= 5_000
    assert (np.diff(rows) > 0).all()
    assert {0, count - 1, int(values.argmin()), int(values.argmax())} <= set(rows.tolist())


def test_a_one_bar_spike_survives():
    values = np.ones(1_000_000)
    values[777_777] = 2.0
    assert 777_777 in curves.keep_extremes(values)


def test_the_worst_drawdown_is_kept_exactly():
    equity = walk(20_000, seed=3) + 500
    peak = np.maximum.accumulate(equity)
    time = np.datetime64("2020-01-01", "ns") + np.arange(20_000).astype("timedelta64[h]")
    rows = equity_rows(time, equity, equity, equity / peak - 1)
    assert len(rows) <= 5_000
    assert min(row[3] for row in rows) == (equity / peak - 1).min()


def test_undefined_numbers_become_none():
    assert curves.finite(np.nan) is None
    assert curves.finite(np.inf) is None
    assert curves.finite(np.float64(1.5)) == 1.5


def test_a_sparkline_has_at_most_sixty_numbers_with_both_ends():
    line = curves.sparkline(np.arange(1000.0))
    assert (len(line), line[0], line[-1]) == (60, 0.0, 999.0)
    assert curves.sparkline(np.array([5.0])) == [5.0]


@pytest.mark.parametrize("count", [10, 1_999, 2_001, 6_500])
def test_lines_stand_at_the_times_of_the_drawn_candles(count):
    bars = wavy_bars(count)
    line = Overlay("close", bars.close)
    points = overlay_rows([line], bars)[0]["points"]
    candles = downsample(bars).rows()
    assert [point[0] for point in points] == [candle[0] for candle in candles]
    assert [point[1] for point in points] == [candle[4] for candle in candles]
