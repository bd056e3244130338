"""The gate of every fast path: the figures of each cell are those of its own backtest."""

import numpy as np
import pytest

from backtests.engine import SimulationConfig
from backtests.engine.tests.cases import make_bars, random_bars, random_config
from backtests.optimize import Axis, Grid, run_sweep
from backtests.optimize.accounts import accounts_of
from backtests.optimize.tests.cases import (
    PAIRS,
    assert_like_single_runs,
    flat,
    jump,
    on_a_grid,
    simple_config,
)
from strategies.library import MACDStrategy, MovingAverageCrossoverStrategy, RSIStrategy

RSI = Grid([Axis("period", (2, 5)), Axis("oversold", (20.0, 40.0, 75.0))])


@pytest.mark.parametrize("seed", range(12))
def test_crossings_by_events_are_exact_on_random_bars(seed):
    rng = np.random.default_rng(seed)
    bars = random_bars(rng, int(rng.choice([30, 64, 65, 300])), float(rng.choice([0.005, 0.03, 0.1])))
    assert_like_single_runs(bars, MovingAverageCrossoverStrategy, PAIRS, simple_config(rng))


@pytest.mark.parametrize("seed", range(12))
def test_stops_and_limits_by_events_are_exact(seed):
    rng = np.random.default_rng(400 + seed)
    bars = random_bars(
        rng, int(rng.choice([5, 30, 64, 300])), float(rng.choice([0.005, 0.03, 0.1])), gap=0.05
    )
    if seed % 3 == 0:
        bars = on_a_grid(bars, 1.0)
    exits = [
        Axis("configuration.stop_loss", (None, 0.01, 0.1, 0.5)),
        Axis("configuration.take_profit", (None, 0.01, 0.1, 0.5)),
    ]
    pairs = [Axis("fast_period", (1, 3)), Axis("slow_period", (2, 9))]
    config = simple_config(rng)
    assert_like_single_runs(bars, MovingAverageCrossoverStrategy, Grid([*pairs, *exits]), config)
    assert_like_single_runs(bars, RSIStrategy, Grid([Axis("period", (2, 5)), *exits]), config)


@pytest.mark.parametrize("seed", range(8))
def test_crossings_are_exact_where_averages_tie_and_profits_are_nothing(seed):
    rng = np.random.default_rng(100 + seed)
    bars = on_a_grid(random_bars(rng, 200, 0.004), step=float(rng.choice([0.1, 1.0])))
    assert_like_single_runs(bars, MovingAverageCrossoverStrategy, PAIRS, simple_config(rng))


@pytest.mark.parametrize("seed", range(12))
def test_crossings_are_exact_in_any_account(seed):
    rng = np.random.default_rng(200 + seed)
    bars = random_bars(rng, int(rng.choice([20, 150])), float(rng.choice([0.01, 0.05])))
    assert_like_single_runs(bars, MovingAverageCrossoverStrategy, PAIRS, random_config(rng))


@pytest.mark.parametrize("seed", range(12))
def test_targets_are_exact_in_any_account(seed):
    rng = np.random.default_rng(300 + seed)
    bars = random_bars(rng, int(rng.choice([20, 150])), float(rng.choice([0.01, 0.05])))
    config = simple_config(rng) if seed % 2 else random_config(rng)
    assert_like_single_runs(bars, RSIStrategy, RSI, config, periods_per_year=365.0)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("liquidate", [True, False])
def test_a_handful_of_bars_is_exact(n, liquidate):
    bars = random_bars(np.random.default_rng(n), n, 0.1)
    config = SimulationConfig(commission=0.001, liquidate_at_end=liquidate)
    assert_like_single_runs(bars, MovingAverageCrossoverStrategy, PAIRS, config)
    assert_like_single_runs(bars, RSIStrategy, RSI, config)


def test_an_entry_at_the_last_open_is_exact():
    # Averages of 1 and 2 bars cross up at the last but one close: bought at 13, marked or sold at 12.
    bars = make_bars((10, 10, 10, 10), (10, 10, 9, 9), (9, 11, 9, 11), (13, 13, 12, 12))
    for liquidate in (True, False):
        config = SimulationConfig(liquidate_at_end=liquidate)
        result = assert_like_single_runs(bars, MovingAverageCrossoverStrategy, PAIRS, config)
        assert result.metrics["final_equity"][0] == pytest.approx(10_000 * 12 / 13)


def test_a_flat_price_gives_no_trades_and_no_ratios():
    result = assert_like_single_runs(flat(50), MovingAverageCrossoverStrategy, PAIRS, SimulationConfig())
    assert np.nanmax(result.metrics["total_trades"]) == 0.0
    assert np.isnan(result.metrics["sharpe_ratio"]).all()
    assert np.isnan(result.metrics["win_rate"]).all()


@pytest.mark.parametrize(
    ("factor", "ruined"), [(1.5, False), (1.99, False), (1.9979, False), (2.0, True), (9.0, True)]
)
def test_shorts_near_and_beyond_ruin_are_exact(factor, ruined):
    # Sold at 80 for all cash less a fee of 0.1 %: what was earned and the cash cover a price of about 159.8.
    config = SimulationConfig(commission=0.001)
    result = assert_like_single_runs(jump(factor), MovingAverageCrossoverStrategy, PAIRS, config)
    assert (result.metrics["final_equity"] == 0.0).any() == ruined
    assert np.nanmin(result.metrics["final_equity"]) < 6000.0


def test_one_return_that_dwarfs_all_others_does_not_cost_the_digits_of_cells_that_miss_it():
    rng = np.random.default_rng(5)
    bars = random_bars(rng, 120, 0.01)
    columns = {name: np.array(getattr(bars, name)) for name in ("open", "high", "low", "close")}
    for column in columns.values():
        column[2:] *= 1e7
    leap = type(bars)(time=bars.time, volume=bars.volume, **columns)
    assert_like_single_runs(leap, MovingAverageCrossoverStrategy, PAIRS, SimulationConfig(allow_short=False))


def test_settings_of_the_account_can_be_axes():
    bars = random_bars(np.random.default_rng(9), 200)
    axes = [
        Axis("fast_period", (2, 5)),
        Axis("slow_period", (9,)),
        Axis("configuration.stop_loss", (None, 0.03)),
        Axis("configuration.take_profit", (None, 0.05)),
        Axis("configuration.trailing_stop", (None, 0.04)),
        Axis("configuration.commission", (0.0, 0.002)),
        Axis("configuration.allow_short", (True, False)),
    ]
    result = assert_like_single_runs(bars, MovingAverageCrossoverStrategy, Grid(axes), SimulationConfig())
    assert result.valid.all()


def test_settings_that_only_go_together_are_refused_together():
    bars = random_bars(np.random.default_rng(9), 60)
    axes = [
        Axis("configuration.size", (0.5, 1.0, 1.5)),
        Axis("configuration.leverage", (1.0, 2.0)),
        Axis("configuration.sizing", ("all_in", "fraction", "vol_target")),
        Axis("configuration.fill", ("next_open", "close")),
        Axis("configuration.stop_loss", (None, 0.05)),
        Axis("configuration.slippage", (0.0, 0.6)),
        Axis("configuration.spread", (0.0, 0.9)),
    ]
    result = assert_like_single_runs(bars, MACDStrategy, Grid(axes), SimulationConfig())
    assert 0 < result.valid.sum() < len(result)


def test_a_value_outside_its_bounds_is_refused_cell_by_cell():
    bars = random_bars(np.random.default_rng(9), 60)
    for strategy, name in ((MovingAverageCrossoverStrategy, "fast_period"), (RSIStrategy, "period")):
        space = Grid([Axis(name, (0, 5, 100_000)), Axis("configuration.commission", (0.001, 1.5))])
        result = assert_like_single_runs(bars, strategy, space, SimulationConfig())
        assert result.valid.tolist() == [False, False, True, False, False, False]


def test_a_strategy_that_gives_its_own_size_is_exact():
    class Sized(MovingAverageCrossoverStrategy):
        def size(self, bars):
            share = np.full(len(bars), 0.3)
            share[::7] = np.nan
            return share

    bars = random_bars(np.random.default_rng(4), 150)
    config = SimulationConfig(commission=0.001)
    sized = assert_like_single_runs(bars, Sized, PAIRS, config)
    plain = run_sweep(bars, MovingAverageCrossoverStrategy, {}, PAIRS, config)
    assert not np.array_equal(sized.metrics["final_equity"], plain.metrics["final_equity"], equal_nan=True)


def test_a_strategy_that_extends_a_crossing_with_other_decisions_is_not_mistaken_for_it():
    class Contrary(MovingAverageCrossoverStrategy):
        def target(self, bars):
            return -super().target(bars)

    assert_like_single_runs(random_bars(np.random.default_rng(4), 150), Contrary, PAIRS, SimulationConfig())


def test_only_accounts_without_anything_between_two_fills_trade_by_events():
    calm = {"commission": 0.001, "slippage": 0.001, "spread": 0.001}
    unsteady = (
        {"commission_fixed": 1.0},
        {"commission_min": 1.0},
        {"whole_units": True},
        {"trailing_stop": 0.1},
        {"borrow_rate": 0.1},
        {"fill": "close"},
        {"sizing": "units", "size": 3.0},
        {"sizing": "fraction", "size": 1.5, "leverage": 2.0},
        {"sizing": "vol_target", "size": 0.1},
    )
    for values in (
        {},
        {"sizing": "fraction", "size": 0.5},
        {"borrow_rate": 0.1, "allow_short": False},
        {"stop_loss": 0.1},
    ):
        assert accounts_of(SimulationConfig(**calm, **values), {}, 1, 252.0).tradable_by_events().all()
    for values in unsteady:
        assert not accounts_of(SimulationConfig(**calm, **values), {}, 1, 252.0).tradable_by_events().any(), (
            values
        )
