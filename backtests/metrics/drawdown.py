"""Figures of the falls from a peak."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from backtests.metrics import kernels as k

_DAY = 86_400e9  # nanoseconds


def drawdown_series(equity: NDArray[np.float64], initial_capital: float) -> NDArray[np.float64]:
    """Return the fall from the highest value so far at each bar, shape (n_bars,), every value <= 0.

    The starting capital is the first peak.
    """
    out = np.empty(len(equity))
    k.drawdown_nb(equity, initial_capital, out)
    return out


def drawdown_figures(depth: NDArray[np.float64], time: NDArray[np.datetime64]) -> dict[str, float]:
    """Depths as fractions <= 0, lengths in calendar days; a drawdown still open ends at the last bar."""
    deepest, troughs, squares, below, lengths, episodes, longest = k.drawdown_stats_nb(
        depth, time.view(np.int64)
    )
    return {
        "max_drawdown": deepest,
        "average_drawdown": troughs / episodes if episodes else math.nan,
        "max_drawdown_days": longest / _DAY if episodes else math.nan,
        "average_drawdown_days": lengths / episodes / _DAY if episodes else math.nan,
        "time_under_water": below / len(depth),
        "ulcer_index": math.sqrt(squares / len(depth)),
    }
