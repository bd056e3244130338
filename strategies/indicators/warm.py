"""Compile, or load from the cache, every indicator kernel before the first strategy needs them.

In two halves that take about as long, so that two processes can share the work.
"""

import time

import numpy as np
from numpy.typing import NDArray

from strategies.crossing import cross_up, decide_averages, follow, hold
from strategies.indicators.technical import TechnicalIndicators


def warm_up() -> float:
    """Compute each kind of indicator once on a few rows; return the seconds it took."""
    return windows() + recursions()


def windows() -> float:
    """The half of `warm_up` that looks at moving windows."""
    started = time.perf_counter()
    close, high, low = _prices()
    TechnicalIndicators.moving_average(close, 5)
    TechnicalIndicators.bollinger_bands(close, 5)
    TechnicalIndicators.standard_deviation(close, 5)
    TechnicalIndicators.stochastic(high, low, close)
    TechnicalIndicators.williams_r(high, low, close)
    TechnicalIndicators.donchian_channel(high, low)
    TechnicalIndicators.cci(high, low, close)
    TechnicalIndicators.money_flow_index(high, low, close, close * 10.0)
    return time.perf_counter() - started


def recursions() -> float:
    """The other half: averages that never forget, ranges and crossings."""
    started = time.perf_counter()
    close, high, low = _prices()
    TechnicalIndicators.exponential_moving_average(close, 5)
    TechnicalIndicators.macd(close)
    TechnicalIndicators.rsi(close, 5)
    TechnicalIndicators.true_range(high, low, close)
    TechnicalIndicators.atr(high, low, close, 5)
    TechnicalIndicators.directional_index(high, low, close, 5)
    follow(high, low)
    decide_averages(close, 5, 10)
    up = cross_up(high, low)
    hold(up, ~up, up)
    return time.perf_counter() - started


def _prices() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    close = np.array([100.0 + row % 7 for row in range(60)])
    return close, close + 1.0, close - 1.0
