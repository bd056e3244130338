"""Compiled passes that make what people read of a run from its records, when they ask for it."""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import kernel, part
from backtests.engine.kernels import END, MARGIN, RUIN, Floats, Ints, Places


@kernel
def quantity_nb(
    entry: Places, leave: Places, reason: Places, qty: Floats, ruined_at_close: bool, out: Floats
) -> None:
    """Write what each trade held at the closes from its entry on; at its last bar only if it was left at the close."""
    for i in range(len(qty)):
        last = leave[i] + (reason[i] == END or (reason[i] == RUIN and ruined_at_close))
        for t in range(entry[i], last):
            out[t] = qty[i]


@part
def excursion_nb(
    high: Ints, low: Ints, first: int, after: int, entry: float, leave: float
) -> tuple[float, float]:
    """The highest and the lowest of two prices and the bars from `first` to before `after`.

    Highs and lows come as the bits of numbers above 0, which are in the order of the numbers: of integers the compiler
    compares several at once.
    """
    top = bottom = np.float64(entry).view(np.int64)
    if after - first == 1:
        top, bottom = max(top, high[first]), min(bottom, low[first])
    else:
        highs, lows = high[first:after], low[first:after]
        for t in range(len(highs)):
            top, bottom = max(top, highs[t]), min(bottom, lows[t])
    highest, lowest = np.int64(top).view(np.float64), np.int64(bottom).view(np.float64)
    return max(highest, leave), min(lowest, leave)


@kernel
def trade_rows_nb(
    time: NDArray[np.datetime64],
    high: Floats,
    low: Floats,
    bars: Places,
    values: Floats,
    reasons: NDArray[np.str_],
    at_close: bool,
    to_the_end: bool,
    rows: NDArray[np.void],
    first: int,
    after: int,
) -> None:
    """Write one readable row a trade, of those from `first` to before `after`.

    How far a trade ran is seen from its entry bar (the next one with fills at the close, `at_close`) to the last bar at
    whose close it was still there: that of the exit itself where the trade was left at the close, which `to_the_end`
    tells of a ruin. Column by column with numpy takes six times as long.
    """
    for i in range(first, after):  # alone, the reads of times that lie far apart wait side by side
        rows[i]["entry_time"] = time[bars[0, i]]
        rows[i]["exit_time"] = time[bars[1, i]]
    high_bits, low_bits = high.view(np.int64), low.view(np.int64)
    for i in range(first, after):
        row = rows[i]
        entry, leave, reason = bars[0, i], bars[1, i], bars[2, i]
        price, left, is_long = values[0, i], values[1, i], values[2, i] > 0.0
        whole = to_the_end if reason == RUIN else reason == END or (at_close and reason != MARGIN)
        highest, lowest = excursion_nb(high_bits, low_bits, entry + at_close, leave + whole, price, left)
        row["entry_bar"] = entry
        row["exit_bar"] = leave
        row["entry_price"] = price
        row["exit_price"] = left
        row["qty"] = values[2, i]
        row["gross"] = values[3, i]
        row["fees"] = values[4, i]
        row["borrow"] = values[5, i]
        row["pnl"] = values[6, i]
        row["ret"] = values[7, i]
        row["bars_held"] = leave - entry
        row["mae"] = lowest - price if is_long else price - highest
        row["mfe"] = highest - price if is_long else price - lowest
        row["reason"] = reasons[reason]
