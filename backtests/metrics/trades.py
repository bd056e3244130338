"""Figures of the round trips."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtests.engine.results import TRADE_VALUES, Simulation
from backtests.metrics import kernels as k

_PNL, _QTY, _RET = (TRADE_VALUES.index(name) for name in ("pnl", "qty", "ret"))


class Sums(NamedTuple):
    """What one pass over the trades gathers; the kernel writes in this order."""

    wins: float
    losses: float
    won: float
    lost: float
    largest: float
    smallest: float
    best_run: float
    worst_run: float
    long_trades: float
    long_wins: float
    short_wins: float
    long_pnl: float
    short_pnl: float
    total: float
    squares: float
    returned: float
    held: float


def trade_figures(sim: Simulation) -> dict[str, float]:
    """Win rate, profit factor, streaks, long and short split of the profits, which are net of all costs.

    Profits, losses and the expectancy are in cash, rates, shares and the average return fractions, the time held in
    bars. NaN where a figure is undefined (no trades, no wins, no losses).
    """
    values, bars = sim.trade_values, sim.trade_bars
    out = np.empty(len(Sums._fields))
    pnl, qty, ret = (_column(values[:, place], np.float64) for place in (_PNL, _QTY, _RET))
    entry, leave = (_column(bars[:, place], np.int32) for place in (0, 1))
    k.trade_sums_nb(pnl, qty, ret, entry, leave, out)
    n = len(values)
    s = Sums(*out.tolist())
    short_trades = n - s.long_trades
    win_rate = _ratio(s.wins, n)
    payoff = _ratio(_ratio(s.won, s.wins), -_ratio(s.lost, s.losses))
    std = math.sqrt(s.squares / (n - 1)) if n > 1 else math.nan
    mean = _ratio(s.total, n)
    return {
        "total_trades": n,
        "win_rate": win_rate,
        "profit_factor": _ratio(s.won, -s.lost),
        "payoff_ratio": payoff,
        "expectancy": mean,
        "average_trade_return": _ratio(s.returned, n),
        "average_win": _ratio(s.won, s.wins),
        "average_loss": _ratio(s.lost, s.losses),
        "largest_win": s.largest if s.wins else math.nan,
        "largest_loss": s.smallest if s.losses else math.nan,
        "largest_win_share": _ratio(s.largest, s.won),
        "sqn": math.sqrt(n) * mean / std if std > k.STILL * abs(mean) else math.nan,
        "kelly": win_rate - _ratio(1.0 - win_rate, payoff),
        "max_consecutive_wins": int(s.best_run),
        "max_consecutive_losses": int(s.worst_run),
        "average_bars_held": _ratio(s.held, n),
        "long_trades": int(s.long_trades),
        "long_win_rate": _ratio(s.long_wins, s.long_trades),
        "long_pnl": s.long_pnl,
        "short_trades": int(short_trades),
        "short_win_rate": _ratio(s.short_wins, short_trades),
        "short_pnl": s.short_pnl,
    }


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan


def _column(values: NDArray[Any], kind: type) -> NDArray[Any]:
    """Contiguous and read-only whatever the table's layout, so that one compiled signature serves all."""
    column: NDArray[Any] = np.ascontiguousarray(values, dtype=kind)
    column.flags.writeable = False
    return column
