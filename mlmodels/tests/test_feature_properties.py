"""What every feature promises, at several parameters: no look ahead, an exact warm-up, no level of prices."""

import numpy as np
import pytest

from marketdata.bars import Bars
from mlmodels.features import feature_kinds, get_feature, prepare
from mlmodels.tests.prices import autoregressive, with_future_changed

BARS = autoregressive(700, 0.0, seed=4)
PRICES = ("open", "high", "low", "close")

PARAMETERS = {
    "log_return": ["1", "7", "60"],
    "rate_of_change": ["1", "33"],
    "momentum": ["2, 1", "60, 20"],
    "skewness": ["3", "20", "64"],
    "autocorrelation": ["3, 1", "20, 1", "33, 7"],
    "volatility": ["2", "20", "100"],
    "atr_ratio": ["1", "14", "70"],
    "parkinson": ["1", "20", "65"],
    "garman_klass": ["1", "20", "65"],
    "bollinger_bandwidth": ["2, 1", "20, 2", "50, 2.5"],
    "rsi": ["1", "14", "70"],
    "stochastic_k": ["1, 1", "14, 3", "60, 5"],
    "stochastic_d": ["1, 1, 1", "14, 3, 3", "60, 5, 9"],
    "williams_r": ["1", "14", "70"],
    "cci": ["2", "20", "64"],
    "bollinger_position": ["2, 1", "20, 2", "50, 2.5"],
    "donchian_position": ["1", "20", "65"],
    "sma_gap": ["2", "20", "100"],
    "ema_gap": ["2", "20", "100"],
    "macd_histogram": ["2, 3, 1", "12, 26, 9", "20, 50, 30"],
    "adx": ["2", "14", "60"],
    "plus_di": ["2", "14", "60"],
    "minus_di": ["2", "14", "60"],
    "volume_ratio": ["2", "20", "100"],
    "obv_slope": ["1", "20", "100"],
    "money_flow": ["1", "14", "60"],
    "vwap_gap": ["1", "20", "65"],
    "gap": [""],
    "open_to_close": [""],
    "high_low_range": [""],
    "day_of_week": ["sin", "cos"],
    "time_of_day": ["sin", "cos"],
}
NAMES = [f"{key}({given})" for key, sets in PARAMETERS.items() for given in sets]
every_feature = pytest.mark.parametrize("name", NAMES)


def values_of(bars, name):
    return prepare(bars, [name]).values[:, 0]


def changed(bars, **columns):
    names = (*PRICES, "volume")
    return Bars(bars.time, *(columns.get(name, getattr(bars, name)) for name in names))


def test_no_kind_is_missing_here():
    assert set(PARAMETERS) == {kind.key for kind in feature_kinds()}


@every_feature
def test_a_feature_is_the_same_whatever_follows(name):
    whole = values_of(BARS, name)
    for row in (3, 20, 45, 90, 255, 256, 511, 698):
        np.testing.assert_array_equal(
            values_of(with_future_changed(BARS, row), name)[: row + 1], whole[: row + 1]
        )
        np.testing.assert_array_equal(values_of(BARS.head(row + 1), name), whole[: row + 1])


@every_feature
def test_a_feature_begins_exactly_where_its_warm_up_says(name):
    known = np.flatnonzero(np.isfinite(values_of(BARS, name)))
    np.testing.assert_array_equal(known, np.arange(get_feature(name).warmup, len(BARS)))


@every_feature
@pytest.mark.parametrize("factor", [1000.0, 1e-4])
def test_a_feature_does_not_know_the_level_of_prices(name, factor):
    scaled = changed(BARS, **{column: getattr(BARS, column) * factor for column in PRICES})
    np.testing.assert_allclose(values_of(scaled, name), values_of(BARS, name), rtol=1e-8, atol=1e-9)


@every_feature
def test_a_feature_does_not_know_the_level_of_the_volume(name):
    busier = changed(BARS, volume=BARS.volume * 1024.0)
    np.testing.assert_allclose(values_of(busier, name), values_of(BARS, name), rtol=1e-12, atol=1e-12)


@every_feature
def test_a_feature_that_needs_no_volume_does_not_look_at_it(name):
    silent = changed(BARS, volume=np.zeros(len(BARS)))
    same = np.array_equal(values_of(silent, name), values_of(BARS, name), equal_nan=True)
    assert same is not get_feature(name).needs_volume


@every_feature
def test_a_price_that_stands_still_gives_no_infinity(name):
    price = np.full(700, 101.3)
    still = changed(BARS, **dict.fromkeys(PRICES, price))
    values = values_of(still, name)[get_feature(name).warmup :]
    assert np.isfinite(values).all()
    assert np.ptp(values) < 1e-12 or name.startswith(("day_of_week", "volume_ratio"))
