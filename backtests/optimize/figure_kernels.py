"""From the sums of a cell to its row of figures, by the definitions of `backtests.metrics`."""

import math

import numpy as np
from numpy.typing import NDArray

from backtests.metrics.kernels import STILL
from backtests.optimize.compiled import part

Floats = NDArray[np.float64]

# Places of a cell's figures: the order of `result.SWEEP_METRICS`.
TOTAL_RETURN, CAGR, SHARPE, SORTINO, VOLATILITY, DRAWDOWN, CALMAR = range(7)
TOTAL_TRADES, WIN_RATE, PROFIT_FACTOR, EXPOSURE, FINAL_EQUITY = range(7, 12)


@part
def growth_nb(total: float, periods: int, periods_per_year: float) -> float:
    """Yearly compound growth; NaN without periods or beyond floats."""
    if periods < 1 or not total >= -1.0:
        return np.nan
    if total == -1.0:
        return -1.0
    grown = math.expm1(math.log1p(total) * periods_per_year / periods)
    return grown if grown < np.inf else np.nan


@part
def account_figures_nb(
    out: Floats,
    cell: int,
    final: float,
    capital: float,
    deepest: float,
    held: float,
    bars: int,
    periods_per_year: float,
) -> None:
    """Figures of the account: `deepest` is its drawdown (at most 0), `held` the number of bars with a position."""
    total = final / capital - 1.0
    cagr = growth_nb(total, bars - 1, periods_per_year)
    out[TOTAL_RETURN, cell] = total
    out[FINAL_EQUITY, cell] = final
    out[CAGR, cell] = cagr
    out[DRAWDOWN, cell] = deepest
    out[CALMAR, cell] = cagr / -deepest if deepest < 0.0 else np.nan
    out[EXPOSURE, cell] = held / bars


@part
def trade_figures_nb(out: Floats, cell: int, trades: float, wins: float, won: float, lost: float) -> None:
    """Figures of the round trips; `lost` is at most 0."""
    out[TOTAL_TRADES, cell] = trades
    out[WIN_RATE, cell] = wins / trades if trades > 0.0 else np.nan
    out[PROFIT_FACTOR, cell] = won / -lost if lost < 0.0 else np.nan


@part
def return_figures_nb(
    out: Floats,
    cell: int,
    mean: float,
    deviations: float,
    falls: float,
    returns: int,
    periods_per_year: float,
) -> None:
    """Ratios of `returns` returns: their mean, sum of squared deviations from it, and sum of squares below 0."""
    year = math.sqrt(periods_per_year)
    std = math.sqrt(deviations / (returns - 1)) if returns > 1 else np.nan
    out[VOLATILITY, cell] = std * year
    out[SHARPE, cell] = mean / std * year if std > STILL else np.nan
    out[SORTINO, cell] = mean * year / math.sqrt(falls / returns) if returns > 0 and falls > 0.0 else np.nan
