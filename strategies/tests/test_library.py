"""The further strategies of the library, each by a case small enough to follow by hand."""

import math

import numpy as np
import pytest

from marketdata.bars import Bars
from strategies import crossing
from strategies.errors import ParameterError
from strategies.indicators import TechnicalIndicators as Ti
from strategies.library import (
    ADXTrendStrategy,
    BollingerReversionStrategy,
    DonchianBreakoutStrategy,
    MomentumStrategy,
    MovingAverageCrossoverStrategy,
    StochasticStrategy,
    TwoTimeframesStrategy,
    moving_average_crossover,
)
from strategies.tests.prices import bars_of, random_bars

NAN = math.nan


def same(target, expected):
    assert np.array_equal(target, expected, equal_nan=True), target.tolist()


def test_bollinger_buys_below_the_band_and_leaves_at_the_average():
    # average and deviation of 4: from row 3 on; rows 3..6:
    #   10 10 10 10  -> 10.00, 0        on the bands: no entry
    #   10 10 10 6   -> 9.00, 1.73      lower 7.27: 6 is below, buy
    #   10 10 6 8    -> 8.50, 1.66      8 is below the average: stay
    #   10 6 8 9     -> 8.25, 1.48      9 is above it: leave
    bars = bars_of([10, 10, 10, 10, 6, 8, 9])
    same(BollingerReversionStrategy(period=4, num_std=1.0).target(bars), [NAN] * 3 + [0, 1, 1, 0])


def test_bollinger_is_its_mirror_image_above():
    bars = bars_of([10, 10, 10, 10, 14, 12, 11])
    same(BollingerReversionStrategy(period=4, num_std=1.0).target(bars), [NAN] * 3 + [0, -1, -1, 0])


def test_donchian_buys_a_new_high_of_the_bars_before_and_leaves_at_a_shorter_low():
    # high = low = close here. Range of the 3 bars before, exit range of the 2 before:
    # row 3: 12 against high 11 -> buy; row 4: 12 against low of (11, 12) -> stay;
    # row 5: 11 against low of (12, 12) -> leave, yet no new low of three bars (11, 12, 12) -> no short
    bars = flat_range([10, 9, 11, 12, 12, 11])
    same(DonchianBreakoutStrategy(entry_period=3, exit_period=2).target(bars), [NAN] * 3 + [1, 1, 0])


def test_donchian_does_not_enter_on_a_high_that_is_only_equalled():
    bars = flat_range([10, 11, 11, 11, 11])
    same(DonchianBreakoutStrategy(entry_period=3, exit_period=2).target(bars), [NAN] * 3 + [0, 0])


def test_donchian_turns_round_at_a_new_low():
    bars = flat_range([10, 11, 11, 12, 9, 8, 13])
    target = DonchianBreakoutStrategy(entry_period=3, exit_period=2).target(bars)
    same(target, [NAN] * 3 + [1, -1, -1, 1])


def test_momentum_measures_from_lookback_to_skip_and_decides_at_the_first_bar_of_a_month():
    # Daily bars from 2020-01-01; lookback 3, skip 1: at row t close[t-1] / close[t-3] - 1.
    close = np.full(64, 100.0)
    close[28:31] = [101.0, 102.0, 103.0]  # 29 to 31 January
    close[59] = 90.0  # 29 February
    target = MomentumStrategy(lookback=3, skip=1).target(bars_of(close))
    decided = {int(row): float(target[row]) for row in np.flatnonzero(~np.isnan(target))}
    # Row 3: the first return there is (flat). Row 31, 1 February: 103/101 - 1 > 0. Row 60, 1 March: 90/100 - 1 < 0.
    assert decided == {3: 0.0, 31: 1.0, 60: -1.0}


def test_momentum_stays_out_within_its_threshold():
    close = np.full(40, 100.0)
    close[28:31] = [101.0, 102.0, 103.0]
    assert MomentumStrategy(lookback=3, skip=1, threshold=0.05).target(bars_of(close))[31] == 0.0


def test_momentum_refuses_to_leave_out_more_than_it_looks_at():
    with pytest.raises(ParameterError, match="Leave out fewer"):
        MomentumStrategy(lookback=21, skip=21)


def test_stochastic_acts_on_crossings_in_the_outer_ranges_only():
    bars = random_bars(600, seed=3)
    strategy = StochasticStrategy()
    k, d = Ti.stochastic(bars.high, bars.low, bars.close)
    position, expected = 0.0, []
    for t in range(len(bars)):
        if k[t] > d[t] and k[t - 1] <= d[t - 1] and d[t] < 20.0:
            position = 1.0
        if k[t] < d[t] and k[t - 1] >= d[t - 1] and d[t] > 80.0:
            position = -1.0
        expected.append(NAN if t < 17 else position)
    same(strategy.target(bars), expected)
    assert {1.0, -1.0} <= set(expected)


def test_the_adx_filter_stops_entries_and_not_exits():
    bars = random_bars(600, seed=5)
    fast, slow = Ti.moving_average(bars.close, 20), Ti.moving_average(bars.close, 50)
    strength = Ti.adx(bars.high, bars.low, bars.close, 14)
    position, expected = 0.0, []
    for t in range(len(bars)):
        if t < 49:
            expected.append(NAN)
            continue
        side = float(np.sign(fast[t] - slow[t]))
        if side != position:
            position = side if strength[t] > 25.0 else 0.0
        expected.append(position)
    same(ADXTrendStrategy().target(bars), expected)
    assert {1.0, 0.0, -1.0} <= set(expected)


def test_a_pullback_is_bought_only_while_the_last_closed_week_was_above_its_average():
    bars = random_bars(900, seed=11, volatility=0.03)
    target = TwoTimeframesStrategy(trend_period=4).target(bars)
    rsi = Ti.rsi(bars.close, 5)
    week = (bars.time.astype("datetime64[D]").astype(int) + 3) // 7  # counted from Mondays
    closes, position = [], 0.0
    for t in range(len(bars)):
        if t and week[t] != week[t - 1]:
            closes.append(bars.close[t - 1])
        if len(closes) < 4 or math.isnan(rsi[t]):
            assert math.isnan(target[t])
            continue
        trend = np.sign(closes[-1] - np.mean(closes[-4:]))
        if position and (trend != position or position * (rsi[t] - 50.0) > 0.0):
            position = 0.0
        if trend and trend * (rsi[t] - 50.0) < -15.0:
            position = float(trend)
        assert target[t] == position, t
    assert {1.0, -1.0} <= set(target)


def flat_range(close) -> Bars:
    """Bars whose high and low are the close itself (and the open with it)."""
    values = np.array(close, dtype=np.float64)
    time = np.datetime64("2020-01-01", "ns") + np.arange(values.size) * np.timedelta64(1, "D")
    return Bars(time, values, values, values, values, np.ones(values.size))


@pytest.mark.parametrize(("fast", "slow"), [(1, 2), (3, 20), (10, 50), (7, 499)])
def test_a_long_crossover_made_in_tiles_has_the_same_bytes(fast, slow, monkeypatch):
    bars = random_bars(1500, seed=fast)
    strategy = MovingAverageCrossoverStrategy(fast_period=fast, slow_period=slow)
    expected = strategy.target(bars)
    assert set(np.unique(expected[slow:])) >= {-1.0, 1.0}
    for tile in (37, 64, 1499):
        for module in (crossing, moving_average_crossover):
            monkeypatch.setattr(module, "TILE", tile)
        assert strategy.target(bars).tobytes() == expected.tobytes()
