"""Compile, or load from the cache, the kernels of accounts over several symbols before the first run needs them."""

from __future__ import annotations

import time

import numpy as np

from backtests.engine.portfolio import equal_weight_hold
from backtests.engine.portfolio_config import PortfolioConfig
from marketdata.bars import Bars
from marketdata.panel import Panel


def warm_up() -> float:
    """Hold two symbols over a few bars; return the seconds it took. Safe to call more than once."""
    started = time.perf_counter()
    n = 5
    close = np.full(n, 100.0)
    days = np.datetime64("2020-01-01", "ns") + np.arange(n) * np.timedelta64(1, "D")
    bars = Bars(time=days, open=close, high=close, low=close, close=close, volume=np.ones(n))
    equal_weight_hold(Panel.of({"A": bars, "B": bars}), PortfolioConfig())
    return time.perf_counter() - started
