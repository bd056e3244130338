"""What a model learns to foresee: whether a trade that could really be made from here on would gain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.features import volatility

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

BARRIER_VOLATILITY_WINDOW = 20


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The outcome of a trade decided at each close; all arrays have shape (n_bars,).

    returns
        Return of the trade entered at the next open; NaN where its end lies beyond the data.
    up
        1.0 where the trade gained, 0.0 where it did not, NaN without an outcome.
    end
        Index of the last bar that the outcome looks at; -1 without an outcome.
    """

    returns: Floats
    up: Floats
    end: Indices

    @property
    def known(self) -> NDArray[np.bool_]:
        known: NDArray[np.bool_] = self.end >= 0
        return known


def fixed_horizon(bars: Bars, horizon: int) -> Labels:
    """Return open[t+1+horizon] / open[t+1] - 1: bought at the next open, sold `horizon` opens later."""
    returns = np.full(len(bars), np.nan)
    last = len(bars) - horizon - 1
    if last > 0:
        returns[:last] = bars.open[1 + horizon :] / bars.open[1 : 1 + last] - 1.0
    return _labelled(returns, _horizon_ends(len(bars), horizon))


def triple_barrier(bars: Bars, horizon: int, width: float) -> Labels:
    """Return of a trade that ends at a profit barrier, a loss barrier, or after `horizon` bars.

    Entered at open[t+1]; the barriers lie `width` volatilities (of the last 20 one-bar returns up to t) above
    and below. A bar that touches both counts as a loss; an open beyond a barrier fills at the open. Trades
    whose horizon reaches beyond the data have no label even if a barrier was touched before, because keeping
    only the quick ones would bend the sample.
    """
    count = len(bars)
    returns, ends = np.full(count, np.nan), _horizon_ends(count, horizon)
    sigma = volatility(bars, BARRIER_VOLATILITY_WINDOW)
    open_rows = np.flatnonzero((ends >= 0) & np.isfinite(sigma))
    ends[np.setdiff1d(np.arange(count), open_rows)] = -1
    for step in range(1, horizon + 1):
        rows = open_rows + step
        entry = bars.open[open_rows + 1]
        upper, lower = entry * (1.0 + width * sigma[open_rows]), entry * (1.0 - width * sigma[open_rows])
        lost, won = bars.low[rows] <= lower, bars.high[rows] >= upper
        # A gap through a barrier trades at the open, and an open beyond the upper one comes before the low.
        gapped = (bars.open[rows] >= upper) if step > 1 else np.zeros(rows.size, dtype=bool)
        lost &= ~gapped
        exit_price = np.where(lost, np.minimum(lower, bars.open[rows]), np.maximum(upper, bars.open[rows]))
        touched = lost | won
        returns[open_rows[touched]] = (exit_price / entry - 1.0)[touched]
        ends[open_rows[touched]] = rows[touched]
        open_rows = open_rows[~touched]
    returns[open_rows] = bars.open[open_rows + 1 + horizon] / bars.open[open_rows + 1] - 1.0
    return _labelled(returns, ends)


def _horizon_ends(count: int, horizon: int) -> Indices:
    ends = np.arange(count, dtype=np.int64) + 1 + horizon
    ends[ends >= count] = -1
    return ends


def _labelled(returns: Floats, ends: Indices) -> Labels:
    up = np.where(ends >= 0, (returns > 0.0).astype(np.float64), np.nan)
    return Labels(returns, up, ends)
