"""Bars for the tests of this app."""

import numpy as np
from numpy.typing import ArrayLike

from marketdata.bars import Bars


def bars_of(close: ArrayLike, spread: float = 0.0) -> Bars:
    """Daily bars with these closes; open at the close before, high and low `spread` (a fraction) beyond."""
    closes = np.asarray(close, dtype=np.float64)
    opens = np.concatenate([closes[:1], closes[:-1]])
    time = np.datetime64("2020-01-01", "ns") + np.arange(closes.size) * np.timedelta64(1, "D")
    high = np.maximum(opens, closes) * (1 + spread)
    low = np.minimum(opens, closes) * (1 - spread)
    return Bars(time, opens, high, low, closes, np.full(closes.size, 1000.0))


def random_bars(count: int, seed: int = 7, volatility: float = 0.02) -> Bars:
    """A random walk, the same for the same seed."""
    rng = np.random.default_rng(seed)
    return bars_of(100 * np.exp(np.cumsum(rng.normal(0, volatility, count))), spread=0.005)
