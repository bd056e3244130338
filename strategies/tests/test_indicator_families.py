"""Channels, volatility, momentum and volume: hand arithmetic, TA-Lib, first rows, and the edges of each."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import talib

from marketdata import samples
from strategies.errors import IndicatorError
from strategies.indicators import TechnicalIndicators as Ti
from strategies.tests.prices import random_bars

NAN = math.nan
SAMPLES = Path(samples.__file__).parent
BARS = random_bars(3_000)
HLC = (BARS.high, BARS.low, BARS.close)
VOLUME = np.random.default_rng(5).uniform(1.0, 1e6, 3_000)
FLAT = np.full(80, 100.1)


def same(ours, theirs, relative=1e-9, absolute=1e-9):
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=absolute)


def first_row(values):
    return int(np.flatnonzero(~np.isnan(values))[0])


# -- by hand ------------------------------------------------------------------------------------------------
def test_the_true_range_reaches_to_the_close_before():
    # row 1: 12 - 10 = 2, from close 9 up to 12 = 3; row 2: down from 11 to 6 = 5
    same(Ti.true_range([10, 12, 8], [8, 10, 6], [9, 11, 7]), [NAN, 3, 5])


def test_highest_and_lowest_hold_the_row_itself():
    assert Ti.highest([3, 1, 2, 5], 2).tolist()[1:] == [3, 2, 5]
    assert Ti.lowest([3, 1, 2, 5], 2).tolist()[1:] == [1, 1, 2]
    assert Ti.highest([3, 1, 2], 1).tolist() == [3, 1, 2]


def test_a_donchian_channel_is_the_range_of_the_last_bars():
    channel = Ti.donchian_channel([10, 12, 11], [8, 10, 9], 2)
    same(channel.upper, [NAN, 12, 12])
    same(channel.middle, [NAN, 10, 10.5])
    same(channel.lower, [NAN, 8, 9])


def test_a_keltner_channel_is_the_average_and_a_multiple_of_the_range():
    # averages of the close over 2: 9.5 at row 1, then (9.5 + 2 * 12) / 3 = 11.17 at row 2
    # true ranges 3 and 2, so ATR(2) = 2.5 at row 2, where all three lines begin
    channel = Ti.keltner_channel([10, 12, 12], [8, 10, 10.5], [9, 10, 12], 2, 2.0, 2)
    same(channel.middle, [NAN, NAN, 33.5 / 3])
    same(channel.upper, [NAN, NAN, 33.5 / 3 + 5])
    same(channel.lower, [NAN, NAN, 33.5 / 3 - 5])


def test_rolling_volatility_is_the_annualised_sample_deviation_of_returns():
    # returns +.1 and -.1: mean 0, sample variance (.01 + .01) / 1; four periods a year double it
    same(Ti.rolling_volatility([100, 110, 99], 2, 4.0), [NAN, NAN, 2 * math.sqrt(0.02)])


def test_standard_deviation_is_the_populations():
    same(Ti.standard_deviation([2, 4, 4], 2), [NAN, 1.0, 0.0])


def test_the_rate_of_change_is_in_percent():
    same(Ti.rate_of_change([100, 110, 99], 1), [NAN, 10.0, -10.0])


def test_williams_r_counts_down_from_the_highest_high():
    # highest 12, lowest 8: (12 - 11) / 4 = a quarter down
    same(Ti.williams_r([10, 12], [8, 10], [9, 11], 2), [NAN, -25.0])


def test_cci_measures_in_mean_absolute_distances():
    # typical prices 10, 13: mean 11.5, mean distance 1.5 -> 1.5 / (.015 * 1.5)
    same(Ti.cci([11, 14], [9, 12], [10, 13], 2), [NAN, 1 / 0.015])


def test_vwap_weighs_typical_prices_by_volume():
    # (10 * 1 + 13 * 3) / 4
    same(Ti.vwap([11, 14], [9, 12], [10, 13], [1, 3], 2), [NAN, 12.25])


def test_on_balance_volume_starts_at_the_first_volume():
    assert Ti.on_balance_volume([5, 6, 6, 4], [10, 20, 30, 40]).tolist() == [10, 30, 30, -10]


def test_the_money_flow_index_is_the_share_of_rising_flow():
    # typical 10, 12, 9: rising flow 12 * 2 = 24, falling 9 * 4 = 36 -> 100 * 24 / 60
    same(Ti.money_flow_index([10, 12, 9], [10, 12, 9], [10, 12, 9], [1, 2, 4], 2), [NAN, NAN, 40.0])


# -- against TA-Lib -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("period", [2, 3, 14, 20, 250])
def test_the_families_agree_with_talib(period):
    close = BARS.close
    same(Ti.highest(close, period), talib.MAX(close, period), 0, 0)
    same(Ti.lowest(close, period), talib.MIN(close, period), 0, 0)
    same(Ti.standard_deviation(close, period), talib.STDDEV(close, period), 1e-8)
    same(Ti.rate_of_change(close, period), talib.ROC(close, period))
    same(Ti.williams_r(*HLC, period), talib.WILLR(*HLC, period))
    same(Ti.cci(*HLC, period), talib.CCI(*HLC, period), 1e-9, 1e-7)
    same(Ti.money_flow_index(*HLC, VOLUME, period), talib.MFI(*HLC, VOLUME, period), 1e-8, 1e-6)
    index = Ti.directional_index(*HLC, period)
    same(index.plus_di, talib.PLUS_DI(*HLC, period))
    same(index.minus_di, talib.MINUS_DI(*HLC, period))
    same(index.adx, talib.ADX(*HLC, period))
    same(Ti.atr(*HLC, period), talib.ATR(*HLC, period))


def test_true_range_and_on_balance_volume_are_talibs():
    same(Ti.true_range(*HLC), talib.TRANGE(*HLC), 0, 0)
    same(Ti.on_balance_volume(BARS.close, VOLUME), talib.OBV(BARS.close, VOLUME), 0, 0)


@pytest.mark.parametrize("period", [2, 14, 200])
def test_the_recursions_agree_with_talib_over_many_blocks(period):
    close = BARS.close
    same(Ti.exponential_moving_average(close, period), talib.EMA(close, period), 1e-12)
    same(Ti.rsi(close, period), talib.RSI(close, period), 1e-11)
    for ours, theirs in zip(
        Ti.macd(close, period, 2 * period, 9), talib.MACD(close, period, 2 * period, 9), strict=True
    ):
        same(ours, theirs, 1e-9, 1e-10)


def test_the_directional_index_keeps_its_values_where_nothing_moves():
    # a stretch without movement at the start (DX counts 0), one in the middle (every sum fades alike)
    high = np.concatenate([FLAT[:40], BARS.high[:200], np.full(100, BARS.high[199]), BARS.high[200:400]])
    low = np.concatenate([FLAT[:40], BARS.low[:200], np.full(100, BARS.low[199]), BARS.low[200:400]])
    close = (high + low) / 2
    same(Ti.adx(high, low, close, 14), talib.ADX(high, low, close, 14), 1e-9, 1e-9)
    assert set(Ti.adx(FLAT, FLAT, FLAT, 5)[9:]) == {0.0}
    assert set(Ti.directional_index(FLAT, FLAT, FLAT, 5).plus_di[5:]) == {0.0}


# -- first rows ---------------------------------------------------------------------------------------------
def test_first_defined_rows_are_the_promised_ones():
    close = BARS.close
    assert first_row(Ti.true_range(*HLC)) == 1
    assert {first_row(line(close, 20)) for line in (Ti.highest, Ti.lowest, Ti.standard_deviation)} == {19}
    assert first_row(Ti.rolling_volatility(close, 20)) == 20
    assert {first_row(line) for line in Ti.donchian_channel(BARS.high, BARS.low, 20)} == {19}
    assert {first_row(line) for line in Ti.keltner_channel(*HLC, 20, 2.0, 10)} == {19}
    assert {first_row(line) for line in Ti.keltner_channel(*HLC, 5, 2.0, 10)} == {10}
    assert first_row(Ti.rate_of_change(close, 10)) == 10
    assert first_row(Ti.williams_r(*HLC, 14)) == 13
    assert first_row(Ti.cci(*HLC, 20)) == 19
    assert first_row(Ti.vwap(*HLC, VOLUME, 20)) == 19
    assert first_row(Ti.on_balance_volume(close, VOLUME)) == 0
    assert first_row(Ti.money_flow_index(*HLC, VOLUME, 14)) == 14
    assert [first_row(line) for line in Ti.directional_index(*HLC, 14)] == [14, 14, 27]


# -- a price that stands still, a bar without volume --------------------------------------------------------
@pytest.mark.parametrize("period", [2, 7, 14, 20, 23, 31, 63])
def test_a_flat_price_has_exactly_no_spread(period):
    flat = (FLAT, FLAT, FLAT)
    assert set(Ti.standard_deviation(FLAT, period)[period - 1 :]) == {0.0}
    assert set(Ti.rolling_volatility(FLAT, period)[period:]) == {0.0}
    bands = Ti.bollinger_bands(FLAT, period)
    assert set(bands.upper[period - 1 :] - bands.lower[period - 1 :]) == {0.0}
    assert set(Ti.cci(*flat, period)[period - 1 :]) == {0.0}
    assert set(Ti.williams_r(*flat, period)[period - 1 :]) == {0.0}
    assert set(Ti.exponential_moving_average(FLAT, period)[period - 1 :]) == {100.1}
    assert set(Ti.macd(FLAT, 3, 6, 4).histogram[8:]) == {0.0}
    assert set(Ti.atr(*flat, period)[period:]) == {0.0}
    assert set(Ti.money_flow_index(*flat, FLAT, period)[period:]) == {50.0}
    channel = Ti.keltner_channel(*flat, period)
    assert set(channel.upper[period:] - channel.lower[period:]) <= {0.0, NAN} or period < 10


@pytest.mark.parametrize("period", [7, 23, 31])
def test_a_price_that_comes_to_rest_has_no_spread_once_the_window_is_past_it(period):
    values = np.concatenate([BARS.close[:500], np.full(600, 100.1), BARS.close[:50]])
    found = Ti.standard_deviation(values, period)
    rest = slice(500 + period - 1, 1100)
    assert set(found[rest]) == {0.0}
    assert (found[500 + period - 2], found[1100]) > (0.0, 0.0)
    typical = Ti.cci(values, values, values, period)
    assert set(typical[rest]) == {0.0}


def test_windows_without_volume_have_no_average_price_and_no_flow():
    volume = np.concatenate([np.full(10, 5.0), np.zeros(20), np.full(10, 5.0)])
    close = BARS.close[:40]
    price = Ti.vwap(close, close, close, volume, 5)
    assert np.isnan(price[14:30]).all()
    assert not np.isnan(price[30:]).any()
    flow = Ti.money_flow_index(close, close, close, volume, 5)
    assert set(flow[14:30]) == {50.0}
    assert set(Ti.on_balance_volume(close, np.zeros(40))) == {0.0}


def test_small_flows_are_flows():
    # TA-Lib's index is 0 for any sum of flows below 1; the unit of volume should not matter
    small = Ti.money_flow_index(*HLC, VOLUME * 1e-12, 14)
    same(small, Ti.money_flow_index(*HLC, VOLUME, 14))


def test_bars_of_the_same_typical_price_have_no_flow_and_no_distance_whatever_the_rounding():
    # both sum to 1112.225, in floating point 2e-13 apart; then a fall (flow 10 * 3) and a rise (11 * 5)
    high, low, close = [370.935, 370.825], [370.62, 370.62], [370.67, 370.78]
    assert sum((high[0], low[0], close[0])) != sum((high[1], low[1], close[1]))
    assert Ti.cci(high, low, close, 2)[1] == 0.0
    assert Ti.money_flow_index(high, low, close, [9.0, 9.0], 1)[1] == 50.0
    high, low, close = ([*prices, 10.0, 11.0] for prices in (high, low, close))
    same(Ti.money_flow_index(high, low, close, [9.0, 9.0, 3.0, 5.0], 3)[3], 100.0 * 55.0 / 85.0)


@pytest.mark.parametrize("name", ["EURUSD_1h", "SPY_1m"])
def test_prices_with_many_equal_typical_prices_agree_with_talib(name):
    rows = np.genfromtxt(SAMPLES / f"{name}.csv", delimiter=",", skip_header=1, usecols=(2, 3, 4, 5))
    high, low, close, volume = (np.ascontiguousarray(column) for column in rows.T)
    for period in (2, 14):
        same(Ti.cci(high, low, close, period), talib.CCI(high, low, close, period), 1e-9, 1e-6)
        flow = Ti.money_flow_index(high, low, close, volume, period)
        same(flow, talib.MFI(high, low, close, volume, period), 1e-8, 1e-6)


def test_a_change_from_0_is_not_a_number_while_it_is_in_the_window():
    values = np.array([1.0, 2.0, 0.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    assert np.isnan(Ti.rate_of_change(values, 1)[3])
    assert np.isnan(Ti.rolling_volatility(values, 2)[[3, 4]]).all()
    assert not np.isnan(Ti.rolling_volatility(values, 2)[5:]).any()


def test_only_rising_prices_give_the_ends_of_the_scales():
    rising = np.cumprod(np.full(400, 1.01))
    assert set(Ti.rsi(rising, 14)[14:]) == {100.0}
    assert set(Ti.money_flow_index(rising, rising, rising, VOLUME[:400], 14)[14:]) == {100.0}
    assert Ti.adx(rising, rising * 0.99, rising, 14)[27:].max() <= 100.0
    assert set(Ti.williams_r(rising, rising * 0.99, rising, 14)[13:]) == {0.0}


def test_a_fall_of_six_orders_of_magnitude_leaves_nothing_in_any_window():
    values = np.concatenate([83.7 + BARS.close[:200] / 100, 1e-4 + BARS.close[:300] * 1e-8])
    windows = np.lib.stride_tricks.sliding_window_view(values[200:], 20)
    same(Ti.moving_average(values, 20)[219:], windows.mean(axis=1), 1e-14, 0)
    same(Ti.standard_deviation(values, 20)[219:], windows.std(axis=1), 1e-8, 0)
    same(Ti.vwap(values, values, values, np.ones(500), 20)[219:], windows.mean(axis=1), 1e-14, 0)


# -- input --------------------------------------------------------------------------------------------------
def calls(high, low, close, volume):
    """Each indicator that takes several columns, as a function of no arguments."""
    return {
        "true_range": lambda: Ti.true_range(high, low, close),
        "atr": lambda: Ti.atr(high, low, close),
        "adx": lambda: Ti.adx(high, low, close),
        "directional_index": lambda: Ti.directional_index(high, low, close),
        "stochastic": lambda: Ti.stochastic(high, low, close),
        "donchian_channel": lambda: Ti.donchian_channel(high, low),
        "keltner_channel": lambda: Ti.keltner_channel(high, low, close),
        "williams_r": lambda: Ti.williams_r(high, low, close),
        "cci": lambda: Ti.cci(high, low, close),
        "vwap": lambda: Ti.vwap(high, low, close, volume),
        "money_flow_index": lambda: Ti.money_flow_index(high, low, close, volume),
    }


@pytest.mark.parametrize("row", [0, 13, 14, 15, 79, 140, 299])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_every_indicator_refuses_a_value_that_is_not_finite_naming_the_row(bad, row):
    columns = [column[:300].copy() for column in (*HLC, VOLUME)]
    columns[1][row] = bad
    for name, call in calls(*columns).items():
        with pytest.raises(IndicatorError, match=f"low is (nan|inf) at row {row}\\."):
            pytest.fail(f"{name} took it: {call()}")
    columns[1][row], columns[2][row] = BARS.low[row], bad
    for name, call in calls(*columns).items():
        if name != "donchian_channel":
            with pytest.raises(IndicatorError, match=f"close is (nan|inf) at row {row}\\."):
                pytest.fail(f"{name} took it: {call()}")
    for name in ("moving_average", "exponential_moving_average", "macd", "rsi", "highest", "lowest",
                 "standard_deviation", "rolling_volatility", "rate_of_change", "bollinger_bands"):  # fmt: skip
        with pytest.raises(IndicatorError, match=f"values is (nan|inf) at row {row}\\."):
            pytest.fail(f"{name} took it: {getattr(Ti, name)(columns[2])}")


def test_prices_near_the_end_of_floats_are_not_taken_for_infinite():
    huge = BARS.close[:60] * 1e306
    assert np.isfinite(Ti.atr(huge, huge, huge)[14:]).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: Ti.rolling_volatility(BARS.close, 20, 0.0),
        lambda: Ti.rolling_volatility(BARS.close, 20, math.inf),
        lambda: Ti.keltner_channel(*HLC, 20, -1.0),
        lambda: Ti.keltner_channel(*HLC, 20, True),
    ],
)
def test_a_factor_that_is_not_above_0_is_refused(call):
    with pytest.raises(IndicatorError, match="Give a finite number above 0"):
        call()


@pytest.mark.parametrize("call", [lambda: Ti.cci(*HLC, 1), lambda: Ti.rolling_volatility(BARS.close, 1)])
def test_a_spread_wants_two_rows(call):
    with pytest.raises(IndicatorError, match="2 to 100,000"):
        call()


def test_a_first_result_needs_neither_pandas_nor_talib():
    program = (
        "import sys, strategies.library\n"
        "from strategies.registry import get_strategy_class\n"
        "from strategies.tests.prices import random_bars\n"
        "get_strategy_class('ma_crossover')().target(random_bars(300))\n"
        "print([m for m in ('pandas', 'talib', 'django') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
