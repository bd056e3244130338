"""Compiled passes over equity and trades. They return plain numbers, NaN where undefined.

Every pass adds in one order, so that a figure has the same bytes on every machine.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import kernel, part

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

# A spread of returns below this is rounding noise of a constant series.
STILL = 1e-14
TAIL = 0.05  # the larger of the two tails that are looked at
DAY = 86_400_000_000_000  # nanoseconds


class Tails(NamedTuple):
    """Quantiles and the mean of the returns at or below them."""

    var_95: float
    cvar_95: float
    var_99: float
    cvar_99: float


@kernel
def returns_nb(equity: Floats, out: Floats) -> int:
    """Write r_t = E_t / E_{t-1} - 1; return how many there are: up to and including a ruin."""
    n = count_nb(equity)
    for t in range(n):
        out[t] = equity[t + 1] / equity[t] - 1.0
    return n


@part
def count_nb(equity: Floats) -> int:
    """How many returns there are: up to and including a ruin, from which no account comes back."""
    n = len(equity) - 1
    if equity[n] > 0.0:
        return n
    for t in range(n):
        if equity[t] <= 0.0:
            return t
    return n


@kernel
def is_account_nb(equity: Floats) -> bool:
    """True when all values are finite and at least 0, and none follows a 0."""
    now, after = equity[:-1], equity[1:]
    good = bool(0.0 <= equity[0] < np.inf)
    for t in range(len(after)):
        good &= (0.0 <= after[t] < np.inf) & ((now[t] > 0.0) | (after[t] == 0.0))
    return good


@kernel
def spread_nb(values: Floats) -> tuple[float, float]:
    """Mean of the values and the sum of their squared distances from it."""
    total = squares = 0.0
    for i in range(len(values)):
        total += values[i]
    mean = total / len(values)
    for i in range(len(values)):
        squares += (values[i] - mean) * (values[i] - mean)
    return mean, squares


@kernel
def tails_nb(ranked: Floats, n: int) -> Tails:
    """The quantiles (linear interpolation) of n returns of which the lowest are given in order, and the means below."""
    row, row_99 = int((n - 1) * TAIL), int((n - 1) * 0.01)
    total = cvar_99 = 0.0
    for i in range(row + 1):
        total += ranked[i]
        if i == row_99:
            cvar_99 = total / (row_99 + 1)
    return Tails(quantile_nb(ranked, n, TAIL), total / (row + 1), quantile_nb(ranked, n, 0.01), cvar_99)


@part
def quantile_nb(ranked: Floats, n: int, share: float) -> float:
    place = (n - 1) * share
    row = int(place)
    value: float = ranked[row]
    if place > row:
        value += (ranked[row + 1] - value) * (place - row)
    return value


@kernel
def drawdown_nb(equity: Floats, initial: float, out: Floats) -> None:
    """Write E_t / peak - 1, the starting capital being the first peak."""
    peak = initial
    for t in range(len(equity)):
        peak = max(peak, equity[t])
        out[t] = equity[t] / peak - 1.0


@kernel
def last_of_days_nb(equity: Floats, time: Ints, out: Floats) -> int:
    """Write the last equity of each UTC day; return the number of days."""
    n, days, t, bars = len(time), 0, 0, 1
    while t < n:
        end = (time[t] // DAY + 1) * DAY
        if t + bars < n and time[t + bars - 1] < end <= time[t + bars]:  # as many as the day before
            t += bars
        else:
            bars = after_nb(time, t, end) - t
            t += bars
        out[days] = equity[t - 1]
        days += 1
    return days


@part
def after_nb(time: Ints, first: int, end: int) -> int:
    """The first bar from `first` on that is not before `end`: steps that double, then halves."""
    step, n = 1, len(time)
    while first + step < n and time[first + step] < end:
        first += step
        step *= 2
    after = min(first + step, n)
    while first + 1 < after:
        middle = (first + after) // 2
        if time[middle] < end:
            first = middle
        else:
            after = middle
    return after


@kernel
def trade_sums_nb(pnl: Floats, qty: Floats, ret: Floats, entry: Places, leave: Places, out: Floats) -> None:
    """Write the sums `trades.py` names in `SUMS`, in that order."""
    wins = losses = long_trades = long_wins = short_wins = held = 0
    winning = losing = best_run = worst_run = 0
    won = lost = long_pnl = short_pnl = largest = smallest = total = returned = squares = 0.0
    n = len(pnl)
    for i in range(n):  # no branches: whether a trade wins is not predictable
        value = pnl[i]
        win, loss, is_long = value > 0.0, value < 0.0, qty[i] > 0.0
        total += value
        returned += ret[i]
        held += leave[i] - entry[i]
        wins += win
        losses += loss
        won += value if win else 0.0
        lost += value if loss else 0.0
        largest = max(largest, value)
        smallest = min(smallest, value)
        winning = winning + 1 if win else 0
        losing = losing + 1 if loss else 0
        best_run = max(best_run, winning)
        worst_run = max(worst_run, losing)
        long_trades += is_long
        long_pnl += value if is_long else 0.0
        short_pnl += 0.0 if is_long else value
        long_wins += win & is_long
        short_wins += win & (not is_long)
    mean = total / n
    for i in range(n):
        squares += (pnl[i] - mean) * (pnl[i] - mean)
    out[0], out[1], out[2], out[3] = wins, losses, won, lost
    out[4], out[5], out[6], out[7] = largest, smallest, best_run, worst_run
    out[8], out[9], out[10], out[11], out[12] = long_trades, long_wins, short_wins, long_pnl, short_pnl
    out[13], out[14], out[15], out[16] = total, squares, returned, held
