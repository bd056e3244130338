"""A cell run again alone gives the same bytes, whatever else was swept with it and on how many threads."""

import numpy as np
import pytest

from backtests.engine import SimulationConfig
from backtests.engine.tests.cases import random_bars
from backtests.optimize import Axis, Grid, RandomSearch, pieces, run_sweep, tasks
from backtests.optimize.lines import LineStore
from backtests.optimize.tests.cases import assert_same_bytes
from strategies.library import MovingAverageCrossoverStrategy, RSIStrategy

BARS = random_bars(np.random.default_rng(11), 700)
ACCOUNTS = {
    "long only": SimulationConfig(commission=0.001, allow_short=False),
    "long and short": SimulationConfig(slippage=0.001, sizing="fraction", size=0.9),
    "stops": SimulationConfig(commission=0.001, stop_loss=0.05, trailing_stop=0.08),
}
GRIDS = {
    "pairs": (
        MovingAverageCrossoverStrategy,
        [Axis("fast_period", range(2, 32)), Axis("slow_period", range(20, 60))],
    ),
    "kinds": (
        MovingAverageCrossoverStrategy,
        [Axis("ma_type", ("ema", "sma")), Axis("slow_period", (9, 30, 200)), Axis("fast_period", (3, 8, 13))],
    ),
    "targets": (RSIStrategy, [Axis("period", (5, 14)), Axis("configuration.commission", (0.0, 0.001, 0.01))]),
}


def alone(result, cell):
    return Grid([Axis(name, (column[cell],)) for name, column in result.values.items()])


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("grid", GRIDS)
def test_a_cell_run_again_alone_gives_the_same_bytes(grid, account):
    strategy, axes = GRIDS[grid]
    config = ACCOUNTS[account]
    result = run_sweep(BARS, strategy, {}, Grid(axes), config, threads=2)
    chosen = np.flatnonzero(result.valid)[:: max(1, int(result.valid.sum()) // 25)]
    for cell in chosen:
        assert_same_bytes(
            run_sweep(BARS, strategy, {}, alone(result, cell), config), result, slice(cell, cell + 1)
        )


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("grid", GRIDS)
def test_threads_batches_tiles_and_room_for_lines_change_no_byte(grid, account, monkeypatch):
    strategy, axes = GRIDS[grid]
    config = ACCOUNTS[account]
    expected = run_sweep(BARS, strategy, {}, Grid(axes), config)
    assert_same_bytes(run_sweep(BARS, strategy, {}, Grid(axes), config, threads=3), expected)
    monkeypatch.setattr(pieces, "BATCH", 37)
    monkeypatch.setattr(tasks, "_PAIRS", 17)
    monkeypatch.setattr(tasks, "_BLOCK", 5)
    monkeypatch.setattr(tasks, "_TILE_BYTES", 1)
    create = LineStore.__init__

    def tiny(store, *given):
        create(store, *given)
        store.capacity = 3

    monkeypatch.setattr(LineStore, "__init__", tiny)
    assert_same_bytes(run_sweep(BARS, strategy, {}, Grid(axes), config, threads=2), expected)


def test_a_random_search_finds_the_figures_of_the_grid():
    strategy, axes = GRIDS["pairs"]
    grid = run_sweep(BARS, strategy, {}, Grid(axes), ACCOUNTS["long only"])
    sample = RandomSearch(axes, 300, seed=5)
    found = run_sweep(BARS, strategy, {}, sample, ACCOUNTS["long only"])
    cells = (found.values["fast_period"] - 2) * 40 + found.values["slow_period"] - 20
    assert_same_bytes(found, grid, cells)
