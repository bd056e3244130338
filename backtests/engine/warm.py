"""Compile, or load from the cache, every kernel before the first run needs it."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from backtests.engine.config import SimulationConfig
from backtests.engine.simulator import buy_and_hold, planned, simulate
from backtests.metrics.compute import compute_metrics
from backtests.metrics.drawdown import drawdown_series
from marketdata.bars import Bars
from strategies.decisions import Decisions


def warm_up() -> float:
    """Run a tiny account through every kernel; return the seconds it took. Safe to call more than once."""
    started = time.perf_counter()
    n = 40
    close: NDArray[np.float64] = np.array([100.0 + t % 7 for t in range(n)])
    bars = Bars(
        time=np.datetime64("2020-01-01", "ns") + np.arange(n) * np.timedelta64(8, "h"),
        open=close,
        high=close + 1.0,
        low=close - 1.0,
        close=close,
        volume=np.ones(n),
    )
    target = np.where(np.arange(n) % 5 < 3, 1.0, -1.0)
    decisions = Decisions(n, 0, np.zeros(1, dtype=np.int32), np.ones(1, dtype=np.int8))
    planned(bars, decisions, SimulationConfig(), periods_per_year=1095.0)
    simulate(bars, target, SimulationConfig(sizing="vol_target", size=0.1, volatility_window=5))
    simulate(bars, target, SimulationConfig(sizing="atr_risk", size=0.01, atr_window=5))
    config = SimulationConfig(stop_loss=0.05, borrow_rate=0.01)
    sim = simulate(bars, target, config)
    compute_metrics(sim, bars, 1095.0, 0.01, buy_and_hold(bars, config))
    drawdown_series(sim.equity, config.initial_capital)
    simulate(bars, target, size=np.full(n, 0.5))
    _ = sim.trades, sim.quantity
    return time.perf_counter() - started
