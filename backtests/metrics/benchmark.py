"""Figures against the benchmark."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from backtests.metrics.comparison_kernels import ROWS, compare_nb
from backtests.metrics.kernels import STILL
from backtests.metrics.lanes import LANES
from backtests.metrics.returns import growth

Floats = NDArray[np.float64]

NAMES = ("alpha", "beta", "correlation", "tracking_error", "information_ratio", "up_capture", "down_capture")


def benchmark_figures(
    equity: Floats, benchmark: Floats, rf: float, periods_per_year: float
) -> dict[str, float]:
    """Regression, tracking and capture of the account's returns against those of the benchmark, bar by bar.

    The longer of the two is cut to the shorter (an account that was ruined has fewer returns). Alpha, tracking error,
    information ratio and captures are yearly; NaN where one is undefined, all of them below two returns.

    Parameters
    ----------
    equity, benchmark : ndarray of float64, shape (n_bars,)
        What either was worth at each close, in cash; no NaN.
    rf : float
        Risk-free return per bar, as a fraction.
    periods_per_year : float
        Bars per year.
    """
    both = compare_nb(equity, benchmark, np.empty((ROWS, LANES)))
    if both.bars < 2:
        return dict.fromkeys(NAMES, math.nan)
    year = math.sqrt(periods_per_year)
    still = STILL * STILL
    beta = both.covariance / both.other_variance if both.other_variance > still else math.nan
    varies = min(both.variance, both.other_variance) > still
    tracking = math.sqrt(both.variance_of_difference)
    gain = both.mean - both.other_mean
    return {
        "alpha": growth(both.mean - rf - beta * (both.other_mean - rf), 1, periods_per_year),
        "beta": beta,
        "correlation": both.covariance / math.sqrt(both.variance * both.other_variance)
        if varies
        else math.nan,
        "tracking_error": tracking * year,
        "information_ratio": gain / tracking * year if tracking > STILL else math.nan,
        "up_capture": _capture(
            both.growth_in_rises, both.other_growth_in_rises, both.rises, periods_per_year
        ),
        "down_capture": _capture(
            both.growth_in_falls, both.other_growth_in_falls, both.falls, periods_per_year
        ),
    }


def _capture(log_r: float, log_b: float, bars: int, periods_per_year: float) -> float:
    if not bars:
        return math.nan
    try:
        return math.expm1(log_r * periods_per_year / bars) / math.expm1(log_b * periods_per_year / bars)
    except OverflowError:
        return math.nan
