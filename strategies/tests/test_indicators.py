"""The indicators against hand arithmetic, against TA-Lib, and at the edges."""

import math

import numpy as np
import pandas as pd
import pytest
import talib

from strategies.errors import IndicatorError
from strategies.indicators import TechnicalIndicators as Ti
from strategies.tests.prices import random_bars

NAN = math.nan
BARS = random_bars(600)
HLC = (BARS.high, BARS.low, BARS.close)
VOLUME = np.random.default_rng(5).uniform(0.0, 1e6, 600)
HLCV = (*HLC, VOLUME)


def same(ours, theirs, relative=1e-10):
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=1e-9)


def first_row(values):
    return int(np.flatnonzero(~np.isnan(values))[0])


# -- by hand ------------------------------------------------------------------------------------------------
def test_a_moving_average_is_the_mean_of_the_last_bars():
    # (1+2+3)/3, (2+3+4)/3, (3+4+8)/3
    assert Ti.moving_average([1, 2, 3, 4, 8], 3).tolist()[2:] == [2.0, 3.0, 5.0]
    assert np.isnan(Ti.moving_average([1, 2, 3, 4, 8], 3)[:2]).all()


def test_an_exponential_average_starts_from_the_simple_one():
    # seed (2+4+6)/3 = 4 at row 2; weight 2/(3+1) = 1/2: (8+4)/2 = 6, (2+6)/2 = 4
    assert Ti.exponential_moving_average([2, 4, 6, 8, 2], 3).tolist()[2:] == [4.0, 6.0, 4.0]


def test_rsi_follows_wilders_smoothing():
    # changes +2, -1, +1. Seed over 2: rise 1, fall .5 -> 100*1/1.5. Then rise (1+1)/2 = 1, fall .25 -> 80
    same(Ti.rsi([10, 12, 11, 12], 2), [NAN, NAN, 200 / 3, 80.0])


def test_bollinger_bands_use_the_population_deviation():
    # closes 2, 4: mean 3, deviation 1 (ddof 0; ddof 1 would give 1.414)
    bands = Ti.bollinger_bands([2, 4], 2, 2.0)
    assert (bands.upper[1], bands.middle[1], bands.lower[1]) == (5.0, 3.0, 1.0)


def test_atr_leaves_out_the_first_bar():
    # true ranges from row 1: 3 (gap up from 9 to 12), 2, 4; mean of rows 1..2 = 2.5; then (2.5 + 4) / 2
    high, low, close = [10, 12, 12, 14], [8, 10, 10, 10], [9, 11, 11, 12]
    same(Ti.atr(high, low, close, 2), [NAN, NAN, 2.5, 3.25])


def test_the_stochastic_averages_raw_k_twice():
    # high 10, low 0 in every bar, so raw %K = 10 * close: 50, 80, 20, 50
    # %K over 2: 65, 50, 35; %D over 2: 57.5, 42.5
    result = Ti.stochastic([10] * 4, [0] * 4, [5, 8, 2, 5], 1, 2, 2)
    same(result.k, [NAN, NAN, 50, 35])
    same(result.d, [NAN, NAN, 57.5, 42.5])


def test_adx_uses_first_sums_of_one_value_less_than_the_period():
    # period 2. rows:          1            2             3
    # +DM (up move)            2            1             0
    # -DM (down move)          0            0             2
    # true range               3            2             3
    # first sums hold row 1; row 2: +DM 2 - 1 + 1 = 2, TR 3 - 1.5 + 2 = 3.5, -DM 0 -> DX 100
    # row 3: +DM 2 - 1 + 0 = 1, -DM 2, TR 3.5 - 1.75 + 3 = 4.75 -> DX 33.33
    # ADX at row 3 = (100 + 33.33) / 2
    high, low, close = [10, 12, 13, 12], [8, 10, 11, 9], [9, 11, 12, 10]
    index = Ti.directional_index(high, low, close, 2)
    same(index.plus_di, [NAN, NAN, 200 / 3.5, 100 / 4.75])
    same(index.minus_di, [NAN, NAN, 0.0, 200 / 4.75])
    same(index.adx, [NAN, NAN, NAN, 200 / 3])
    same(Ti.adx(high, low, close, 2), index.adx)


# -- against TA-Lib -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("period", [1, 2, 3, 14, 50, 599, 600, 601])
def test_averages_agree_with_talib(period):
    same(Ti.moving_average(BARS.close, period), talib.SMA(BARS.close, period))
    same(Ti.exponential_moving_average(BARS.close, period), talib.EMA(BARS.close, period))


@pytest.mark.parametrize("period", [2, 3, 14, 200])
def test_rsi_bands_atr_and_adx_agree_with_talib(period):
    same(Ti.rsi(BARS.close, period), talib.RSI(BARS.close, period))
    for ours, theirs in zip(
        Ti.bollinger_bands(BARS.close, period, 2.5), talib.BBANDS(BARS.close, period, 2.5, 2.5), strict=True
    ):
        same(ours, theirs, 1e-8)
    same(Ti.atr(*HLC, period), talib.ATR(*HLC, period))
    same(Ti.adx(*HLC, period), talib.ADX(*HLC, period))


@pytest.mark.parametrize("periods", [(12, 26, 9), (2, 3, 1), (5, 35, 5)])
def test_macd_agrees_with_talib(periods):
    for ours, theirs in zip(Ti.macd(BARS.close, *periods), talib.MACD(BARS.close, *periods), strict=True):
        same(ours, theirs)


@pytest.mark.parametrize("periods", [(14, 3, 3), (5, 1, 1), (1, 1, 1), (21, 5, 4)])
def test_the_stochastic_agrees_with_talib(periods):
    k, smooth, d = periods
    for ours, theirs in zip(
        Ti.stochastic(*HLC, *periods), talib.STOCH(*HLC, k, smooth, 0, d, 0), strict=True
    ):
        same(ours, theirs)


def test_first_defined_rows_are_the_promised_ones():
    close = BARS.close
    assert first_row(Ti.moving_average(close, 20)) == 19
    assert first_row(Ti.exponential_moving_average(close, 20)) == 19
    assert first_row(Ti.rsi(close, 14)) == 14
    assert {first_row(line) for line in Ti.macd(close, 12, 26, 9)} == {33}
    assert {first_row(line) for line in Ti.bollinger_bands(close, 20)} == {19}
    assert first_row(Ti.atr(*HLC, 14)) == 14
    assert {first_row(line) for line in Ti.stochastic(*HLC, 14, 3, 3)} == {17}
    assert first_row(Ti.adx(*HLC, 14)) == 27
    assert first_row(Ti.directional_index(*HLC, 14).plus_di) == 14


# -- where TA-Lib's convention or arithmetic is not ours ----------------------------------------------------
def test_rsi_of_a_price_that_never_moved_is_50():
    assert set(Ti.rsi([100.1] * 40, 14)[14:]) == {50.0}


def test_rsi_does_not_turn_oversold_when_a_long_quiet_wears_its_averages_out():
    # With period 2 the averages halve each bar and leave the range of floats after about 1,000 flat bars.
    quiet = Ti.rsi([10, 12, 11, *[11.5] * 3000], 2)
    assert quiet[-1] == 50.0
    assert quiet[2:].min() > 30.0


def test_a_window_without_range_has_a_stochastic_of_exactly_0():
    # It moved before, so a running sum would leave a rest of rounding error behind.
    close = np.concatenate([BARS.close[:50], np.full(40, 100.1)])
    result = Ti.stochastic(close, close, close, 14, 3, 3)
    assert set(result.k[70:]) == {0.0}
    assert set(result.d[70:]) == {0.0}


def test_a_fall_of_six_orders_of_magnitude_leaves_nothing_in_the_average():
    values = np.concatenate([np.full(100, 83.7), np.full(300, 0.0001)])
    same(Ti.moving_average(values, 20)[120:], np.full(280, 0.0001), 1e-14)


def test_bands_keep_their_digits_on_a_high_calm_price():
    rng = np.random.default_rng(3)
    values = 1e6 + np.cumsum(rng.normal(0, 1e-3, 300))
    exact = np.lib.stride_tricks.sliding_window_view(values, 20).std(axis=1)
    bands = Ti.bollinger_bands(values, 20, 1.0)
    np.testing.assert_allclose(
        (bands.upper - bands.middle)[19:], exact, atol=3e-10
    )  # a float at 1e6: 1.2e-10


def test_bands_of_a_flat_window_have_no_width():
    values = np.concatenate([BARS.close[:60], np.full(30, 100.1)])
    bands = Ti.bollinger_bands(values, 20)
    assert set(bands.upper[80:] - bands.lower[80:]) == {0.0}


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_the_unit_of_price_does_not_matter(factor):
    scaled = tuple(column * factor for column in HLC)
    same(Ti.rsi(scaled[2]), Ti.rsi(BARS.close), 1e-8)
    same(Ti.adx(*scaled), Ti.adx(*HLC), 1e-8)
    same(Ti.stochastic(*scaled).k, Ti.stochastic(*HLC).k, 1e-8)
    same(Ti.bollinger_bands(scaled[2]).upper / factor, Ti.bollinger_bands(BARS.close).upper, 1e-8)


# -- the future ---------------------------------------------------------------------------------------------
def every_line(high, low, close, volume):
    """Each line of each public indicator, by name."""
    made = {
        "moving_average": Ti.moving_average(close, 20),
        "exponential_moving_average": Ti.exponential_moving_average(close, 20),
        "rsi": Ti.rsi(close),
        "macd": Ti.macd(close),
        "bollinger_bands": Ti.bollinger_bands(close),
        "atr": Ti.atr(high, low, close),
        "stochastic": Ti.stochastic(high, low, close),
        "adx": Ti.adx(high, low, close),
        "directional_index": Ti.directional_index(high, low, close),
        "true_range": Ti.true_range(high, low, close),
        "highest": Ti.highest(high, 20),
        "lowest": Ti.lowest(low, 20),
        "standard_deviation": Ti.standard_deviation(close),
        "rolling_volatility": Ti.rolling_volatility(close),
        "donchian_channel": Ti.donchian_channel(high, low),
        "keltner_channel": Ti.keltner_channel(high, low, close),
        "rate_of_change": Ti.rate_of_change(close),
        "williams_r": Ti.williams_r(high, low, close),
        "cci": Ti.cci(high, low, close),
        "vwap": Ti.vwap(high, low, close, volume),
        "on_balance_volume": Ti.on_balance_volume(close, volume),
        "money_flow_index": Ti.money_flow_index(high, low, close, volume),
    }
    return {name: lines if isinstance(lines, tuple) else (lines,) for name, lines in made.items()}


def test_every_public_indicator_is_under_the_look_ahead_test():
    public = {name for name in dir(Ti) if not name.startswith("_")}
    assert set(every_line(*HLCV)) == public


@pytest.mark.parametrize("row", [0, 1, 13, 14, 33, 34, 100, 419, 598])
def test_neither_cutting_nor_changing_the_future_moves_an_earlier_row(row):
    whole = every_line(*HLCV)
    cut = every_line(*(column[: row + 1] for column in HLCV))
    changed = every_line(*(np.concatenate([column[: row + 1], column[row + 1 :] * 1.7]) for column in HLCV))
    for name, lines in whole.items():
        for position, line in enumerate(lines):
            np.testing.assert_array_equal(cut[name][position], line[: row + 1], err_msg=name)
            np.testing.assert_array_equal(changed[name][position][: row + 1], line[: row + 1], err_msg=name)


@pytest.mark.parametrize("row", [254, 255, 256, 1027, 2060, 2061, 2062, 2075, 2082, 2300, 4110, 4131, 4998])
def test_a_cut_where_blocks_and_tiles_meet_moves_no_row_either(row):
    bars = random_bars(5_000, seed=11)
    volume = np.random.default_rng(6).uniform(0.0, 1e6, 5_000)
    columns = [np.round(column, 2) for column in (bars.high, bars.low, bars.close)] + [volume]
    columns[0][3000:3100] = columns[1][3000:3100] = columns[2][3000:3100] = columns[2][2999]
    whole, cut = every_line(*columns), every_line(*(column[: row + 1] for column in columns))
    for name, lines in whole.items():
        for position, line in enumerate(lines):
            assert cut[name][position].tobytes() == line[: row + 1].tobytes(), name


# -- input --------------------------------------------------------------------------------------------------
def test_a_series_a_list_and_a_read_only_column_are_read_alike():
    expected = Ti.rsi(np.array(BARS.close), 14)
    assert not BARS.close.flags.writeable
    for given in (BARS.close, list(BARS.close), pd.Series(BARS.close), BARS.close[::1].astype(object)):
        np.testing.assert_array_equal(Ti.rsi(given, 14), expected)
    reverse = BARS.close[::-1]
    np.testing.assert_array_equal(Ti.atr(reverse, reverse, reverse), Ti.atr(*[reverse.copy()] * 3))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_refused_naming_the_row(bad):
    values = BARS.close.copy()
    values[5] = bad
    with pytest.raises(IndicatorError, match="row 5"):
        Ti.moving_average(values, 3)
    with pytest.raises(IndicatorError, match=r"low is .* at row 5"):
        Ti.adx(BARS.high, values, BARS.close)


@pytest.mark.parametrize(
    "bad", [0, -1, 100_001, 3.0, "3", True, None, math.nan, pytest.param(10**5000, id="huge")]
)
def test_a_period_out_of_bounds_is_refused_naming_the_bounds(bad):
    for indicator in (Ti.moving_average, Ti.exponential_moving_average, Ti.rsi, Ti.bollinger_bands):
        with pytest.raises(IndicatorError, match="1 to 100,000") as caught:
            indicator(BARS.close, bad)
        assert "period" in caught.value.fields
    with pytest.raises(IndicatorError, match="2 to 100,000"):
        Ti.adx(*HLC, bad)


def test_macd_refuses_a_fast_period_that_is_not_the_shorter_one():
    with pytest.raises(IndicatorError, match="fast_period 26 is not below slow_period 26"):
        Ti.macd(BARS.close, 26, 26, 9)


@pytest.mark.parametrize("bad", [0, -1.0, math.nan, math.inf, "2", True])
def test_bands_refuse_a_width_that_is_not_a_number_above_0(bad):
    with pytest.raises(IndicatorError, match="num_std"):
        Ti.bollinger_bands(BARS.close, 20, bad)


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(IndicatorError, match="high 600, low 599, close 600"):
        Ti.atr(BARS.high, BARS.low[1:], BARS.close)


@pytest.mark.parametrize("bad", [["a", "b"], [[1.0, 2.0]], 5.0, [1 + 2j], [True, False]])
def test_something_that_is_no_column_of_numbers_is_refused(bad):
    with pytest.raises(IndicatorError, match=r"number|flat"):
        Ti.moving_average(bad, 1)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_too_few_bars_give_nan_throughout(count):
    lines = every_line(*(column[:count] for column in HLCV))
    for name, members in lines.items():
        for line in members:
            assert line.shape == (count,), name
            assert np.isnan(line).all() or name in ("true_range", "on_balance_volume"), name
