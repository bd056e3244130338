"""A strategy's indicators and position as features: causal, free of the level of prices, the same columns always."""

import numpy as np
import pytest

from marketdata.bars import Bars
from mlmodels.audit import audit_features
from mlmodels.errors import TrainingError
from mlmodels.features import StrategyFeatures, prepare, warmup_of
from mlmodels.tests.prices import autoregressive, with_future_changed
from strategies.base import BaseStrategy, Overlay
from strategies.indicators import TechnicalIndicators
from strategies.params import ReferenceParam
from strategies.portfolio import PortfolioStrategy
from strategies.registry import get_strategy_class, names, temporarily

BARS = autoregressive(900, 0.0, seed=4)
PRICES = ("open", "high", "low", "close")
SINGLE = [
    key
    for key in names()
    if not issubclass(get_strategy_class(key), PortfolioStrategy) and not get_strategy_class(key).uses_model
]
every_strategy = pytest.mark.parametrize("key", SINGLE)


def scaled(bars, factor):
    return Bars(bars.time, *(getattr(bars, name) * factor for name in PRICES), bars.volume)


@every_strategy
def test_a_strategys_columns_do_not_know_the_level_of_prices(key):
    given = [StrategyFeatures(key)]
    table, dearer = prepare(BARS, (), given), prepare(scaled(BARS, 1000.0), (), given)
    assert table.names[-1].endswith(": position")
    np.testing.assert_allclose(dearer.values, table.values, rtol=1e-8, atol=1e-9)


@every_strategy
def test_a_strategys_columns_are_the_same_whatever_follows(key):
    given = [StrategyFeatures(key)]
    whole = prepare(BARS, (), given).values
    for row in (60, 300, 640, 898):
        np.testing.assert_array_equal(
            prepare(with_future_changed(BARS, row), (), given).values[: row + 1], whole[: row + 1]
        )
        np.testing.assert_array_equal(prepare(BARS.head(row + 1), (), given).values, whole[: row + 1])


def test_all_our_strategies_pass_the_audit():
    assert audit_features(BARS, (), [StrategyFeatures(key, {}, key) for key in SINGLE]).passed


def test_lines_on_the_price_become_gaps_and_lines_in_its_units_shares():
    table = prepare(
        BARS, ["rsi(14)"], [StrategyFeatures("ma_crossover", {}, "Cross"), StrategyFeatures("macd", {}, "M")]
    )
    assert table.names == (
        "rsi(14)",
        "Cross: SMA 10",
        "Cross: SMA 30",
        "Cross: position",
        "M: MACD",
        "M: Signal",
        "M: Histogram",
        "M: position",
    )
    average = TechnicalIndicators.moving_average(BARS.close, 30)
    np.testing.assert_array_equal(table.values[:, 2], BARS.close / average - 1.0)
    line = TechnicalIndicators.macd(BARS.close)
    np.testing.assert_array_equal(table.values[:, 4], line.macd / BARS.close)


def test_a_position_is_kept_between_decisions_and_unknown_before_the_warm_up():
    given = StrategyFeatures("rsi", {"period": 5})
    position = prepare(BARS, (), [given]).values[:, -1]
    assert given.warmup > 0
    assert np.isnan(position[: given.warmup]).all()
    assert set(np.unique(position[given.warmup :])) <= {-1.0, 0.0, 1.0}
    target = given.strategy().target(BARS)
    decided = np.isfinite(target)
    np.testing.assert_array_equal(position[decided][given.warmup :], target[decided][given.warmup :])
    assert np.isfinite(position[given.warmup :]).all()


def test_levels_that_never_move_are_left_out():
    """An RSI's thresholds are lines on the chart that tell a model nothing."""
    assert StrategyFeatures("rsi", {}, "R").names == ("R: RSI 14", "R: position")


class Odd(BaseStrategy):
    """Lines in all sorts of units."""

    key = "odd_units"
    label = "Odd"
    summary = "Odd."

    def target(self, bars):
        return np.zeros(len(bars))

    def overlays(self, bars):
        return (
            Overlay("price below", bars.close, "own"),
            Overlay("square", bars.close**2, "own"),
            Overlay("volume", bars.volume, "own"),
            Overlay("ratio", bars.high / bars.low, "own"),
            Overlay("ratio in the price pane", bars.high / bars.low, "price"),
            Overlay("through zero", np.sign(bars.close - bars.open) * bars.close, "price"),
            Overlay("ratio", bars.close, "own"),
        )


def test_what_grows_with_volume_or_oddly_with_price_is_left_out():
    with temporarily(Odd):
        given = StrategyFeatures("odd_units")
        lines = [name.removeprefix("Odd: ") for name in given.names]
        assert lines == ["price below", "ratio", "ratio in the price pane", "through zero", "position"]
        values = prepare(BARS, (), [given]).values
    np.testing.assert_array_equal(values[:, 0], 1.0)  # the close as a share of the close
    for column in (1, 2):  # of two lines with one name the first
        np.testing.assert_array_equal(values[:, column], BARS.high / BARS.low)


def test_the_columns_are_the_same_on_few_and_on_still_bars():
    """Which lines are features does not depend on the bars: a model is asked with the columns it learned from."""
    price = np.full(50, 10.0)
    still = Bars(BARS.time[:50], price, price, price, price, np.zeros(50))
    for bars in (BARS.head(0), BARS.head(3), still):
        for key in SINGLE:
            given = StrategyFeatures(key, {}, "S")
            table = prepare(bars, (), [given])
            assert table.names == given.names
            assert table.values.shape == (len(bars), len(given.names))


class NeedsModel(Odd):
    key = "needs_model"
    label = "Model"
    uses_model = True
    params = (ReferenceParam("model", kind="ml_model", label="Model"),)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"strategy_type": "macdd"}, "Did you mean 'macd'"),
        ({"strategy_type": None}, "There is no strategy type null"),
        ({"strategy_type": ["macd"]}, "There is no strategy type"),
        ({"strategy_type": "macd", "parameters": {"fast_period": 0}}, "fast_period"),
        ({"strategy_type": "macd", "parameters": [1]}, "object of names and values"),
        ({"strategy_type": "pairs"}, "several symbols"),
        ({"strategy_type": "needs_model", "parameters": {"model": 1}}, "decides by a model"),
        ({"strategy_type": "macd", "name": "x" * 101}, "up to 100 characters"),
        ({"strategy_type": "macd", "name": 7}, "up to 100 characters"),
        ({"strategy_type": "macd", "params": {}}, "Did you mean 'parameters'"),
        ({}, "strategy_type, parameters and name"),
        ("macd", "strategy_type, parameters and name"),
    ],
)
def test_what_cannot_be_a_feature_is_refused_by_field(given, said):
    with temporarily(NeedsModel), pytest.raises(TrainingError) as caught:
        StrategyFeatures.from_dict(given)
    assert list(caught.value.fields) == ["strategies"]
    assert said in caught.value.detail


def test_a_strategys_features_survive_json_and_fill_in_defaults():
    given = StrategyFeatures("macd", {"fast_period": 5})
    assert given.name == "MACD crossover"
    assert given.parameters == {"fast_period": 5, "slow_period": 26, "signal_period": 9}
    assert StrategyFeatures.from_dict(given.to_dict()) == given
    assert hash(given) == hash(StrategyFeatures.from_dict(given.to_dict()))
    assert warmup_of(["rsi(14)"], [given]) == given.strategy().warmup() == 34
