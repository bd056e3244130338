"""Figures of the account and of its returns bar by bar."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from backtests.metrics import account_kernels as account
from backtests.metrics import kernels as k
from backtests.metrics.confidence import estimate_from_moments
from backtests.metrics.lanes import LANES

Floats = NDArray[np.float64]

_NAN = math.nan
_NO_TAILS = k.Tails(_NAN, _NAN, _NAN, _NAN)
_DAY = float(k.DAY)


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


def bar_returns(equity: Floats) -> Floats:
    """Return r_t = E_t / E_{t-1} - 1, shape (n_bars - 1,) or up to and including a ruin."""
    out = np.empty(max(len(equity) - 1, 0))
    count: int = k.returns_nb(equity, out)
    return out[:count]


def measure(
    equity: Floats, initial: float, time: NDArray[np.datetime64], rf: float
) -> tuple[account.Path, account.Moments, k.Tails]:
    """All that a pass over the equity gathers. Only the lowest returns are sorted, for the tails.

    Parameters
    ----------
    equity : ndarray of float64, shape (n_bars,)
        The account's value at each close, in cash; no NaN, 0 from a ruin on.
    initial : float
        Starting capital, in cash.
    time : ndarray of datetime64[ns], shape (n_bars,)
    rf : float
        Risk-free return per bar, as a fraction.
    """
    room, lowest = np.empty((account.ROWS, LANES)), np.empty(len(equity) // 4 + 2 * LANES)
    path, moments, found = account.account_nb(equity, initial, time.view(np.int64), rf, room, lowest)
    if path.returns == 0:
        return path, moments, _NO_TAILS
    ranked = bar_returns(equity) if found < 0 else lowest[:found]
    needed = min(int((path.returns - 1) * k.TAIL) + 2, len(ranked))
    ranked.partition(needed - 1)
    ranked = ranked[:needed]
    ranked.sort()
    return path, moments, k.tails_nb(ranked, path.returns)


def return_figures(
    path: account.Path, moments: account.Moments, tails: k.Tails, rf: float, periods_per_year: float
) -> dict[str, float]:
    """Volatility, risk-adjusted ratios, tails and shape of the returns; NaN where one is undefined.

    `rf` is per bar. Volatility, Sharpe and Sortino ratio are yearly, all others are of single bars. Returns are
    fractions.
    """
    n = path.returns
    if n == 0:
        names = ("volatility", "sharpe_ratio", "sortino_ratio", "omega_ratio", "skewness", "excess_kurtosis")
        return dict.fromkeys((*names, "best_return", "worst_return", "positive_returns", *_TAILS), _NAN)
    mean, std = path.mean, math.sqrt(moments.second / (n - 1)) if n > 1 else _NAN
    year, varies = math.sqrt(periods_per_year), std > k.STILL
    second = moments.second / n
    shortfall = math.sqrt(moments.downside / n)
    return {
        "volatility": std * year,
        "sharpe_ratio": (mean - rf) / std * year if varies else _NAN,
        "sortino_ratio": (mean - rf) * year / shortfall if shortfall > 0.0 else _NAN,
        "omega_ratio": moments.gains / moments.losses if moments.losses > 0.0 else _NAN,
        "skewness": moments.third / n / second**1.5 if varies else _NAN,
        "excess_kurtosis": moments.fourth / n / (second * second) - 3.0 if varies else _NAN,
        "best_return": path.best,
        "worst_return": path.worst,
        "positive_returns": path.positive / n,
        **dict(zip(_TAILS, tails, strict=True)),
    }


_TAILS = ("var_95", "cvar_95", "var_99", "cvar_99")


def drawdown_figures(path: account.Path, bars: int) -> dict[str, float]:
    """Depths as fractions <= 0, lengths in calendar days; a drawdown still open ends at the last bar.

    Averages and lengths are NaN without any drawdown; the time under water is a share of the bars.
    """
    episodes = path.episodes
    return {
        "max_drawdown": path.deepest,
        "average_drawdown": path.troughs / episodes if episodes else _NAN,
        "max_drawdown_days": path.longest / _DAY if episodes else _NAN,
        "average_drawdown_days": path.lengths / episodes / _DAY if episodes else _NAN,
        "time_under_water": path.below / bars,
        "ulcer_index": math.sqrt(path.depths / bars),
    }


def sharpe_confidence(figures: Mapping[str, float], n: int, periods_per_year: float) -> dict[str, float]:
    """How sure the Sharpe ratio among `figures`, of `n` returns, is; NaN where that is undefined.

    The bounds are yearly like the ratio itself, the probability lies between 0 and 1, the track record is in bars.
    """
    scale = math.sqrt(periods_per_year)
    ratio, kurtosis = figures["sharpe_ratio"] / scale, figures["excess_kurtosis"] + 3.0
    estimate = estimate_from_moments(ratio, n, figures["skewness"], kurtosis)
    return {
        "sharpe_low": estimate.low * scale,
        "sharpe_high": estimate.high * scale,
        "probabilistic_sharpe_ratio": estimate.probability_positive,
        "minimum_track_record": estimate.minimum_bars,
    }


def daily_sharpe(
    equity: Floats, time: NDArray[np.datetime64], risk_free_rate: float, periods_per_year: float
) -> float:
    """Yearly Sharpe ratio of the last equity of each UTC day; NaN unless several bars share a day, of at least 3 days.

    `equity` (in cash) and `time` are as for `measure`; `risk_free_rate` is a fraction per year.
    """
    daily = np.empty(len(equity))
    days = k.last_of_days_nb(equity, time.view(np.int64), daily)
    if days == len(equity) or days < 3:
        return _NAN
    daily = daily[:days]
    daily.flags.writeable = False  # like every account's equity: one compiled signature
    r = bar_returns(daily)
    per_year = periods_per_year * days / len(equity)
    rf = (1.0 + risk_free_rate) ** (1.0 / per_year) - 1.0
    mean, second = k.spread_nb(r)
    std = math.sqrt(second / (len(r) - 1)) if len(r) > 1 else _NAN
    return (mean - rf) / std * math.sqrt(per_year) if std > k.STILL else _NAN
