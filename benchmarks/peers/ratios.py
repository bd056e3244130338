"""One convention turned into another, so that figures of tools that differ in it can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np


def sharpe_with_first_bar(sharpe: Any, volatility: Any, bars: int, periods_per_year: float) -> Any:
    """The Sharpe ratio of tools that count a return of 0 for the first bar, from one that does not.

    Parameters
    ----------
    sharpe, volatility : float or ndarray
        Annualised, of the n_bars - 1 returns between closes, ddof 1, without a risk-free rate.
    bars : int
        n_bars, at least 3.
    periods_per_year : float

    Returns
    -------
    float or ndarray
        Of the n_bars returns that begin with a 0; NaN where the input is NaN or the volatility 0.
    """
    count = bars - 1
    deviation = np.asarray(volatility) / np.sqrt(periods_per_year)
    mean = np.asarray(sharpe) * deviation / np.sqrt(periods_per_year)
    total = mean * count
    squares = deviation**2 * (count - 1) + mean**2 * count
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt((squares - total**2 / bars) / (bars - 1))
        return total / bars / spread * np.sqrt(periods_per_year)
