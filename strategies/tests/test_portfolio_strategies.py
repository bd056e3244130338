"""Strategies over several symbols: their weights by hand, the future, missing bars."""

import math

import numpy as np
import pytest

from marketdata.bars import COLUMNS, Bars
from marketdata.panel import Panel
from strategies.errors import ParameterError, SignalError
from strategies.library import EqualWeightStrategy, PairsStrategy, VolatilityTargetStrategy
from strategies.portfolio import PortfolioStrategy
from strategies.registry import get_strategy_class, names
from strategies.tests.prices import bars_of, random_bars

NAN = math.nan
TYPES = (EqualWeightStrategy, PairsStrategy, VolatilityTargetStrategy)
VARIANTS = [
    EqualWeightStrategy(),
    EqualWeightStrategy(wait_for_all=True, invested=0.5),
    PairsStrategy(lookback=10, entry=1.0, exit=0.2),
    PairsStrategy(lookback=10, entry=1.0, exit=0.2, hedge="regression"),
    VolatilityTargetStrategy(lookback=10),
]


def without(bars, rows):
    kept = np.setdiff1d(np.arange(len(bars)), rows)
    return Bars(**{name: getattr(bars, name)[kept] for name in ("time", *COLUMNS)})


def panel_for(strategy, count=200, change_from=None):
    """Random prices; the second symbol begins late and misses weekends. From a row on, other prices if wanted."""
    made = {}
    for place in range(strategy.symbols_range[0]):
        bars = random_bars(count, seed=place)
        if change_from is not None:
            factor = np.where(np.arange(count) >= change_from, 1.5 + place, 1.0)
            bars = bars_of(bars.close * factor, spread=0.005)
        rows = np.flatnonzero((np.arange(count) < 12) | (np.arange(count) % 7 > 4))
        made[f"S{place}"] = without(bars, rows) if place else bars
    return Panel.of(made)


def test_the_variants_are_all_types_there_are():
    types = {get_strategy_class(key) for key in names()}
    assert {kind for kind in types if issubclass(kind, PortfolioStrategy)} == {
        type(item) for item in VARIANTS
    }


def same(weights, expected):
    assert np.array_equal(weights, expected, equal_nan=True), np.asarray(weights).tolist()


@pytest.mark.parametrize("strategy", VARIANTS, ids=repr)
@pytest.mark.parametrize("row", [1, 9, 12, 13, 30, 31, 120, 199])
def test_no_weight_depends_on_the_future(strategy, row):
    whole = strategy.weights(panel_for(strategy))
    same(strategy.weights(panel_for(strategy).head(row)), whole[:row])
    same(strategy.weights(panel_for(strategy, change_from=row))[:row], whole[:row])


@pytest.mark.parametrize("strategy", VARIANTS, ids=repr)
def test_a_row_is_known_whole_or_not_at_all_and_asks_for_no_more_than_the_account(strategy):
    weights = strategy.weights(panel_for(strategy))
    unknown = np.isnan(weights)
    assert (unknown.all(axis=1) == unknown.any(axis=1)).all()
    assert np.nanmax(np.abs(weights).sum(axis=1)) <= 1.0 + 1e-12
    assert unknown[: strategy.warmup()].all()
    assert not unknown.all()


@pytest.mark.parametrize("strategy", VARIANTS, ids=repr)
def test_its_lines_fit_the_panel_and_its_rules_are_words(strategy):
    panel = panel_for(strategy)
    assert all(line.values.shape == (len(panel),) for line in strategy.panel_overlays(panel))
    assert "{" not in " ".join(strategy.describe_rules())


def test_equal_weight_counts_the_symbols_that_have_begun():
    late = without(bars_of([5.0] * 4), [0, 1])
    panel = Panel.of({"A": bars_of([10.0] * 4), "B": late})
    same(EqualWeightStrategy().weights(panel), [[1, 0], [1, 0], [0.5, 0.5], [0.5, 0.5]])
    waits = EqualWeightStrategy(wait_for_all=True, invested=0.8)
    same(waits.weights(panel), [[0, 0], [0, 0], [0.4, 0.4], [0.4, 0.4]])


def test_a_symbol_without_a_bar_today_keeps_its_share():
    panel = Panel.of({"A": bars_of([10.0] * 4), "B": without(bars_of([5.0] * 4), [2])})
    same(EqualWeightStrategy().weights(panel), [[0.5, 0.5]] * 4)


def test_volatility_target_holds_the_wanted_over_the_realised_volatility():
    # Returns +10 %, -10 %, +10 %: two of them deviate by 0.1414 (sample), times sqrt(4) for 4 bars a year.
    panel = Panel.of({"A": bars_of([100, 110, 99, 108.9])})
    strategy = VolatilityTargetStrategy(target_volatility=0.1, lookback=2, bars_per_year=12, cap=5.0)
    share = 0.1 / (math.sqrt(0.02) * math.sqrt(12))
    assert np.allclose(strategy.weights(panel), [[NAN], [NAN], [share], [share]], equal_nan=True)


def test_volatility_target_is_capped_where_prices_stand_still():
    panel = Panel.of({"A": bars_of([100.0] * 5)})
    same(VolatilityTargetStrategy(lookback=2).weights(panel), [[NAN], [NAN], [1], [1], [1]])


def test_pairs_sells_the_dear_one_and_buys_the_cheap_one_until_they_meet():
    # Log spreads 0 but for one step up by 0.1 at row 5, then back: over 5 bars that step is (0.1 - 0.02) / 0.04 = 2.
    first = 100 * np.exp([0.01, 0, 0.01, 0, 0.01, 0.2, 0.2, 0.005, 0.005, 0.005])
    panel = Panel.of({"A": bars_of(first), "B": bars_of([100.0] * 10)})
    weights = PairsStrategy(lookback=5, entry=1.5, exit=0.0).weights(panel)
    assert np.isnan(weights[:4]).all()
    assert weights[4].tolist() == [0, 0]
    assert weights[5].tolist() == [-0.5, 0.5]
    # Row 6: (0.2 - 0.084) / 0.095 = 1.2, still above the average; row 7: below it.
    assert weights[6].tolist() == [-0.5, 0.5]
    assert weights[7].tolist() == [0, 0]


def test_pairs_hedges_by_the_slope_of_the_lookback():
    # The first moves exactly twice as much as the second, plus one outlier at the last bar.
    x = 0.05 * np.sin(np.arange(20.0))
    y = 2.0 * x
    y[-1] -= 0.05
    panel = Panel.of({"A": bars_of(100 * np.exp(y)), "B": bars_of(100 * np.exp(x))})
    strategy = PairsStrategy(lookback=10, entry=1.5, hedge="regression")
    slope = np.cov(y[-10:], x[-10:], ddof=0)[0, 1] / np.var(x[-10:])
    assert strategy.weights(panel)[-1] == pytest.approx([1 / (1 + slope), -slope / (1 + slope)])


def test_pairs_knows_nothing_where_one_of_them_has_no_bar_or_nothing_moves():
    panel = Panel.of({"A": random_bars(30), "B": without(random_bars(30, seed=2), [20])})
    assert np.isnan(PairsStrategy(lookback=5).weights(panel)[20]).all()
    flat = Panel.of({"A": bars_of([10.0] * 30), "B": bars_of([20.0] * 30)})
    assert np.isnan(PairsStrategy(lookback=5).weights(flat)).all()


def test_pairs_must_leave_closer_to_the_average_than_it_enters():
    with pytest.raises(ParameterError) as caught:
        PairsStrategy(entry=1.0, exit=1.0)
    assert "Leave closer to the average" in caught.value.fields["exit"][0]


@pytest.mark.parametrize("strategy_class", TYPES)
def test_a_strategy_over_several_symbols_gives_no_direction_for_one(strategy_class):
    with pytest.raises(SignalError, match="gives weights of symbols and no direction"):
        strategy_class().target(random_bars(5))


def test_a_range_of_symbols_that_cannot_be_is_refused():
    with pytest.raises(TypeError, match="symbols_range"):

        class Wrong(PortfolioStrategy):
            symbols_range = (3, 2)
