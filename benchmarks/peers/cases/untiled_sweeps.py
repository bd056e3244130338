"""The sweep one writes first, compiled: each pair walks the whole series, one after the other, on two threads.

What tiles of the time axis are worth is measured against this loop, too: the product's own kernel without tiles has
their other half already, lines in two bytes a bar that ask little of the memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.peers.cases import Arguments, Facts, Prepared, columns, pairs
from benchmarks.peers.ratios import sharpe_with_first_bar

Line = NDArray[np.float64]
PERIODS = 252.0
FIGURES = ("final_equity", "sharpe_ratio", "max_drawdown", "trades", "volatility")
TASKS = 64


@njit(nogil=True, cache=True)
def _average_nb(values: Line, period: int, out: Line) -> None:
    total = 0.0
    for t in range(values.size):
        total += values[t]
        if t >= period:
            total -= values[t - period]
        out[t] = total / period if t >= period - 1 else np.nan


@njit(nogil=True, cache=True, error_model="numpy")
def _account_nb(
    fast: Line, slow: Line, opens: Line, closes: Line, cash: float, commission: float, figures: Line
) -> None:
    """Decide at a close, fill at the next open, all in, long only; five figures of the equity at every close."""
    units, equity, peak, deepest = 0.0, cash, cash, 0.0
    total, squares, trades, wanted = 0.0, 0.0, 0, 0
    for t in range(1, closes.size):
        if wanted == 1 and units == 0.0:
            units, cash = cash / (opens[t] * (1.0 + commission)), 0.0
        elif wanted == -1 and units > 0.0:
            units, cash = 0.0, units * opens[t] * (1.0 - commission)
            trades += 1
        now = cash + units * closes[t]
        change = now / equity - 1.0
        total += change
        squares += change * change
        equity = now
        peak = max(peak, now)
        deepest = min(deepest, now / peak - 1.0)
        wanted = 0
        if fast[t] > slow[t] and fast[t - 1] <= slow[t - 1]:
            wanted = 1
        elif fast[t] < slow[t] and fast[t - 1] >= slow[t - 1]:
            wanted = -1
    count = closes.size - 1
    mean = total / count
    deviation = math.sqrt(max(squares / count - mean * mean, 0.0) * count / (count - 1))
    figures[0], figures[1] = equity, mean / deviation * math.sqrt(PERIODS)
    figures[2], figures[3], figures[4] = deepest, trades, deviation * math.sqrt(PERIODS)


def _sweep(arguments: Arguments) -> Line:
    bars = columns(arguments["bars"])
    fast, slow = pairs(arguments)
    lines = {}
    for period in np.unique(np.concatenate([fast, slow])):
        lines[period] = np.empty(len(bars["close"]))
        _average_nb(bars["close"], period, lines[period])
    found = np.empty((len(fast), len(FIGURES)))

    def some(cells: NDArray[np.int64]) -> None:
        account = bars["open"], bars["close"], arguments["cash"], arguments["commission"]
        for cell in cells:
            _account_nb(lines[fast[cell]], lines[slow[cell]], *account, found[cell])

    with ThreadPoolExecutor(arguments["threads"]) as threads:
        list(threads.map(some, np.array_split(np.arange(len(fast)), TASKS)))
    return found


def _facts(found: Line, length: int) -> Facts:
    figures = dict(zip(FIGURES, found.T, strict=True))
    with_first = sharpe_with_first_bar(figures["sharpe_ratio"], figures["volatility"], length, PERIODS)
    return {name: figures[name].tolist() for name in FIGURES[:-1]} | {
        "sharpe_with_first_bar": np.asarray(with_first).tolist()
    }


def untiled_pairs(arguments: Arguments) -> Prepared:
    """Every (fast, slow) pair of a grid, as the product's sweep of the same name."""
    length = len(columns(arguments["bars"])["close"])
    return Prepared(lambda: _sweep(arguments), lambda found: _facts(found, length))


CASES: dict[str, Callable[[Arguments], Prepared]] = {"pairs": untiled_pairs}
