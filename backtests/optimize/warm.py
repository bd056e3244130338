"""Compile, or load from the cache, the kernels of sweeps before the first sweep needs them."""

from __future__ import annotations

import time

import numpy as np

from backtests.engine.config import SimulationConfig
from backtests.optimize.space import Axis, Grid
from backtests.optimize.sweep import run_sweep
from marketdata.bars import Bars
from strategies.library import MovingAverageCrossoverStrategy, RSIStrategy


def warm_up() -> float:
    """Sweep a few bars on every path; return the seconds it took. Safe to call more than once."""
    started = time.perf_counter()
    close = np.array([100.0 + t % 7 for t in range(40)])
    hours = np.datetime64("2020-01-01", "ns") + np.arange(40) * np.timedelta64(8, "h")
    bars = Bars(time=hours, open=close, high=close + 1.0, low=close - 1.0, close=close, volume=np.ones(40))
    stops = Axis("configuration.stop_loss", (None, 0.05))
    run_sweep(bars, MovingAverageCrossoverStrategy, {}, Grid([Axis("fast_period", (2, 3)), stops]))
    config = SimulationConfig(sizing="vol_target", size=0.1, volatility_window=5)
    run_sweep(bars, RSIStrategy, {}, Grid([Axis("period", (3, 5))]), config)
    run_sweep(bars, RSIStrategy, {}, Grid([Axis("period", (3, 5)), stops]))
    return time.perf_counter() - started
