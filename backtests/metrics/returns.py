"""Figures of the account and of its returns bar by bar."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from backtests.metrics import kernels as k
from backtests.metrics.confidence import estimate_from_moments

Floats = NDArray[np.float64]


def bar_returns(equity: Floats) -> Floats:
    """Return r_t = E_t / E_{t-1} - 1, shape (n_bars - 1,) or up to and including a ruin."""
    out = np.empty(max(len(equity) - 1, 0))
    count: int = k.returns_nb(equity, out)
    return out[:count]


def growth(total: float, periods: int, periods_per_year: float) -> float:
    """Yearly compound growth of a total return over a number of periods; NaN without periods or beyond floats."""
    if periods < 1 or not total >= -1.0:
        return math.nan
    if total == -1.0:
        return -1.0
    try:
        return math.expm1(math.log1p(total) * periods_per_year / periods)
    except OverflowError:
        return math.nan


def sharpe(mean: float, std: float, rf: float, periods_per_year: float) -> float:
    """Yearly Sharpe ratio of a mean and a sample deviation; NaN when the returns do not vary."""
    return (mean - rf) / std * math.sqrt(periods_per_year) if std > k.STILL else math.nan


def return_figures(r: Floats, rf: float, periods_per_year: float) -> dict[str, float]:
    """Volatility, risk-adjusted ratios, tails and shape of the returns, shape (n_returns,)."""
    mean, std, skewness, kurtosis, shortfall, above, below = k.moments_nb(r, rf)
    year = math.sqrt(periods_per_year)
    ranked = np.sort(r)
    figures = {
        "volatility": std * year,
        "sharpe_ratio": sharpe(mean, std, rf, periods_per_year),
        "sortino_ratio": (mean - rf) * year / math.sqrt(shortfall) if shortfall > 0.0 else math.nan,
        "omega_ratio": above / below if below > 0.0 else math.nan,
        "skewness": skewness,
        "excess_kurtosis": kurtosis,
        "best_return": float(ranked[-1]) if len(r) else math.nan,
        "worst_return": float(ranked[0]) if len(r) else math.nan,
        "positive_returns": (len(r) - int(np.searchsorted(ranked, 0.0, "right"))) / len(r)
        if len(r)
        else math.nan,
    }
    for name, share in (("95", 0.05), ("99", 0.01)):
        figures[f"var_{name}"], figures[f"cvar_{name}"] = _tail(ranked, share)
    return figures


def sharpe_confidence(figures: Mapping[str, float], n: int, periods_per_year: float) -> dict[str, float]:
    """How sure the Sharpe ratio among `figures`, of `n` returns, is; the bounds are yearly like the ratio itself."""
    scale = math.sqrt(periods_per_year)
    ratio, kurtosis = figures["sharpe_ratio"] / scale, figures["excess_kurtosis"] + 3.0
    estimate = estimate_from_moments(ratio, n, figures["skewness"], kurtosis)
    return {
        "sharpe_low": estimate.low * scale,
        "sharpe_high": estimate.high * scale,
        "probabilistic_sharpe_ratio": estimate.probability_positive,
        "minimum_track_record": estimate.minimum_bars,
    }


def _tail(ranked: Floats, share: float) -> tuple[float, float]:
    """The quantile (linear interpolation) and the mean of the returns at or below it."""
    if not len(ranked):
        return math.nan, math.nan
    place = (len(ranked) - 1) * share
    row = int(place)
    quantile = float(ranked[row])
    if place > row:
        quantile += (float(ranked[row + 1]) - quantile) * (place - row)
    return quantile, float(ranked[: row + 1].mean())


def daily_sharpe(
    equity: Floats, time: NDArray[np.datetime64], risk_free_rate: float, periods_per_year: float
) -> float:
    """Sharpe ratio of the last equity of each UTC day; NaN unless several bars share a day."""
    days = time.view(np.int64) // 86_400_000_000_000
    last = np.flatnonzero(np.diff(days, append=days[-1] + 1))
    if len(last) == len(days):
        return math.nan
    r = bar_returns(np.ascontiguousarray(equity[last]))
    per_year = periods_per_year * len(last) / len(days)
    rf = (1.0 + risk_free_rate) ** (1.0 / per_year) - 1.0
    mean, std, *_ = k.moments_nb(r, rf)
    return sharpe(mean, std, rf, per_year)
