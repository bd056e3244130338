"""Compile, or load from the cache, the kernels of sweeps before the first sweep needs them.

In two halves that take about as long, so that two processes can share the work.
"""

from __future__ import annotations

import time

import numpy as np

from backtests.engine.config import SimulationConfig
from backtests.optimize.space import Axis, Grid
from backtests.optimize.sweep import run_sweep
from marketdata.bars import Bars
from strategies.library import MovingAverageCrossoverStrategy, RSIStrategy

STOPS = Axis("configuration.stop_loss", (None, 0.05))


def warm_up() -> float:
    """Sweep a few bars on every path; return the seconds it took. Safe to call more than once."""
    return crossings() + targets()


def crossings() -> float:
    """The half of `warm_up` for accounts that follow crossings of averages."""
    started = time.perf_counter()
    run_sweep(_bars(), MovingAverageCrossoverStrategy, {}, Grid([Axis("fast_period", (2, 3)), STOPS]))
    return time.perf_counter() - started


def targets() -> float:
    """The other half, for accounts that follow any other target."""
    started = time.perf_counter()
    bars, periods = _bars(), Axis("period", (3, 5))
    config = SimulationConfig(sizing="vol_target", size=0.1, volatility_window=5)
    run_sweep(bars, RSIStrategy, {}, Grid([periods]), config)
    run_sweep(bars, RSIStrategy, {}, Grid([periods, STOPS]))
    return time.perf_counter() - started


def _bars() -> Bars:
    rows = np.arange(40)
    close = np.array([100.0 + row % 7 for row in rows])
    hours = np.datetime64("2020-01-01", "ns") + rows * np.timedelta64(8, "h")
    return Bars(time=hours, open=close, high=close + 1.0, low=close - 1.0, close=close, volume=np.ones(40))
