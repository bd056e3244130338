"""What running a sweep promises besides its figures: progress, stopping, curves, refusals, light imports."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from backtests.engine import EngineError, SimulationConfig, simulate
from backtests.engine.tests.cases import random_bars
from backtests.optimize import (
    SWEEP_METRICS,
    Axis,
    Grid,
    SpaceError,
    bar_kernels,
    event_kernels,
    event_trades,
    pieces,
    run_sweep,
    tasks,
)
from backtests.optimize.warm import warm_up
from backtests.optimize.workers import run_all
from strategies.errors import SignalError
from strategies.library import MovingAverageCrossoverStrategy, RSIStrategy

BARS = random_bars(np.random.default_rng(2), 300)
AXES = [Axis("fast_period", range(2, 12)), Axis("slow_period", range(5, 25))]


class Stop(Exception):
    pass


def test_the_columns_have_one_value_a_cell():
    result = run_sweep(BARS, MovingAverageCrossoverStrategy, {}, Grid(AXES))
    assert len(result) == 200
    assert set(result.metrics) == set(SWEEP_METRICS)
    assert all(column.shape == (200,) and column.dtype == np.float64 for column in result.metrics.values())
    np.testing.assert_array_equal(result.valid, result.values["fast_period"] < result.values["slow_period"])
    assert np.isnan(result.metrics["final_equity"][~result.valid]).all()


@pytest.mark.parametrize("strategy", [MovingAverageCrossoverStrategy, RSIStrategy])
@pytest.mark.parametrize("threads", [1, 2])
def test_progress_counts_every_cell_in_the_calling_thread(strategy, threads, monkeypatch):
    monkeypatch.setattr(tasks, "_PAIRS", 32)
    monkeypatch.setattr(pieces, "BATCH", 90)
    axes = AXES if strategy is MovingAverageCrossoverStrategy else [Axis("period", range(2, 30))]
    seen = []
    run_sweep(
        BARS,
        strategy,
        {},
        Grid(axes),
        threads=threads,
        progress=lambda done, total: seen.append((done, total, threading.current_thread())),
    )
    done = [entry[0] for entry in seen]
    assert len(seen) > 3
    assert done == sorted(done)
    assert seen[-1][:2] == (Grid(axes).cell_count,) * 2
    assert {entry[2] for entry in seen} == {threading.current_thread()}


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_can_stop_a_sweep_and_no_thread_is_left(threads, monkeypatch):
    monkeypatch.setattr(tasks, "_PAIRS", 8)
    calls = []

    def stop(done, total):
        calls.append(done)
        if len(calls) == 2:
            raise Stop

    with pytest.raises(Stop):
        run_sweep(BARS, MovingAverageCrossoverStrategy, {}, Grid(AXES), threads=threads, progress=stop)
    assert len(calls) == 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sweep-")]


def test_what_a_task_raises_reaches_the_caller_once_all_threads_have_ended():
    def work(task, worker):
        if task == 5:
            raise Stop
        return 1

    with pytest.raises(Stop):
        run_all(range(1000), work, 3, lambda done: None)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sweep-")]


def test_an_error_of_the_strategy_is_not_taken_for_a_refused_combination():
    class Broken(RSIStrategy):
        def target(self, bars):
            raise SignalError("broken")

    with pytest.raises(SignalError, match="broken"):
        run_sweep(BARS, Broken, {}, Grid([Axis("period", (3, 5))]), threads=2)


def test_a_target_that_is_none_is_refused_in_words():
    class Wild(RSIStrategy):
        def target(self, bars):
            return np.full(len(bars), 3.0)

    with pytest.raises(EngineError, match="Use -1, 0"):
        run_sweep(BARS, Wild, {}, Grid([Axis("period", (3, 5))]))


def test_the_curves_of_the_best_cells_are_kept():
    config = SimulationConfig(commission=0.001)
    result = run_sweep(
        BARS, MovingAverageCrossoverStrategy, {}, Grid(AXES), config, keep_curves=3, objective="total_return"
    )
    assert list(result.curves) == result.best("total_return", 3).tolist()
    cell = next(iter(result.curves))
    strategy = MovingAverageCrossoverStrategy(
        fast_period=int(result.values["fast_period"][cell]),
        slow_period=int(result.values["slow_period"][cell]),
    )
    np.testing.assert_array_equal(result.curves[cell], simulate(BARS, strategy.target(BARS), config).equity)


def test_an_axis_that_varies_nothing_is_refused_with_a_suggestion():
    with pytest.raises(SpaceError, match="fast_period"):
        run_sweep(BARS, MovingAverageCrossoverStrategy, {}, Grid([Axis("fast_perod", (1, 2))]))
    with pytest.raises(SpaceError, match="stop_loss"):
        run_sweep(BARS, RSIStrategy, {}, Grid([Axis("configuration.stop_los", (0.1,))]))


def test_no_bars_and_no_year_are_refused():
    space = Grid([Axis("period", (3,))])
    with pytest.raises(EngineError, match="no bars"):
        run_sweep(BARS.head(0), RSIStrategy, {}, space)
    with pytest.raises(EngineError, match="periods_per_year"):
        run_sweep(BARS, RSIStrategy, {}, space, periods_per_year=0.0)


def test_a_target_is_computed_once_however_many_accounts_trade_it():
    made = []

    class Counted(RSIStrategy):
        def target(self, bars):
            made.append(self.parameters["period"])
            return super().target(bars)

    axes = [
        Axis("configuration.stop_loss", (0.01, 0.02, 0.03)),
        Axis("period", (3, 5)),
        Axis("oversold", (20.0,)),
    ]
    run_sweep(BARS, Counted, {}, Grid(axes), threads=2)
    assert sorted(made) == [3, 5]


def test_a_space_is_checked_without_the_compiler():
    program = (
        "import sys; from backtests.optimize import SWEEP_METRICS, Axis, Grid, RandomSearch, SweepResult, SpaceError; "
        "print(*(name for name in ('numba', 'llvmlite', 'pandas', 'scipy', 'django') if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


def test_after_warming_up_a_sweep_compiles_nothing():
    warm_up()
    made = {
        dispatcher: len(dispatcher.signatures)
        for module in (event_kernels, event_trades, bar_kernels)
        for dispatcher in vars(module).values()
        if hasattr(dispatcher, "signatures")
    }
    account = {"configuration.take_profit": (None, 0.1), "configuration.allow_short": (True, False)}
    settings = [Axis(name, values) for name, values in account.items()]
    run_sweep(BARS, MovingAverageCrossoverStrategy, {}, Grid([*AXES, *settings]), threads=2)
    run_sweep(
        BARS, RSIStrategy, {}, Grid([Axis("period", (3, 4)), *settings]), SimulationConfig(borrow_rate=0.1)
    )
    assert len(made) > 10
    assert {dispatcher: len(dispatcher.signatures) for dispatcher in made} == made
