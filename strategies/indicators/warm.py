"""Load TA-Lib and compile, or load from the cache, every indicator kernel before the first strategy needs them."""

import time

import numpy as np

from strategies.indicators.technical import TechnicalIndicators


def warm_up() -> float:
    """Compute each kind of indicator once on a few rows; return the seconds it took."""
    started = time.perf_counter()
    close = np.array([100.0 + row % 7 for row in range(60)])
    high, low = close + 1.0, close - 1.0
    TechnicalIndicators.moving_average(close, 5)
    TechnicalIndicators.exponential_moving_average(close, 5)
    TechnicalIndicators.rsi(close, 5)
    TechnicalIndicators.bollinger_bands(close, 5)
    TechnicalIndicators.stochastic(high, low, close)
    TechnicalIndicators.adx(high, low, close, 5)
    return time.perf_counter() - started
