"""The built-in strategies: their rules by hand, ties, the future, flat prices, too few bars."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import strategies.library  # registers the built-ins
from marketdata.bars import Bars
from strategies.base import Overlay
from strategies.indicators import TechnicalIndicators as Ti
from strategies.library import MACDStrategy, MovingAverageCrossoverStrategy, RSIStrategy
from strategies.registry import get_strategy_class, names
from strategies.tests.prices import bars_of, random_bars

NAN = math.nan
LIBRARY = [getattr(strategies.library, name) for name in strategies.library.__all__]
BUILT_IN = sorted(item.key for item in LIBRARY if not hasattr(item, "symbols_range"))
BARS = random_bars(500)


def built(key):
    return get_strategy_class(key)()


def kept(target):
    """The position that a target stands for: NaN keeps the one before, the first is none."""
    position, held = 0.0, []
    for value in target:
        position = position if math.isnan(value) else value
        held.append(position)
    return np.array(held)


def same(target, expected):
    assert np.array_equal(target, expected, equal_nan=True), target.tolist()


# -- by hand ------------------------------------------------------------------------------------------------
def test_the_crossover_buys_on_the_cross_and_not_before():
    strategy = MovingAverageCrossoverStrategy(fast_period=1, slow_period=2)
    # average of 2:  -  11  10.5  10  11  12  10.5
    # close against it: above at the end of warm-up (no entry), below, below, above, above, below
    same(strategy.target(bars_of([10, 12, 9, 11, 11, 13, 8])), [NAN, 0, -1, 1, 1, 1, -1])


def test_being_above_already_when_warm_up_ends_is_no_entry():
    rising = bars_of(np.arange(10.0, 60.0))
    target = MovingAverageCrossoverStrategy(fast_period=3, slow_period=5).target(rising)
    same(target, [NAN] * 4 + [0.0] * 46)


def test_rsi_buys_oversold_sells_overbought_and_holds_between():
    # RSI(2): falls give 0 (buy), mixed changes lie between (hold), rises give more than 70 (sell)
    strategy = RSIStrategy(period=2)
    bars = bars_of([10, 9, 8, 8.5, 9.5, 9.4])
    # seed: fall 1 -> 0; +.5: rise .25, fall .5 -> 33.3; +1: rise .625, fall .25 -> 71.4;
    # -.1: rise .3125, fall .175 -> 64.1
    np.testing.assert_allclose(Ti.rsi(bars.close, 2)[2:], [0, 100 / 3, 71.4286, 64.1026], atol=1e-4)
    same(strategy.target(bars), [NAN, NAN, 1, 1, -1, -1])


def test_rsi_exactly_on_its_level_is_not_beyond_it():
    bars = bars_of([10, 9, 11])  # rise 1, fall .5 over 2 changes: RSI 66.67
    level = float(Ti.rsi(bars.close, 2)[2])
    same(RSIStrategy(period=2, overbought=level).target(bars), [NAN, NAN, 0])
    same(RSIStrategy(period=2, overbought=level - 1e-6).target(bars), [NAN, NAN, -1])


def test_macd_follows_its_histogram_from_the_first_change_of_sign():
    line, signal, _ = Ti.macd(BARS.close)
    position, expected = 0.0, []
    for t in range(len(BARS)):
        if t >= 34 and line[t] > signal[t] and line[t - 1] <= signal[t - 1]:
            position = 1.0
        if t >= 34 and line[t] < signal[t] and line[t - 1] >= signal[t - 1]:
            position = -1.0
        expected.append(NAN if t < 33 else position)
    same(MACDStrategy().target(BARS), expected)
    assert {1.0, -1.0} <= set(expected)


def test_an_exponential_crossover_uses_exponential_averages():
    bars = bars_of([10.0] * 6 + [9, 12, 12, 12, 8, 8])
    strategy = MovingAverageCrossoverStrategy(fast_period=2, slow_period=4, ma_type="ema")
    fast, slow = Ti.exponential_moving_average(bars.close, 2), Ti.exponential_moving_average(bars.close, 4)
    same(strategy.target(bars)[6:], np.where(fast > slow, 1.0, -1.0)[6:])
    assert not np.array_equal(strategy.overlays(bars)[0].values[3:], Ti.moving_average(bars.close, 2)[3:])


# -- ties ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("fast", "slow"), [(1, 2), (2, 4), (5, 10), (10, 30), (7, 21), (20, 50)])
def test_on_a_grid_of_ticks_ties_fall_as_exact_arithmetic_says(fast, slow):
    """Prices are whole tenths, so exact averages are whole numbers over the period, compared unrounded."""
    rng = np.random.default_rng(fast)
    tenths = np.maximum(50, 1000 + np.cumsum(rng.integers(-3, 4, 20_000)))
    total = np.concatenate([[0], np.cumsum(tenths)])
    sums = {n: total[n:] - total[:-n] for n in (fast, slow)}
    gap = sums[fast][slow - fast :] * slow - sums[slow] * fast  # sign of fast average - slow average
    position, expected = 0.0, [NAN] * (slow - 1) + [0.0]
    for before, now in pairwise(gap):
        if now > 0 >= before:
            position = 1.0
        if now < 0 <= before:
            position = -1.0
        expected.append(position)
    assert (gap == 0).sum() > 20  # the case is about ties: there must be some
    strategy = MovingAverageCrossoverStrategy(fast_period=fast, slow_period=slow)
    same(strategy.target(bars_of(tenths / 10)), expected)


# -- no information, no position ----------------------------------------------------------------------------
@pytest.mark.parametrize("key", BUILT_IN)
@pytest.mark.parametrize("price", [100.0, 0.1, 100.1, 1e-7, 3e7])
def test_flat_prices_give_no_position(key, price):
    target = built(key).target(bars_of(np.full(400, price)))
    assert set(kept(target)) == {0.0}


@pytest.mark.parametrize("key", BUILT_IN)
def test_a_price_that_falls_quiet_gives_no_new_signal_for_ever(key):
    bars = bars_of(np.concatenate([BARS.close[:120], np.full(3000, BARS.close[119])]))
    target = kept(built(key).target(bars))
    assert not np.diff(target[1000:]).any()


@pytest.mark.parametrize("key", BUILT_IN)
@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_too_few_bars_give_no_position(key, count):
    target = built(key).target(BARS.head(count))
    assert target.shape == (count,)
    assert np.isnan(target).all()


@pytest.mark.parametrize(
    ("key", "first", "warmup"),
    [
        ("adx_trend", 49, 49),
        ("bollinger", 19, 19),
        ("donchian", 55, 55),
        ("ma_crossover", 29, 30),  # a cross needs the bar before, too
        ("macd", 33, 34),
        ("momentum", 252, 252),
        ("rsi", 14, 14),
        ("stochastic", 17, 18),
    ],
)
def test_the_first_decision_comes_when_warm_up_ends(key, first, warmup):
    strategy = built(key)
    assert np.flatnonzero(~np.isnan(strategy.target(BARS)))[0] == first
    assert strategy.warmup() == warmup


# -- the future ---------------------------------------------------------------------------------------------
def with_future(bars: Bars, row: int, factor: float) -> Bars:
    """The same bars up to row - 1; from the close of `row` on, other prices."""
    close = bars.close.copy()
    close[row:] *= factor
    open_ = bars.open.copy()
    open_[row + 1 :] *= factor
    high, low = np.maximum.reduce([bars.high, open_, close]), np.minimum.reduce([bars.low, open_, close])
    return Bars(bars.time, open_, high, low, close, bars.volume)


def types_without_references():
    types = {key: get_strategy_class(key) for key in names()}
    return [key for key, kind in types.items() if not (kind.uses_model or hasattr(kind, "symbols_range"))]


@pytest.mark.parametrize("key", types_without_references())
@pytest.mark.parametrize("row", [1, 15, 30, 34, 60, 250, 499])
def test_no_strategy_sees_the_future(key, row):
    strategy = built(key)
    whole = strategy.target(BARS)
    same(strategy.target(BARS.head(row)), whole[:row])
    for factor in (0.5, 1.5):  # the close of bar `row` itself is changed, too: nothing before it may move
        same(strategy.target(with_future(BARS, row, factor))[:row], whole[:row])


@pytest.mark.parametrize("key", types_without_references())
def test_the_lines_on_the_chart_do_not_see_the_future_either(key):
    strategy = built(key)
    for cut, whole in zip(strategy.overlays(BARS.head(200)), strategy.overlays(BARS), strict=True):
        assert isinstance(whole, Overlay)
        assert whole.values.shape == (500,)
        same(cut.values, whole.values[:200])


# -- the frame face -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", BUILT_IN)
def test_generate_signals_is_the_target_with_the_index_of_the_data(key):
    data = BARS.to_frame()
    signals = built(key).generate_signals(data)
    assert isinstance(signals, pd.DataFrame)
    assert signals.index.equals(data.index)
    same(signals["signal"].to_numpy(), built(key).target(BARS))


@pytest.mark.parametrize("key", BUILT_IN)
def test_rules_are_told_in_words_with_the_parameters_filled_in(key):
    said = " ".join(built(key).describe_rules())
    assert "{" not in said
    assert "uy " in said


def test_a_choice_is_told_by_its_name():
    said = MovingAverageCrossoverStrategy(fast_period=5, ma_type="ema").describe_rules()[0]
    assert "the 5-bar exponential average" in said


def test_the_library_exports_what_it_registers():
    keys = {item.key for item in LIBRARY}
    assert keys <= set(names())
    assert {"ma_crossover", "rsi", "macd"} <= keys


@pytest.mark.parametrize("strategy_class", LIBRARY)
def test_every_strategy_of_the_library_says_where_it_comes_from(strategy_class):
    assert strategy_class.references
