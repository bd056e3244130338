"""Each kind of feature by hand arithmetic, on a few bars."""

from math import log, sqrt

import numpy as np
import pytest

from marketdata.bars import Bars
from mlmodels.features import feature_kinds, prepare
from mlmodels.tests.prices import from_rows

# open, high, low, close
ROWS = ((10, 12, 8, 10), (11, 16, 9, 12), (12, 14, 10, 11), (11, 22, 11, 20), (18, 24, 14, 16))
VOLUME = (1, 2, 4, 3, 5)


def bars():
    plain = from_rows(*ROWS)
    columns = (plain.open, plain.high, plain.low, plain.close)
    return Bars(plain.time, *columns, np.array(VOLUME, dtype=float))


def skewness(*values):
    n, mean = len(values), sum(values) / len(values)
    second = sum((value - mean) ** 2 for value in values) / n
    third = sum((value - mean) ** 3 for value in values) / n
    return sqrt(n * (n - 1)) / (n - 2) * third / second**1.5


RETURNS = (log(12 / 10), log(11 / 12), log(20 / 11), log(16 / 20))
LN2 = log(2)

# Name, and the value at the last bar.
EXPECTED = {
    "log_return(2)": log(16 / 11),
    "rate_of_change(2)": 16 / 11 - 1,
    "momentum(4, 1)": log(20 / 10),  # from four bars ago to one bar ago
    "gap": log(18 / 20),
    "open_to_close": log(16 / 18),
    "high_low_range": log(24 / 14),
    "skewness(3)": skewness(*RETURNS[1:]),
    "autocorrelation(3, 1)": np.corrcoef(RETURNS[1:], RETURNS[:-1])[0, 1],
    "volatility(2)": abs(RETURNS[3] - RETURNS[2]) / sqrt(2),
    "atr_ratio(2)": (((7 + 4) / 2 + 11) / 2 + 10)
    / 2
    / 16,  # true ranges 7, 4, 11, 10: mean of two, then Wilder
    "parkinson(2)": sqrt((log(22 / 11) ** 2 + log(24 / 14) ** 2) / 2 / (4 * LN2)),
    "garman_klass(1)": sqrt(log(24 / 14) ** 2 / 2 - (2 * LN2 - 1) * log(16 / 18) ** 2),
    "bollinger_bandwidth(2, 2)": 2 * 2 * 2 / 18,  # closes 20 and 16: mean 18, deviation 2
    "bollinger_position(2, 2)": (16 - (18 - 4)) / 8,
    "rsi(2)": ((2 / 2 + 9) / 2 / 2)
    / (((2 / 2 + 9) / 2 + (1 / 2 + 0) / 2 + 4) / 2),  # rises 2 0 9 0, falls 0 1 0 4
    "stochastic_k(2, 2)": ((20 - 10) / (22 - 10) + (16 - 11) / (24 - 11)) / 2,
    "stochastic_d(2, 1, 2)": ((20 - 10) / (22 - 10) + (16 - 11) / (24 - 11)) / 2,
    "williams_r(3)": -(24 - 16) / (24 - 10),
    "cci(2)": (18 - 107 / 6)
    / (1 / 6)
    / 0.015
    / 100,  # typical prices 53/3 and 18: mean 107/6, mean distance 1/6
    "donchian_position(3)": (16 - 9) / (22 - 9),  # the channel of the three bars before
    "sma_gap(4)": 16 / ((12 + 11 + 20 + 16) / 4) - 1,
    "ema_gap(3)": 16 / (((10 + 12 + 11) / 3 / 2 + 20 / 2) / 2 + 16 / 2) - 1,  # weight 2 / (3 + 1)
    "volume_ratio(2)": 5 / 4,
    "obv_slope(3)": (-4 + 3 - 5) / (4 + 3 + 5),
    "money_flow(2)": 1.0,  # typical prices 10, 37/3, 35/3, 53/3, 18: the last two rose
    "money_flow(3)": (53 + 90) / (53 + 90 + 35 / 3 * 4),
    "vwap_gap(2)": 16 / ((53 / 3 * 3 + 18 * 5) / 8) - 1,
    "day_of_week(sin)": np.sin(2 * np.pi * 6 / 7),  # 5 January 2020 is a Sunday
    "day_of_week(cos)": np.cos(2 * np.pi * 6 / 7),
    "time_of_day(sin)": 0.0,
    "time_of_day(cos)": 1.0,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_feature_is_what_its_definition_says(name):
    assert prepare(bars(), [name]).values[-1, 0] == pytest.approx(EXPECTED[name], rel=1e-12, abs=1e-12)


def test_the_directional_features_follow_wilder():
    # Up moves 4 -2 8 2, down moves -1 -1 -1 -3: +DM 4 0 8 2 and -DM 0 0 0 0 at bars 1 to 4.
    # Sums of period 2: begin with the value of bar 1, then half of the sum plus the new one.
    plus = (((4 / 2 + 0) / 2) + 8) / 2 + 2
    width = (((7 / 2 + 4) / 2) + 11) / 2 + 10  # true ranges 7 4 11 10
    values = prepare(bars(), ["plus_di(2)", "minus_di(2)", "adx(2)"]).values[-1]
    np.testing.assert_allclose(values, [plus / width, 0.0, 1.0])  # without any -DM the index is 100


def test_the_macd_histogram_is_a_share_of_the_close():
    # fast 2 (weight 2/3, seeded with the mean of the two closes up to bar 2), slow 3 (weight 1/2), signal 2
    fast = (12 + 11) / 2
    slow = (10 + 12 + 11) / 3
    lines = [fast - slow]
    for close in (20, 16):
        fast, slow = fast + (close - fast) * 2 / 3, slow + (close - slow) / 2
        lines.append(fast - slow)
    signal = (lines[0] + lines[1]) / 2
    signal += (lines[2] - signal) * 2 / 3
    expected = (lines[2] - signal) / 16
    assert prepare(bars(), ["macd_histogram(2, 3, 2)"]).values[-1, 0] == pytest.approx(expected)


def test_each_kind_has_a_value_here():
    here = {name.partition("(")[0] for name in EXPECTED} | {"plus_di", "minus_di", "adx", "macd_histogram"}
    assert here == {kind.key for kind in feature_kinds()}


def test_returns_that_do_not_vary_have_no_shape():
    growing = from_rows(*((close, close, close, close) for close in 100.0 * 1.01 ** np.arange(60)))
    values = prepare(growing, ["skewness(20)", "autocorrelation(20, 1)"]).values[30:]
    np.testing.assert_array_equal(values, 0.0)


def test_a_breakout_lies_beyond_the_channel_before_it():
    rows = [(10, 11, 9, 10)] * 3
    assert prepare(from_rows(*rows, (10, 13, 10, 13)), ["donchian_position(3)"]).values[-1, 0] == 2.0
    assert prepare(from_rows(*rows, (10, 10, 8, 8)), ["donchian_position(3)"]).values[-1, 0] == -0.5


def test_a_range_without_width_puts_the_close_in_its_middle():
    flat = from_rows(*[(10, 10, 10, 10)] * 6)
    names = ["bollinger_position(3, 2)", "donchian_position(3)", "rsi(3)", "money_flow(3)"]
    np.testing.assert_array_equal(prepare(flat, names).values[-1], 0.5)


def test_volume_features_have_no_value_where_nothing_was_traded():
    silent = bars()
    silent = Bars(silent.time, silent.open, silent.high, silent.low, silent.close, np.zeros(5))
    assert np.isnan(prepare(silent, ["volume_ratio(2)", "obv_slope(2)", "vwap_gap(2)"]).values).all()


def test_days_and_hours_go_round():
    time = np.datetime64("2024-01-01T06:00", "ns") + np.arange(8) * np.timedelta64(1, "D")  # from a Monday on
    price = np.full(8, 10.0)
    values = prepare(
        Bars(time, price, price, price, price, price),
        ["day_of_week(sin)", "day_of_week(cos)", "time_of_day(sin)"],
    ).values
    np.testing.assert_allclose(values[0], [0.0, 1.0, 1.0])
    np.testing.assert_array_equal(values[7], values[0])
    np.testing.assert_allclose(values[2, 0], np.sin(2 * np.pi * 2 / 7))
