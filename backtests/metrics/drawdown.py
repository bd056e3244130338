"""The fall from the highest value so far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backtests.metrics import kernels as k


def drawdown_series(equity: NDArray[np.float64], initial_capital: float) -> NDArray[np.float64]:
    """Return the fall from the highest value so far at each bar, shape (n_bars,), every value <= 0.

    `equity` is in cash, shape (n_bars,), no NaN. The starting capital is the first peak.
    """
    out = np.empty(len(equity))
    k.drawdown_nb(equity, initial_capital, out)
    return out
