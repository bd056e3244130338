"""Features: causal, defined from their warm-up on, and the numbers they promise."""

import numpy as np
import pytest

from marketdata.bars import Bars
from mlmodels.errors import TrainingError
from mlmodels.features import DEFAULT_FEATURES, feature_names, get_feature, prepare, warmup_of
from mlmodels.tests.prices import autoregressive, from_rows, with_future_changed

BARS = autoregressive(160, 0.0, seed=4)


@pytest.mark.parametrize("name", feature_names())
def test_a_feature_is_the_same_whatever_follows(name):
    whole = prepare(BARS, [name]).values[:, 0]
    for row in (20, 45, 90, 158):
        changed = prepare(with_future_changed(BARS, row), [name]).values[: row + 1, 0]
        cut = prepare(BARS.head(row + 1), [name]).values[:, 0]
        np.testing.assert_array_equal(changed, whole[: row + 1])
        np.testing.assert_array_equal(cut, whole[: row + 1])


@pytest.mark.parametrize("name", feature_names())
def test_a_feature_begins_exactly_where_its_warm_up_says(name):
    values = prepare(BARS, [name]).values[:, 0]
    assert np.flatnonzero(np.isfinite(values))[0] == get_feature(name).warmup
    assert np.isfinite(values[get_feature(name).warmup :]).all()


@pytest.mark.parametrize("name", feature_names())
def test_a_feature_does_not_know_the_level_of_prices(name):
    names = ("open", "high", "low", "close")
    scaled = Bars(BARS.time, *(getattr(BARS, column) * 7.0 for column in names), BARS.volume)
    np.testing.assert_allclose(
        prepare(scaled, [name]).values, prepare(BARS, [name]).values, rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_bars_give_no_values(count):
    values = prepare(BARS.head(count), ["rsi_14", "volatility_20", "adx_14"]).values
    assert values.shape == (count, 3)
    assert np.isnan(values).all()


def test_returns_are_logarithms_of_closes():
    bars = from_rows((1, 2, 1, 2), (2, 4, 2, 4), (4, 4, 1, 1))
    # log(4/2) and log(1/4); over two bars log(1/2)
    np.testing.assert_allclose(prepare(bars, ["log_return_1"]).values[1:, 0], np.log([2.0, 0.25]))
    np.testing.assert_allclose(prepare(bars, ["log_return_2"]).values[2, 0], np.log(0.5))


def test_volatility_is_the_sample_deviation_of_the_last_returns():
    returns = np.diff(np.log(BARS.close))
    got = prepare(BARS, ["volatility_10"]).values[40, 0]
    assert got == pytest.approx(np.std(returns[30:40], ddof=1))


def test_volume_has_no_ratio_where_nothing_was_traded():
    bars = Bars(BARS.time, BARS.open, BARS.high, BARS.low, BARS.close, np.zeros(len(BARS)))
    assert np.isnan(prepare(bars, ["volume_ratio_20"]).values).all()


def test_an_unknown_feature_is_refused_with_the_nearest_name():
    with pytest.raises(TrainingError, match="Did you mean 'rsi_14'") as caught:
        prepare(BARS, ["rsi_15"])
    assert "features" in caught.value.fields


def test_the_default_features_need_no_volume():
    assert not any(get_feature(name).needs_volume for name in DEFAULT_FEATURES)
    assert warmup_of(DEFAULT_FEATURES) == 33  # the MACD's slow + signal - 2


def test_a_table_becomes_a_frame():
    frame = prepare(BARS, ["rsi_14", "log_return_1"]).to_frame()
    assert list(frame.columns) == ["rsi_14", "log_return_1"]
    assert str(frame.index.tz) == "UTC"
