"""Figures against the benchmark."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from backtests.metrics import kernels as k
from backtests.metrics.returns import growth

Floats = NDArray[np.float64]

NAMES = ("alpha", "beta", "correlation", "tracking_error", "information_ratio", "up_capture", "down_capture")


def benchmark_figures(
    equity: Floats, benchmark: Floats, rf: float, periods_per_year: float
) -> dict[str, float]:
    """Regression, tracking and capture of the account's returns against those of the benchmark, bar by bar.

    The longer of the two is cut to the shorter (an account that was ruined has fewer returns).
    """
    compared = k.compare_nb(equity, benchmark, np.empty((2, k.TILE)))
    n, mean_r, mean_b, var_r, var_b, cov, var_d, up_r, up_b, ups, down_r, down_b, downs = compared
    if n < 2:
        return dict.fromkeys(NAMES, math.nan)
    year = math.sqrt(periods_per_year)
    still = k.STILL * k.STILL
    beta = cov / var_b if var_b > still else math.nan
    tracking = math.sqrt(var_d)
    return {
        "alpha": growth(mean_r - rf - beta * (mean_b - rf), 1, periods_per_year),
        "beta": beta,
        "correlation": cov / math.sqrt(var_r * var_b) if min(var_r, var_b) > still else math.nan,
        "tracking_error": tracking * year,
        "information_ratio": (mean_r - mean_b) / tracking * year if tracking > k.STILL else math.nan,
        "up_capture": _capture(up_r, up_b, ups, periods_per_year),
        "down_capture": _capture(down_r, down_b, downs, periods_per_year),
    }


def _capture(log_r: float, log_b: float, bars: int, periods_per_year: float) -> float:
    if not bars:
        return math.nan
    try:
        return math.expm1(log_r * periods_per_year / bars) / math.expm1(log_b * periods_per_year / bars)
    except OverflowError:
        return math.nan
